//! Keeps the roster and the duty book up to date: at start, ahead of each epoch and period, when the validator set changes, and
//! when the chain reorganises under what duties depend on.
//!
//! Everything here is idempotent: each round asks for what is missing. A question that fails is asked again at the next slot. What the
//! chain knows of validators takes many questions on a large network, so it is kept up to date beside the duties: these are asked for with
//! what is known, and asked for again when more is.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arc_swap::ArcSwap;
use beacon::{BeaconError, BeaconNodes, CommitteeSubscription, SyncSubscription, Validator};
use tokio::sync::Notify;
use types::{Address, Epoch, NetworkRules, PublicKeyBytes, Slot, ValidatorIndex};

use crate::book::DutyBook;
use crate::clock::SlotClock;
use crate::directory::{Directory, OwnValidator};
use crate::roster::{Inquiry, Roster};
use crate::sight::Sight;

/// How long before a sync committee period its duties are asked for, in epochs.
const PERIOD_AHEAD_EPOCHS: u64 = 2;

/// The task that asks, and what it writes into.
pub(crate) struct Duties {
    pub clock: Arc<SlotClock>,
    pub beacon: BeaconNodes,
    pub directory: Arc<ArcSwap<Directory>>,
    pub roster: Roster,
    pub book: Arc<DutyBook>,
    /// What validation sees; it changes with the directory and the roster.
    pub sight: Arc<ArcSwap<Sight>>,
    /// Rung when something has changed that duties depend on.
    pub bell: Arc<Notify>,
}

/// What was told to the beacon nodes last: who receives whose fees, and in which epoch.
type Told = (Epoch, Vec<(ValidatorIndex, Address)>);

/// What is to be done: each is rung for by itself, so that no question waits for the answer to another, and one that fails or is never
/// answered costs no other duty.
#[derive(Debug, Default)]
struct Due {
    roster: Notify,
    attesters: Notify,
    proposers: Notify,
    sync_committees: Notify,
    recipients: Notify,
}

/// What the beacon nodes are asked for or told ahead of duties.
#[derive(Debug, Clone, Copy)]
enum Page {
    Attesters,
    Proposers,
    SyncCommittees,
    Recipients,
}

impl Due {
    fn ring_for_pages(&self) {
        for page in [&self.attesters, &self.proposers, &self.sync_committees, &self.recipients] {
            page.notify_one();
        }
    }
}

impl Duties {
    /// Runs for ever: a round at each slot, and whenever the bell rings.
    pub(crate) async fn run(self) {
        let due = Due::default();
        tokio::join!(
            self.ring(&due),
            self.keep_roster(&due),
            self.keep(&due.attesters, Page::Attesters),
            self.keep(&due.proposers, Page::Proposers),
            self.keep(&due.sync_committees, Page::SyncCommittees),
            self.keep(&due.recipients, Page::Recipients),
        );
    }

    /// Begins the rounds. A directory that is new is shown to validation before anything is asked about it.
    async fn ring(&self, due: &Due) {
        let mut shown = None;
        loop {
            let directory = self.directory.load_full();
            if !shown.as_ref().is_some_and(|shown| Arc::ptr_eq(shown, &directory)) {
                self.show();
                shown = Some(directory);
            }
            due.roster.notify_one();
            due.ring_for_pages();
            let next = self.clock.start_of(self.clock.now().map_or(Slot(0), Slot::next));
            tokio::select! {
                () = self.clock.sleep_until(next) => {}
                () = self.bell.notified() => {}
            }
        }
    }

    /// Lets validation see what is known now.
    fn show(&self) {
        self.sight.store(Arc::new(Sight::new(&self.directory.load(), &self.roster)));
    }

    async fn keep_roster(&self, due: &Due) {
        let mut inquiry = Inquiry::default();
        loop {
            due.roster.notified().await;
            inquiry.begin(self.clock.epoch(), &self.directory.load(), &self.roster);
            if let Err(error) = self.inquire(&mut inquiry, due).await {
                tracing::warn!(%error, "not all is known of validators; asking again at the next slot");
            }
        }
    }

    /// Asks the chain for validators, portion by portion; what is learned is seen at once. Duties are asked for when our own validators
    /// are known better, and again at the end.
    async fn inquire(&self, inquiry: &mut Inquiry, due: &Due) -> Result<(), BeaconError> {
        let mut is_news = false;
        loop {
            let directory = self.directory.load_full();
            let forks = self.clock.rules().network.subscribed_forks(self.clock.slot());
            let keys = inquiry.next(&directory, &forks, &self.roster);
            if keys.is_empty() {
                if is_news {
                    due.ring_for_pages();
                }
                return Ok(());
            }
            let found = self.beacon.validators(&keys).await?;
            inquiry.note(&keys);
            if self.roster.learn(&keys, &found) {
                self.show();
                is_news = true;
                if keys.iter().any(|key| directory.own(key).is_some()) {
                    due.ring_for_pages();
                }
            }
        }
    }

    /// Keeps one page up to date whenever it is rung for.
    async fn keep(&self, due: &Notify, page: Page) {
        let mut told = None;
        loop {
            due.notified().await;
            let epoch = self.clock.epoch();
            let done = match page {
                Page::Attesters => self.attesters(epoch).await,
                Page::Proposers => self.proposers(epoch).await,
                Page::SyncCommittees => self.sync_committees(epoch).await,
                Page::Recipients => self.prepare_proposers(epoch, &mut told).await,
            };
            if let Err(error) = done {
                tracing::warn!(?page, %error, "duties not up to date; asking again at the next slot");
            }
        }
    }

    /// Tells the beacon nodes who receives the fees of the blocks they build, in each epoch and when something changes: they forget it after
    /// two epochs.
    async fn prepare_proposers(&self, epoch: Epoch, told: &mut Option<Told>) -> Result<(), BeaconError> {
        let (directory, known) = (self.directory.load_full(), self.roster.all());
        let recipients = recipients(&directory, &known, epoch);
        let now = (epoch, recipients);
        if told.as_ref() != Some(&now) {
            self.beacon.prepare_proposers(&now.1).await?;
            *told = Some(now);
        }
        Ok(())
    }

    /// The attesters of this epoch, and of the next one when it is near.
    async fn attesters(&self, epoch: Epoch) -> Result<(), BeaconError> {
        self.epoch_page(epoch).await?;
        if self.is_late_in(epoch) { self.epoch_page(epoch.saturating_add(1)).await } else { Ok(()) }
    }

    /// The proposers of this epoch, and of the next one when it is near.
    async fn proposers(&self, epoch: Epoch) -> Result<(), BeaconError> {
        self.proposer_page(epoch).await?;
        if self.is_late_in(epoch) {
            self.coming_proposers(epoch.saturating_add(1)).await;
        }
        Ok(())
    }

    /// The sync committee of this period, and of the next one when it is near.
    async fn sync_committees(&self, epoch: Epoch) -> Result<(), BeaconError> {
        for epoch in period_epochs(&self.clock.rules().network, epoch) {
            self.period_page(epoch).await?;
        }
        Ok(())
    }

    /// Whether half of the epoch is over.
    fn is_late_in(&self, epoch: Epoch) -> bool {
        let network = &self.clock.rules().network;
        let into_epoch = self.clock.slot().saturating_sub(network.first_slot(epoch).get()).get();
        into_epoch.saturating_mul(2) >= network.slots_per_epoch()
    }

    async fn proposer_page(&self, epoch: Epoch) -> Result<(), BeaconError> {
        if !self.book.has_proposers(epoch) {
            let duties = self.beacon.proposer_duties(epoch).await?;
            self.book.put_proposers(epoch, duties);
        }
        Ok(())
    }

    /// The proposers of the next epoch, so that its first slot needs no question. Not every node knows them before it has begun; those that
    /// are told too early go stale with the first head of the epoch.
    async fn coming_proposers(&self, epoch: Epoch) {
        if let Err(error) = self.proposer_page(epoch).await {
            tracing::debug!(%epoch, %error, "the proposers of the next epoch are not known yet");
        }
    }

    async fn epoch_page(&self, epoch: Epoch) -> Result<(), BeaconError> {
        let asked = self.roster.own(&self.directory.load(), |validator| validator.attests_in(epoch));
        if asked.is_empty() || self.book.has_epoch(epoch, &asked) {
            return Ok(());
        }
        let indices: Vec<_> = asked.iter().copied().collect();
        let duties = self.beacon.attester_duties(epoch, &indices).await?;
        let now = self.clock.slot();
        let coming = duties.duties.iter().filter(|duty| duty.slot >= now);
        let subscriptions: Vec<_> = coming
            .map(|duty| CommitteeSubscription {
                validator_index: duty.validator_index,
                committee_index: duty.committee_index,
                committees_at_slot: duty.committees_at_slot,
                slot: duty.slot,
                // Who is selected is known when the slot begins; until then each may be.
                is_aggregator: true,
            })
            .collect();
        self.book.put_epoch(epoch, asked, duties);
        if let Err(error) = self.beacon.subscribe_committees(&subscriptions).await {
            tracing::warn!(%epoch, %error, "committee subscriptions not sent");
        }
        Ok(())
    }

    async fn period_page(&self, epoch: Epoch) -> Result<(), BeaconError> {
        let rules = self.clock.rules();
        let (period, per_period) =
            (rules.network.sync_period_of(epoch), rules.network.preset.epochs_per_sync_committee_period());
        // Also those of other committees: validation has to know whether they aggregate.
        let asked: BTreeSet<ValidatorIndex> =
            self.roster.heard(|validator| validator.syncs_in(epoch, per_period));
        if asked.is_empty() || self.book.has_period(period, &asked) {
            return Ok(());
        }
        let indices: Vec<_> = asked.iter().copied().collect();
        let duties = self.beacon.sync_duties(epoch, &indices).await?;
        let until_epoch = Epoch(period.saturating_add(1).saturating_mul(per_period));
        let directory = self.directory.load_full();
        let own = duties
            .duties
            .iter()
            .filter(|duty| directory.own(&duty.public_key).is_some_and(|own| !own.liquidated));
        let subscriptions: Vec<_> = own
            .map(|duty| SyncSubscription {
                validator_index: duty.validator_index,
                seats: duty.seats.clone(),
                until_epoch,
            })
            .collect();
        self.book.put_period(period, asked, duties.duties);
        if let Err(error) = self.beacon.subscribe_sync_committees(&subscriptions).await {
            tracing::warn!(period, %error, "sync committee subscriptions not sent");
        }
        Ok(())
    }
}

/// Who receives the fees of our validators' blocks, in the order of the validators.
fn recipients(
    directory: &Directory,
    known: &HashMap<PublicKeyBytes, Validator>,
    epoch: Epoch,
) -> Vec<(ValidatorIndex, Address)> {
    let running = directory.own_validators().filter(|own| !own.liquidated);
    let recipient = |own: &Arc<OwnValidator>| {
        let validator = known.get(&own.public_key).filter(|validator| validator.attests_in(epoch))?;
        Some((validator.index, own.fee_recipient))
    };
    let mut recipients: Vec<_> = running.filter_map(recipient).collect();
    recipients.sort_unstable();
    recipients
}

/// Epochs by which sync committee duties are asked for: one of each period, so that no period is asked for twice with the validators of
/// two epochs, in turns. Messages of the last slot before a period are already those of its members.
fn period_epochs(network: &NetworkRules, epoch: Epoch) -> Vec<Epoch> {
    let ahead = epoch.saturating_add(PERIOD_AHEAD_EPOCHS);
    let next = (network.sync_period_of(ahead) != network.sync_period_of(epoch)).then_some(ahead);
    std::iter::once(epoch).chain(next).collect()
}

#[cfg(test)]
mod tests;

//! The schedule: at each slot every committee of ours gets its duty, and the word to start when the head of the slot is known,
//! or when a third of the slot is over.
//!
//! A duty is scheduled when it stands in the ledger. What is left out before that, and why: validators whose cluster is
//! liquidated, that do not take part on the beacon chain, or whose share may not sign the epoch's target yet (it was armed in
//! this epoch, or has signed in it before a restart); a share that may not sign would make its whole committee refuse the vote.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use beacon::NodeId;
use duty::{AttestationIndex, CommitteeKeys, CommitteeRunner, FailureReason, Setup};
use outbox::StartCause;
use qbft::RoundRobin;
use tokio::sync::watch;
use types::{
    BeaconDomainType, CommitteeDuty, CommitteeId, Epoch, Slot, SsvFork, Thresholds, ValidatorDuty,
    ValidatorIndex,
};

use crate::book::{self, DutyBook};
use crate::committee::{Assignment, Letter, Mailbox};
use crate::context::Context;
use crate::directory::{Committee, Directory, OwnValidator};
use crate::roster::Roster;
use crate::routes::Routes;

/// The newest head, and who told of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SeenHead {
    pub slot: Slot,
    pub first_byte_unix_micros: u64,
    pub teller: Option<NodeId>,
}

/// The task that schedules.
pub(crate) struct Schedule {
    pub context: Arc<Context>,
    pub roster: Roster,
    pub book: Arc<DutyBook>,
    pub routes: Arc<Routes>,
    pub heads: watch::Receiver<Option<SeenHead>>,
}

/// What the clock says to a schedule that waits for a slot.
#[derive(Debug, PartialEq, Eq)]
enum Turn {
    /// Wait for this slot; an earlier one than before if the clock was set back.
    Wait(Slot),
    /// It is this slot; those from `missed` up to it were slept through.
    Run { missed: Slot, slot: Slot },
}

/// Duties of slots further back than `kept` are not in the book any more, so there is nothing to record of them, however far the clock
/// has jumped.
fn turn(next: Slot, now: Option<Slot>, kept: u64) -> Turn {
    match now {
        Some(slot) if slot >= next => Turn::Run { missed: next.max(slot.saturating_sub(kept)), slot },
        Some(slot) => Turn::Wait(next.min(slot.next())),
        None => Turn::Wait(Slot(0)),
    }
}

/// The head of this slot or of a later one. Waits for ever when nobody tells of heads any more: then the clock starts duties.
async fn head_from(heads: &mut watch::Receiver<Option<SeenHead>>, slot: Slot) -> SeenHead {
    if let Ok(head) = heads.wait_for(|head| head.is_some_and(|head| head.slot >= slot)).await
        && let Some(head) = *head
    {
        return head;
    }
    std::future::pending().await
}

impl Schedule {
    /// Runs for ever, slot by slot.
    pub(crate) async fn run(mut self) {
        let clock = Arc::clone(&self.context.clock);
        // A node that starts in the middle of a slot begins with the next one: this slot's consensus is under way.
        let mut next = clock.now().map_or(Slot(0), Slot::next);
        let kept = clock.rules().network.slots_per_epoch().saturating_mul(book::EPOCHS);
        loop {
            let (mut missed, slot) = match turn(next, clock.now(), kept) {
                Turn::Run { missed, slot } => (missed, slot),
                Turn::Wait(slot) => {
                    next = slot;
                    clock.reach(clock.start_of(slot)).await;
                    continue;
                }
            };
            while missed < slot {
                self.miss(missed);
                missed = missed.next();
            }
            let started = self.prepare(slot).await;
            self.begin(slot, started).await;
            self.routes.give_up(slot.saturating_sub(clock.rules().network.slots_per_epoch())).await;
            next = slot.next();
        }
    }

    /// A slot that the node slept through: its duties are scheduled, and have failed.
    fn miss(&self, slot: Slot) {
        for (committee, plan) in self.plan(slot) {
            let (epoch, ledger) = (self.epoch_of(slot), &self.context.ledger);
            ledger.schedule(epoch, committee, &plan.duties);
            for duty in &plan.duties {
                ledger.end(slot, duty.validator_index, duty.role, Err(FailureReason::NeverStarted));
            }
            self.context.books.write(slot, committee);
        }
    }

    /// Gives every committee its duty; returns those that have one.
    async fn prepare(&self, slot: Slot) -> Vec<Mailbox> {
        let directory = self.context.directory.load_full();
        let mut started = Vec::new();
        for (id, plan) in self.plan(slot) {
            let Some(committee) = directory.committee(id) else { continue };
            let keys: Arc<CommitteeKeys> =
                Arc::new(plan.own.iter().map(|(i, own)| (*i, Arc::clone(&own.keys))).collect());
            let setup = self.setup(slot, committee, Arc::clone(&keys));
            let duty = CommitteeDuty { slot, validator_duties: plan.duties.clone() };
            match CommitteeRunner::new(setup, duty) {
                Ok(machine) => {
                    self.context.ledger.schedule(self.epoch_of(slot), id, &plan.duties);
                    self.context.books.write(slot, id);
                    let signer = |own: &Arc<OwnValidator>| vault::Signer {
                        validator: own.public_key,
                        share: own.share,
                    };
                    let signers = plan.own.iter().map(|(index, own)| (*index, signer(own))).collect();
                    let mailbox = self.routes.mailbox(id, &self.context);
                    mailbox.send(Letter::Prepare(Box::new(Assignment { machine, keys, signers }))).await;
                    started.push(mailbox);
                }
                Err(refusal) => tracing::error!(%slot, committee = %id, %refusal, "the duty is not one"),
            }
        }
        started
    }

    /// Gives the word to start, on the head of the slot or on the clock.
    async fn begin(&mut self, slot: Slot, committees: Vec<Mailbox>) {
        let clock = &self.context.clock;
        let third = clock.start_of(slot).saturating_add(clock.rules().network.slot_thirds_millis(1));
        let mut clock_says = std::pin::pin!(clock.reach(third));
        let first = tokio::select! {
            biased;
            head = head_from(&mut self.heads, slot) => Some(head),
            _ = &mut clock_says => None,
        };
        // A head of a later slot: our clock is behind, and there is no time to lose.
        let head = first.filter(|head| head.slot == slot);
        for mailbox in committees {
            mailbox
                .send(Letter::Begin {
                    slot,
                    cause: if head.is_some() { StartCause::HeadEvent } else { StartCause::Clock },
                    head_event_unix_micros: head.map(|head| head.first_byte_unix_micros),
                    teller: head.and_then(|head| head.teller),
                })
                .await;
        }
        // The next slot must not begin before this one has run a third, whatever heads say.
        if first.is_some() {
            clock_says.await;
        }
    }

    fn epoch_of(&self, slot: Slot) -> Epoch {
        self.context.clock.rules().network.epoch_of(slot)
    }

    /// Who has what to do in a slot, by committee.
    fn plan(&self, slot: Slot) -> BTreeMap<CommitteeId, Plan> {
        let (directory, epoch) = (self.context.directory.load_full(), self.epoch_of(slot));
        let mut plans = BTreeMap::<CommitteeId, Plan>::new();
        for duty in self.book.attesters(epoch, slot) {
            if let Some(own) = self.takes_part(&directory, &duty.public_key, |v| v.attests_in(epoch))
                && self.context.signer.may_vote(own.share, epoch)
            {
                plans.entry(own.committee).or_default().add((&duty).into(), own);
            }
        }
        let network = &self.context.clock.rules().network;
        let per_period = network.preset.epochs_per_sync_committee_period();
        // A message of the last slot before a period goes into the first block of it.
        let period = network.sync_period_of(self.epoch_of(slot.next()));
        for seats in self.book.sync_members(period) {
            if let Some(own) =
                self.takes_part(&directory, &seats.public_key, |v| v.syncs_in(epoch, per_period))
                && let Ok(duty) = seats.at(slot)
            {
                plans.entry(own.committee).or_default().add(duty, own);
            }
        }
        plans
    }

    fn takes_part(
        &self,
        directory: &Directory,
        key: &types::PublicKeyBytes,
        active: impl FnOnce(&beacon::Validator) -> bool,
    ) -> Option<Arc<OwnValidator>> {
        let own = directory.own(key).filter(|own| !own.liquidated)?;
        self.roster.get(key).filter(active)?;
        Some(Arc::clone(own))
    }

    fn setup(&self, slot: Slot, committee: &Committee, keys: Arc<CommitteeKeys>) -> Setup {
        let rules = self.context.clock.rules();
        let (network, epoch) = (&rules.network, self.epoch_of(slot));
        let boole = network.forks.row(SsvFork::Boole).map(|row| network.first_slot(row.epoch));
        let thresholds = Thresholds::of_size(committee.members.len());
        let electra = rules.beacon.fork_at(epoch).has_electra_attestations();
        Setup {
            fork: network.fork_at(slot),
            domain: network.domain_at(slot),
            committee_id: committee.id,
            committee: qbft::Committee::new(self.context.identity.id, committee.members.clone(), thresholds),
            leader: Arc::new(RoundRobin::new(committee.members.clone(), boole)),
            verifier: Arc::<qbft::CommitteeKeys>::clone(&committee.keys) as Arc<dyn qbft::VerifySigner>,
            cut_off: network.timeouts.cutoff_round,
            keys,
            attester_domain: rules.beacon.domain(BeaconDomainType::Attester, epoch),
            sync_domain: rules.beacon.domain(BeaconDomainType::SyncCommittee, epoch),
            attestation_index: if electra { AttestationIndex::Zero } else { AttestationIndex::OfDuty },
        }
    }
}

/// One committee's part of a slot.
#[derive(Default)]
struct Plan {
    duties: Vec<ValidatorDuty>,
    own: HashMap<ValidatorIndex, Arc<OwnValidator>>,
}

impl Plan {
    fn add(&mut self, duty: ValidatorDuty, own: Arc<OwnValidator>) {
        self.own.insert(duty.validator_index, own);
        self.duties.push(duty);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    fn head(slot: u64) -> Option<SeenHead> {
        Some(SeenHead { slot: Slot(slot), first_byte_unix_micros: 5, teller: None })
    }

    #[test]
    fn slots_run_one_after_the_other() {
        assert_eq!(turn(Slot(9), Some(Slot(8)), 24), Turn::Wait(Slot(9)));
        assert_eq!(turn(Slot(9), Some(Slot(9)), 24), Turn::Run { missed: Slot(9), slot: Slot(9) });
        assert_eq!(turn(Slot(0), None, 24), Turn::Wait(Slot(0)));
    }

    #[test]
    fn a_clock_that_jumps_ahead_costs_the_slots_between_and_no_more_than_the_book_holds() {
        assert_eq!(turn(Slot(9), Some(Slot(12)), 24), Turn::Run { missed: Slot(9), slot: Slot(12) });
        let now = Slot(12_000_000);
        assert_eq!(turn(Slot(0), Some(now), 24), Turn::Run { missed: Slot(11_999_976), slot: now });
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_silence_the_node_until_it_catches_up() {
        assert_eq!(turn(Slot(300), Some(Slot(8)), 24), Turn::Wait(Slot(9)));
        assert_eq!(turn(Slot(300), None, 24), Turn::Wait(Slot(0)));
    }

    #[test]
    fn duties_wait_for_the_head_of_their_slot() {
        let (tell, mut heads) = watch::channel(None);
        assert_eq!(head_from(&mut heads, Slot(0)).now_or_never(), None, "no head is no head of slot 0");
        tell.send_replace(head(8));
        assert_eq!(head_from(&mut heads, Slot(9)).now_or_never(), None);
        tell.send_replace(head(9));
        assert_eq!(head_from(&mut heads, Slot(9)).now_or_never(), head(9), "told before anyone waited");
    }

    #[test]
    fn the_end_of_the_event_streams_starts_no_duty() {
        let (tell, mut heads) = watch::channel(None);
        drop(tell);
        assert_eq!(head_from(&mut heads, Slot(9)).now_or_never(), None);
    }
}

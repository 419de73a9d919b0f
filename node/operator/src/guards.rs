//! What is looked after beside the duties: validators under observation ([`crate::doppelganger`]), our clock ([`crate::clock_offset`]), and
//! operators that sign other registrations than we do ([`crate::recipients`]). One task, a look at each slot.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use beacon::BeaconNodes;
use types::beacon::AnyProposedBlock;
use types::rules::ChainRules;
use types::{BeaconDomainType, OperatorId, Root, Slot};

use crate::clock::SlotClock;
use crate::clock_offset::{ClockState, Turn};
use crate::directory::{Directory, OwnValidator};
use crate::doppelganger::{Question, Tick, Watch};
use crate::recipients::{Disagreements, Guess, Recipients};
use crate::roster::Roster;

/// How far into the next slot a question about signs of life may be answered (`ssv doppelganger/doppelganger.go`).
const PATIENCE_MILLIS: u64 = 100;

/// What the guards know.
#[derive(Default)]
pub(crate) struct Guards {
    pub watch: Watch,
    pub disagreements: Disagreements,
    pub recipients: Recipients,
    clock: ArcSwap<ClockState>,
    strange_blocks: AtomicU64,
}

impl Guards {
    pub(crate) fn new(watch: Watch) -> Self {
        Self { watch, ..Self::default() }
    }

    pub(crate) fn clock(&self) -> ClockState {
        **self.clock.load()
    }

    /// An operator's registration has another root than ours: finds out what differs, counts and tells it.
    pub(crate) fn note_registration(
        &self,
        rules: &ChainRules,
        directory: &Directory,
        slot: Slot,
        (operator, theirs): (OperatorId, Root),
        ours: &types::beacon::ValidatorRegistration,
    ) {
        let owner = directory.own(&ours.pubkey).map(|own| own.owner);
        let former = owner.map(|owner| self.recipients.of(owner)).unwrap_or_default();
        let network = &rules.network;
        let guess = Guess {
            recipients: former.into_iter().chain(owner).chain([types::Address::ZERO]).collect(),
            epoch_seconds: network.slots_per_epoch().saturating_mul(network.seconds_per_slot),
            domain: rules.beacon.domain(BeaconDomainType::ApplicationBuilder, network.epoch_of(slot)),
        };
        let difference = guess.difference(ours, theirs);
        self.disagreements.note(operator, slot, ours.pubkey, difference);
        tracing::warn!(
            %slot, %operator, validator = %ours.pubkey, theirs = %difference, our_fee_recipient = %ours.fee_recipient,
            our_gas_limit = ours.gas_limit, our_timestamp = ours.timestamp,
            "an operator registers this validator with builders in another way than we do"
        );
    }
}

impl Guards {
    /// A block that the own beacon node made: its fees should go where the owner says. A builder's block pays the builder, who pays the
    /// proposer in it, so only local blocks are looked at. True if they do not.
    pub(crate) fn note_block(&self, own: &OwnValidator, block: &AnyProposedBlock) -> bool {
        let (wanted, paid) = (own.fee_recipient, block.fee_recipient());
        if block.is_blinded() || wanted == paid {
            return false;
        }
        self.strange_blocks.fetch_add(1, Ordering::Relaxed);
        tracing::error!(
            slot = %block.slot(), validator = %own.public_key, %wanted, %paid,
            "the beacon node made a block whose fees go to another address than the owner's: it has not heard of the fee recipients \
             (prepare_beacon_proposer), or overrides them"
        );
        true
    }

    /// Local blocks whose fees go elsewhere.
    pub(crate) fn strange_blocks(&self) -> u64 {
        self.strange_blocks.load(Ordering::Relaxed)
    }
}

/// The task.
pub(crate) struct Caretaker {
    pub clock: Arc<SlotClock>,
    pub beacon: BeaconNodes,
    pub roster: Roster,
    pub directory: Arc<ArcSwap<Directory>>,
    pub guards: Arc<Guards>,
}

impl Caretaker {
    /// Runs for ever, slot by slot.
    pub(crate) async fn run(self) {
        loop {
            self.look_at_clock();
            self.guards.recipients.notice(&self.directory.load());
            if let Some(slot) = self.clock.now() {
                self.look_at_validators(slot).await;
            }
            let next = self.clock.start_of(self.clock.now().map_or(Slot(0), Slot::next));
            self.clock.reach(next).await;
        }
    }

    fn look_at_clock(&self) {
        let offsets: Vec<_> = self.beacon.status().nodes.iter().filter_map(|node| node.clock).collect();
        let before = self.guards.clock();
        let state = before.after(&offsets);
        self.guards.clock.store(Arc::new(state));
        match before.turn(state) {
            Some(Turn::Off) => tracing::error!("{}", state.problem().unwrap_or_default()),
            Some(Turn::Right) => {
                tracing::info!(ahead_millis = ?state.ahead_millis, "this machine's clock is right again");
            }
            None => {}
        }
    }

    async fn look_at_validators(&self, slot: Slot) {
        let watch = &self.guards.watch;
        if !watch.is_on() {
            return;
        }
        let network = &self.clock.rules().network;
        let epoch = network.epoch_of(slot);
        let own = self.roster.own(&self.directory.load(), |validator| validator.attests_in(epoch));
        let tick = Tick { epoch, is_last_slot: network.epoch_of(slot.next()) != epoch };
        if let Some(question) = watch.tick(tick, &own) {
            self.ask(slot, question).await;
        }
    }

    /// Asks until shortly after the end of the slot; without an answer nothing changes.
    async fn ask(&self, slot: Slot, Question { epoch, validators }: Question) {
        let end = self.clock.start_of(slot.next()).saturating_add(PATIENCE_MILLIS);
        let left = Duration::from_millis(end.saturating_sub(crate::clock::unix_millis()));
        let watch = &self.guards.watch;
        match tokio::time::timeout(left, self.beacon.liveness(epoch, &validators)).await {
            Ok(Ok(alive)) => {
                for validator in watch.answer(epoch, &alive) {
                    tracing::warn!(
                        %epoch, %validator,
                        "the validator showed life while this node did not sign for it: its committee, or a second copy of it; it stays under observation"
                    );
                }
                let open = watch.observation().unwrap_or_default();
                tracing::info!(%epoch, asked = validators.len(), still_watched = open.watched, "validators under observation");
            }
            Ok(Err(error)) => {
                tracing::warn!(%epoch, %error, "no beacon node told which validators showed life");
            }
            Err(_) => tracing::warn!(%epoch, "no beacon node told in time which validators showed life"),
        }
    }
}

#[cfg(test)]
mod tests;

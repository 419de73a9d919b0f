//! One duty of one committee while it runs: its machine, its timer, and the books it keeps.

use std::collections::HashMap;
use std::sync::Arc;

use beacon::NodeId;
use duty::{CommitteeKeys, CommitteeRunner, Effect, Input, Milestone, Step};
use outbox::StartCause;
use tokio::task::AbortHandle;
use types::{BeaconRole, CommitteeId, OperatorId, PublicKeyBytes, Slot, ValidatorIndex};

use crate::clock::{SlotClock, unix_micros};
use crate::committee::Assignment;
use crate::ledger::Ledger;

/// A running duty.
pub(crate) struct Run {
    pub slot: Slot,
    /// The parsed keys of its validators.
    pub keys: Arc<CommitteeKeys>,
    /// The shares that sign for them.
    pub signers: HashMap<ValidatorIndex, vault::Signer>,
    /// The beacon node that told of the head of the slot: it has that head, so it is asked first.
    pub teller: Option<NodeId>,
    machine: CommitteeRunner,
    timer: Option<AbortHandle>,
}

impl Run {
    pub(crate) fn new(Assignment { machine, keys, signers }: Assignment) -> Self {
        Self { slot: machine.duty().slot, keys, signers, teller: None, machine, timer: None }
    }

    /// The shares of the attesters of this duty.
    pub(crate) fn attesting_shares(&self) -> Vec<PublicKeyBytes> {
        let duties = self.machine.duty().validator_duties.iter();
        let attesters = duties.filter(|duty| duty.role == BeaconRole::Attester);
        attesters
            .filter_map(|duty| self.signers.get(&duty.validator_index))
            .map(|signer| signer.share)
            .collect()
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.machine.is_finished()
    }

    /// Messages that found no place to wait.
    pub(crate) const fn dropped_messages(&self) -> u64 {
        self.machine.dropped_messages()
    }

    pub(crate) fn step(&mut self, input: Input) -> Step {
        self.machine.step(input)
    }

    /// Replaces the round timer.
    pub(crate) fn set_timer(&mut self, timer: AbortHandle) {
        if let Some(old) = self.timer.replace(timer) {
            old.abort();
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Some(timer) = self.timer.take() {
            timer.abort();
        }
    }
}

/// Writes down the start of a duty.
pub(crate) fn note_start(
    ledger: &Ledger,
    clock: &SlotClock,
    (slot, committee): (Slot, CommitteeId),
    cause: StartCause,
    head_event_unix_micros: Option<u64>,
) {
    let now = clock.micros_into(slot, unix_micros());
    ledger.note(slot, committee, |record| {
        record.micros.start = Some(now);
        record.start_cause = Some(cause);
        record.head_event_unix_micros = head_event_unix_micros;
    });
}

/// Writes down what an effect says about the way of a duty.
pub(crate) fn note_effect(ledger: &Ledger, clock: &SlotClock, run: (Slot, CommitteeId), effect: &Effect) {
    let (slot, committee) = run;
    let now = Some(clock.micros_into(slot, unix_micros()));
    match effect {
        Effect::Reached(Milestone::View) => ledger.note(slot, committee, |record| record.micros.data = now),
        Effect::Reached(Milestone::Proposal { round, leader }) => ledger.note(slot, committee, |record| {
            record.micros.proposal = now;
            record.round = Some(*round);
            record.leader = Some(*leader);
        }),
        Effect::Reached(Milestone::Decided { round }) => ledger.note(slot, committee, |record| {
            record.micros.decided = now;
            record.round = Some(*round);
        }),
        Effect::Reached(Milestone::PostQuorum) => {
            ledger.note(slot, committee, |record| record.micros.post_quorum = now);
        }
        Effect::Submit(submission) => {
            for object in &submission.objects {
                let key = (object.duty.validator_index, object.duty.role);
                ledger.note_one(slot, key, |record| record.micros.submit_start = now);
            }
        }
        Effect::BadPartialSignature { operator, validator } => {
            note_liar(ledger, slot, *operator, *validator);
        }
        Effect::Ended(outcome) => {
            let key = (outcome.validator, outcome.role);
            if outcome.result.is_ok() {
                ledger.note_one(slot, key, |record| record.micros.submitted = now);
            }
            ledger.end(slot, outcome.validator, outcome.role, outcome.result);
        }
        Effect::BeginConsensus
        | Effect::FetchView
        | Effect::ArmTimer { .. }
        | Effect::Broadcast(_)
        | Effect::PublishDecided(_)
        | Effect::Sign(_)
        | Effect::Recombine(_)
        | Effect::Reached(Milestone::Recombined) => {}
    }
}

fn note_liar(ledger: &Ledger, slot: Slot, operator: OperatorId, validator: ValidatorIndex) {
    for role in [BeaconRole::Attester, BeaconRole::SyncCommittee] {
        ledger.note_one(slot, (validator, role), |record| {
            if !record.bad_partial_signatures.contains(&operator) {
                record.bad_partial_signatures.push(operator);
            }
        });
    }
}

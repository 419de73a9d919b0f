//! One duty while it runs: its name, its machine, its timer, and the books it keeps.

use std::collections::HashMap;
use std::sync::Arc;

use beacon::NodeId;
use duty::runner::{End, Stage};
use duty::{CommitteeKeys, Warning};
use outbox::{DutyRecord, DutyRole, StartCause};
use tokio::task::AbortHandle;
use types::beacon::ValidatorRegistration;
use types::{
    BeaconRole, CommitteeId, MessageId, OperatorId, PublicKeyBytes, RunnerRole, Slot, ValidatorIndex,
};

use crate::clock::{SlotClock, unix_micros};
use crate::ledger::Ledger;
use crate::machine::{Effect, Input, Machine, Station, Step};
use crate::starts::Speaker;

/// The name of a duty: its slot, and what its messages are addressed to (role, and committee or validator).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RunId {
    pub slot: Slot,
    pub message_id: MessageId,
}

impl RunId {
    pub(crate) const fn role(&self) -> RunnerRole {
        self.message_id.role()
    }
}

/// Which records of the ledger a run writes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scope {
    pub slot: Slot,
    pub committee: CommitteeId,
    pub role: RunnerRole,
    /// The validator of a duty of one; `None` for all of the committee.
    pub validator: Option<ValidatorIndex>,
}

impl Scope {
    pub(crate) fn covers(&self, record: &DutyRecord) -> bool {
        record.committee_id == self.committee
            && self.runs(record.role)
            && self.validator.is_none_or(|validator| validator == record.validator_index)
    }

    const fn runs(&self, role: DutyRole) -> bool {
        match self.role {
            RunnerRole::Committee => matches!(role, DutyRole::Attester | DutyRole::SyncCommittee),
            RunnerRole::AggregatorCommittee => {
                matches!(role, DutyRole::Aggregator | DutyRole::SyncCommitteeContribution)
            }
            RunnerRole::Aggregator => matches!(role, DutyRole::Aggregator),
            RunnerRole::Proposer => matches!(role, DutyRole::Proposer),
            RunnerRole::SyncCommitteeContribution => matches!(role, DutyRole::SyncCommitteeContribution),
            RunnerRole::ValidatorRegistration => matches!(role, DutyRole::ValidatorRegistration),
            RunnerRole::VoluntaryExit => matches!(role, DutyRole::VoluntaryExit),
            RunnerRole::Other(_) => false,
        }
    }
}

/// A duty with what is needed to run it.
pub(crate) struct Assignment {
    /// Its machine.
    pub machine: Machine,
    /// The parsed keys of its validators.
    pub keys: Arc<CommitteeKeys>,
    /// The shares that sign for them.
    pub signers: Arc<HashMap<ValidatorIndex, vault::Signer>>,
}

impl Assignment {
    /// The name of the duty.
    pub(crate) fn id(&self) -> RunId {
        RunId { slot: self.machine.slot(), message_id: self.machine.message_id() }
    }
}

/// A running duty.
pub(crate) struct Run {
    pub id: RunId,
    pub scope: Scope,
    /// The parsed keys of its validators.
    pub keys: Arc<CommitteeKeys>,
    /// The shares that sign for them.
    pub signers: Arc<HashMap<ValidatorIndex, vault::Signer>>,
    /// The beacon node that told of the head of the slot: it has that head, so it is asked first.
    pub teller: Option<NodeId>,
    machine: Machine,
    timer: Option<AbortHandle>,
}

impl Run {
    pub(crate) fn new(committee: CommitteeId, assignment: Assignment) -> Self {
        let id = assignment.id();
        let Assignment { machine, keys, signers } = assignment;
        let role = id.role();
        let one = machine.entries().first().filter(|_| !role.is_committee_role());
        let validator = one.map(|duty| duty.validator_index);
        let scope = Scope { slot: id.slot, committee, role, validator };
        Self { id, scope, keys, signers, teller: None, machine, timer: None }
    }

    /// Who speaks in the consensus of this duty.
    pub(crate) fn speaker(&self) -> Speaker {
        Speaker::of(self.id.slot, self.scope.committee, &self.id.message_id)
    }

    /// The shares of the attesters of this duty.
    pub(crate) fn attesting_shares(&self) -> Vec<PublicKeyBytes> {
        let entries = self.machine.entries().iter();
        let attesters = entries.filter(|duty| duty.role == BeaconRole::Attester);
        attesters
            .filter_map(|duty| self.signers.get(&duty.validator_index))
            .map(|signer| signer.share)
            .collect()
    }

    /// What is registered with builders, if that is the duty.
    pub(crate) const fn registration(&self) -> Option<&ValidatorRegistration> {
        self.machine.registration()
    }

    /// Whether every entry has its outcome.
    pub(crate) fn has_ended(&self) -> bool {
        self.machine.has_ended()
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
    scope: Scope,
    cause: StartCause,
    head_event_unix_micros: Option<u64>,
) {
    let now = clock.micros_into(scope.slot, unix_micros());
    ledger.note(scope, |record| {
        record.micros.start = Some(now);
        record.start_cause = Some(cause);
        record.head_event_unix_micros = head_event_unix_micros;
    });
}

/// Says something of a duty beside its outcome, once.
pub(crate) fn warn(record: &mut DutyRecord, warning: Warning) {
    if !record.warnings.iter().any(|name| name == warning.name()) {
        record.warnings.push(warning.name().to_owned());
    }
}

/// Writes down what an effect says about the way of a duty.
pub(crate) fn note_effect(ledger: &Ledger, clock: &SlotClock, scope: Scope, effect: &Effect) {
    let slot = scope.slot;
    let now = Some(clock.micros_into(slot, unix_micros()));
    match effect {
        Effect::Reached(Station::Value) => ledger.note(scope, |record| record.micros.data = now),
        Effect::Reached(Station::Proposal { round, leader }) => ledger.note(scope, |record| {
            record.micros.proposal = now;
            record.round = Some(*round);
            record.leader = Some(*leader);
        }),
        Effect::Reached(Station::Decided { round }) => ledger.note(scope, |record| {
            record.micros.decided = now;
            record.round = Some(*round);
        }),
        Effect::Reached(Station::Quorum(Stage::Pre)) => {
            ledger.note(scope, |record| record.micros.pre_quorum = now);
        }
        Effect::Reached(Station::Quorum(Stage::Post)) => {
            ledger.note(scope, |record| record.micros.post_quorum = now);
        }
        Effect::SubmitVotes(submission) => {
            for object in &submission.objects {
                let key = (object.duty.validator_index, object.duty.role);
                ledger.note_one(slot, key, |record| record.micros.submit_start = now);
            }
        }
        Effect::Submit(submission) => note_handover(ledger, scope, now, submission),
        Effect::Blame { operator, validator } => {
            note_operator(ledger, scope, *operator, *validator, |record| &mut record.bad_partial_signatures);
        }
        Effect::Disagrees { operator, validator, .. } => {
            note_operator(ledger, scope, *operator, *validator, |record| &mut record.disagreeing);
        }
        Effect::Ended(outcome) => {
            let key = (outcome.validator, outcome.role);
            if outcome.end == End::Submitted {
                ledger.note_one(slot, key, |record| record.micros.submitted = now);
            }
            ledger.end(slot, outcome.validator, outcome.role, outcome.end);
        }
        Effect::BeginConsensus
        | Effect::FetchView
        | Effect::Fetch(_)
        | Effect::ArmTimer { .. }
        | Effect::Broadcast(_)
        | Effect::PublishDecided(_)
        | Effect::SignVote(_)
        | Effect::Sign(_)
        | Effect::Recombine { .. }
        | Effect::Reached(Station::Whole(_)) => {}
    }
}

fn note_handover(ledger: &Ledger, scope: Scope, now: Option<u64>, submission: &duty::runner::Submission) {
    let validators: Vec<_> = match submission {
        duty::runner::Submission::Block { slot, .. } => vec![slot.validator],
        duty::runner::Submission::Objects(objects) => {
            objects.iter().map(|object| object.slot.validator).collect()
        }
    };
    for validator in validators {
        ledger.note(Scope { validator: Some(validator), ..scope }, |record| record.micros.submit_start = now);
    }
}

/// Adds an operator to a list of the record, once.
fn note_operator(
    ledger: &Ledger,
    scope: Scope,
    operator: OperatorId,
    validator: ValidatorIndex,
    list: fn(&mut DutyRecord) -> &mut Vec<OperatorId>,
) {
    ledger.note(Scope { validator: Some(validator), ..scope }, |record| {
        let operators = list(record);
        if !operators.contains(&operator) {
            operators.push(operator);
        }
    });
}

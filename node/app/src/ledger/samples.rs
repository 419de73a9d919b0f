//! Records for tests: a committee of four in slot 40, of which this node is operator 2; operator 1 leads round 1.

use outbox::{DutyRecord, Outcome, RoundSpan, StartCause, Times};
use types::{
    BeaconRole, CommitteeId, CommitteeIndex, Epoch, List, OperatorId, PublicKeyBytes, Round, Slot,
    ValidatorDuty, ValidatorIndex,
};

pub(super) fn times(pairs: &[(u64, u64)]) -> Times {
    pairs.iter().map(|(operator, millis)| (OperatorId(*operator), millis * 1_000)).collect()
}

/// A duty that was scheduled.
pub(super) fn scheduled(validator: u64, role: BeaconRole) -> DutyRecord {
    let duty = ValidatorDuty {
        role,
        public_key: PublicKeyBytes([7; 48]),
        slot: Slot(40),
        validator_index: ValidatorIndex(validator),
        committee_index: CommitteeIndex(1),
        committee_length: 4,
        committees_at_slot: 1,
        validator_committee_index: 0,
        validator_sync_committee_indices: List::empty(),
    };
    let mut record = DutyRecord::open(Epoch(5), CommitteeId([3; 32]), &duty).unwrap();
    record.operators = [1, 2, 3, 4].map(OperatorId).to_vec();
    record.own_operator = Some(OperatorId(2));
    record
}

/// An attestation whose proposal was accepted, and of which nothing more was heard.
pub(super) fn proposed(validator: u64) -> DutyRecord {
    let mut record = scheduled(validator, BeaconRole::Attester);
    record.start_cause = Some(StartCause::HeadEvent);
    record.micros.start = Some(800_000);
    record.micros.data = Some(820_000);
    record.micros.proposal = Some(850_000);
    record.round = Some(Round(1));
    record.leader = Some(OperatorId(1));
    record.heard.round = Some(Round(1));
    record.heard.proposals = times(&[(1, 850)]);
    record.heard.prepares = times(&[(1, 851), (2, 853)]);
    let leader = Some(OperatorId(1));
    record.rounds.insert(Round(1), RoundSpan { leader, ..RoundSpan::new(800_000, 1_500_000) });
    record
}

/// An attestation that went well.
pub(super) fn submitted(validator: u64) -> DutyRecord {
    let mut record = proposed(validator);
    record.outcome = Outcome::Submitted;
    record.micros.decided = Some(900_000);
    record.micros.post_quorum = Some(940_000);
    record.micros.submit_start = Some(945_000);
    record.micros.submitted = Some(960_000);
    record.heard.prepares = times(&[(1, 851), (2, 853), (3, 856), (4, 860)]);
    record.heard.commits = times(&[(1, 870), (2, 872), (3, 876), (4, 880)]);
    record.heard.post_signatures = times(&[(1, 920), (2, 915), (3, 930), (4, 945)]);
    record
}

/// An attestation that failed for this reason.
pub(super) fn failed(mut record: DutyRecord, reason: duty::FailureReason) -> DutyRecord {
    record.outcome = Outcome::Failed;
    record.reason = Some(reason.name().to_owned());
    record.room = Some(reason.room().name().to_owned());
    record
}

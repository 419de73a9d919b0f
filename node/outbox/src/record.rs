//! One duty of one validator, from its schedule to its outcome.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use types::{
    BeaconRole, CommitteeId, CommitteeIndex, Epoch, OperatorId, PublicKeyBytes, Round, Slot, Thresholds,
    ValidatorDuty, ValidatorIndex,
};

use crate::steps::{Heard, Inclusion, Micros, RoundSpan, StartCause, quorum_time};

/// The kinds of duty that are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DutyRole {
    /// An attestation.
    Attester,
    /// The aggregate of a beacon committee's attestations.
    Aggregator,
    /// A block.
    Proposer,
    /// A sync committee message.
    SyncCommittee,
    /// The contribution of a sync subcommittee.
    SyncCommitteeContribution,
    /// A builder registration.
    ValidatorRegistration,
    /// A voluntary exit.
    VoluntaryExit,
}

impl DutyRole {
    /// The record's name of a beacon role, if it is recorded.
    #[must_use]
    pub const fn of(role: BeaconRole) -> Option<Self> {
        match role {
            BeaconRole::Attester => Some(Self::Attester),
            BeaconRole::Aggregator => Some(Self::Aggregator),
            BeaconRole::Proposer => Some(Self::Proposer),
            BeaconRole::SyncCommittee => Some(Self::SyncCommittee),
            BeaconRole::SyncCommitteeContribution => Some(Self::SyncCommitteeContribution),
            BeaconRole::ValidatorRegistration => Some(Self::ValidatorRegistration),
            BeaconRole::VoluntaryExit => Some(Self::VoluntaryExit),
            BeaconRole::Other(_) => None,
        }
    }

    /// Every role, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Attester,
        Self::Aggregator,
        Self::Proposer,
        Self::SyncCommittee,
        Self::SyncCommitteeContribution,
        Self::ValidatorRegistration,
        Self::VoluntaryExit,
    ];

    /// The name used in records and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Attester => "attester",
            Self::Aggregator => "aggregator",
            Self::Proposer => "proposer",
            Self::SyncCommittee => "sync_committee",
            Self::SyncCommitteeContribution => "sync_committee_contribution",
            Self::ValidatorRegistration => "validator_registration",
            Self::VoluntaryExit => "voluntary_exit",
        }
    }

    /// The number in keys of the journal: that of the beacon role.
    #[must_use]
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Attester => 0,
            Self::Aggregator => 1,
            Self::Proposer => 2,
            Self::SyncCommittee => 3,
            Self::SyncCommitteeContribution => 4,
            Self::ValidatorRegistration => 5,
            Self::VoluntaryExit => 6,
        }
    }
}

/// How a duty stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Not ended yet.
    Running,
    /// A beacon node answered 2xx.
    Submitted,
    /// It ended otherwise; the record says why.
    Failed,
    /// The validator was not selected to aggregate: nothing was to be done.
    NotSelected,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::Running, Self::Submitted, Self::Failed, Self::NotSelected];

    /// The name used in records and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Submitted => "submitted",
            Self::Failed => "failed",
            Self::NotSelected => "not_selected",
        }
    }
}

/// One duty of one validator. New fields are optional, so that older records stay readable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyRecord {
    /// When.
    pub slot: Slot,
    /// The epoch of the slot.
    pub epoch: Epoch,
    /// What.
    pub role: DutyRole,
    /// Who.
    pub validator_index: ValidatorIndex,
    /// The validator's key.
    pub public_key: PublicKeyBytes,
    /// The operators that run it.
    pub committee_id: CommitteeId,
    /// Its beacon committee.
    pub committee_index: CommitteeIndex,
    /// How it stands.
    pub outcome: Outcome,
    /// Why it failed: the name of the reason.
    pub reason: Option<String>,
    /// In which room it died.
    pub room: Option<String>,
    /// The round that decided, or the last one with a proposal.
    pub round: Option<Round>,
    /// Who proposed in it.
    pub leader: Option<OperatorId>,
    /// Its stations.
    pub micros: Micros,
    /// What made it start.
    pub start_cause: Option<StartCause>,
    /// When the first byte of the head event was read, in microseconds since 1970.
    pub head_event_unix_micros: Option<u64>,
    /// Operators whose partial signature for it did not verify.
    #[serde(default)]
    pub bad_partial_signatures: Vec<OperatorId>,
    /// Operators that signed something else than this node did before consensus.
    #[serde(default)]
    pub disagreeing: Vec<OperatorId>,
    /// What the beacon nodes said when they refused it or gave nothing, cut to [`DutyRecord::MAX_ANSWER`] characters.
    #[serde(default)]
    pub beacon_answer: Option<String>,
    /// The committee, in its order; empty in records of versions that did not note it.
    #[serde(default)]
    pub operators: Vec<OperatorId>,
    /// Which of them this node is.
    #[serde(default)]
    pub own_operator: Option<OperatorId>,
    /// When each of them was heard.
    #[serde(default)]
    pub heard: Heard,
    /// The rounds of consensus that this node went through.
    #[serde(default)]
    pub rounds: BTreeMap<Round, RoundSpan>,
    /// Where in the chain it was seen; `None` if it was not, or if that cannot be seen there.
    #[serde(default)]
    pub included: Option<Inclusion>,
    /// What is to be said of it beside its outcome: names of `duty::Warning`.
    #[serde(default)]
    pub warnings: Vec<String>,
}

impl DutyRecord {
    /// Characters of an answer that are kept.
    pub const MAX_ANSWER: usize = 200;

    /// Notes what the beacon nodes said; their last word counts.
    pub fn note_answer(&mut self, answer: &str) {
        self.beacon_answer = Some(answer.chars().take(Self::MAX_ANSWER).collect());
    }

    /// The record of a duty that was scheduled and has not begun; `None` for roles that are not recorded.
    #[must_use]
    pub fn open(epoch: Epoch, committee_id: CommitteeId, duty: &ValidatorDuty) -> Option<Self> {
        Some(Self {
            slot: duty.slot,
            epoch,
            role: DutyRole::of(duty.role)?,
            validator_index: duty.validator_index,
            public_key: duty.public_key,
            committee_id,
            committee_index: duty.committee_index,
            outcome: Outcome::Running,
            reason: None,
            room: None,
            round: None,
            leader: None,
            micros: Micros::default(),
            start_cause: None,
            head_event_unix_micros: None,
            bad_partial_signatures: Vec::new(),
            disagreeing: Vec::new(),
            beacon_answer: None,
            operators: Vec::new(),
            own_operator: None,
            heard: Heard::default(),
            rounds: BTreeMap::new(),
            included: None,
            warnings: Vec::new(),
        })
    }

    /// How many operators of its committee are a quorum; `None` where the committee was not noted.
    #[must_use]
    pub fn quorum(&self) -> Option<usize> {
        let size = self.operators.len();
        usize::try_from(Thresholds::of_size(size).quorum()).ok().filter(|_| size > 0)
    }

    /// When a quorum had prepared in the round that is told of.
    #[must_use]
    pub fn prepared_at(&self) -> Option<u64> {
        quorum_time(&self.heard.prepares, self.quorum()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record as the first version wrote it.
    const OLD: &str = r#"{"slot":40,"epoch":5,"role":"attester","validator_index":7,
        "public_key":"0x010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101",
        "committee_id":"0x0202020202020202020202020202020202020202020202020202020202020202","committee_index":1,
        "outcome":"failed","reason":"not_decided","room":"consensus","round":1,"leader":2,
        "micros":{"start":1000,"data":2000,"proposal":3000,"decided":null,"post_quorum":null,"submit_start":null,"submitted":null},
        "start_cause":"head_event","head_event_unix_micros":1700000000000000}"#;

    #[test]
    fn records_of_the_first_version_are_readable() {
        let record: DutyRecord = serde_json::from_str(OLD).unwrap();
        assert_eq!((record.slot, record.outcome), (Slot(40), Outcome::Failed));
        assert_eq!(record.reason.as_deref(), Some("not_decided"));
        assert_eq!((record.micros.proposal, record.micros.scheduled), (Some(3000), None));
        assert_eq!(record.heard, Heard::default());
        assert!(record.operators.is_empty() && record.included.is_none() && record.warnings.is_empty());
    }

    #[test]
    fn what_is_written_is_read_and_keeps_the_names_of_the_interface() {
        let mut record: DutyRecord = serde_json::from_str(OLD).unwrap();
        record.operators = vec![OperatorId(1), OperatorId(2)];
        record.heard.prepares.insert(OperatorId(2), 3_500);
        record.rounds.insert(Round(1), RoundSpan::new(1_000, 6_000));
        record.included = Some(Inclusion {
            slot: Slot(41),
            block_root: types::Root::repeat_byte(3),
            head: Some(true),
            target: None,
            source: Some(true),
        });
        record.warnings = vec!["included_late".to_owned()];
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<DutyRecord>(&text).unwrap(), record);
        let shown: serde_json::Value = serde_json::from_str(&text).unwrap();
        let old: serde_json::Value = serde_json::from_str(OLD).unwrap();
        for (name, value) in old.as_object().unwrap().iter().filter(|(name, _)| *name != "micros") {
            assert_eq!(&shown[name], value, "{name}");
        }
        assert_eq!(shown["micros"]["start"], 1000);
        assert_eq!(shown["heard"]["prepares"]["2"], 3500);
        assert_eq!(shown["rounds"]["1"]["end"], 6000);
        assert_eq!(shown["included"]["slot"], 41);
    }

    #[test]
    fn what_a_beacon_node_says_is_cut() {
        let mut record: DutyRecord = serde_json::from_str(OLD).unwrap();
        assert_eq!(record.beacon_answer, None);
        record.note_answer(&"ä".repeat(500));
        assert_eq!(record.beacon_answer.unwrap().chars().count(), DutyRecord::MAX_ANSWER);
    }

    #[test]
    fn names_are_those_of_the_json() {
        for role in DutyRole::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
        }
        for outcome in Outcome::ALL {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.name());
        }
    }

    #[test]
    fn prepares_of_a_quorum_have_a_time() {
        let mut record: DutyRecord = serde_json::from_str(OLD).unwrap();
        record.heard.prepares = [(OperatorId(1), 9), (OperatorId(2), 7)].into();
        assert_eq!((record.quorum(), record.prepared_at()), (None, None), "the committee is not known");
        record.operators = [1, 2, 3, 4].map(OperatorId).to_vec();
        assert_eq!((record.quorum(), record.prepared_at()), (Some(3), None));
        record.heard.prepares.insert(OperatorId(4), 8);
        assert_eq!(record.prepared_at(), Some(9));
    }
}

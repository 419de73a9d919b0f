//! One duty of one validator, from its schedule to its outcome.

use serde::{Deserialize, Serialize};
use types::{
    BeaconRole, CommitteeId, CommitteeIndex, Epoch, OperatorId, PublicKeyBytes, Round, Slot, ValidatorIndex,
};

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

/// What made a duty start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartCause {
    /// The head event of its slot came.
    HeadEvent,
    /// A third of the slot was over.
    Clock,
}

/// When a duty passed each station, in microseconds since the start of its slot; `None` if it did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Micros {
    /// The duty was started.
    pub start: Option<u64>,
    /// The own beacon node's attestation data was there.
    pub data: Option<u64>,
    /// A proposal was accepted.
    pub proposal: Option<u64>,
    /// The committee decided.
    pub decided: Option<u64>,
    /// A quorum of partial signatures was there.
    pub post_quorum: Option<u64>,
    /// The signed object was handed to the beacon nodes.
    pub submit_start: Option<u64>,
    /// A beacon node answered 2xx.
    pub submitted: Option<u64>,
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
}

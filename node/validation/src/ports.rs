//! What a judgement needs to know of the registry and of the beacon chain's duties. Read only, answered at once.

use types::{CommitteeId, Epoch, OperatorId, PublicKeyBytes, Slot, ValidatorIndex};

/// A committee as the registry has it.
#[derive(Clone, Copy, Debug)]
pub struct CommitteeView<'a> {
    /// Its operators, ascending.
    pub operators: &'a [OperatorId],
    /// How many validators the registry has of it, whatever the beacon chain knows of them: what bounds its messages (rules 22, 55
    /// and 72). Fewer would have honest peers rejected for what we do not know yet.
    pub registered: usize,
    /// Those of them that the beacon chain is known to know.
    pub validators: &'a [ValidatorIndex],
}

/// A validator as the registry and the beacon chain have it.
#[derive(Clone, Copy, Debug)]
pub struct ValidatorView<'a> {
    /// Its committee.
    pub committee: CommitteeId,
    /// Its committee's operators, ascending.
    pub operators: &'a [OperatorId],
    /// Whether its cluster is liquidated.
    pub liquidated: bool,
    /// Its state on the beacon chain.
    pub standing: ValidatorStanding,
}

/// A validator's state on the beacon chain, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValidatorStanding {
    /// The beacon node has not been asked yet, or does not know it.
    Unknown,
    /// Active.
    Attesting {
        /// Its index.
        index: ValidatorIndex,
    },
    /// In the queue, with a known activation epoch.
    PendingFrom {
        /// Its index.
        index: ValidatorIndex,
        /// When it becomes active.
        activation: Epoch,
    },
    /// Exited, slashed or waiting for its deposit.
    NotAttesting,
}

/// The registry, as it is after its last block.
pub trait RegistryView {
    /// Whether the operator is registered and not removed, with a usable key.
    fn has_operator(&self, id: OperatorId) -> bool;

    /// The committee of this id.
    fn committee(&self, id: &CommitteeId) -> Option<CommitteeView<'_>>;

    /// The validator of this key.
    fn validator(&self, key: &PublicKeyBytes) -> Option<ValidatorView<'_>>;
}

/// What is known about a duty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DutyKnowledge {
    /// The validator has it.
    Yes,
    /// It does not.
    No,
    /// The duties of that epoch have not been fetched yet.
    NotFetched,
}

/// The beacon chain's duties of all validators on our subnets, and the exits their owners asked for.
pub trait DutyView {
    /// Whether the validator proposes at this slot.
    fn proposes(&self, slot: Slot, validator: ValidatorIndex) -> DutyKnowledge;

    /// Whether the validator is in the sync committee of this epoch's period.
    fn in_sync_committee(&self, epoch: Epoch, validator: ValidatorIndex) -> bool;

    /// How many exits of the validator the registry recorded for this slot.
    fn exits(&self, slot: Slot, validator: &PublicKeyBytes) -> u64;
}

/// A view that knows of no duty: messages that need one are ignored, attestation and sync committee duties are not
/// affected.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoDuties;

impl DutyView for NoDuties {
    fn proposes(&self, _: Slot, _: ValidatorIndex) -> DutyKnowledge {
        DutyKnowledge::No
    }

    fn in_sync_committee(&self, _: Epoch, _: ValidatorIndex) -> bool {
        false
    }

    fn exits(&self, _: Slot, _: &PublicKeyBytes) -> u64 {
        0
    }
}

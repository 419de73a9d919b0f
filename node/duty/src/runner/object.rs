//! What a share signs outside a committee's vote, and under which domain.

use types::beacon::{
    AggregateAndProof, AnyAggregateAndProof, AnyContributionAndProof, BeaconBlockHeader,
    SyncAggregatorSelectionData, ValidatorRegistration, VoluntaryExit,
};
use types::signing::{compute_domain, signing_root};
use types::{BeaconDomain, BeaconDomainType, BeaconRole, Epoch, ForkVersion, Root, Slot, TreeHash};

/// An aggregate in the layout of its fork.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AggregateObject {
    /// Before Electra.
    Phase0(Box<AggregateAndProof>),
    /// From Electra on.
    Electra(Box<AnyAggregateAndProof>),
}

impl AggregateObject {
    fn root(&self) -> Root {
        match self {
            Self::Phase0(aggregate) => aggregate.tree_hash_root(),
            Self::Electra(aggregate) => aggregate.tree_hash_root(),
        }
    }
}

/// What a share signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShareObject {
    /// The epoch, for a block's randomness.
    Randao(Epoch),
    /// A block; slashable, so the signing history decides.
    Block(BeaconBlockHeader),
    /// The slot, to become an aggregator.
    SlotSelection(Slot),
    /// A subcommittee, to become its aggregator.
    SyncSelection(SyncAggregatorSelectionData),
    /// An aggregate.
    Aggregate(AggregateObject),
    /// A sync committee contribution.
    Contribution(Box<AnyContributionAndProof>),
    /// A builder registration.
    Registration(ValidatorRegistration),
    /// A voluntary exit.
    Exit(VoluntaryExit),
}

impl ShareObject {
    /// Hash tree root of the object.
    #[must_use]
    pub fn root(&self) -> Root {
        match self {
            Self::Randao(epoch) => epoch.tree_hash_root(),
            Self::Block(header) => header.tree_hash_root(),
            Self::SlotSelection(slot) => slot.tree_hash_root(),
            Self::SyncSelection(data) => data.tree_hash_root(),
            Self::Aggregate(aggregate) => aggregate.root(),
            Self::Contribution(contribution) => contribution.tree_hash_root(),
            Self::Registration(registration) => registration.tree_hash_root(),
            Self::Exit(exit) => exit.tree_hash_root(),
        }
    }

    /// The kind of duty that this selects for, if it is a selection proof.
    pub(super) const fn selects_for(&self) -> Option<BeaconRole> {
        match self {
            Self::SlotSelection(_) => Some(BeaconRole::Aggregator),
            Self::SyncSelection(_) => Some(BeaconRole::SyncCommitteeContribution),
            Self::Randao(_)
            | Self::Block(_)
            | Self::Aggregate(_)
            | Self::Contribution(_)
            | Self::Registration(_)
            | Self::Exit(_) => None,
        }
    }

    /// The subcommittee of a contribution.
    pub(super) fn subcommittee(&self) -> Option<u64> {
        match self {
            Self::Contribution(signed) => Some(match signed.as_ref() {
                AnyContributionAndProof::Mainnet(signed) => signed.contribution.subcommittee_index,
                AnyContributionAndProof::Minimal(signed) => signed.contribution.subcommittee_index,
            }),
            Self::SyncSelection(data) => Some(data.subcommittee_index),
            Self::Randao(_)
            | Self::Block(_)
            | Self::SlotSelection(_)
            | Self::Aggregate(_)
            | Self::Registration(_)
            | Self::Exit(_) => None,
        }
    }

    /// The kind of its domain.
    #[must_use]
    pub const fn domain(&self) -> BeaconDomainType {
        match self {
            Self::Randao(_) => BeaconDomainType::Randao,
            Self::Block(_) => BeaconDomainType::Proposer,
            Self::SlotSelection(_) => BeaconDomainType::SelectionProof,
            Self::SyncSelection(_) => BeaconDomainType::SyncCommitteeSelectionProof,
            Self::Aggregate(_) => BeaconDomainType::AggregateAndProof,
            Self::Contribution(_) => BeaconDomainType::ContributionAndProof,
            Self::Registration(_) => BeaconDomainType::ApplicationBuilder,
            Self::Exit(_) => BeaconDomainType::VoluntaryExit,
        }
    }
}

/// What the domains of a duty are made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Domains {
    /// The fork at the epoch of the duty's slot.
    pub current: ForkVersion,
    /// Capella, under which all exits are signed (EIP-7044).
    pub capella: ForkVersion,
    /// Genesis, under which all builder registrations are signed.
    pub genesis: ForkVersion,
    /// The chain.
    pub genesis_validators_root: Root,
}

impl Domains {
    /// The domain of a kind of object (`ssv-spec types/beacon_types.go`, EIP-7044, builder-specs).
    #[must_use]
    pub fn of(&self, kind: BeaconDomainType) -> BeaconDomain {
        match kind {
            BeaconDomainType::VoluntaryExit => {
                compute_domain(kind, self.capella, self.genesis_validators_root)
            }
            BeaconDomainType::ApplicationBuilder => compute_domain(kind, self.genesis, Root::ZERO),
            BeaconDomainType::Proposer
            | BeaconDomainType::Attester
            | BeaconDomainType::Randao
            | BeaconDomainType::Deposit
            | BeaconDomainType::SelectionProof
            | BeaconDomainType::AggregateAndProof
            | BeaconDomainType::SyncCommittee
            | BeaconDomainType::SyncCommitteeSelectionProof
            | BeaconDomainType::ContributionAndProof => {
                compute_domain(kind, self.current, self.genesis_validators_root)
            }
        }
    }

    /// The root that a share signs for an object.
    #[must_use]
    pub fn signing_root(&self, object: &ShareObject) -> Root {
        signing_root(object.root(), self.of(object.domain()))
    }
}

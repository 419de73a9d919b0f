//! What a share signs beside votes and blocks: everything that nobody can be slashed for.
//!
//! These objects need no permit. Their domain and signing root are computed here, under the rules of the chain the vault is bound
//! to: exits under Capella's version for ever (EIP-7044), registrations under the genesis version and a zero root
//! (builder-specs), everything else under the fork at the epoch of the duty's slot (`ssv-spec types/beacon_types.go`).
//!
//! There is no variant for blocks, votes or bytes:
//!
//! ```compile_fail
//! # fn forge(header: types::beacon::BeaconBlockHeader) -> vault::Object {
//! vault::Object::Block(header)
//! # }
//! ```
//!
//! ```compile_fail
//! # fn forge(data: types::beacon::AttestationData) -> vault::Object {
//! vault::Object::Attestation(data)
//! # }
//! ```
//!
//! and a root cannot take the place of an object:
//!
//! ```compile_fail
//! # fn forge(vault: &vault::Vault, signer: vault::Signer, root: types::Root) {
//! vault.sign_objects(&[vault::ObjectRequest { signer, slot: types::Slot(1), object: root }]);
//! # }
//! ```
//!
//! What does compile is this:
//!
//! ```
//! # fn sign(vault: &vault::Vault, signer: vault::Signer) {
//! let object = vault::Object::Randao(types::Epoch(0));
//! vault.sign_objects(&[vault::ObjectRequest { signer, slot: types::Slot(1), object }]);
//! # }
//! ```

use types::beacon::{
    AggregateAndProof, AnyAggregateAndProof, AnyContributionAndProof, SyncAggregatorSelectionData,
    ValidatorRegistration, VoluntaryExit,
};
use types::rules::ChainRules;
use types::{BeaconDomainType, Epoch, Root, Slot, TreeHash, signing};

use crate::permit::Signer;

/// An object that cannot be slashed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// The epoch, for a block's randomness.
    Randao(Epoch),
    /// The slot, to become an aggregator.
    SlotSelection(Slot),
    /// A subcommittee, to become its aggregator.
    SyncSelection(SyncAggregatorSelectionData),
    /// An aggregate as it is before Electra.
    Aggregate(Box<AggregateAndProof>),
    /// An aggregate as it is from Electra on.
    AggregateElectra(Box<AnyAggregateAndProof>),
    /// A sync committee contribution.
    Contribution(Box<AnyContributionAndProof>),
    /// A builder registration.
    Registration(ValidatorRegistration),
    /// A voluntary exit. It cannot be taken back, so it is signed only for a request that the history holds.
    Exit(VoluntaryExit),
}

impl Object {
    fn root(&self) -> Root {
        match self {
            Self::Randao(epoch) => epoch.tree_hash_root(),
            Self::SlotSelection(slot) => slot.tree_hash_root(),
            Self::SyncSelection(data) => data.tree_hash_root(),
            Self::Aggregate(aggregate) => aggregate.tree_hash_root(),
            Self::AggregateElectra(aggregate) => aggregate.tree_hash_root(),
            Self::Contribution(contribution) => contribution.tree_hash_root(),
            Self::Registration(registration) => registration.tree_hash_root(),
            Self::Exit(exit) => exit.tree_hash_root(),
        }
    }

    const fn domain(&self) -> BeaconDomainType {
        match self {
            Self::Randao(_) => BeaconDomainType::Randao,
            Self::SlotSelection(_) => BeaconDomainType::SelectionProof,
            Self::SyncSelection(_) => BeaconDomainType::SyncCommitteeSelectionProof,
            Self::Aggregate(_) | Self::AggregateElectra(_) => BeaconDomainType::AggregateAndProof,
            Self::Contribution(_) => BeaconDomainType::ContributionAndProof,
            Self::Registration(_) => BeaconDomainType::ApplicationBuilder,
            Self::Exit(_) => BeaconDomainType::VoluntaryExit,
        }
    }
}

/// An object to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectRequest {
    /// Who signs.
    pub signer: Signer,
    /// The slot of the duty, whose epoch decides the fork.
    pub slot: Slot,
    /// What.
    pub object: Object,
}

impl ObjectRequest {
    /// The root that is signed.
    pub(crate) fn signing_root(&self, chain: &ChainRules) -> Root {
        let epoch = chain.network.epoch_of(self.slot);
        signing::signing_root(self.object.root(), chain.beacon.domain(self.object.domain(), epoch))
    }
}

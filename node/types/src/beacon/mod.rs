//! Objects of the beacon chain that validators sign and operators fetch or submit.
//!
//! JSON is that of the beacon API (numbers quoted). Source: consensus-specs `specs/{phase0,altair,electra}`,
//! builder-specs for the registration.

mod attestation;
pub mod block;
mod fork;
mod misc;
mod signed;
mod sync_committee;

pub use attestation::{
    AggregateAndProof, AggregateAndProofElectra, AnyAggregateAndProof, AnyAttestation, Attestation,
    AttestationData, AttestationElectra, SingleAttestation,
};
pub use block::any_proposal::{AnyProposedBlock, AnySignedProposal};
pub use block::operations::{BeaconBlockHeader, SignedVoluntaryExit};
pub use block::proposal::{BlockError, ProposedBlock, SignedProposal, UnsupportedFork};
pub use fork::{BeaconFork, DataVersion, ForkVersion};
pub use misc::{ValidatorRegistration, VoluntaryExit};
pub use signed::{
    AnySignedAggregateAndProof, SignedAggregate, SignedAggregateAndProof, SignedAggregateAndProofElectra,
    SignedContribution, SignedContributionAndProof, SignedValidatorRegistration,
};
pub use sync_committee::{
    AnyContribution, AnyContributionAndProof, ContributionAndProof, SyncAggregatorSelectionData,
    SyncCommitteeContribution, SyncCommitteeMessage,
};

/// The derives of a container of the beacon chain.
macro_rules! container {
    ($(#[$meta:meta])* pub struct $name:ident { $($body:tt)* }) => {
        $(#[$meta])*
        #[derive(
            Clone, Debug, PartialEq, Eq, Hash, ssz_derive::Encode, ssz_derive::Decode, tree_hash_derive::TreeHash,
            serde::Serialize, serde::Deserialize,
        )]
        pub struct $name { $($body)* }
    };
    ($(#[$meta:meta])* pub struct $name:ident<P: Preset> { $($body:tt)* }) => {
        $(#[$meta])*
        #[derive(
            Clone, Debug, PartialEq, Eq, Hash, ssz_derive::Encode, ssz_derive::Decode, tree_hash_derive::TreeHash,
            serde::Serialize, serde::Deserialize,
        )]
        #[serde(bound = "P: Preset")]
        pub struct $name<P: Preset> { $($body)* }
    };
}

pub(crate) use container;

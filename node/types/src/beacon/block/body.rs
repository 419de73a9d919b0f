//! Bodies of blocks, full and blinded.

use std::hash::Hash;

use tree_hash::TreeHash;

use super::bytes::KzgCommitment;
use super::operations::{
    AttesterSlashing, AttesterSlashingElectra, Deposit, Eth1Data, ExecutionRequests, ProposerSlashing,
    SignedBlsToExecutionChange, SignedVoluntaryExit, SyncAggregate,
};
use super::payload::{
    ExecutionPayloadCapella, ExecutionPayloadDeneb, ExecutionPayloadHeaderCapella,
    ExecutionPayloadHeaderDeneb,
};
use crate::beacon::{Attestation, AttestationElectra, container};
use crate::ids::{Address, Root, SignatureBytes};
use crate::list::List;
use crate::preset::Preset;

/// The body of a beacon block, of whatever fork.
pub trait BlockBody:
    ssz::Encode
    + ssz::Decode
    + TreeHash
    + serde::Serialize
    + serde::de::DeserializeOwned
    + Clone
    + std::fmt::Debug
    + PartialEq
    + Eq
    + Hash
{
    /// The proposer's randomness, as the body carries it.
    fn randao_reveal(&self) -> SignatureBytes;
    /// Who receives the fees of the execution block.
    fn fee_recipient(&self) -> Address;
}

/// A full body, its blinded twin, and the way from one to the other.
macro_rules! bodies {
    (
        $full:ident, $blinded:ident, $fork:literal, $payload:ident, $header:ident,
        $slashings:ty, $attestations:ty, { $($tail:tt)* }, [$($name:ident),*]
    ) => {
        bodies!(@body $full, concat!("The body of a block (", $fork, ")."), $slashings, $attestations, execution_payload, {
            /// The execution block.
            pub execution_payload: $payload<P>,
        }, { $($tail)* });
        bodies!(
            @body $blinded, concat!("The body of a blinded block (", $fork, ")."), $slashings, $attestations,
            execution_payload_header, {
                /// The execution block without its lists.
                pub execution_payload_header: $header,
            }, { $($tail)* }
        );

        impl<P: Preset> $full<P> {
            /// The blinded body, which has the same hash tree root.
            #[must_use]
            pub fn blinded(&self) -> $blinded<P> {
                $blinded {
                    randao_reveal: self.randao_reveal,
                    eth1_data: self.eth1_data,
                    graffiti: self.graffiti,
                    proposer_slashings: self.proposer_slashings.clone(),
                    attester_slashings: self.attester_slashings.clone(),
                    attestations: self.attestations.clone(),
                    deposits: self.deposits.clone(),
                    voluntary_exits: self.voluntary_exits.clone(),
                    sync_aggregate: self.sync_aggregate.clone(),
                    execution_payload_header: self.execution_payload.header(),
                    bls_to_execution_changes: self.bls_to_execution_changes.clone(),
                    $($name: self.$name.clone(),)*
                }
            }
        }
    };
    (
        @body $name:ident, $doc:expr, $slashings:ty, $attestations:ty, $execution:ident,
        { $($payload:tt)* }, { $($tail:tt)* }
    ) => {
        container! {
            #[doc = $doc]
            pub struct $name<P: Preset> {
                /// The proposer's signature over the epoch.
                pub randao_reveal: SignatureBytes,
                /// The state of the deposit contract.
                pub eth1_data: Eth1Data,
                /// 32 bytes of the proposer's liking.
                pub graffiti: Root,
                /// Two blocks of one proposer for one slot.
                pub proposer_slashings: List<ProposerSlashing, 16>,
                /// Contradicting attestations.
                pub attester_slashings: $slashings,
                /// Attestations.
                pub attestations: $attestations,
                /// Deposits.
                pub deposits: List<Deposit, 16>,
                /// Voluntary exits.
                pub voluntary_exits: List<SignedVoluntaryExit, 16>,
                /// What the sync committee signed.
                pub sync_aggregate: SyncAggregate<P>,
                $($payload)*
                /// Changes of withdrawal credentials.
                pub bls_to_execution_changes: List<SignedBlsToExecutionChange, 16>,
                $($tail)*
            }
        }

        impl<P: Preset> BlockBody for $name<P> {
            fn randao_reveal(&self) -> SignatureBytes {
                self.randao_reveal
            }

            fn fee_recipient(&self) -> Address {
                self.$execution.fee_recipient
            }
        }
    };
}

bodies!(
    BodyCapella,
    BlindedBodyCapella,
    "Capella",
    ExecutionPayloadCapella,
    ExecutionPayloadHeaderCapella,
    List<AttesterSlashing, 2>,
    List<Attestation, 128>,
    {},
    []
);

bodies!(
    BodyDeneb,
    BlindedBodyDeneb,
    "Deneb",
    ExecutionPayloadDeneb,
    ExecutionPayloadHeaderDeneb,
    List<AttesterSlashing, 2>,
    List<Attestation, 128>,
    {
        /// Commitments to the blobs.
        pub blob_kzg_commitments: List<KzgCommitment, 4_096>,
    },
    [blob_kzg_commitments]
);

bodies!(
    BodyElectra,
    BlindedBodyElectra,
    "Electra and Fulu",
    ExecutionPayloadDeneb,
    ExecutionPayloadHeaderDeneb,
    List<AttesterSlashingElectra<P>, 1>,
    List<AttestationElectra<P>, 8>,
    {
        /// Commitments to the blobs.
        pub blob_kzg_commitments: List<KzgCommitment, 4_096>,
        /// What the execution layer asks for.
        pub execution_requests: ExecutionRequests,
    },
    [blob_kzg_commitments, execution_requests]
);

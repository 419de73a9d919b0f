//! Blocks with their body, what travels beside a full block, and the signed forms of both.

use super::body::BlockBody;
use super::bytes::{Blob, KzgProof};
use crate::ids::{Root, SignatureBytes, Slot, ValidatorIndex};
use crate::list::List;

/// The derives of a container that is generic over a block's body.
macro_rules! block_container {
    ($(#[$meta:meta])* pub struct $name:ident<B: BlockBody $(, const $n:ident: usize)?> { $($body:tt)* }) => {
        $(#[$meta])*
        #[derive(
            Clone, Debug, PartialEq, Eq, Hash, ssz_derive::Encode, ssz_derive::Decode, tree_hash_derive::TreeHash,
            serde::Serialize, serde::Deserialize,
        )]
        #[serde(bound = "B: BlockBody")]
        pub struct $name<B: BlockBody $(, const $n: usize)?> { $($body)* }
    };
}

block_container! {
    /// A beacon block, full or blinded by its body.
    pub struct BeaconBlock<B: BlockBody> {
        /// When.
        #[serde(with = "serde_utils::quoted_u64")]
        pub slot: Slot,
        /// Who.
        #[serde(with = "serde_utils::quoted_u64")]
        pub proposer_index: ValidatorIndex,
        /// Root of the parent block.
        pub parent_root: Root,
        /// Root of the state after the block.
        pub state_root: Root,
        /// The rest.
        pub body: B,
    }
}

block_container! {
    /// A signed beacon block.
    pub struct SignedBeaconBlock<B: BlockBody> {
        /// The block.
        pub message: BeaconBlock<B>,
        /// The proposer's signature.
        pub signature: SignatureBytes,
    }
}

block_container! {
    /// A full block with its blobs, from Deneb on; `PROOFS` is the limit of proofs.
    pub struct BlockContents<B: BlockBody, const PROOFS: usize> {
        /// The block.
        pub block: BeaconBlock<B>,
        /// Proofs of the blobs (Deneb, Electra) or of their cells (Fulu).
        pub kzg_proofs: List<KzgProof, PROOFS>,
        /// The blobs.
        pub blobs: List<Blob, 4_096>,
    }
}

block_container! {
    /// A signed full block with its blobs, as a beacon node takes it.
    pub struct SignedBlockContents<B: BlockBody, const PROOFS: usize> {
        /// The block.
        pub signed_block: SignedBeaconBlock<B>,
        /// Proofs of the blobs (Deneb, Electra) or of their cells (Fulu).
        pub kzg_proofs: List<KzgProof, PROOFS>,
        /// The blobs.
        pub blobs: List<Blob, 4_096>,
    }
}

/// The limit of proofs in Deneb and Electra: one for each blob.
pub const BLOB_PROOFS: usize = 4_096;

/// The limit of proofs in Fulu: 4 096 blobs by the 8 192 field elements of an extended one
/// (`go-eth2-client api/v1/fulu`).
pub const CELL_PROOFS: usize = 33_554_432;

impl<B: BlockBody> BeaconBlock<B> {
    /// The same block with another body.
    pub(super) fn with_body<C: BlockBody>(&self, body: C) -> BeaconBlock<C> {
        BeaconBlock {
            slot: self.slot,
            proposer_index: self.proposer_index,
            parent_root: self.parent_root,
            state_root: self.state_root,
            body,
        }
    }

    /// Puts the proposer's signature to it.
    #[must_use]
    pub fn sign(self, signature: SignatureBytes) -> SignedBeaconBlock<B> {
        SignedBeaconBlock { message: self, signature }
    }
}

impl<B: BlockBody, const PROOFS: usize> BlockContents<B, PROOFS> {
    /// Puts the proposer's signature to the block.
    #[must_use]
    pub fn sign(self, signature: SignatureBytes) -> SignedBlockContents<B, PROOFS> {
        SignedBlockContents {
            signed_block: self.block.sign(signature),
            kzg_proofs: self.kzg_proofs,
            blobs: self.blobs,
        }
    }
}

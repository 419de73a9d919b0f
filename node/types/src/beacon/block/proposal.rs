//! The block a proposer signs, in whichever of eight layouts its bytes turn out to be.
//!
//! Consensus data name the fork but not whether the block is blinded: decoding tries the blinded layout first, then the full
//! one, and within each preset one pair for each fork (`ssv-spec types/consensus_data.go`):
//!
//! | Version | Blinded, tried first | Full |
//! |---|---|---|
//! | Capella | block | block |
//! | Deneb | block | block, proofs, blobs |
//! | Electra | block | block, proofs, blobs |
//! | Fulu | block of Electra | block of Electra, cell proofs, blobs |
//!
//! What is signed is the block alone, and a full block has the root of its blinded twin.

use ssz::{Decode, DecodeError, Encode};
use tree_hash::TreeHash;

use super::body::{
    BlindedBodyCapella, BlindedBodyDeneb, BlindedBodyElectra, BlockBody, BodyCapella, BodyDeneb, BodyElectra,
};
use super::contents::{
    BLOB_PROOFS, BeaconBlock, BlockContents, CELL_PROOFS, SignedBeaconBlock, SignedBlockContents,
};
use super::operations::BeaconBlockHeader;
use crate::beacon::{BeaconFork, DataVersion};
use crate::ids::{Address, Root, SignatureBytes, Slot, ValidatorIndex};
use crate::preset::Preset;
use crate::refusal::RefusalCode;

/// A block that consensus may be about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(untagged, bound = "P: Preset")]
pub enum ProposedBlock<P: Preset> {
    /// Capella, blinded.
    BlindedCapella(Box<BeaconBlock<BlindedBodyCapella<P>>>),
    /// Deneb, blinded.
    BlindedDeneb(Box<BeaconBlock<BlindedBodyDeneb<P>>>),
    /// Electra, blinded.
    BlindedElectra(Box<BeaconBlock<BlindedBodyElectra<P>>>),
    /// Fulu, blinded: Electra's layout.
    BlindedFulu(Box<BeaconBlock<BlindedBodyElectra<P>>>),
    /// Capella, a bare block.
    Capella(Box<BeaconBlock<BodyCapella<P>>>),
    /// Deneb, with blobs.
    Deneb(Box<BlockContents<BodyDeneb<P>, BLOB_PROOFS>>),
    /// Electra, with blobs.
    Electra(Box<BlockContents<BodyElectra<P>, BLOB_PROOFS>>),
    /// Fulu, with blobs and cell proofs.
    Fulu(Box<BlockContents<BodyElectra<P>, CELL_PROOFS>>),
}

/// A [`ProposedBlock`] with the proposer's signature, as a beacon node takes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(untagged, bound = "P: Preset")]
pub enum SignedProposal<P: Preset> {
    /// Capella, blinded.
    BlindedCapella(Box<SignedBeaconBlock<BlindedBodyCapella<P>>>),
    /// Deneb, blinded.
    BlindedDeneb(Box<SignedBeaconBlock<BlindedBodyDeneb<P>>>),
    /// Electra, blinded.
    BlindedElectra(Box<SignedBeaconBlock<BlindedBodyElectra<P>>>),
    /// Fulu, blinded: Electra's layout.
    BlindedFulu(Box<SignedBeaconBlock<BlindedBodyElectra<P>>>),
    /// Capella, a bare block.
    Capella(Box<SignedBeaconBlock<BodyCapella<P>>>),
    /// Deneb, with blobs.
    Deneb(Box<SignedBlockContents<BodyDeneb<P>, BLOB_PROOFS>>),
    /// Electra, with blobs.
    Electra(Box<SignedBlockContents<BodyElectra<P>, BLOB_PROOFS>>),
    /// Fulu, with blobs and cell proofs.
    Fulu(Box<SignedBlockContents<BodyElectra<P>, CELL_PROOFS>>),
}

/// One expression for whatever is in the enum.
macro_rules! whichever {
    ($self:expr, $object:ident => $value:expr) => {
        match $self {
            Self::BlindedCapella($object) => $value,
            Self::BlindedDeneb($object) => $value,
            Self::BlindedElectra($object) | Self::BlindedFulu($object) => $value,
            Self::Capella($object) => $value,
            Self::Deneb($object) => $value,
            Self::Electra($object) => $value,
            Self::Fulu($object) => $value,
        }
    };
}

/// One expression for the block, which full layouts from Deneb on have inside.
macro_rules! its_block {
    ($self:expr, $block:ident => $value:expr) => {
        match $self {
            Self::BlindedCapella($block) => $value,
            Self::BlindedDeneb($block) => $value,
            Self::BlindedElectra($block) | Self::BlindedFulu($block) => $value,
            Self::Capella($block) => $value,
            Self::Deneb(contents) => {
                let $block = &contents.block;
                $value
            }
            Self::Electra(contents) => {
                let $block = &contents.block;
                $value
            }
            Self::Fulu(contents) => {
                let $block = &contents.block;
                $value
            }
        }
    };
}

/// What both enums know of themselves.
macro_rules! fork_and_kind {
    () => {
        /// The fork, as the beacon API's version header names it.
        #[must_use]
        pub const fn fork(&self) -> BeaconFork {
            match self {
                Self::BlindedCapella(_) | Self::Capella(_) => BeaconFork::Capella,
                Self::BlindedDeneb(_) | Self::Deneb(_) => BeaconFork::Deneb,
                Self::BlindedElectra(_) | Self::Electra(_) => BeaconFork::Electra,
                Self::BlindedFulu(_) | Self::Fulu(_) => BeaconFork::Fulu,
            }
        }

        /// Whether the payload is a header.
        #[must_use]
        pub const fn is_blinded(&self) -> bool {
            match self {
                Self::BlindedCapella(_)
                | Self::BlindedDeneb(_)
                | Self::BlindedElectra(_)
                | Self::BlindedFulu(_) => true,
                Self::Capella(_) | Self::Deneb(_) | Self::Electra(_) | Self::Fulu(_) => false,
            }
        }
    };
}

fn boxed<T: Decode>(bytes: &[u8]) -> Result<Box<T>, DecodeError> {
    T::from_ssz_bytes(bytes).map(Box::new)
}

fn parsed<T: serde::de::DeserializeOwned>(json: &[u8]) -> Result<Box<T>, serde_json::Error> {
    serde_json::from_slice(json).map(Box::new)
}

/// The fork has blocks of another kind than those a proposal can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("proposals of {0} blocks are not supported")]
pub struct UnsupportedFork(pub BeaconFork);

/// Why a beacon node's block could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    /// The fork is too old.
    #[error(transparent)]
    Fork(#[from] UnsupportedFork),
    /// The bytes are not SSZ of this layout.
    #[error("the block is not valid SSZ: {0:?}")]
    Ssz(DecodeError),
    /// The text is not JSON of this layout.
    #[error("the block is not valid JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Builds whichever layout belongs to a fork and a kind.
macro_rules! layout {
    ($fork:expr, $blinded:expr, $read:expr) => {
        match ($fork, $blinded) {
            (BeaconFork::Capella, true) => Self::BlindedCapella($read?),
            (BeaconFork::Deneb, true) => Self::BlindedDeneb($read?),
            (BeaconFork::Electra, true) => Self::BlindedElectra($read?),
            (BeaconFork::Fulu, true) => Self::BlindedFulu($read?),
            (BeaconFork::Capella, false) => Self::Capella($read?),
            (BeaconFork::Deneb, false) => Self::Deneb($read?),
            (BeaconFork::Electra, false) => Self::Electra($read?),
            (BeaconFork::Fulu, false) => Self::Fulu($read?),
            (BeaconFork::Phase0 | BeaconFork::Altair | BeaconFork::Bellatrix, _) => {
                return Err(UnsupportedFork($fork).into());
            }
        }
    };
}

impl<P: Preset> ProposedBlock<P> {
    fork_and_kind!();

    /// Decodes the block of consensus data by trial: blinded first, then full.
    ///
    /// # Errors
    /// [`RefusalCode::UnknownBlockVersion`] (11) for a version without blocks, [`RefusalCode::UnmarshalSsz`] (1) if neither
    /// layout fits.
    pub fn decode(version: DataVersion, bytes: &[u8]) -> Result<Self, RefusalCode> {
        let fork = version.fork().ok_or(RefusalCode::UnknownBlockVersion)?;
        Self::from_ssz(fork, true, bytes).or_else(|_| Self::from_ssz(fork, false, bytes)).map_err(|error| {
            match error {
                BlockError::Fork(_) => RefusalCode::UnknownBlockVersion,
                BlockError::Ssz(_) | BlockError::Json(_) => RefusalCode::UnmarshalSsz,
            }
        })
    }

    /// Decodes the answer of a beacon node that says what it is.
    ///
    /// # Errors
    /// [`BlockError`].
    pub fn from_ssz(fork: BeaconFork, blinded: bool, bytes: &[u8]) -> Result<Self, BlockError> {
        Ok(layout!(fork, blinded, boxed(bytes).map_err(BlockError::Ssz)))
    }

    /// Reads the answer (its `data`) of a beacon node that says what it is.
    ///
    /// # Errors
    /// [`BlockError`].
    pub fn from_json(fork: BeaconFork, blinded: bool, json: &[u8]) -> Result<Self, BlockError> {
        Ok(layout!(fork, blinded, parsed(json)))
    }

    /// The slot of the block.
    #[must_use]
    pub fn slot(&self) -> Slot {
        its_block!(self, block => block.slot)
    }

    /// The proposer of the block.
    #[must_use]
    pub fn proposer_index(&self) -> ValidatorIndex {
        its_block!(self, block => block.proposer_index)
    }

    /// The randomness in the block.
    #[must_use]
    pub fn randao_reveal(&self) -> SignatureBytes {
        its_block!(self, block => block.body.randao_reveal())
    }

    /// Who receives the fees of the execution block.
    #[must_use]
    pub fn fee_recipient(&self) -> Address {
        its_block!(self, block => block.body.fee_recipient())
    }

    /// The block with its body's root in place of the body: all that a signer needs, with the same hash tree root.
    #[must_use]
    pub fn header(&self) -> BeaconBlockHeader {
        its_block!(self, block => BeaconBlockHeader {
            slot: block.slot,
            proposer_index: block.proposer_index,
            parent_root: block.parent_root,
            state_root: block.state_root,
            body_root: block.body.tree_hash_root(),
        })
    }

    /// Root of the block alone: what is signed.
    #[must_use]
    pub fn block_root(&self) -> Root {
        its_block!(self, block => block.tree_hash_root())
    }

    /// The blinded twin, with the same block root; blobs and proofs are left out.
    #[must_use]
    pub fn to_blinded(&self) -> Self {
        match self {
            Self::BlindedCapella(_)
            | Self::BlindedDeneb(_)
            | Self::BlindedElectra(_)
            | Self::BlindedFulu(_) => self.clone(),
            Self::Capella(block) => Self::BlindedCapella(Box::new(block.with_body(block.body.blinded()))),
            Self::Deneb(contents) => {
                let block = &contents.block;
                Self::BlindedDeneb(Box::new(block.with_body(block.body.blinded())))
            }
            Self::Electra(contents) => {
                let block = &contents.block;
                Self::BlindedElectra(Box::new(block.with_body(block.body.blinded())))
            }
            Self::Fulu(contents) => {
                let block = &contents.block;
                Self::BlindedFulu(Box::new(block.with_body(block.body.blinded())))
            }
        }
    }

    /// Puts the proposer's signature to it.
    #[must_use]
    pub fn sign(self, signature: SignatureBytes) -> SignedProposal<P> {
        match self {
            Self::BlindedCapella(block) => SignedProposal::BlindedCapella(Box::new(block.sign(signature))),
            Self::BlindedDeneb(block) => SignedProposal::BlindedDeneb(Box::new(block.sign(signature))),
            Self::BlindedElectra(block) => SignedProposal::BlindedElectra(Box::new(block.sign(signature))),
            Self::BlindedFulu(block) => SignedProposal::BlindedFulu(Box::new(block.sign(signature))),
            Self::Capella(block) => SignedProposal::Capella(Box::new(block.sign(signature))),
            Self::Deneb(contents) => SignedProposal::Deneb(Box::new(contents.sign(signature))),
            Self::Electra(contents) => SignedProposal::Electra(Box::new(contents.sign(signature))),
            Self::Fulu(contents) => SignedProposal::Fulu(Box::new(contents.sign(signature))),
        }
    }
}

impl<P: Preset> SignedProposal<P> {
    fork_and_kind!();

    /// Decodes a signed block that a beacon node gives; a full one from Deneb on with its blobs, as it is published.
    ///
    /// # Errors
    /// [`BlockError`].
    pub fn from_ssz(fork: BeaconFork, blinded: bool, bytes: &[u8]) -> Result<Self, BlockError> {
        Ok(layout!(fork, blinded, boxed(bytes).map_err(BlockError::Ssz)))
    }

    /// Reads a signed block that a beacon node gives (its `data`), as [`Self::from_ssz`].
    ///
    /// # Errors
    /// [`BlockError`].
    pub fn from_json(fork: BeaconFork, blinded: bool, json: &[u8]) -> Result<Self, BlockError> {
        Ok(layout!(fork, blinded, parsed(json)))
    }
}

impl<P: Preset> Encode for ProposedBlock<P> {
    fn is_ssz_fixed_len() -> bool {
        false
    }
    fn ssz_bytes_len(&self) -> usize {
        whichever!(self, object => object.ssz_bytes_len())
    }
    fn ssz_append(&self, buf: &mut Vec<u8>) {
        whichever!(self, object => object.ssz_append(buf));
    }
}

impl<P: Preset> Encode for SignedProposal<P> {
    fn is_ssz_fixed_len() -> bool {
        false
    }
    fn ssz_bytes_len(&self) -> usize {
        whichever!(self, object => object.ssz_bytes_len())
    }
    fn ssz_append(&self, buf: &mut Vec<u8>) {
        whichever!(self, object => object.ssz_append(buf));
    }
}

impl<P: Preset> SignedProposal<P> {
    /// Root of the signed block, or of the signed contents where there are blobs beside it.
    #[must_use]
    pub fn root(&self) -> Root {
        whichever!(self, object => object.tree_hash_root())
    }

    /// Root of the block alone: its name on the chain.
    #[must_use]
    pub fn block_root(&self) -> Root {
        match self {
            Self::BlindedCapella(signed) => signed.message.tree_hash_root(),
            Self::BlindedDeneb(signed) => signed.message.tree_hash_root(),
            Self::BlindedElectra(signed) | Self::BlindedFulu(signed) => signed.message.tree_hash_root(),
            Self::Capella(signed) => signed.message.tree_hash_root(),
            Self::Deneb(contents) => contents.signed_block.message.tree_hash_root(),
            Self::Electra(contents) => contents.signed_block.message.tree_hash_root(),
            Self::Fulu(contents) => contents.signed_block.message.tree_hash_root(),
        }
    }
}

//! The block of a proposal at the edge where the preset is a value.

use super::operations::BeaconBlockHeader;
use super::proposal::{BlockError, ProposedBlock, SignedProposal};
use crate::beacon::{BeaconFork, DataVersion};
use crate::ids::{Address, Root, SignatureBytes, Slot, ValidatorIndex};
use crate::preset::{ByPreset, Mainnet, Minimal, PresetName};
use crate::refusal::RefusalCode;

/// A block in the layout of the node's preset.
pub type AnyProposedBlock = ByPreset<ProposedBlock<Mainnet>, ProposedBlock<Minimal>>;

/// A signed block in the layout of the node's preset.
pub type AnySignedProposal = ByPreset<SignedProposal<Mainnet>, SignedProposal<Minimal>>;

/// One expression for either preset.
macro_rules! either {
    ($self:expr, $object:ident => $value:expr) => {
        match $self {
            Self::Mainnet($object) => $value,
            Self::Minimal($object) => $value,
        }
    };
}

impl AnyProposedBlock {
    /// See [`ProposedBlock::decode`].
    ///
    /// # Errors
    /// As there.
    pub fn decode(preset: PresetName, version: DataVersion, bytes: &[u8]) -> Result<Self, RefusalCode> {
        match preset {
            PresetName::Mainnet => ProposedBlock::decode(version, bytes).map(Self::Mainnet),
            PresetName::Minimal => ProposedBlock::decode(version, bytes).map(Self::Minimal),
        }
    }

    /// See [`ProposedBlock::from_ssz`].
    ///
    /// # Errors
    /// [`BlockError`].
    pub fn of_ssz(
        preset: PresetName,
        fork: BeaconFork,
        blinded: bool,
        bytes: &[u8],
    ) -> Result<Self, BlockError> {
        match preset {
            PresetName::Mainnet => ProposedBlock::from_ssz(fork, blinded, bytes).map(Self::Mainnet),
            PresetName::Minimal => ProposedBlock::from_ssz(fork, blinded, bytes).map(Self::Minimal),
        }
    }

    /// See [`ProposedBlock::from_json`].
    ///
    /// # Errors
    /// [`BlockError`].
    pub fn of_json(
        preset: PresetName,
        fork: BeaconFork,
        blinded: bool,
        json: &[u8],
    ) -> Result<Self, BlockError> {
        match preset {
            PresetName::Mainnet => ProposedBlock::from_json(fork, blinded, json).map(Self::Mainnet),
            PresetName::Minimal => ProposedBlock::from_json(fork, blinded, json).map(Self::Minimal),
        }
    }

    /// The fork, as the beacon API's version header names it.
    #[must_use]
    pub const fn fork(&self) -> BeaconFork {
        either!(self, block => block.fork())
    }

    /// Whether the payload is a header.
    #[must_use]
    pub const fn is_blinded(&self) -> bool {
        either!(self, block => block.is_blinded())
    }

    /// The slot of the block.
    #[must_use]
    pub fn slot(&self) -> Slot {
        either!(self, block => block.slot())
    }

    /// The proposer of the block.
    #[must_use]
    pub fn proposer_index(&self) -> ValidatorIndex {
        either!(self, block => block.proposer_index())
    }

    /// The randomness in the block.
    #[must_use]
    pub fn randao_reveal(&self) -> SignatureBytes {
        either!(self, block => block.randao_reveal())
    }

    /// Who receives the fees of the execution block: of a local block the proposer, of a builder's mostly the builder.
    #[must_use]
    pub fn fee_recipient(&self) -> Address {
        either!(self, block => block.fee_recipient())
    }

    /// The block with its body's root in place of the body.
    #[must_use]
    pub fn header(&self) -> BeaconBlockHeader {
        either!(self, block => block.header())
    }

    /// Root of the block alone: what is signed.
    #[must_use]
    pub fn block_root(&self) -> Root {
        either!(self, block => block.block_root())
    }

    /// The blinded twin, with the same block root.
    #[must_use]
    pub fn to_blinded(&self) -> Self {
        match self {
            Self::Mainnet(block) => Self::Mainnet(block.to_blinded()),
            Self::Minimal(block) => Self::Minimal(block.to_blinded()),
        }
    }

    /// Puts the proposer's signature to it.
    #[must_use]
    pub fn sign(self, signature: SignatureBytes) -> AnySignedProposal {
        match self {
            Self::Mainnet(block) => ByPreset::Mainnet(block.sign(signature)),
            Self::Minimal(block) => ByPreset::Minimal(block.sign(signature)),
        }
    }
}

impl AnySignedProposal {
    /// The fork, as the beacon API's version header names it.
    #[must_use]
    pub const fn fork(&self) -> BeaconFork {
        either!(self, block => block.fork())
    }

    /// Whether the payload is a header.
    #[must_use]
    pub const fn is_blinded(&self) -> bool {
        either!(self, block => block.is_blinded())
    }

    /// Root of the signed block, or of the signed contents where there are blobs beside it.
    #[must_use]
    pub fn root(&self) -> Root {
        either!(self, block => block.root())
    }

    /// Root of the block alone: its name on the chain.
    #[must_use]
    pub fn block_root(&self) -> Root {
        either!(self, block => block.block_root())
    }
}

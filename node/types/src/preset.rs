//! The two presets of the beacon chain: sizes that are compiled into its containers.
//!
//! Containers whose layout depends on them are generic over [`Preset`], which only [`Mainnet`] and [`Minimal`]
//! implement. Which one a node uses is known at start, from the beacon node's `PRESET_BASE`; [`ByPreset`] is the
//! enumeration at that edge. Source: consensus-specs `presets/{mainnet,minimal}`.

use std::fmt;
use std::hash::Hash;

use ssz::{Decode, DecodeError, Encode};
use tree_hash::{Hash256, TreeHash};
use typenum::{U4, U8, U32, U64, U128, U512, U8192, U131072, Unsigned};

mod sealed {
    pub trait Sealed {}
}

/// A number as a type, as bit fields need it.
pub trait Size: Unsigned + Clone + fmt::Debug + PartialEq + Eq + Hash + Send + Sync + 'static {}
impl<T: Unsigned + Clone + fmt::Debug + PartialEq + Eq + Hash + Send + Sync + 'static> Size for T {}

/// Sizes of one preset, as types. Sealed.
pub trait Preset:
    sealed::Sealed + Clone + Copy + fmt::Debug + Default + PartialEq + Eq + Hash + Send + Sync + 'static
{
    /// Which one this is.
    const NAME: PresetName;
    /// Bits of an Electra attestation: `MAX_VALIDATORS_PER_COMMITTEE * MAX_COMMITTEES_PER_SLOT`.
    type MaxValidatorsPerSlot: Size;
    /// Committee bits of an Electra attestation: `MAX_COMMITTEES_PER_SLOT`.
    type MaxCommitteesPerSlot: Size;
    /// `SYNC_COMMITTEE_SIZE`.
    type SyncCommitteeSize: Size;
    /// Bits of a sync committee contribution: `SYNC_COMMITTEE_SIZE / SYNC_COMMITTEE_SUBNET_COUNT`.
    type SyncSubcommitteeSize: Size;
}

/// The public networks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Mainnet;

/// Small local networks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Minimal;

impl sealed::Sealed for Mainnet {}
impl sealed::Sealed for Minimal {}

impl Preset for Mainnet {
    const NAME: PresetName = PresetName::Mainnet;
    type MaxValidatorsPerSlot = U131072;
    type MaxCommitteesPerSlot = U64;
    type SyncCommitteeSize = U512;
    type SyncSubcommitteeSize = U128;
}

impl Preset for Minimal {
    const NAME: PresetName = PresetName::Minimal;
    type MaxValidatorsPerSlot = U8192;
    type MaxCommitteesPerSlot = U4;
    type SyncCommitteeSize = U32;
    type SyncSubcommitteeSize = U8;
}

/// The presets by name, with their sizes as numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PresetName {
    /// The public networks.
    Mainnet,
    /// Small local networks.
    Minimal,
}

impl PresetName {
    /// `SYNC_COMMITTEE_SUBNET_COUNT`, the same in both.
    pub const SYNC_COMMITTEE_SUBNET_COUNT: u64 = 4;
    /// `TARGET_AGGREGATORS_PER_COMMITTEE`, the same in both.
    pub const TARGET_AGGREGATORS_PER_COMMITTEE: u64 = 16;
    /// `TARGET_AGGREGATORS_PER_SYNC_SUBCOMMITTEE`, the same in both.
    pub const TARGET_AGGREGATORS_PER_SYNC_SUBCOMMITTEE: u64 = 16;

    /// The value of `PRESET_BASE`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mainnet => "mainnet",
            Self::Minimal => "minimal",
        }
    }

    /// `SLOTS_PER_EPOCH`.
    #[must_use]
    pub const fn slots_per_epoch(self) -> u64 {
        match self {
            Self::Mainnet => 32,
            Self::Minimal => 8,
        }
    }

    /// `MAX_COMMITTEES_PER_SLOT`.
    #[must_use]
    pub const fn max_committees_per_slot(self) -> u64 {
        match self {
            Self::Mainnet => 64,
            Self::Minimal => 4,
        }
    }

    /// `SYNC_COMMITTEE_SIZE`.
    #[must_use]
    pub const fn sync_committee_size(self) -> u64 {
        match self {
            Self::Mainnet => 512,
            Self::Minimal => 32,
        }
    }

    /// Members of one sync subcommittee; a position divided by it is the subnet.
    #[must_use]
    pub const fn sync_subcommittee_size(self) -> u64 {
        match self {
            Self::Mainnet => 128,
            Self::Minimal => 8,
        }
    }

    /// `EPOCHS_PER_SYNC_COMMITTEE_PERIOD`.
    #[must_use]
    pub const fn epochs_per_sync_committee_period(self) -> u64 {
        match self {
            Self::Mainnet => 256,
            Self::Minimal => 8,
        }
    }
}

impl fmt::Display for PresetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One object in the layout of the node's preset.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(untagged)]
pub enum ByPreset<A, B> {
    /// In the mainnet layout.
    Mainnet(A),
    /// In the minimal layout.
    Minimal(B),
}

impl<A, B> ByPreset<A, B> {
    /// Which layout this is.
    #[must_use]
    pub const fn preset(&self) -> PresetName {
        match self {
            Self::Mainnet(_) => PresetName::Mainnet,
            Self::Minimal(_) => PresetName::Minimal,
        }
    }
}

impl<A: Decode, B: Decode> ByPreset<A, B> {
    /// Decodes SSZ in the layout of `preset`.
    ///
    /// # Errors
    /// The decoder's error.
    pub fn from_ssz_bytes(preset: PresetName, bytes: &[u8]) -> Result<Self, DecodeError> {
        match preset {
            PresetName::Mainnet => A::from_ssz_bytes(bytes).map(Self::Mainnet),
            PresetName::Minimal => B::from_ssz_bytes(bytes).map(Self::Minimal),
        }
    }
}

impl<A: serde::de::DeserializeOwned, B: serde::de::DeserializeOwned> ByPreset<A, B> {
    /// Reads beacon API JSON in the layout of `preset`.
    ///
    /// # Errors
    /// The parser's error.
    pub fn from_json(preset: PresetName, json: &[u8]) -> Result<Self, serde_json::Error> {
        match preset {
            PresetName::Mainnet => serde_json::from_slice(json).map(Self::Mainnet),
            PresetName::Minimal => serde_json::from_slice(json).map(Self::Minimal),
        }
    }
}

impl<A: Encode, B: Encode> ByPreset<A, B> {
    /// SSZ in the layout of the preset.
    #[must_use]
    pub fn as_ssz_bytes(&self) -> Vec<u8> {
        match self {
            Self::Mainnet(object) => object.as_ssz_bytes(),
            Self::Minimal(object) => object.as_ssz_bytes(),
        }
    }
}

impl<A: TreeHash, B: TreeHash> ByPreset<A, B> {
    /// Hash tree root in the layout of the preset.
    #[must_use]
    pub fn tree_hash_root(&self) -> Hash256 {
        match self {
            Self::Mainnet(object) => object.tree_hash_root(),
            Self::Minimal(object) => object.tree_hash_root(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agrees<P: Preset>() {
        let name = P::NAME;
        assert_eq!(P::SyncCommitteeSize::U64, name.sync_committee_size());
        assert_eq!(P::SyncSubcommitteeSize::U64, name.sync_subcommittee_size());
        assert_eq!(
            name.sync_subcommittee_size() * PresetName::SYNC_COMMITTEE_SUBNET_COUNT,
            name.sync_committee_size()
        );
        assert_eq!(P::MaxCommitteesPerSlot::U64, name.max_committees_per_slot());
        assert_eq!(P::MaxValidatorsPerSlot::U64, 2048 * name.max_committees_per_slot());
    }

    #[test]
    fn types_and_numbers_agree() {
        agrees::<Mainnet>();
        agrees::<Minimal>();
    }
}

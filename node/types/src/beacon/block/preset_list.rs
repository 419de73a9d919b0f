//! SSZ lists whose limit depends on the preset.

use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::ops::Deref;

use ssz::{Decode, DecodeError, Encode};
use tree_hash::{Hash256, PackedEncoding, TreeHash, TreeHashType};
use typenum::Unsigned;

use crate::list::{OverLimit, list_root};
use crate::preset::{Preset, PresetName};

/// A limit as a type.
pub trait Limit: Clone + fmt::Debug + PartialEq + Eq + Hash + Send + Sync + 'static {
    /// At most so many items.
    const MAX: usize;
}

/// `MAX_WITHDRAWALS_PER_PAYLOAD`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WithdrawalsPerPayload<P>(PhantomData<P>);

impl<P: Preset> Limit for WithdrawalsPerPayload<P> {
    const MAX: usize = match P::NAME {
        PresetName::Mainnet => 16,
        PresetName::Minimal => 4,
    };
}

/// `MAX_VALIDATORS_PER_COMMITTEE * MAX_COMMITTEES_PER_SLOT`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ValidatorsPerSlot<P>(PhantomData<P>);

impl<P: Preset> Limit for ValidatorsPerSlot<P> {
    const MAX: usize = P::MaxValidatorsPerSlot::USIZE;
}

/// `List[T, L]`: at most as many items as the preset allows.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PresetList<T, L: Limit>(Vec<T>, PhantomData<L>);

impl<T, L: Limit> PresetList<T, L> {
    /// Takes the items if they fit.
    ///
    /// # Errors
    /// [`OverLimit`].
    pub fn new(items: Vec<T>) -> Result<Self, OverLimit> {
        if items.len() > L::MAX {
            return Err(OverLimit { len: items.len(), limit: L::MAX });
        }
        Ok(Self(items, PhantomData))
    }
}

impl<T, L: Limit> Default for PresetList<T, L> {
    fn default() -> Self {
        Self(Vec::new(), PhantomData)
    }
}

impl<T: fmt::Debug, L: Limit> fmt::Debug for PresetList<T, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T, L: Limit> Deref for PresetList<T, L> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T, L: Limit> TryFrom<Vec<T>> for PresetList<T, L> {
    type Error = OverLimit;
    fn try_from(items: Vec<T>) -> Result<Self, OverLimit> {
        Self::new(items)
    }
}

impl<T: Encode, L: Limit> Encode for PresetList<T, L> {
    fn is_ssz_fixed_len() -> bool {
        false
    }
    fn ssz_bytes_len(&self) -> usize {
        self.0.ssz_bytes_len()
    }
    fn ssz_append(&self, buf: &mut Vec<u8>) {
        self.0.ssz_append(buf);
    }
}

/// Items of fixed size only, which is all that these lists hold.
impl<T: Decode, L: Limit> Decode for PresetList<T, L> {
    fn is_ssz_fixed_len() -> bool {
        false
    }
    fn from_ssz_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        const { assert!(L::MAX > 0) };
        let count =
            bytes.len().checked_div(<T as Decode>::ssz_fixed_len()).ok_or(DecodeError::ZeroLengthItem)?;
        if count > L::MAX {
            let error = OverLimit { len: count, limit: L::MAX };
            return Err(DecodeError::BytesInvalid(error.to_string()));
        }
        Vec::from_ssz_bytes(bytes).map(|items| Self(items, PhantomData))
    }
}

impl<T: TreeHash, L: Limit> TreeHash for PresetList<T, L> {
    fn tree_hash_type() -> TreeHashType {
        TreeHashType::List
    }
    fn tree_hash_packed_encoding(&self) -> PackedEncoding {
        PackedEncoding::new()
    }
    fn tree_hash_packing_factor() -> usize {
        1
    }
    fn tree_hash_root(&self) -> Hash256 {
        list_root(&self.0, L::MAX)
    }
}

impl<T: serde::Serialize, L: Limit> serde::Serialize for PresetList<T, L> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: serde::Deserialize<'de>, L: Limit> serde::Deserialize<'de> for PresetList<T, L> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Vec::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::{Mainnet, Minimal};
    use ssz_types::VariableList;
    use typenum::U16;

    #[test]
    fn the_limit_is_the_presets() {
        let bytes = [0; 5 * 8];
        assert!(PresetList::<u64, WithdrawalsPerPayload<Mainnet>>::from_ssz_bytes(&bytes).is_ok());
        assert!(PresetList::<u64, WithdrawalsPerPayload<Minimal>>::from_ssz_bytes(&bytes).is_err());
        assert!(PresetList::<u64, WithdrawalsPerPayload<Minimal>>::new(vec![0; 5]).is_err());
        assert!(PresetList::<u64, WithdrawalsPerPayload<Mainnet>>::from_ssz_bytes(&bytes[1..]).is_err());
    }

    #[test]
    fn roots_agree_with_the_standard_library_of_lists() {
        for len in [0_u64, 1, 4, 5, 16] {
            let numbers: Vec<u64> = (0..len).collect();
            let ours = PresetList::<u64, WithdrawalsPerPayload<Mainnet>>::new(numbers.clone()).unwrap();
            let theirs = VariableList::<u64, U16>::new(numbers).unwrap();
            assert_eq!(ours.tree_hash_root(), theirs.tree_hash_root());
            assert_eq!(ours.as_ssz_bytes(), theirs.as_ssz_bytes());
        }
    }
}

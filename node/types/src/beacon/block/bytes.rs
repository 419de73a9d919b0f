//! Runs of bytes inside blocks: commitments, proofs, blobs, bloom filters; and how lists of bytes look in JSON.

use std::fmt;

use alloy_primitives::Bytes;
use ssz::{Decode, DecodeError, Encode};
use tree_hash::{Hash256, PackedEncoding, TreeHash, TreeHashType};

use crate::ids::{Root, byte_id};
use crate::list::ByteList;

byte_id! {
    /// A commitment to a blob; a BLS point that nobody here checks.
    KzgCommitment, 48
}

byte_id! {
    /// A proof of a commitment; a BLS point that nobody here checks.
    KzgProof, 48
}

byte_id! {
    /// The bloom filter of a block's logs.
    LogsBloom, 256
}

/// A blob: 131 072 bytes, cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Blob(Bytes);

impl Blob {
    /// Length in bytes: `FIELD_ELEMENTS_PER_BLOB` * 32.
    pub const LEN: usize = 131_072;

    /// Takes the bytes if there are as many as a blob has.
    #[must_use]
    pub fn new(bytes: impl Into<Bytes>) -> Option<Self> {
        let bytes = bytes.into();
        (bytes.len() == Self::LEN).then_some(Self(bytes))
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

/// The head only.
impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[blob 0x{}..]", hex::encode(self.0.get(..8).unwrap_or_default()))
    }
}

impl Encode for Blob {
    fn is_ssz_fixed_len() -> bool {
        true
    }
    fn ssz_fixed_len() -> usize {
        Self::LEN
    }
    fn ssz_bytes_len(&self) -> usize {
        Self::LEN
    }
    fn ssz_append(&self, buf: &mut Vec<u8>) {
        buf.extend_from_slice(&self.0);
    }
}

impl Decode for Blob {
    fn is_ssz_fixed_len() -> bool {
        true
    }
    fn ssz_fixed_len() -> usize {
        Self::LEN
    }
    fn from_ssz_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::new(Bytes::copy_from_slice(bytes))
            .ok_or(DecodeError::InvalidByteLength { len: bytes.len(), expected: Self::LEN })
    }
}

impl TreeHash for Blob {
    fn tree_hash_type() -> TreeHashType {
        TreeHashType::Vector
    }
    fn tree_hash_packed_encoding(&self) -> PackedEncoding {
        PackedEncoding::new()
    }
    fn tree_hash_packing_factor() -> usize {
        1
    }
    fn tree_hash_root(&self) -> Hash256 {
        tree_hash::merkle_root(&self.0, 0)
    }
}

impl serde::Serialize for Blob {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_utils::hex_vec::serialize(&self.0, serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Blob {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = serde_utils::hex_vec::deserialize(deserializer)?;
        Self::new(bytes).ok_or_else(|| serde::de::Error::custom("a blob has 131072 bytes"))
    }
}

/// The branch of a deposit: the tree of depth 32, and the number of leaves.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Vec<Root>")]
pub struct DepositProof(Vec<Root>);

impl DepositProof {
    /// `DEPOSIT_CONTRACT_TREE_DEPTH + 1`.
    pub const LEN: usize = 33;
    const BYTES: usize = Self::LEN * 32;

    fn concat(&self) -> Vec<u8> {
        self.0.iter().flat_map(|root| root.0).collect()
    }
}

/// Another number of roots than a deposit proof has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} roots where a deposit proof has 33")]
pub struct DepositProofLen(pub usize);

impl TryFrom<Vec<Root>> for DepositProof {
    type Error = DepositProofLen;
    fn try_from(roots: Vec<Root>) -> Result<Self, DepositProofLen> {
        if roots.len() == Self::LEN { Ok(Self(roots)) } else { Err(DepositProofLen(roots.len())) }
    }
}

impl Encode for DepositProof {
    fn is_ssz_fixed_len() -> bool {
        true
    }
    fn ssz_fixed_len() -> usize {
        Self::BYTES
    }
    fn ssz_bytes_len(&self) -> usize {
        Self::BYTES
    }
    fn ssz_append(&self, buf: &mut Vec<u8>) {
        buf.extend(self.concat());
    }
}

impl Decode for DepositProof {
    fn is_ssz_fixed_len() -> bool {
        true
    }
    fn ssz_fixed_len() -> usize {
        Self::BYTES
    }
    fn from_ssz_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let wrong = DecodeError::InvalidByteLength { len: bytes.len(), expected: Self::BYTES };
        let (roots, rest) = bytes.as_chunks::<32>();
        if !rest.is_empty() {
            return Err(wrong);
        }
        Self::try_from(roots.iter().map(|root| Root::from(*root)).collect::<Vec<_>>()).map_err(|_| wrong)
    }
}

impl TreeHash for DepositProof {
    fn tree_hash_type() -> TreeHashType {
        TreeHashType::Vector
    }
    fn tree_hash_packed_encoding(&self) -> PackedEncoding {
        PackedEncoding::new()
    }
    fn tree_hash_packing_factor() -> usize {
        1
    }
    fn tree_hash_root(&self) -> Hash256 {
        tree_hash::merkle_root(&self.concat(), Self::LEN)
    }
}

/// JSON of `List[u8, N]`: one hex string.
pub(super) mod hex_bytes {
    use super::ByteList;

    pub fn serialize<S: serde::Serializer, const N: usize>(
        bytes: &ByteList<N>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serde_utils::hex_vec::serialize(bytes, serializer)
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>, const N: usize>(
        deserializer: D,
    ) -> Result<ByteList<N>, D::Error> {
        let bytes = serde_utils::hex_vec::deserialize(deserializer)?;
        ByteList::new(bytes).map_err(serde::de::Error::custom)
    }
}

/// JSON of a list of byte lists: hex strings.
pub(super) mod hex_byte_lists {
    use serde::{Deserialize, Serialize};

    use super::{ByteList, hex_bytes};
    use crate::list::List;

    #[derive(Serialize, Deserialize)]
    struct Item<const N: usize>(#[serde(with = "hex_bytes")] ByteList<N>);

    pub fn serialize<S: serde::Serializer, const N: usize, const M: usize>(
        lists: &List<ByteList<N>, M>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(lists.iter().map(|bytes| Item(bytes.clone())))
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>, const N: usize, const M: usize>(
        deserializer: D,
    ) -> Result<List<ByteList<N>, M>, D::Error> {
        let items = Vec::<Item<N>>::deserialize(deserializer)?;
        List::new(items.into_iter().map(|item| item.0).collect()).map_err(serde::de::Error::custom)
    }
}

/// JSON of a list of validator numbers: quoted.
pub(super) mod quoted_indices {
    use std::ops::Deref;

    use serde::{Deserialize, Serialize};

    use crate::ids::ValidatorIndex;

    #[derive(Serialize, Deserialize)]
    struct Item(#[serde(with = "serde_utils::quoted_u64")] ValidatorIndex);

    pub fn serialize<S: serde::Serializer, L: Deref<Target = [ValidatorIndex]>>(
        list: &L,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.iter().map(|index| Item(*index)))
    }

    pub fn deserialize<'de, D, L>(deserializer: D) -> Result<L, D::Error>
    where
        D: serde::Deserializer<'de>,
        L: TryFrom<Vec<ValidatorIndex>, Error: std::fmt::Display>,
    {
        let items = Vec::<Item>::deserialize(deserializer)?;
        let indices: Vec<_> = items.into_iter().map(|item| item.0).collect();
        L::try_from(indices).map_err(serde::de::Error::custom)
    }
}

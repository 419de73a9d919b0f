//! SSZ lists that cannot hold more than their limit, so that an encoder never has to refuse one.
//!
//! Source: consensus-specs `ssz/simple-serialize.md`; limits from `ssv-spec types/*_encoding.go`.

use std::fmt;
use std::ops::Deref;

use alloy_primitives::Bytes;
use ssz::{Decode, DecodeError, Encode};
use tree_hash::{Hash256, PackedEncoding, TreeHash, TreeHashType};

/// A value above the limit of the list it was meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{len} items do not fit in an SSZ list of at most {limit}")]
pub struct OverLimit {
    /// Items (or bytes) offered.
    pub len: usize,
    /// Items (or bytes) the list can hold.
    pub limit: usize,
}

/// `List[u8, N]`: at most `N` bytes, cheap to clone.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ByteList<const N: usize>(Bytes);

impl<const N: usize> ByteList<N> {
    /// The limit in bytes.
    pub const LIMIT: usize = N;

    /// The empty list.
    #[must_use]
    pub const fn empty() -> Self {
        Self(Bytes::new())
    }

    /// Takes the bytes if they fit.
    ///
    /// # Errors
    /// [`OverLimit`] above `N` bytes.
    pub fn new(bytes: impl Into<Bytes>) -> Result<Self, OverLimit> {
        let bytes = bytes.into();
        if bytes.len() > N {
            return Err(OverLimit { len: bytes.len(), limit: N });
        }
        Ok(Self(bytes))
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, shared.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl<const N: usize> Deref for ByteList<N> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<const N: usize> AsRef<[u8]> for ByteList<N> {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl<const N: usize> TryFrom<Vec<u8>> for ByteList<N> {
    type Error = OverLimit;
    fn try_from(bytes: Vec<u8>) -> Result<Self, OverLimit> {
        Self::new(bytes)
    }
}

impl<const N: usize> TryFrom<&[u8]> for ByteList<N> {
    type Error = OverLimit;
    fn try_from(bytes: &[u8]) -> Result<Self, OverLimit> {
        if bytes.len() > N {
            return Err(OverLimit { len: bytes.len(), limit: N });
        }
        Ok(Self(Bytes::copy_from_slice(bytes)))
    }
}

/// Length and head only: full data can be megabytes.
impl<const N: usize> fmt::Debug for ByteList<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = self.0.get(..8).unwrap_or(&self.0);
        let more = if self.0.len() > head.len() { ".." } else { "" };
        write!(f, "[{} bytes 0x{}{more}]", self.0.len(), hex::encode(head))
    }
}

impl<const N: usize> Encode for ByteList<N> {
    fn is_ssz_fixed_len() -> bool {
        false
    }
    fn ssz_bytes_len(&self) -> usize {
        self.0.len()
    }
    fn ssz_append(&self, buf: &mut Vec<u8>) {
        buf.extend_from_slice(&self.0);
    }
}

impl<const N: usize> Decode for ByteList<N> {
    fn is_ssz_fixed_len() -> bool {
        false
    }
    fn from_ssz_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::try_from(bytes).map_err(|error| DecodeError::BytesInvalid(error.to_string()))
    }
}

impl<const N: usize> TreeHash for ByteList<N> {
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
        let root = tree_hash::merkle_root(&self.0, N.div_ceil(tree_hash::BYTES_PER_CHUNK));
        tree_hash::mix_in_length(&root, self.0.len())
    }
}

/// `List[T, N]`: at most `N` items.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct List<T, const N: usize>(Vec<T>);

impl<T, const N: usize> List<T, N> {
    /// The limit in items.
    pub const LIMIT: usize = N;

    /// The empty list.
    #[must_use]
    pub const fn empty() -> Self {
        Self(Vec::new())
    }

    /// Takes the items if they fit.
    ///
    /// # Errors
    /// [`OverLimit`] above `N` items.
    pub fn new(items: Vec<T>) -> Result<Self, OverLimit> {
        if items.len() > N {
            return Err(OverLimit { len: items.len(), limit: N });
        }
        Ok(Self(items))
    }

    /// Takes the items of an iterator if they fit.
    ///
    /// # Errors
    /// [`OverLimit`] above `N` items.
    pub fn collect(items: impl IntoIterator<Item = T>) -> Result<Self, OverLimit> {
        Self::new(items.into_iter().take(N.saturating_add(1)).collect())
    }

    /// Appends one item if it fits.
    ///
    /// # Errors
    /// [`OverLimit`] when the list is full.
    pub fn push(&mut self, item: T) -> Result<(), OverLimit> {
        if self.0.len() >= N {
            return Err(OverLimit { len: self.0.len().saturating_add(1), limit: N });
        }
        self.0.push(item);
        Ok(())
    }

    /// The items.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }

    /// The items, for change in place; the number of items cannot change.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.0
    }

    /// The items.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T, const N: usize> Default for List<T, N> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<T: fmt::Debug, const N: usize> fmt::Debug for List<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T, const N: usize> Deref for List<T, N> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T, const N: usize> TryFrom<Vec<T>> for List<T, N> {
    type Error = OverLimit;
    fn try_from(items: Vec<T>) -> Result<Self, OverLimit> {
        Self::new(items)
    }
}

impl<T, const N: usize> IntoIterator for List<T, N> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T, const N: usize> IntoIterator for &'a List<T, N> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: serde::Serialize, const N: usize> serde::Serialize for List<T, N> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: serde::Deserialize<'de>, const N: usize> serde::Deserialize<'de> for List<T, N> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Vec::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl<T: Encode, const N: usize> Encode for List<T, N> {
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

impl<T: Decode, const N: usize> Decode for List<T, N> {
    fn is_ssz_fixed_len() -> bool {
        false
    }
    fn from_ssz_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        if !<T as Decode>::is_ssz_fixed_len() {
            return ssz::decode_list_of_variable_length_items(bytes, Some(N)).map(Self);
        }
        let count =
            bytes.len().checked_div(<T as Decode>::ssz_fixed_len()).ok_or(DecodeError::ZeroLengthItem)?;
        if count > N {
            let error = OverLimit { len: count, limit: N };
            return Err(DecodeError::BytesInvalid(error.to_string()));
        }
        Vec::from_ssz_bytes(bytes).map(Self)
    }
}

impl<T: TreeHash, const N: usize> TreeHash for List<T, N> {
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
        list_root(&self.0, N)
    }
}

/// Root of `items` as an SSZ list of at most `limit` items. The limit sets the depth of the tree.
#[must_use]
pub fn list_root<T: TreeHash>(items: &[T], limit: usize) -> Hash256 {
    let mut leaves = Vec::new();
    let leaf_limit = match T::tree_hash_type() {
        TreeHashType::Basic => {
            items.iter().for_each(|item| leaves.extend_from_slice(&item.tree_hash_packed_encoding()));
            limit.div_ceil(T::tree_hash_packing_factor().max(1))
        }
        TreeHashType::Vector | TreeHashType::List | TreeHashType::Container => {
            items.iter().for_each(|item| leaves.extend_from_slice(item.tree_hash_root().as_slice()));
            limit
        }
    };
    tree_hash::mix_in_length(&tree_hash::merkle_root(&leaves, leaf_limit), items.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssz_types::VariableList;
    use typenum::{U13, U64};

    #[test]
    fn the_limit_itself_fits_and_one_more_does_not() {
        assert!(ByteList::<4>::new(vec![0; 4]).is_ok());
        assert_eq!(ByteList::<4>::new(vec![0; 5]), Err(OverLimit { len: 5, limit: 4 }));
        assert!(List::<u64, 2>::from_ssz_bytes(&[0; 16]).is_ok());
        assert!(List::<u64, 2>::from_ssz_bytes(&[0; 24]).is_err());
        assert!(List::<u64, 2>::from_ssz_bytes(&[0; 15]).is_err());
        let mut list = List::<u64, 1>::empty();
        assert!(list.push(1).is_ok());
        assert!(list.push(2).is_err());
    }

    #[test]
    fn a_list_of_lists_has_a_canonical_offset_table() {
        type Lists = List<ByteList<4>, 2>;
        let two = Lists::new(vec![ByteList::empty(), ByteList::new(vec![7]).unwrap()]).unwrap();
        assert_eq!(two.as_ssz_bytes(), [8, 0, 0, 0, 8, 0, 0, 0, 7]);
        assert_eq!(Lists::from_ssz_bytes(&two.as_ssz_bytes()).unwrap(), two);
        for bad in [
            &[0, 0, 0, 0][..],                        // an offset table of no entries
            &[3, 0, 0, 0],                            // not a multiple of 4
            &[8, 0, 0, 0],                            // beyond the end
            &[8, 0, 0, 0, 7, 0, 0, 0],                // decreasing
            &[12, 0, 0, 0, 12, 0, 0, 0, 12, 0, 0, 0], // three items
            &[4, 0, 0, 0, 1, 2, 3, 4, 5],             // an item above its limit
        ] {
            assert!(Lists::from_ssz_bytes(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn roots_agree_with_the_standard_library_of_lists() {
        for len in [0_u64, 1, 3, 4, 5, 13] {
            let numbers: Vec<u64> = (0..len).collect();
            let ours = List::<u64, 13>::new(numbers.clone()).unwrap();
            let theirs = VariableList::<u64, U13>::new(numbers.clone()).unwrap();
            assert_eq!(ours.tree_hash_root(), theirs.tree_hash_root());
            assert_eq!(ours.as_ssz_bytes(), theirs.as_ssz_bytes());

            let bytes: Vec<u8> = numbers.iter().map(|n| n.to_le_bytes()[0]).collect();
            let ours = ByteList::<64>::new(bytes.clone()).unwrap();
            let theirs = VariableList::<u8, U64>::new(bytes).unwrap();
            assert_eq!(ours.tree_hash_root(), theirs.tree_hash_root());

            let nested: Vec<_> = (0..len).map(|_| ours.clone()).collect();
            let theirs: Vec<_> = (0..len).map(|_| theirs.clone()).collect();
            assert_eq!(
                List::<_, 13>::new(nested).unwrap().tree_hash_root(),
                VariableList::<_, U13>::new(theirs).unwrap().tree_hash_root()
            );
        }
    }
}

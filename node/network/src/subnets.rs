//! The 128-bit subnet vector, in the one layout that record, handshake and configuration share.
//!
//! Bit `i` lives in byte `i / 8` under the mask `1 << (i % 8)`. Source: ssv `network/commons/subnets.go`.

use std::fmt;

use types::SubnetId;

/// A set of subnets: 16 bytes in the record, 32 lower-case hex characters in the handshake.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct SubnetBits([u8; 16]);

/// A text that is not exactly 32 hex characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a subnet vector is exactly 32 hex characters")]
pub struct SubnetBitsError;

/// Every subnet, ascending.
pub(crate) fn all() -> impl Iterator<Item = SubnetId> {
    (0..SubnetId::COUNT).filter_map(SubnetId::new)
}

impl SubnetBits {
    /// From the bytes of a record: missing ones read as zero, surplus ones are ignored (ssv `network/commons/subnets.go`).
    #[must_use]
    pub fn from_wire(bytes: &[u8]) -> Self {
        let mut bits = Self::default();
        bits.0.iter_mut().zip(bytes).for_each(|(bit, byte)| *bit = *byte);
        bits
    }

    /// From the handshake: exactly 32 hex characters, in either case, without prefix.
    ///
    /// # Errors
    /// [`SubnetBitsError`] for any other length or character.
    pub fn from_hex(text: &str) -> Result<Self, SubnetBitsError> {
        let mut bits = Self::default();
        hex::decode_to_slice(text, &mut bits.0).map_err(|_| SubnetBitsError)?;
        Ok(bits)
    }

    /// The 16 bytes of a record.
    #[must_use]
    pub const fn to_wire(self) -> [u8; 16] {
        self.0
    }

    /// The 32 hex characters of the handshake.
    #[must_use]
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    /// Adds a subnet.
    pub fn insert(&mut self, subnet: SubnetId) {
        if let Some(byte) = self.0.get_mut(usize::from(subnet.get() / 8)) {
            *byte |= 1 << (subnet.get() % 8);
        }
    }

    /// Whether the subnet is in the set.
    #[must_use]
    pub fn contains(self, subnet: SubnetId) -> bool {
        self.0.get(usize::from(subnet.get() / 8)).is_some_and(|byte| byte & (1 << (subnet.get() % 8)) != 0)
    }

    /// Subnets in both sets.
    #[must_use]
    pub fn shared_with(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(byte, theirs)| *byte &= theirs);
        self
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == [0; 16]
    }

    /// How many subnets the set has.
    #[must_use]
    pub fn len(self) -> u32 {
        self.0.iter().map(|byte| byte.count_ones()).sum()
    }

    /// The subnets, ascending.
    pub fn iter(self) -> impl Iterator<Item = SubnetId> {
        all().filter(move |subnet| self.contains(*subnet))
    }
}

impl FromIterator<SubnetId> for SubnetBits {
    fn from_iter<I: IntoIterator<Item = SubnetId>>(subnets: I) -> Self {
        let mut bits = Self::default();
        subnets.into_iter().for_each(|subnet| bits.insert(subnet));
        bits
    }
}

impl fmt::Debug for SubnetBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubnetBits({})", self.to_hex())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn bits(subnets: &[u8]) -> SubnetBits {
        subnets.iter().filter_map(|number| SubnetId::new(*number)).collect()
    }

    /// What ssv `network/commons/subnets.go` gives.
    #[test]
    fn the_documented_vectors_hold() {
        for (subnets, text) in [
            (vec![0], "01000000000000000000000000000000"),
            (vec![11], "00080000000000000000000000000000"),
            (vec![114], "00000000000000000000000000000400"),
            (vec![127], "00000000000000000000000000000080"),
            (vec![0, 15, 16, 31, 63, 64, 127], "01800180000000800100000000000080"),
            ((0..128).collect(), "ffffffffffffffffffffffffffffffff"),
        ] {
            let set = bits(&subnets);
            assert_eq!(set.to_hex(), text);
            assert_eq!(SubnetBits::from_hex(text), Ok(set));
            assert_eq!(SubnetBits::from_hex(&text.to_uppercase()), Ok(set));
            assert_eq!(SubnetBits::from_wire(&set.to_wire()), set);
            assert_eq!(set.iter().map(SubnetId::get).collect::<Vec<_>>(), subnets);
            assert_eq!(usize::try_from(set.len()).unwrap(), subnets.len());
        }
    }

    #[test]
    fn only_thirty_two_hex_characters_are_a_vector() {
        for text in ["", "00", "0x000000000000000000000000000000", "0000000000000000000000000000000g"] {
            assert_eq!(SubnetBits::from_hex(text), Err(SubnetBitsError));
        }
        assert!(SubnetBits::from_hex(&"00".repeat(17)).is_err());
    }

    #[test]
    fn short_and_long_records_are_read_as_far_as_they_go() {
        assert_eq!(SubnetBits::from_wire(&[1]), bits(&[0]));
        assert_eq!(SubnetBits::from_wire(&[0xff; 40]).len(), 128);
    }

    #[test]
    fn sets_meet_where_both_have_a_subnet() {
        assert_eq!(bits(&[3, 9]).shared_with(bits(&[9, 11])), bits(&[9]));
        assert!(bits(&[3]).shared_with(bits(&[4])).is_empty());
    }
}

//! The subnet of a committee, in both forks, and sets of subnets.
//!
//! Source: `ssv network/commons/subnets.go`, `SIPs sips/network_topics_minhash.md`.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::ids::{CommitteeId, OperatorId, byte_id};
use crate::role::SsvFork;

/// One of the 128 gossip subnets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubnetId(u8);

impl SubnetId {
    /// How many there are.
    pub const COUNT: u8 = 128;

    /// The subnet of this number, below [`Self::COUNT`].
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number < Self::COUNT { Some(Self(number)) } else { None }
    }

    /// Every subnet.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self)
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The subnet of a committee in a fork, from its operators in any order.
    #[must_use]
    pub fn of(fork: SsvFork, operators: &[OperatorId]) -> Self {
        match fork {
            SsvFork::Alan => Self::alan(&CommitteeId::of(operators)),
            SsvFork::Boole => Self::boole(operators),
        }
    }

    /// Alan: the committee id modulo 128.
    #[must_use]
    pub const fn alan(committee: &CommitteeId) -> Self {
        Self(committee.0[31] & 0x7f)
    }

    /// Boole: the smallest of the operators' hashes modulo 128, so that committees with shared operators often share
    /// a subnet. Ids are hashed as 8 bytes here, unlike in the committee id.
    #[must_use]
    pub fn boole(operators: &[OperatorId]) -> Self {
        let hash = |id: &OperatorId| <[u8; 32]>::from(Sha256::digest(id.get().to_le_bytes()));
        let smallest = operators.iter().map(hash).min().unwrap_or_default();
        Self(smallest[31] & 0x7f)
    }
}

impl fmt::Display for SubnetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

byte_id! {
    /// A set of subnets: bit i is bit `i % 8`, least significant first, of byte `i / 8`.
    ///
    /// The same 16 bytes stand in the ENR (raw) and in the handshake (32 hex digits without prefix).
    SubnetBits, 16
}

impl SubnetBits {
    /// Every subnet.
    pub const ALL: Self = Self([0xff; 16]);

    /// Adds a subnet.
    pub fn insert(&mut self, subnet: SubnetId) {
        if let Some(byte) = self.0.get_mut(usize::from(subnet.0 / 8)) {
            *byte |= 1 << (subnet.0 % 8);
        }
    }

    /// Whether a subnet is in the set.
    #[must_use]
    pub fn contains(&self, subnet: SubnetId) -> bool {
        self.0.get(usize::from(subnet.0 / 8)).is_some_and(|byte| byte & (1 << (subnet.0 % 8)) != 0)
    }

    /// The subnets in both sets.
    #[must_use]
    pub fn shared_with(&self, other: &Self) -> Self {
        let mut shared = *self;
        shared.0.iter_mut().zip(other.0).for_each(|(byte, theirs)| *byte &= theirs);
        shared
    }

    /// The subnets, ascending.
    pub fn iter(&self) -> impl Iterator<Item = SubnetId> + '_ {
        SubnetId::all().filter(|subnet| self.contains(*subnet))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0 == [0; 16]
    }

    /// 32 hex digits without prefix, as in the handshake.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }
}

impl FromIterator<SubnetId> for SubnetBits {
    fn from_iter<I: IntoIterator<Item = SubnetId>>(subnets: I) -> Self {
        let mut bits = Self::default();
        subnets.into_iter().for_each(|subnet| bits.insert(subnet));
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnets(operators: impl IntoIterator<Item = u64>) -> (u8, u8) {
        let operators: Vec<_> = operators.into_iter().map(OperatorId).collect();
        (SubnetId::of(SsvFork::Alan, &operators).get(), SubnetId::of(SsvFork::Boole, &operators).get())
    }

    #[test]
    fn published_subnets_of_both_forks() {
        assert_eq!(subnets([1, 2, 3, 4]), (114, 11));
        assert_eq!(subnets([4, 3, 2, 1]), (114, 11));
        assert_eq!(subnets([1, 2, 3, 5]), (116, 11));
        assert_eq!(subnets([5, 6, 7, 8]), (36, 7));
        assert_eq!(subnets([9, 10, 11, 12]), (13, 66));
        assert_eq!(subnets(1..=7), (90, 7));
        assert_eq!(subnets(1..=10), (22, 7));
        assert_eq!(subnets(1..=13), (108, 66));
        assert_eq!(subnets([100, 200, 300, 400]), (88, 83));
        assert_eq!(subnets([2, 13, 25, 37]), (115, 40));
        assert_eq!(subnets([866, 867, 868, 869]), (115, 82));
        assert_eq!(subnets([42, 1000, 2000, 3000]), (29, 44));
    }

    #[test]
    fn published_bit_vectors() {
        let bits = |numbers: &[u8]| {
            numbers.iter().filter_map(|number| SubnetId::new(*number)).collect::<SubnetBits>()
        };
        assert_eq!(bits(&[0]).to_hex(), "01000000000000000000000000000000");
        assert_eq!(bits(&[11]).to_hex(), "00080000000000000000000000000000");
        assert_eq!(bits(&[114]).to_hex(), "00000000000000000000000000000400");
        assert_eq!(bits(&[127]).to_hex(), "00000000000000000000000000000080");
        assert_eq!(bits(&[0, 15, 16, 31, 63, 64, 127]).to_hex(), "01800180000000800100000000000080");
        assert_eq!(SubnetId::all().collect::<SubnetBits>(), SubnetBits::ALL);
        assert_eq!(bits(&[3, 9]).shared_with(&bits(&[9, 11])).iter().collect::<Vec<_>>(), [SubnetId(9)]);
        assert!(bits(&[3]).shared_with(&bits(&[4])).is_empty());
    }
}

//! The subnet of a committee, in both forks.
//!
//! Source: `ssv network/commons/subnets.go`, `SIPs sips/network_topics_minhash.md`.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::ids::{CommitteeId, OperatorId};
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
}

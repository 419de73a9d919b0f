//! The state of a cluster, which every call and event carries by value because the chain keeps only its hash.

use alloy_primitives::{Address, B256, U256, keccak256};

use crate::abi::{shared, v1, v2};
use crate::convert::{from_ethers_u256, to_ethers_u256};

/// The cluster tuple `(uint32, uint64, uint64, bool, uint256)` of every call and event.
///
/// A caller passes the values of the latest event of the cluster (same owner, same operator ids in the same order);
/// for a cluster that never existed, [`Cluster::NEW`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cluster {
    /// Validators in the cluster.
    pub validator_count: u32,
    /// Network fee index at the last settlement.
    pub network_fee_index: u64,
    /// Sum of the operators' fee indices at the last settlement.
    pub index: u64,
    /// `false` when the cluster is liquidated.
    pub active: bool,
    /// Balance at the last settlement: base units of the token in v1.2.0, wei in v2.0.0.
    pub balance: U256,
}

impl Cluster {
    /// The tuple of a cluster that never existed.
    pub const NEW: Self =
        Self { validator_count: 0, network_fee_index: 0, index: 0, active: true, balance: U256::ZERO };

    /// What the contract stores: Keccak-256 of count, network fee index, index, balance and then active, packed
    /// (the balance comes before `active` here, unlike in the tuple).
    #[must_use]
    pub fn data_hash(&self) -> B256 {
        let mut packed = Vec::with_capacity(53);
        packed.extend_from_slice(&self.validator_count.to_be_bytes());
        packed.extend_from_slice(&self.network_fee_index.to_be_bytes());
        packed.extend_from_slice(&self.index.to_be_bytes());
        packed.extend_from_slice(&self.balance.to_be_bytes::<32>());
        packed.push(u8::from(self.active));
        keccak256(packed)
    }
}

/// The contract's id of a cluster: Keccak-256 of the owner and each operator id as a 32-byte word, in the given order.
/// Another order is another cluster, one that does not exist.
#[must_use]
pub fn cluster_id(owner: Address, operator_ids: &[u64]) -> B256 {
    let mut packed = Vec::with_capacity(20 + operator_ids.len() * 32);
    packed.extend_from_slice(owner.as_slice());
    for id in operator_ids {
        packed.extend_from_slice(B256::left_padding_from(&id.to_be_bytes()).as_slice());
    }
    keccak256(packed)
}

macro_rules! same_tuple {
    ($($module:ident),*) => {$(
        impl From<&Cluster> for $module::Cluster {
            fn from(ours: &Cluster) -> Self {
                Self {
                    validator_count: ours.validator_count,
                    network_fee_index: ours.network_fee_index,
                    index: ours.index,
                    active: ours.active,
                    balance: to_ethers_u256(ours.balance),
                }
            }
        }

        impl From<$module::Cluster> for Cluster {
            fn from(theirs: $module::Cluster) -> Self {
                Self {
                    validator_count: theirs.validator_count,
                    network_fee_index: theirs.network_fee_index,
                    index: theirs.index,
                    active: theirs.active,
                    balance: from_ethers_u256(theirs.balance),
                }
            }
        }
    )*};
}
same_tuple!(shared, v1, v2);

#[cfg(test)]
mod tests {
    use alloy_primitives::{address, b256};

    use super::*;

    // Check values computed apart from this code, from the contract's packed encoding.

    #[test]
    fn cluster_ids_have_their_check_values() {
        let owner = address!("0xDCc846fA10C7CfCE9e6Eb37e06eD93b666cFC5E9");
        let expected = b256!("0x93841fd6108c55fabe4d9556fa3ba5ee1b087374541b6ea390e4f0b8f987522c");
        assert_eq!(cluster_id(owner, &[11, 22, 33, 44]), expected);
        assert_ne!(cluster_id(owner, &[22, 11, 33, 44]), expected);
    }

    #[test]
    fn data_hashes_follow_the_reference() {
        let one = Cluster { validator_count: 1, ..Cluster::NEW };
        let settled =
            Cluster { network_fee_index: 5, index: 7, balance: U256::from(10u64).pow(U256::from(18)), ..one };
        let liquidated = Cluster { active: false, ..one };
        let expected = [
            (one, b256!("0x24e925e20a367fe59a5e460ee650fd632043cb4a4802af6ed7b871d98485d601")),
            (settled, b256!("0xa254bb544c63d2b2711ff859328f3c2d5eef0c4116f86a6641227c0bf9c1d70c")),
            (liquidated, b256!("0x353f1b1ba8cd3b8210921e07baad4eb50b6559828e332fcbc9a99372b09bda52")),
        ];
        for (cluster, hash) in expected {
            assert_eq!(cluster.data_hash(), hash, "{cluster:?}");
        }
    }
}

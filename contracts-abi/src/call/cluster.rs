//! What stakers call for a cluster as a whole.

use alloy_primitives::{Address, U256};

use super::{Call, ClusterRef, Generation};
use crate::abi::{shared, v1, v2};
use crate::convert::{to_ethers_address, to_ethers_u256};

/// Pays into a cluster of any owner.
#[must_use]
pub fn deposit(generation: Generation, owner: Address, into: ClusterRef, amount: U256) -> Call {
    let (owner, operator_ids) = (to_ethers_address(owner), into.operator_ids);
    match generation {
        Generation::V1 => {
            let (amount, cluster) = (to_ethers_u256(amount), (&into.cluster).into());
            Call::unpaid(v1::DepositCall { owner, operator_ids, amount, cluster })
        }
        Generation::V2 => {
            let cluster = (&into.cluster).into();
            Call::paying(amount, v2::DepositCall { cluster_owner: owner, operator_ids, cluster })
        }
    }
}

/// Takes out of the caller's cluster.
#[must_use]
pub fn withdraw(from: ClusterRef, amount: U256) -> Call {
    let (token_amount, cluster) = (to_ethers_u256(amount), (&from.cluster).into());
    Call::unpaid(shared::WithdrawCall { operator_ids: from.operator_ids, token_amount, cluster })
}

/// Stops the caller's own cluster, or anyone's that cannot pay; what is left goes to the caller.
#[must_use]
pub fn liquidate(owner: Address, what: ClusterRef) -> Call {
    let (owner, cluster) = (to_ethers_address(owner), (&what.cluster).into());
    Call::unpaid(shared::LiquidateCall { owner, operator_ids: what.operator_ids, cluster })
}

/// Starts the caller's liquidated cluster again and pays `amount` into it.
#[must_use]
pub fn reactivate(generation: Generation, what: ClusterRef, amount: U256) -> Call {
    let operator_ids = what.operator_ids;
    match generation {
        Generation::V1 => {
            let (amount, cluster) = (to_ethers_u256(amount), (&what.cluster).into());
            Call::unpaid(v1::ReactivateCall { operator_ids, amount, cluster })
        }
        Generation::V2 => {
            let cluster = (&what.cluster).into();
            Call::paying(amount, v2::ReactivateCall { operator_ids, cluster })
        }
    }
}

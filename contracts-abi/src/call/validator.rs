//! What stakers call for their validators.

use alloy_primitives::{Address, U256};

use super::{Call, ClusterRef, Generation, bytes_list};
use crate::abi::{shared, v1, v2};
use crate::convert::{to_ethers_address, to_ethers_u256};

/// One validator to assign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The validator's key, 48 bytes.
    pub public_key: Vec<u8>,
    /// Owner-nonce signature, share public keys, encrypted shares. The contract does not look into them.
    pub shares: Vec<u8>,
}

/// Assigns one validator to a cluster and pays `amount` into it.
#[must_use]
pub fn register(generation: Generation, validator: Assignment, to: ClusterRef, amount: U256) -> Call {
    let (public_key, shares_data) = (validator.public_key.into(), validator.shares.into());
    let operator_ids = to.operator_ids;
    match generation {
        Generation::V1 => {
            let (amount, cluster) = (to_ethers_u256(amount), (&to.cluster).into());
            Call::unpaid(v1::RegisterValidatorCall { public_key, operator_ids, shares_data, amount, cluster })
        }
        Generation::V2 => {
            let cluster = (&to.cluster).into();
            Call::paying(amount, v2::RegisterValidatorCall { public_key, operator_ids, shares_data, cluster })
        }
    }
}

/// Assigns several validators to a cluster, in this order (each takes the owner's next nonce), and pays `amount`
/// into it once.
#[must_use]
pub fn bulk_register(
    generation: Generation,
    validators: Vec<Assignment>,
    to: ClusterRef,
    amount: U256,
) -> Call {
    let (public_keys, shares) = validators.into_iter().map(|v| (v.public_key, v.shares)).unzip();
    let (public_keys, shares_data) = (bytes_list(public_keys), bytes_list(shares));
    let operator_ids = to.operator_ids;
    match generation {
        Generation::V1 => {
            let (amount, cluster) = (to_ethers_u256(amount), (&to.cluster).into());
            Call::unpaid(v1::BulkRegisterValidatorCall {
                public_keys,
                operator_ids,
                shares_data,
                amount,
                cluster,
            })
        }
        Generation::V2 => {
            let cluster = (&to.cluster).into();
            Call::paying(
                amount,
                v2::BulkRegisterValidatorCall { public_keys, operator_ids, shares_data, cluster },
            )
        }
    }
}

/// Takes one validator away from its operators.
#[must_use]
pub fn remove(public_key: Vec<u8>, from: ClusterRef) -> Call {
    let (public_key, cluster) = (public_key.into(), (&from.cluster).into());
    Call::unpaid(shared::RemoveValidatorCall { public_key, operator_ids: from.operator_ids, cluster })
}

/// Takes several validators of one cluster away from its operators.
#[must_use]
pub fn bulk_remove(public_keys: Vec<Vec<u8>>, from: ClusterRef) -> Call {
    let (public_keys, cluster) = (bytes_list(public_keys), (&from.cluster).into());
    Call::unpaid(shared::BulkRemoveValidatorCall { public_keys, operator_ids: from.operator_ids, cluster })
}

/// Asks the operators to sign a voluntary exit. May be repeated.
#[must_use]
pub fn exit(public_key: Vec<u8>, operator_ids: Vec<u64>) -> Call {
    Call::unpaid(shared::ExitValidatorCall { public_key: public_key.into(), operator_ids })
}

/// Asks for the voluntary exit of several validators of one cluster.
#[must_use]
pub fn bulk_exit(public_keys: Vec<Vec<u8>>, operator_ids: Vec<u64>) -> Call {
    Call::unpaid(shared::BulkExitValidatorCall { public_keys: bytes_list(public_keys), operator_ids })
}

/// Where the rewards of all of the caller's validators go.
#[must_use]
pub fn set_fee_recipient(recipient: Address) -> Call {
    Call::unpaid(shared::SetFeeRecipientAddressCall { fee_recipient_address: to_ethers_address(recipient) })
}

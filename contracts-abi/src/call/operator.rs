//! What operators call. The same in both generations.

use alloy_primitives::{Address, U256};

use super::Call;
use crate::abi::shared;
use crate::convert::{to_ethers_address, to_ethers_u256};
use crate::operator_key;

/// A new operator. `key_text` is the base64 of its PEM public key, wrapped here; `fee` is per block and validator;
/// a `private` operator takes validators of whitelisted accounts only.
#[must_use]
pub fn register(key_text: &str, fee: U256, private: bool) -> Call {
    let (public_key, fee) = (operator_key::wrap(key_text).into(), to_ethers_u256(fee));
    Call::unpaid(shared::RegisterOperatorCall { public_key, fee, set_private: private })
}

/// The operator leaves for good; its id and key are never used again.
#[must_use]
pub fn remove(operator_id: u64) -> Call {
    Call::unpaid(shared::RemoveOperatorCall { operator_id })
}

/// Starts a fee change; [`execute_fee`] completes it within the contract's window.
#[must_use]
pub fn declare_fee(operator_id: u64, fee: U256) -> Call {
    Call::unpaid(shared::DeclareOperatorFeeCall { operator_id, fee: to_ethers_u256(fee) })
}

/// Completes a declared fee change.
#[must_use]
pub fn execute_fee(operator_id: u64) -> Call {
    Call::unpaid(shared::ExecuteOperatorFeeCall { operator_id })
}

/// Drops a declared fee change.
#[must_use]
pub fn cancel_fee(operator_id: u64) -> Call {
    Call::unpaid(shared::CancelDeclaredOperatorFeeCall { operator_id })
}

/// Lowers the fee at once.
#[must_use]
pub fn reduce_fee(operator_id: u64, fee: U256) -> Call {
    Call::unpaid(shared::ReduceOperatorFeeCall { operator_id, fee: to_ethers_u256(fee) })
}

/// Takes `amount` of what the operator earned; `None` takes all.
#[must_use]
pub fn withdraw_earnings(operator_id: u64, amount: Option<U256>) -> Call {
    match amount {
        Some(amount) => {
            let token_amount = to_ethers_u256(amount);
            Call::unpaid(shared::WithdrawOperatorEarningsCall { operator_id, token_amount })
        }
        None => Call::unpaid(shared::WithdrawAllOperatorEarningsCall { operator_id }),
    }
}

/// Makes the operators private, or public again.
#[must_use]
pub fn set_privacy(operator_ids: Vec<u64>, private: bool) -> Call {
    if private {
        Call::unpaid(shared::SetOperatorsPrivateUncheckedCall { operator_ids })
    } else {
        Call::unpaid(shared::SetOperatorsPublicUncheckedCall { operator_ids })
    }
}

/// Admits accounts to the operators while these are private.
#[must_use]
pub fn set_whitelists(operator_ids: Vec<u64>, addresses: &[Address]) -> Call {
    let whitelist_addresses = addresses.iter().copied().map(to_ethers_address).collect();
    Call::unpaid(shared::SetOperatorsWhitelistsCall { operator_ids, whitelist_addresses })
}

/// Takes the admission of accounts back.
#[must_use]
pub fn remove_whitelists(operator_ids: Vec<u64>, addresses: &[Address]) -> Call {
    let whitelist_addresses = addresses.iter().copied().map(to_ethers_address).collect();
    Call::unpaid(shared::RemoveOperatorsWhitelistsCall { operator_ids, whitelist_addresses })
}

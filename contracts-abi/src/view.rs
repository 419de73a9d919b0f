//! Questions to the contract, asked by `eth_call`, and how to read the answers.

use alloy_primitives::{Address, U256};
use ethers_core::abi::{AbiEncode, ParamType, Token};

use crate::abi::shared;
use crate::convert::{from_ethers_address, from_ethers_u256, to_ethers_address};
use crate::read::{self, Fault};

/// What `getOperatorById` says. It never reverts: an unknown id has zeros, and a removed operator keeps its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorView {
    /// The account that registered it.
    pub owner: Address,
    /// Per block and validator.
    pub fee: U256,
    /// Validators it has now.
    pub validator_count: u32,
    /// Only whitelisted accounts may assign validators.
    pub is_private: bool,
    /// Registered and not removed.
    pub is_active: bool,
}

/// Calldata of `getVersion()`.
#[must_use]
pub fn version_call() -> Vec<u8> {
    shared::GetVersionCall.encode()
}

/// The answer of `getVersion()`.
///
/// # Errors
/// The answer is not one ABI-encoded text: the contract is another one.
pub fn read_version(answer: &[u8]) -> Result<String, Fault> {
    one(ParamType::String, answer)?.into_string().ok_or(Fault::UnknownType)
}

/// Calldata of `getOperatorById(uint64)`.
#[must_use]
pub fn operator_call(operator_id: u64) -> Vec<u8> {
    shared::GetOperatorByIdCall { operator_id }.encode()
}

/// The answer of `getOperatorById(uint64)`.
///
/// # Errors
/// The answer has not the shape of an operator: the contract is another one.
pub fn read_operator(answer: &[u8]) -> Result<OperatorView, Fault> {
    let kinds = [
        ParamType::Address,
        ParamType::Uint(256),
        ParamType::Uint(32),
        ParamType::Address,
        ParamType::Bool,
        ParamType::Bool,
    ];
    match read::values(&kinds, answer)?.as_slice() {
        [
            Token::Address(owner),
            Token::Uint(fee),
            Token::Uint(count),
            _,
            Token::Bool(private),
            Token::Bool(active),
        ] => Ok(OperatorView {
            owner: from_ethers_address(*owner),
            fee: from_ethers_u256(*fee),
            validator_count: count.low_u32(),
            is_private: *private,
            is_active: *active,
        }),
        _ => Err(Fault::UnknownType),
    }
}

/// Calldata of `getValidator(address,bytes)`.
#[must_use]
pub fn validator_call(owner: Address, public_key: &[u8]) -> Vec<u8> {
    let (owner, public_key) = (to_ethers_address(owner), public_key.to_vec().into());
    shared::GetValidatorCall { owner, public_key }.encode()
}

/// The answer of `getValidator(address,bytes)`: is it registered by this owner?
///
/// # Errors
/// The answer is not a boolean: the contract is another one.
pub fn read_validator(answer: &[u8]) -> Result<bool, Fault> {
    one(ParamType::Bool, answer)?.into_bool().ok_or(Fault::UnknownType)
}

fn one(kind: ParamType, answer: &[u8]) -> Result<Token, Fault> {
    read::values(&[kind], answer)?.pop().ok_or(Fault::UnknownType)
}

//! Short forms shared by the scenarios: keys, shares and refusals.

use alloy_primitives::{U256, keccak256};
use contracts_abi::call::validator::Assignment;

pub const FOUR: [u64; 4] = [1, 2, 3, 4];
pub const NOTHING: U256 = U256::ZERO;

/// A validator key: 48 bytes that differ by `i`.
pub fn key(i: u8) -> Vec<u8> {
    vec![i; 48]
}

/// An assignment with shares of the right length for four operators; the contract does not look into them.
pub fn assignment(i: u8) -> Assignment {
    Assignment { public_key: key(i), shares: vec![i; 1312] }
}

/// The exact data of an error with the given static arguments.
pub fn error(signature: &str, arguments: &[u64]) -> Vec<u8> {
    let words = arguments.iter().flat_map(|argument| U256::from(*argument).to_be_bytes::<32>());
    keccak256(signature)[..4].iter().copied().chain(words).collect()
}

/// The exact data of an error whose one argument is a byte string.
pub fn error_with_bytes(signature: &str, argument: &[u8]) -> Vec<u8> {
    let mut data = error(signature, &[32, u64::try_from(argument.len()).unwrap()]);
    data.extend_from_slice(argument);
    data.resize(data.len().next_multiple_of(32) + 4, 0);
    data
}

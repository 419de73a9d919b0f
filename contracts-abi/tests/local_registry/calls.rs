//! Short forms shared by the scenarios: keys, shares and refusals.

use alloy_primitives::{U256, hex, keccak256};
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

/// The assignment of a published ceremony with operators 11, 22, 33 and 44, when the reference vectors are there
/// (`CAPSTAN_VECTORS`, else beside the repository).
pub fn ceremony() -> Option<Assignment> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/vectors");
    let root = std::env::var("CAPSTAN_VECTORS").unwrap_or_else(|_| beside.to_owned());
    let path = format!("{root}/keyshares/ssv-dkg/ceremony-4/keyshares.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("not checked: no reference vectors at {path}; CAPSTAN_VECTORS names their folder");
        return None;
    };
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let bytes = |name: &str| hex::decode(file["shares"][0]["payload"][name].as_str().unwrap()).unwrap();
    Some(Assignment { public_key: bytes("publicKey"), shares: bytes("sharesData") })
}

//! The contract's signatures, from human-readable ABI files: what both generations say, and what only one says.

use ethers_core::abi::Abi;

ethers_contract::abigen!(Shared, "./abi/shared.abi");
ethers_contract::abigen!(V1, "./abi/v1.2.0.abi");
ethers_contract::abigen!(V2, "./abi/v2.0.0.abi");

/// All three.
pub(crate) fn all() -> [&'static Abi; 3] {
    [&shared::SHARED_ABI, &v1::V1_ABI, &v2::V2_ABI]
}

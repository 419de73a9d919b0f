//! The calls of operators and stakers, as calldata.
//!
//! Operator ids stand in ascending order, as the contract demands; they and the cluster's tuple together name a
//! cluster ([`ClusterRef`]). Amounts are in the unit of the [`Generation`].

pub mod cluster;
pub mod operator;
pub mod validator;

use alloy_primitives::U256;
use ethers_core::abi::AbiEncode;
use ethers_core::types::Bytes;

use crate::cluster::Cluster;

/// Which contract a call is for. Only the calls with a deposit differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// v1.2.0: the deposit is an argument, in base units of the SSV token (which the caller has approved before).
    V1,
    /// v2.0.0: the deposit is the value of the transaction, in wei.
    V2,
}

impl Generation {
    /// Reads the answer of the contract's `getVersion`, such as `v1.2.0` or `v2.0.0-dev`. `None` for any other.
    #[must_use]
    pub fn from_version(version: &str) -> Option<Self> {
        match version.trim_start_matches('v').split('.').next() {
            Some("1") => Some(Self::V1),
            Some("2") => Some(Self::V2),
            _ => None,
        }
    }
}

/// A call, ready to be put into a transaction or shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Selector and arguments.
    pub calldata: Vec<u8>,
    /// What the transaction must carry, in wei.
    pub value: U256,
}

impl Call {
    fn unpaid(call: impl AbiEncode) -> Self {
        Self { calldata: call.encode(), value: U256::ZERO }
    }

    fn paying(value: U256, call: impl AbiEncode) -> Self {
        Self { calldata: call.encode(), value }
    }
}

/// A cluster as a call names it: its operators in ascending order, and the tuple of its latest event
/// ([`Cluster::NEW`] before the first).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterRef {
    /// Ascending, unique; 4, 7, 10 or 13 of them.
    pub operator_ids: Vec<u64>,
    /// Its state; the contract compares the hash.
    pub cluster: Cluster,
}

fn bytes_list(items: Vec<Vec<u8>>) -> Vec<Bytes> {
    items.into_iter().map(Bytes::from).collect()
}

#[cfg(test)]
mod tests;

//! A call that is shown instead of sent, for whoever signs it elsewhere.

use std::fmt;

use alloy_primitives::{Address, hex};
use contracts_abi::Call;
use serde::Serialize;

/// Everything a wallet or a multi-signature contract needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShownCall {
    /// The chain.
    pub chain_id: u64,
    /// The registry.
    pub to: Address,
    /// What to pay, in wei, as decimal text.
    pub value: String,
    /// Selector and arguments.
    pub calldata: String,
}

impl ShownCall {
    /// Of a call to `to` on a chain.
    #[must_use]
    pub fn new(chain_id: u64, to: Address, call: &Call) -> Self {
        let calldata = hex::encode_prefixed(&call.calldata);
        Self { chain_id, to, value: call.value.to_string(), calldata }
    }
}

impl fmt::Display for ShownCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { chain_id, to, value, calldata } = self;
        write!(f, "chain     {chain_id}\nto        {to}\nvalue     {value} wei\ncalldata  {calldata}")
    }
}

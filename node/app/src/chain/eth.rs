//! The questions that the commands ask an execution client, with typed answers.

use alloy_primitives::{Address, B256, Bytes, U64, U128, U256};
use contracts_abi::Call;
use jsonrpsee::core::params::ArrayParams;
use jsonrpsee::rpc_params;
use serde::Deserialize;
use serde_json::json;

use super::error::ChainError;
use super::rpc::Rpc;

/// A log of the registry.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Log {
    pub topics: Vec<B256>,
    pub data: Bytes,
    /// Taken back by a reorganisation.
    #[serde(default)]
    pub removed: bool,
}

/// What a mined transaction did.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    pub status: U64,
    pub block_number: U64,
    pub logs: Vec<Log>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    base_fee_per_gas: Option<U128>,
}

/// Topics to look for, by position: any of the listed ones.
pub type Topics = Vec<Vec<B256>>;

impl Rpc {
    pub async fn chain_id(&self) -> Result<u64, ChainError> {
        self.number("eth_chainId", rpc_params![]).await
    }

    pub async fn block_number(&self) -> Result<u64, ChainError> {
        self.number("eth_blockNumber", rpc_params![]).await
    }

    pub async fn code(&self, address: Address) -> Result<Bytes, ChainError> {
        self.ask("eth_getCode", rpc_params![address, "latest"]).await
    }

    /// Logs of one contract in a range of blocks, both ends included.
    pub async fn logs(
        &self,
        of: Address,
        topics: &Topics,
        from: u64,
        to: u64,
    ) -> Result<Vec<Log>, ChainError> {
        let (from, to) = (U64::from(from), U64::from(to));
        let filter = json!({ "address": of, "topics": topics, "fromBlock": from, "toBlock": to });
        self.ask("eth_getLogs", rpc_params![filter]).await
    }

    /// The answer of a view.
    pub async fn view(&self, to: Address, calldata: Vec<u8>) -> Result<Bytes, ChainError> {
        let request = json!({ "to": to, "data": Bytes::from(calldata) });
        self.ask("eth_call", rpc_params![request, "latest"]).await
    }

    /// Runs a call without sending it, at the end of a block.
    pub async fn try_call(
        &self,
        from: Address,
        to: Address,
        call: &Call,
        block: u64,
    ) -> Result<Bytes, ChainError> {
        self.ask("eth_call", rpc_params![request(from, to, call), U64::from(block)]).await
    }

    pub async fn estimate_gas(&self, from: Address, to: Address, call: &Call) -> Result<u64, ChainError> {
        self.number("eth_estimateGas", rpc_params![request(from, to, call)]).await
    }

    /// The account's next transaction count, those that wait included.
    pub async fn next_nonce(&self, of: Address) -> Result<u64, ChainError> {
        self.number("eth_getTransactionCount", rpc_params![of, "pending"]).await
    }

    /// The latest block's base fee in wei; `None` on a chain without one.
    pub async fn base_fee(&self) -> Result<Option<u128>, ChainError> {
        let header: Header = self.ask("eth_getBlockByNumber", rpc_params!["latest", false]).await?;
        Ok(header.base_fee_per_gas.map(|fee| fee.to()))
    }

    pub async fn gas_price(&self) -> Result<u128, ChainError> {
        Ok(self.ask::<U128>("eth_gasPrice", rpc_params![]).await?.to())
    }

    pub async fn max_priority_fee(&self) -> Result<u128, ChainError> {
        Ok(self.ask::<U128>("eth_maxPriorityFeePerGas", rpc_params![]).await?.to())
    }

    pub async fn send_raw(&self, transaction: Vec<u8>) -> Result<B256, ChainError> {
        self.ask("eth_sendRawTransaction", rpc_params![Bytes::from(transaction)]).await
    }

    /// `None` while the transaction is in no block.
    pub async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, ChainError> {
        self.ask("eth_getTransactionReceipt", rpc_params![hash]).await
    }

    async fn number(&self, method: &'static str, params: ArrayParams) -> Result<u64, ChainError> {
        let number: U256 = self.ask(method, params).await?;
        u64::try_from(number)
            .map_err(|_| ChainError::Answer { method, what: "a number of more than 64 bits" })
    }
}

fn request(from: Address, to: Address, call: &Call) -> serde_json::Value {
    json!({ "from": from, "to": to, "data": Bytes::from(call.calldata.clone()), "value": call.value })
}

//! The answers of an execution client.

use alloy_primitives::{Bloom, BloomInput, Bytes, U64};
use serde::Deserialize;
use types::{Address, Root};

use crate::set::BlockRef;

/// The head of a block.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Header {
    number: U64,
    pub hash: Root,
    pub parent_hash: Root,
    timestamp: U64,
    logs_bloom: Bloom,
}

impl Header {
    pub(crate) fn block(&self) -> BlockRef {
        BlockRef { number: self.number.to(), hash: self.hash }
    }

    pub(crate) fn number(&self) -> u64 {
        self.number.to()
    }

    /// Unix seconds.
    pub(crate) fn timestamp(&self) -> u64 {
        self.timestamp.to()
    }

    /// False when the block certainly holds no log of the contract.
    pub(crate) fn may_hold_logs_of(&self, contract: &Address) -> bool {
        self.logs_bloom.contains_input(BloomInput::Raw(contract.as_slice()))
    }
}

/// A log, mined.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RawLog {
    pub address: Address,
    pub topics: Vec<Root>,
    pub data: Bytes,
    block_number: U64,
    pub block_hash: Root,
    transaction_index: U64,
    log_index: U64,
    #[serde(default)]
    pub removed: bool,
}

impl RawLog {
    pub(crate) fn block(&self) -> BlockRef {
        BlockRef { number: self.block_number.to(), hash: self.block_hash }
    }

    /// Its place within its block. The log index runs through the whole block; the transaction index leads, as the rule says.
    pub(crate) fn place(&self) -> (u64, u64) {
        (self.transaction_index.to(), self.log_index.to())
    }
}

/// The answer of `eth_syncing`, when it is not `false`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SyncProgress {
    current_block: U64,
    highest_block: U64,
}

impl SyncProgress {
    /// Blocks it is behind.
    pub(super) fn behind(&self) -> u64 {
        self.highest_block.to::<u64>().saturating_sub(self.current_block.to())
    }
}

//! An execution chain in memory, with branches.

use alloy_primitives::{Bloom, BloomInput, U64, hex, keccak256};
use contracts_abi::RegistryEvent;
use serde_json::{Value, json};
use types::Root;

use super::abi::encode;
use super::contract;

/// Unix seconds of block 0: now, so that heads are fresh.
fn genesis_time() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

struct Block {
    hash: Root,
    parent: Root,
    timestamp: u64,
    logs: Vec<(Vec<Root>, Vec<u8>)>,
}

pub(super) struct Chain {
    blocks: Vec<Block>,
    /// Makes the blocks of a branch differ from those of another.
    branch: u64,
    time: u64,
    /// The bloom filters deny the contract's logs, as a client does whose index is broken.
    pub blind_blooms: bool,
}

impl Chain {
    /// Block 0 only.
    pub(super) fn new() -> Self {
        let mut chain = Self { blocks: Vec::new(), branch: 0, time: genesis_time(), blind_blooms: false };
        chain.mine(&[]);
        chain
    }

    pub(super) fn head(&self) -> u64 {
        self.blocks.len() as u64 - 1
    }

    pub(super) fn hash(&self, number: u64) -> Root {
        self.blocks[usize::try_from(number).unwrap()].hash
    }

    /// One block with these events.
    pub(super) fn mine(&mut self, events: &[RegistryEvent]) {
        self.mine_logs(events.iter().map(encode).collect());
    }

    /// One block with these logs.
    pub(super) fn mine_logs(&mut self, logs: Vec<(Vec<Root>, Vec<u8>)>) {
        let number = self.blocks.len() as u64;
        let parent = self.blocks.last().map_or(Root::ZERO, |block| block.hash);
        let content: Vec<u8> =
            logs.iter().flat_map(|(topics, data)| [topics.concat(), data.clone()].concat()).collect();
        let identity =
            [parent.as_slice(), &number.to_be_bytes(), &self.branch.to_be_bytes(), &content].concat();
        self.blocks.push(Block { hash: keccak256(identity), parent, timestamp: self.time + number, logs });
    }

    pub(super) fn mine_empty(&mut self, count: u64) {
        (0..count).for_each(|_| self.mine(&[]));
    }

    /// Makes every block older.
    pub(super) fn set_back(&mut self, seconds: u64) {
        self.blocks.iter_mut().for_each(|block| block.timestamp -= seconds);
    }

    /// Drops the last `depth` blocks; what is mined next is another branch.
    pub(super) fn fork(&mut self, depth: u64) {
        let keep = self.blocks.len() - usize::try_from(depth).unwrap();
        self.blocks.truncate(keep);
        self.branch += 1;
    }

    pub(super) fn header(&self, number: u64) -> Value {
        let Some(block) = usize::try_from(number).ok().and_then(|index| self.blocks.get(index)) else {
            return Value::Null;
        };
        let mut bloom = Bloom::ZERO;
        if !block.logs.is_empty() && !self.blind_blooms {
            bloom.accrue(BloomInput::Raw(contract().as_slice()));
        }
        json!({
            "number": U64::from(number), "hash": block.hash, "parentHash": block.parent,
            "timestamp": U64::from(block.timestamp), "logsBloom": bloom,
        })
    }

    pub(super) fn number_of(&self, hash: Root) -> Option<u64> {
        self.blocks.iter().position(|block| block.hash == hash).map(|index| index as u64)
    }

    /// The logs of one block, last first: the order is the reader's business.
    pub(super) fn logs(&self, number: u64) -> Vec<Value> {
        let block = &self.blocks[usize::try_from(number).unwrap()];
        let log = |(index, (topics, data)): (usize, &(Vec<Root>, Vec<u8>))| {
            json!({
                "address": contract(), "topics": topics, "data": hex::encode_prefixed(data),
                "blockNumber": U64::from(number), "blockHash": block.hash,
                "transactionIndex": U64::from(index / 2), "logIndex": U64::from(index), "removed": false,
            })
        };
        block.logs.iter().enumerate().map(log).rev().collect()
    }
}

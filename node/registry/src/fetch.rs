//! From a client's answers to blocks in order.
//!
//! Near the head every block's header is read, its parent hash compared with the block before, its logs with its hash and its
//! bloom filter: a block whose filter may hold the contract and that came without logs is asked for once more, by its hash.
//! Deep in the past, where nothing is reorganised any more, ranges of blocks are read by their logs and last header alone.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use types::{Address, Root};

use crate::execution::{CallError, Client, Header, RawLog};
use crate::keeper::{EventAt, EventBlock, Range};
use crate::set::BlockRef;

/// Blocks below the target whose headers are all read.
pub(crate) const LINKED_BLOCKS: u64 = 64;

/// Why no blocks came.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error(transparent)]
    Call(#[from] CallError),
    /// The block at the cursor is not in this chain any more.
    #[error("the chain went another way")]
    Reorganised,
    /// Answers do not fit each other; asked again they usually do.
    #[error("{0}")]
    Inconsistent(String),
}

fn inconsistent(reason: impl Into<String>) -> FetchError {
    FetchError::Inconsistent(reason.into())
}

/// Reads blocks with all their headers. `cursor` is the block before the first, if it was read; `head` is the newest block, as
/// it was seen a moment ago.
pub(crate) async fn linked(
    client: &Client,
    contract: Address,
    cursor: Option<BlockRef>,
    numbers: RangeInclusive<u64>,
    head: &Header,
) -> Result<Range, FetchError> {
    let (from, to) = (*numbers.start(), *numbers.end());
    let headers = headers(client, cursor, numbers, head).await?;
    let end = headers.last().map(Header::block).ok_or_else(|| inconsistent("no headers"))?;
    let logs = if from == to {
        client.logs_at(contract, end.hash).await?
    } else {
        client.logs(contract, from, to).await?
    };
    let mut by_block = by_block(logs, contract)?;
    let mut blocks = Vec::new();
    for header in &headers {
        let mut logs = by_block.remove(&header.number()).unwrap_or_default();
        if logs.is_empty() && from != to && header.may_hold_logs_of(&contract) {
            logs = client.logs_at(contract, header.hash).await?;
        }
        if let Some(stray) = logs.iter().find(|log| log.block_hash != header.hash) {
            return Err(inconsistent(format!(
                "a log of block {} has hash {}",
                header.number(),
                stray.block_hash
            )));
        }
        if !logs.is_empty() {
            blocks.push(block(header.block(), header.timestamp(), logs));
        }
    }
    match by_block.keys().next() {
        None => Ok(Range { blocks, end }),
        Some(outside) => Err(inconsistent(format!("a log of block {outside} was not asked for"))),
    }
}

/// Headers of these blocks, each the child of the one before.
async fn headers(
    client: &Client,
    cursor: Option<BlockRef>,
    numbers: RangeInclusive<u64>,
    head: &Header,
) -> Result<Vec<Header>, FetchError> {
    let mut headers: Vec<Header> = Vec::new();
    for number in numbers {
        let header = if number == head.number() { head.clone() } else { existing(client, number).await? };
        match (headers.last(), cursor) {
            (Some(parent), _) if parent.hash != header.parent_hash => {
                return Err(inconsistent(format!("block {number} is not the child of the one before")));
            }
            (None, Some(cursor)) if cursor.hash != header.parent_hash => return Err(FetchError::Reorganised),
            _ => headers.push(header),
        }
    }
    Ok(headers)
}

async fn existing(client: &Client, number: u64) -> Result<Header, FetchError> {
    let header = client.header(number).await?;
    let header =
        header.ok_or_else(|| inconsistent(format!("block {number} is below its head and absent")))?;
    if header.number() != number {
        return Err(inconsistent(format!("asked for block {number} it gave block {}", header.number())));
    }
    Ok(header)
}

/// Reads the blocks `from` to `to` far below the head.
pub(crate) async fn past(
    client: &Client,
    contract: Address,
    cursor: Option<BlockRef>,
    from: u64,
    to: u64,
) -> Result<Range, FetchError> {
    if let Some(cursor) = cursor
        && existing(client, cursor.number).await?.hash != cursor.hash
    {
        return Err(FetchError::Reorganised);
    }
    let end = existing(client, to).await?.block();
    let by_block = by_block(client.logs(contract, from, to).await?, contract)?;
    let mut blocks = Vec::new();
    for (number, logs) in by_block {
        let hash = logs.first().map_or(Root::ZERO, |log| log.block_hash);
        let at = BlockRef { number, hash };
        let fits = (from..=to).contains(&number) && logs.iter().all(|log| log.block_hash == hash);
        if !fits || (number == to && at != end) {
            return Err(inconsistent(format!("the logs of block {number} do not fit the chain")));
        }
        blocks.push(block(at, 0, logs));
    }
    Ok(Range { blocks, end })
}

/// The contract's logs by block, without those that a client marks as removed.
fn by_block(logs: Vec<RawLog>, contract: Address) -> Result<BTreeMap<u64, Vec<RawLog>>, FetchError> {
    let mut blocks: BTreeMap<u64, Vec<RawLog>> = BTreeMap::new();
    for log in logs.into_iter().filter(|log| !log.removed) {
        if log.address != contract {
            return Err(inconsistent(format!("a log of {} was not asked for", log.address)));
        }
        blocks.entry(log.block().number).or_default().push(log);
    }
    Ok(blocks)
}

/// Puts the logs of a block in order and decodes them. Logs that are none of the contract's known events are left out.
fn block(at: BlockRef, timestamp: u64, mut logs: Vec<RawLog>) -> EventBlock {
    logs.sort_by_key(RawLog::place);
    let decoded = |log: &RawLog| {
        let event = match contracts_abi::decode(&log.topics, &log.data) {
            Ok(None) => return None,
            Ok(Some(event)) => Some(event),
            Err(error) => {
                tracing::warn!(block = at.number, %error, "an undecodable registry event");
                None
            }
        };
        let topic = log.topics.first().copied().unwrap_or_default();
        Some(EventAt { index: log.place().1, topic, event })
    };
    EventBlock { block: at, timestamp, events: logs.iter().filter_map(decoded).collect() }
}

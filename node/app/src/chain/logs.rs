//! Reads the logs of any range of blocks from clients that limit the range or the number of results.

use std::ops::RangeInclusive;

use super::error::ChainError;
use super::eth::Log;

/// The largest range asked for at once.
const MAX_BLOCKS: u64 = 1 << 20;

/// All logs of a range, oldest first. `fetch` asks for the logs of some blocks, both ends included. When the client
/// refuses a range, half of it is asked for; after a range that works, twice as much. What is refused for a single block
/// is an error.
pub async fn all(
    fetch: impl AsyncFn(u64, u64) -> Result<Vec<Log>, ChainError>,
    blocks: RangeInclusive<u64>,
) -> Result<Vec<Log>, ChainError> {
    let (mut from, last) = blocks.into_inner();
    let mut size = MAX_BLOCKS;
    let mut found = Vec::new();
    while from <= last {
        let to = from.saturating_add(size.saturating_sub(1)).min(last);
        match fetch(from, to).await {
            Ok(logs) => {
                found.extend(logs.into_iter().filter(|log| !log.removed));
                size = size.saturating_mul(2).min(MAX_BLOCKS);
                from = to.saturating_add(1);
            }
            Err(ChainError::Refused { .. }) if from < to => size = (to - from).div_ceil(2),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use alloy_primitives::{B256, Bytes};

    use super::*;

    fn log(block: u64) -> Log {
        Log {
            topics: vec![B256::from(alloy_primitives::U256::from(block))],
            data: Bytes::new(),
            removed: false,
        }
    }

    fn refused() -> ChainError {
        ChainError::Refused { method: "eth_getLogs", code: -32005, message: "too much".into() }
    }

    /// A client that has a log in every third block, and gives at most `limit` blocks or logs at once.
    async fn read(blocks: RangeInclusive<u64>, limit: usize) -> (Result<Vec<Log>, ChainError>, usize) {
        let asked = RefCell::new(0);
        let fetch = async |from: u64, to: u64| {
            *asked.borrow_mut() += 1;
            assert!(from <= to && blocks.contains(&from) && blocks.contains(&to), "{from}..={to}");
            let logs: Vec<_> = (from..=to).filter(|block| block.is_multiple_of(3)).map(log).collect();
            if logs.len() > limit { Err(refused()) } else { Ok(logs) }
        };
        let found = all(fetch, blocks.clone()).await;
        let asked = *asked.borrow();
        (found, asked)
    }

    #[tokio::test]
    async fn a_limited_client_gives_the_same_logs_as_one_without_limit() {
        let (whole, asked) = read(5..=1000, usize::MAX).await;
        let topics = |logs: Vec<Log>| logs.into_iter().map(|log| log.topics).collect::<Vec<_>>();
        let whole = topics(whole.unwrap());
        assert_eq!((whole.len(), asked), (332, 1));
        for limit in [1, 2, 7, 100, 331] {
            let (parts, _) = read(5..=1000, limit).await;
            assert_eq!(topics(parts.unwrap()), whole, "{limit}");
        }
    }

    #[tokio::test]
    async fn what_is_refused_for_one_block_is_an_error() {
        let (found, asked) = read(3..=1000, 0).await;
        assert!(matches!(found, Err(ChainError::Refused { .. })));
        assert!(asked <= 12, "halving is quick: {asked}");
    }

    #[tokio::test]
    async fn an_empty_range_asks_nothing() {
        #[expect(clippy::reversed_empty_ranges, reason = "a chain that is behind the deploy block")]
        let (found, asked) = read(8..=7, 1).await;
        assert_eq!((found.unwrap().len(), asked), (0, 0));
    }

    #[tokio::test]
    async fn logs_that_a_reorganisation_took_back_do_not_count() {
        let fetch = async |_, _| Ok(vec![log(1), Log { removed: true, ..log(2) }]);
        assert_eq!(all(fetch, 0..=9).await.unwrap().len(), 1);
    }
}

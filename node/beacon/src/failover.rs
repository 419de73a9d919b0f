//! Reads: one node after the other, the first good answer wins.
//!
//! The best node is asked first. A failure moves on to the next at once; silence does so when the patience of the call is over,
//! without giving the silent node up. So a dead or slow node costs one patience, never the whole budget, and answers that come
//! from two nodes are not compared: the first that can be read is taken. A 4xx is not the end either: a node whose head is one
//! block behind refuses what the next one serves.

use crate::call::{Budget, Call};
use crate::error::{BeaconError, CallError};
use crate::node::Node;
use futures::stream::{FuturesUnordered, StreamExt};
use std::future::Future;
use std::sync::Arc;
use tokio::time::{Instant, sleep_until};

/// Asks `nodes` in their order until one gives a good answer. The list must not be empty of meaning: an empty one fails at once.
pub(crate) async fn first_good<T, F>(
    nodes: Vec<Arc<Node>>,
    call: Call,
    budget: Budget,
    ask: impl Fn(Arc<Node>, Instant) -> F,
) -> Result<(Arc<Node>, T), BeaconError>
where
    F: Future<Output = Result<T, CallError>>,
{
    let deadline = Instant::now() + budget.total;
    let mut waiting = nodes.into_iter();
    let mut under_way = FuturesUnordered::new();
    let mut attempts = Vec::new();
    let start = |node: Arc<Node>| {
        let answer = ask(Arc::clone(&node), deadline);
        async move { (node, answer.await) }
    };
    let mut patience_ends = Instant::now();
    loop {
        if under_way.is_empty() || Instant::now() >= patience_ends {
            if let Some(node) = waiting.next() {
                under_way.push(start(node));
                patience_ends = Instant::now() + budget.patience;
            } else if under_way.is_empty() {
                return Err(BeaconError::AllFailed { call, budget: budget.total, attempts });
            }
        }
        let another = waiting.len() > 0;
        tokio::select! {
            answer = under_way.next() => match answer {
                Some((node, Ok(value))) => return Ok((node, value)),
                Some((node, Err(error))) => {
                    attempts.push((node.name.clone(), error));
                    patience_ends = Instant::now();
                }
                None => {}
            },
            () = sleep_until(patience_ends), if another => {}
        }
    }
}

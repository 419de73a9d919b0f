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
    race(nodes, 1, call, budget, ask).await
}

/// As [`first_good`], but the first `at_once` nodes are asked at the same moment. Those after them are asked, one by one, when all
/// before have failed or were silent for the patience of the call. The losers are given up when there is a winner.
pub(crate) async fn race<T, F>(
    nodes: Vec<Arc<Node>>,
    at_once: usize,
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
    let mut due = at_once.max(1);
    let mut patience_ends = Instant::now();
    loop {
        for node in waiting.by_ref().take(due) {
            under_way.push(start(node));
            patience_ends = Instant::now() + budget.patience;
        }
        let another = waiting.len() > 0;
        due = tokio::select! {
            answer = under_way.next() => match answer {
                Some((node, Ok(value))) => return Ok((node, value)),
                Some((node, Err(error))) => {
                    attempts.push((node.name.clone(), error));
                    // Among racers one failure says nothing about the others.
                    usize::from(at_once <= 1 || under_way.is_empty())
                }
                None => return Err(BeaconError::AllFailed { call, budget: budget.total, attempts }),
            },
            () = sleep_until(patience_ends), if another => 1,
        };
    }
}

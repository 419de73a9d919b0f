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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::tests::node;
    use std::sync::Mutex;
    use std::time::Duration;
    use tokio::time::sleep;

    const BUDGET: Budget = Budget { total: Duration::from_secs(4), patience: Duration::from_secs(1) };

    /// What a node does: answers or fails after so many milliseconds, or is silent until the deadline.
    #[derive(Clone, Copy)]
    enum Does {
        Answer(u64),
        Fail(u64),
        Nothing,
    }
    use Does::{Answer, Fail, Nothing};

    /// Who won, who was asked and when, and how long it took: all in virtual milliseconds.
    async fn run(at_once: usize, nodes: &[Does]) -> (Option<usize>, Vec<(usize, u64)>, u64) {
        let start = Instant::now();
        let millis = || u64::try_from(start.elapsed().as_millis()).unwrap();
        let asked = Mutex::new(Vec::new());
        let ask = |node: Arc<Node>, deadline| {
            asked.lock().unwrap().push((node.id.0, millis()));
            let does = nodes[node.id.0];
            async move {
                match does {
                    Answer(after) => {
                        sleep(Duration::from_millis(after)).await;
                        Ok(())
                    }
                    Fail(after) => {
                        sleep(Duration::from_millis(after)).await;
                        Err(CallError::Busy)
                    }
                    Nothing => {
                        sleep_until(deadline).await;
                        Err(CallError::Timeout)
                    }
                }
            }
        };
        let list = (0..nodes.len()).map(node).collect();
        let winner = race(list, at_once, Call::ProduceBlock, BUDGET, ask).await;
        let winner = winner.ok().map(|(node, ())| node.id.0);
        (winner, asked.into_inner().unwrap(), millis())
    }

    #[tokio::test(start_paused = true)]
    async fn a_good_node_is_the_only_one_asked() {
        assert_eq!(run(1, &[Answer(900), Answer(1)]).await, (Some(0), vec![(0, 0)], 900));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_moves_on_at_once_and_silence_after_the_patience() {
        assert_eq!(run(1, &[Fail(30), Answer(20)]).await, (Some(1), vec![(0, 0), (1, 30)], 50));
        assert_eq!(run(1, &[Nothing, Answer(20)]).await, (Some(1), vec![(0, 0), (1, 1_000)], 1_020));
        let third = (Some(2), vec![(0, 0), (1, 1_000), (2, 1_300)], 1_305);
        assert_eq!(run(1, &[Nothing, Fail(300), Answer(5)]).await, third);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_node_may_still_win() {
        assert_eq!(run(1, &[Answer(1_500), Nothing]).await, (Some(0), vec![(0, 0), (1, 1_000)], 1_500));
    }

    #[tokio::test(start_paused = true)]
    async fn when_all_fail_or_are_silent_the_budget_is_the_end() {
        assert_eq!(run(1, &[Fail(10), Fail(10)]).await, (None, vec![(0, 0), (1, 10)], 20));
        assert_eq!(run(1, &[Nothing, Nothing]).await, (None, vec![(0, 0), (1, 1_000)], 4_000));
        assert_eq!(run(3, &[Nothing, Nothing, Nothing]).await.2, 4_000);
        assert_eq!(run(1, &[]).await, (None, vec![], 0));
    }

    #[tokio::test(start_paused = true)]
    async fn racers_start_together_and_the_others_wait_for_their_failure_or_silence() {
        let both = vec![(0, 0), (1, 0)];
        assert_eq!(run(2, &[Nothing, Answer(400), Answer(1)]).await, (Some(1), both.clone(), 400));
        let after_one_failure = run(2, &[Fail(100), Answer(400), Answer(1)]).await;
        assert_eq!(after_one_failure, (Some(1), both, 400), "one racer is left");
        let after_both = run(2, &[Fail(100), Fail(200), Answer(1)]).await;
        assert_eq!(after_both, (Some(2), vec![(0, 0), (1, 0), (2, 200)], 201));
        let after_silence = run(2, &[Nothing, Nothing, Answer(1)]).await;
        assert_eq!(after_silence, (Some(2), vec![(0, 0), (1, 0), (2, 1_000)], 1_001));
    }
}

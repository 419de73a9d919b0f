//! Reads that compare: every node is asked at once, and the caller sees all answers that came in time.
//!
//! The wait ends when nobody is left who is worth waiting for, when the caller has seen enough, or at the soft deadline if there is an
//! answer by then; with none, or with answers that are known to be behind, it goes on until a better one, and ends with the budget. A node that failed its last call is asked like the
//! others and not waited for, so that a dead node costs the soft deadline once and not in every slot.

use crate::call::{Budget, Call};
use crate::error::{BeaconError, CallError};
use crate::node::Node;
use futures::stream::{FuturesUnordered, StreamExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The answers so far, in the order of arrival.
pub(crate) type Answers<T> = Vec<(Arc<Node>, T)>;

/// What to wait for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait {
    pub call: Call,
    pub budget: Budget,
    /// From the start: after this time what is there must do.
    pub soft: Duration,
}

/// How far the answers go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing can be made of them, whatever the hour.
    TooFew,
    /// There are better ones than these: they will do only when nobody who may have better ones is left within the budget.
    Behind,
    /// They will do if no better ones come in time.
    WillDo,
    /// None can be better.
    Enough,
}

/// Asks all `nodes` at once.
///
/// # Errors
/// No answer within the budget, with every failure.
pub(crate) async fn gather<T, F>(
    nodes: Vec<Arc<Node>>,
    wait: Wait,
    ask: impl Fn(Arc<Node>, Instant) -> F,
    judge: impl Fn(&Answers<T>) -> Verdict,
) -> Result<Answers<T>, Failed<T>>
where
    F: Future<Output = Result<T, CallError>>,
{
    let start = Instant::now();
    let deadline = start + wait.budget.total;
    let soft = start + wait.soft.min(wait.budget.total);
    let with_health = |node: Arc<Node>| {
        let reliable = node.health().is_reliable();
        (node, reliable)
    };
    let mut open: Vec<(Arc<Node>, bool)> = nodes.into_iter().map(with_health).collect();
    let start_one = |(node, _): &(Arc<Node>, bool)| {
        let (node, answer) = (Arc::clone(node), ask(Arc::clone(node), deadline));
        async move { (node, answer.await) }
    };
    let mut under_way: FuturesUnordered<_> = open.iter().map(start_one).collect();
    let (mut answers, mut attempts) = (Answers::new(), Vec::new());
    loop {
        let late = Instant::now() >= soft;
        let verdict = judge(&answers);
        match verdict {
            Verdict::Enough => return Ok(answers),
            Verdict::WillDo if late || !any_reliable(&open) => {
                note_slow(&open, late.then(|| start.elapsed()));
                return Ok(answers);
            }
            Verdict::Behind if !any_reliable(&open) => return Ok(answers),
            Verdict::TooFew if open.is_empty() => return Err(Failed { answers, attempts }),
            Verdict::WillDo | Verdict::Behind | Verdict::TooFew => {}
        }
        tokio::select! {
            Some((node, answer)) = under_way.next() => {
                open.retain(|(other, _)| other.id != node.id);
                match answer {
                    Ok(value) => answers.push((node, value)),
                    Err(error) => attempts.push((node.name.clone(), error)),
                }
            }
            () = sleep_until(soft), if verdict == Verdict::WillDo => {}
        }
    }
}

/// Whether somebody is left who is worth waiting for.
fn any_reliable(open: &[(Arc<Node>, bool)]) -> bool {
    open.iter().any(|(_, reliable)| *reliable)
}

/// Those that had not answered when the others had been waited for long enough are at least this slow.
fn note_slow(open: &[(Arc<Node>, bool)], took: Option<Duration>) {
    for (node, _) in open {
        if let Some(took) = took {
            node.health().note_slow(took);
        }
    }
}

/// Too few answers.
#[derive(Debug)]
pub(crate) struct Failed<T> {
    /// Those that came.
    pub answers: Answers<T>,
    /// The nodes that failed.
    pub attempts: Vec<(crate::error::NodeName, CallError)>,
}

impl<T> Failed<T> {
    /// The error when not one answer came.
    pub fn into_error(self, wait: Wait) -> BeaconError {
        BeaconError::AllFailed { call: wait.call, budget: wait.budget.total, attempts: self.attempts }
    }
}

/// One answer will do, all are wanted.
pub(crate) fn all_if_possible<T>(answers: &Answers<T>) -> Verdict {
    if answers.is_empty() { Verdict::TooFew } else { Verdict::WillDo }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::event::NodeId;
    use crate::health::{Identity, SyncState};
    use crate::http::Http;
    use tokio::time::sleep;
    use types::Slot;

    const WAIT: Wait = Wait {
        call: Call::Liveness,
        budget: Budget { total: Duration::from_secs(4), patience: Duration::from_secs(1) },
        soft: Duration::from_millis(500),
    };

    /// A node that nobody listens at, in good health.
    pub(crate) fn node(id: usize) -> Arc<Node> {
        // The second test of a process finds it installed.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let url: url::Url = format!("http://127.0.0.1:{}", id + 1).parse().unwrap();
        let http = Http::new(&url, Duration::from_secs(1), Duration::from_secs(1)).unwrap();
        let node = Node::new(NodeId(id), crate::error::NodeName::of(&url), http);
        node.set_identity(Identity::Verified);
        node.health().sync = Some(SyncState {
            head_slot: Slot(9),
            distance: 0,
            syncing: false,
            optimistic: false,
            execution_offline: false,
        });
        Arc::new(node)
    }

    /// Answers its own number after so many milliseconds; fails where there is none, at the deadline.
    async fn after(delays: &[Option<u64>], node: Arc<Node>, deadline: Instant) -> Result<usize, CallError> {
        match delays[node.id.0] {
            Some(millis) => sleep(Duration::from_millis(millis)).await,
            None => {
                sleep_until(deadline).await;
                return Err(CallError::Timeout);
            }
        }
        Ok(node.id.0)
    }

    /// Who had answered at the end, and how long it took in virtual time.
    async fn run(
        nodes: &[Arc<Node>],
        delays: &[Option<u64>],
        judge: impl Fn(&Answers<usize>) -> Verdict,
    ) -> (Option<Vec<usize>>, Duration) {
        let start = Instant::now();
        let answers =
            gather(nodes.to_vec(), WAIT, |node, deadline| after(delays, node, deadline), judge).await;
        (answers.ok().map(|answers| answers.into_iter().map(|(_, id)| id).collect()), start.elapsed())
    }

    fn nodes(count: usize) -> Vec<Arc<Node>> {
        (0..count).map(node).collect()
    }

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_ends_with_the_last_answer() {
        let delays = [Some(30), Some(10), Some(20)];
        assert_eq!(run(&nodes(3), &delays, all_if_possible).await, (Some(vec![1, 2, 0]), millis(30)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_node_costs_the_soft_deadline_and_shows_it() {
        let nodes = nodes(2);
        assert_eq!(run(&nodes, &[None, Some(10)], all_if_possible).await, (Some(vec![1]), WAIT.soft));
        assert_eq!(nodes[0].health().latency_micros, Some(500_000));
        assert_eq!(nodes[1].health().latency_micros, None, "an answer is measured where it is read");
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_known_to_fail_is_asked_and_not_waited_for() {
        let nodes = nodes(2);
        nodes[0].health().note_failure("gone".into());
        assert_eq!(run(&nodes, &[None, Some(10)], all_if_possible).await, (Some(vec![1]), millis(10)));
        assert_eq!(run(&nodes, &[Some(5), Some(10)], all_if_possible).await, (Some(vec![0, 1]), millis(10)));
    }

    #[tokio::test(start_paused = true)]
    async fn answers_that_are_behind_do_when_nobody_is_left_to_wait_for() {
        // Node 0 is behind: an answer of it alone is not enough.
        let judge = |answers: &Answers<usize>| match answers.iter().any(|(_, id)| *id != 0) {
            true => Verdict::WillDo,
            false if answers.is_empty() => Verdict::TooFew,
            false => Verdict::Behind,
        };
        assert_eq!(run(&nodes(2), &[Some(5), Some(900)], judge).await, (Some(vec![0, 1]), millis(900)));
        assert_eq!(run(&nodes(2), &[Some(5), None], judge).await, (Some(vec![0]), WAIT.budget.total));
        let nodes = nodes(2);
        nodes[1].health().note_failure("gone".into());
        assert_eq!(run(&nodes, &[Some(5), None], judge).await, (Some(vec![0]), millis(5)));
    }

    #[tokio::test(start_paused = true)]
    async fn with_nothing_by_the_soft_deadline_the_first_answer_is_taken() {
        let delays = [None, Some(700), Some(900)];
        assert_eq!(run(&nodes(3), &delays, all_if_possible).await, (Some(vec![1]), millis(700)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_caller_may_have_enough_or_never() {
        let enough = |answers: &Answers<usize>| match answers.len() {
            0 | 1 => Verdict::TooFew,
            _ => Verdict::Enough,
        };
        assert_eq!(
            run(&nodes(3), &[Some(10), None, Some(600)], enough).await,
            (Some(vec![0, 2]), millis(600))
        );
        assert_eq!(run(&nodes(2), &[Some(10), None], enough).await, (None, WAIT.budget.total));
        let never = |_: &Answers<usize>| Verdict::TooFew;
        assert_eq!(run(&nodes(2), &[Some(10), Some(20)], never).await, (None, millis(20)), "nobody is left");
    }

    #[tokio::test(start_paused = true)]
    async fn when_all_are_silent_the_budget_is_the_end() {
        assert_eq!(run(&nodes(2), &[None, None], all_if_possible).await, (None, WAIT.budget.total));
    }
}

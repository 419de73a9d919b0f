//! Reads that compare: every node is asked at once, and the caller sees all answers that came in time.
//!
//! The wait ends when nobody is left who is worth waiting for, when the caller has seen enough, or at the soft deadline if there is an
//! answer by then; with none it goes on until the first, and ends with the budget. A node that failed its last call is asked like the
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
    let mut open: Vec<(Arc<Node>, bool)> = nodes
        .into_iter()
        .map(|node| {
            let reliable = node.health().is_reliable();
            (node, reliable)
        })
        .collect();
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
            Verdict::WillDo if late || !open.iter().any(|(_, reliable)| *reliable) => {
                note_slow(&open, late.then(|| start.elapsed()));
                return Ok(answers);
            }
            Verdict::TooFew if open.is_empty() => return Err(Failed { answers, attempts }),
            Verdict::WillDo | Verdict::TooFew => {}
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

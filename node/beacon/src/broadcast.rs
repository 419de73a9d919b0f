//! Submissions: to every node at once, the first that accepts everything wins.
//!
//! Each node is served by a task of its own, so that the others still get their copy after the first has accepted; none lives
//! longer than the call's budget. A connection that breaks is tried again within the budget (signed objects may be sent twice:
//! a node that has one answers 200 or says so). When no node accepts the whole batch, an item counts as refused only if every
//! node that looked at the items refused it.

use crate::call::{Budget, Call};
use crate::error::{BeaconError, CallError, ItemFailure, NodeName};
use crate::http::Request;
use crate::node::Node;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a batch can be accepted in part"]
pub struct Submission {
    /// The node whose answer this is.
    pub node: NodeName,
    /// The items that no node accepted; empty when one node accepted all.
    pub refused: Vec<ItemFailure>,
}

/// Makes the same request in JSON, for a node that does not take SSZ; `None` if that cannot be done.
pub(crate) type InJson = Box<dyn Fn() -> Option<Request> + Send + Sync>;

/// A request, and what to send instead to a node that does not take its encoding (415).
pub(crate) struct Sending {
    request: Request,
    in_json: Option<InJson>,
}

impl From<Request> for Sending {
    fn from(request: Request) -> Self {
        Self { request, in_json: None }
    }
}

impl Sending {
    pub fn or_in_json(request: Request, in_json: InJson) -> Self {
        Self { request, in_json: Some(in_json) }
    }
}

/// Sends `request` to all `nodes`.
pub(crate) async fn to_all(
    nodes: Vec<Arc<Node>>,
    call: Call,
    budget: Budget,
    request: Sending,
) -> Result<Submission, BeaconError> {
    let deadline = Instant::now() + budget.total;
    let request = Arc::new(request);
    let (tell, mut outcomes) = mpsc::channel(nodes.len().max(1));
    for node in nodes {
        let (tell, request) = (tell.clone(), Arc::clone(&request));
        tokio::spawn(async move {
            let outcome = submit(&node, call, &request, budget, deadline).await;
            // The caller is gone when another node was faster: nobody is left to tell.
            let _ = tell.try_send((node.name.clone(), outcome));
        });
    }
    drop(tell);
    let mut attempts = Vec::new();
    while let Some((node, outcome)) = outcomes.recv().await {
        match outcome {
            Ok(()) => return Ok(Submission { node, refused: Vec::new() }),
            Err(error) => attempts.push((node, error)),
        }
    }
    match refused_by_all(&attempts).filter(|_| call.is_itemwise()) {
        Some((node, refused)) => Ok(Submission { node, refused }),
        None => Err(BeaconError::AllFailed { call, budget: budget.total, attempts }),
    }
}

async fn submit(
    node: &Node,
    call: Call,
    sending: &Sending,
    budget: Budget,
    deadline: Instant,
) -> Result<(), CallError> {
    let mut in_json = None;
    loop {
        let request = in_json.as_ref().unwrap_or(&sending.request);
        let outcome = node.ask(call, request, deadline, |reply| Ok(reply.merely_accepted)).await;
        match outcome {
            Ok(false) => return Ok(()),
            Ok(true) => {
                tracing::warn!(node = %node.name, %call, "the beacon node passed it on without taking it in (202)");
                return Ok(());
            }
            Err(error) if error.is_transport() && Instant::now() + budget.patience < deadline => {
                sleep(budget.patience).await;
            }
            Err(error) => {
                // Only once: whoever refuses JSON too gets nothing more.
                let another = if in_json.is_none() && error.is_unsupported_encoding() {
                    sending.in_json.as_ref().and_then(|encode| encode())
                } else {
                    None
                };
                match another {
                    Some(request) => in_json = Some(request),
                    None => return Err(error),
                }
            }
        }
    }
}

/// The items that every node with an item list refused, with the reasons of the first; `None` when no node gave a list.
fn refused_by_all(attempts: &[(NodeName, CallError)]) -> Option<(NodeName, Vec<ItemFailure>)> {
    let mut lists = attempts.iter().filter_map(|(node, error)| match error {
        CallError::Status { failures, .. } if !failures.is_empty() => Some((node, failures)),
        CallError::Status { .. }
        | CallError::Timeout
        | CallError::Connect(_)
        | CallError::Broken(_)
        | CallError::TooLarge { .. }
        | CallError::Malformed(_)
        | CallError::Outvoted { .. }
        | CallError::Busy
        | CallError::AnotherChain => None,
    });
    let (node, first) = lists.next()?;
    let mut refused = first.clone();
    for (_, other) in lists {
        refused.retain(|item| other.iter().any(|candidate| candidate.index == item.index));
    }
    Some((node.clone(), refused))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(node: &str, items: &[usize]) -> (NodeName, CallError) {
        let failures = items.iter().map(|&index| ItemFailure { index, message: format!("{node} says no") });
        let error = CallError::Status { status: 400, message: String::new(), failures: failures.collect() };
        (NodeName::of(&format!("http://{node}").parse().unwrap()), error)
    }

    #[test]
    fn an_item_is_refused_when_every_node_with_a_list_refuses_it() {
        let (a, b) = (refusal("a", &[1, 3]), refusal("b", &[3, 4]));
        let dead = (a.0.clone(), CallError::Timeout);
        let (node, refused) = refused_by_all(&[dead.clone(), a, b]).unwrap();
        assert_eq!(node.as_str(), "http://a");
        assert_eq!(refused, [ItemFailure { index: 3, message: "a says no".into() }]);
        assert_eq!(refused_by_all(&[dead]), None);
    }
}

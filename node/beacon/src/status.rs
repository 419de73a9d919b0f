//! The condition of the beacon nodes as it is shown.

use crate::error::NodeName;
use crate::node::Node;
use crate::score::Score;
use crate::witness::ClockOffset;
use types::Slot;

/// All nodes, in the order in which they would be asked now; those that are never asked come last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// One entry per configured node.
    pub nodes: Vec<NodeStatus>,
    /// Events dropped because the conductor did not keep up.
    pub events_dropped: u64,
}

/// One node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeStatus {
    /// Scheme, host and port.
    pub name: NodeName,
    /// Its name of itself, once it has answered.
    pub version: Option<String>,
    /// Why it cannot serve duties now; `None` when it can.
    pub not_ready_because: Option<String>,
    /// The newest head seen at it.
    pub head_slot: Option<Slot>,
    /// It reports to be syncing; `None` while unknown.
    pub syncing: Option<bool>,
    /// Its execution client is offline or has not verified the head.
    pub optimistic: bool,
    /// Smoothed time of small calls, in microseconds.
    pub latency_micros: Option<u64>,
    /// Share of its last calls that failed through its fault, in thousandths.
    pub failed_permille: u64,
    /// How far it is from a perfect node; the lowest is asked first. `None` while it is not known to be on our chain.
    pub score: Option<Score>,
    /// How far our clock is ahead of this node's, once enough of its answers were dated.
    pub clock: Option<ClockOffset>,
}

impl NodeStatus {
    pub(crate) fn of(node: &Node, best_head: Option<Slot>) -> Self {
        let score = node.score(best_head);
        let health = node.health();
        Self {
            name: node.name.clone(),
            version: health.version.clone(),
            not_ready_because: health.why_not_ready(),
            head_slot: health.head_slot,
            syncing: health.sync.map(|sync| !sync.is_synced()),
            optimistic: health.sync.is_some_and(|sync| sync.optimistic || sync.execution_offline),
            latency_micros: health.latency_micros,
            failed_permille: health.failed_permille,
            score: health.is_usable().then_some(score),
            clock: node.http.clock_offset(),
        }
    }
}

impl Status {
    /// Whether at least one node can serve duties now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.nodes.iter().any(|node| node.not_ready_because.is_none())
    }

    /// The newest head of all nodes.
    #[must_use]
    pub fn head_slot(&self) -> Option<Slot> {
        self.nodes.iter().filter_map(|node| node.head_slot).max()
    }
}

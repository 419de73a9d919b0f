//! What is known about one node's condition, and the order in which nodes are asked.
//!
//! Order, most telling first: verified before unverified is not a matter of order (an unverified node is never asked); then
//! 1. synced, before optimistic or without execution client, before syncing;
//! 2. head no more than one slot behind the best head seen (a node that is one slot behind for a moment is not worse);
//! 3. fewer failures in a row, counted to three;
//! 4. faster, in steps of a factor of four, so that jitter does not make the order flap;
//! 5. configured earlier.

use crate::error::ChainError;
use std::time::Duration;
use types::Slot;

/// Whether the node is on our chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Not reached yet, or not since it was lost.
    Unverified,
    /// Genesis and configuration are ours.
    Verified,
    /// On another chain: never asked, checked again from time to time.
    Refused(ChainError),
}

/// `GET /eth/v1/node/syncing`, as reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncState {
    /// The head slot.
    pub head_slot: Slot,
    /// Slots behind the clock.
    pub distance: u64,
    /// The node says it is syncing.
    pub syncing: bool,
    /// The head was not verified by an execution client.
    pub optimistic: bool,
    /// The node's execution client is offline.
    pub execution_offline: bool,
}

impl SyncState {
    /// Whether the node can serve duties. A chain that just began (head 0, at most one slot behind) counts, whatever the flag says.
    #[must_use]
    pub fn is_synced(&self) -> bool {
        !self.syncing || (self.head_slot == Slot(0) && self.distance <= 1)
    }
}

/// The condition of one node.
#[derive(Debug, Clone)]
pub struct Health {
    /// Whether it is on our chain.
    pub identity: Identity,
    /// The last answer to the syncing probe, if it has answered since it was lost.
    pub sync: Option<SyncState>,
    /// The newest head seen, by probe or event.
    pub head_slot: Option<Slot>,
    /// Its name of itself.
    pub version: Option<String>,
    /// Smoothed time of small calls, in microseconds.
    pub latency_micros: Option<u64>,
    /// Failures in a row that are the node's fault.
    pub failures: u32,
    /// The last of them, as text.
    pub last_failure: Option<String>,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            identity: Identity::Unverified,
            sync: None,
            head_slot: None,
            version: None,
            latency_micros: None,
            failures: 0,
            last_failure: None,
        }
    }
}

/// Where a node stands in the order; smaller is asked first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    tier: u8,
    lag: u64,
    failures: u32,
    latency_step: u32,
    position: usize,
}

impl Health {
    /// Whether calls may go to this node.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.identity == Identity::Verified
    }

    /// Whether it is synced on the best head known: a block that it builds is built on that.
    #[must_use]
    pub fn is_in_step(&self, best_head: Option<Slot>) -> bool {
        let synced = self.sync.is_some_and(|sync| sync.is_synced() && !sync.optimistic);
        synced && self.head_slot >= best_head
    }

    /// Whether its last word was a good one: worth waiting for.
    #[must_use]
    pub fn is_reliable(&self) -> bool {
        self.sync.is_some() && self.failures == 0
    }

    /// A small call was answered after `took`.
    pub fn note_answer(&mut self, took: Option<Duration>) {
        self.failures = 0;
        self.last_failure = None;
        if let Some(took) = took {
            self.note_slow(took);
        }
    }

    /// A small call took this long, or longer: it was not waited for any more.
    pub fn note_slow(&mut self, took: Duration) {
        let sample = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        // A quarter of the new sample: a few slots tell, one outlier does not.
        let smoothed = match self.latency_micros {
            Some(old) => old.saturating_sub(old / 4).saturating_add(sample / 4),
            None => sample,
        };
        self.latency_micros = Some(smoothed);
    }

    /// A call failed through the node's fault.
    pub fn note_failure(&mut self, why: String) {
        self.failures = self.failures.saturating_add(1);
        self.last_failure = Some(why);
    }

    /// A head was seen at this node.
    pub fn note_head(&mut self, slot: Slot) {
        self.head_slot = Some(self.head_slot.map_or(slot, |known| known.max(slot)));
    }

    /// The node's place in the order, given the best head of all nodes and its position in the configuration.
    #[must_use]
    pub fn rank(&self, best_head: Option<Slot>, position: usize) -> Rank {
        let tier = match self.sync {
            Some(sync) if !sync.is_synced() => 2,
            Some(sync) if sync.optimistic || sync.execution_offline => 1,
            Some(_) => 0,
            None => 3,
        };
        let behind = match (best_head, self.head_slot) {
            (Some(best), Some(own)) => best.0.saturating_sub(own.0),
            (Some(_), None) => u64::MAX,
            (None, _) => 0,
        };
        let lag = if behind <= 1 { 0 } else { behind };
        // log4 of the milliseconds.
        let latency_step =
            self.latency_micros.and_then(|micros| (micros / 1_000).checked_ilog2()).unwrap_or(0) / 2;
        Rank { tier, lag, failures: self.failures.min(3), latency_step, position }
    }

    /// Why the node is not ready, in one line; `None` when it is.
    #[must_use]
    pub fn why_not_ready(&self) -> Option<String> {
        match &self.identity {
            Identity::Refused(error) => return Some(error.to_string()),
            Identity::Unverified => {
                return Some(self.last_failure.clone().unwrap_or_else(|| "not reached yet".into()));
            }
            Identity::Verified => {}
        }
        if self.failures > 0 {
            return Some(self.last_failure.clone().unwrap_or_else(|| "the last call failed".into()));
        }
        match self.sync {
            None => Some("its sync state is not known yet".into()),
            Some(sync) if !sync.is_synced() => {
                Some(format!("syncing: head slot {}, {} slots behind", sync.head_slot.0, sync.distance))
            }
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn synced(head: u64) -> Health {
        let sync = SyncState {
            head_slot: Slot(head),
            distance: 0,
            syncing: false,
            optimistic: false,
            execution_offline: false,
        };
        Health {
            identity: Identity::Verified,
            sync: Some(sync),
            head_slot: Some(Slot(head)),
            ..Health::default()
        }
    }

    fn order(nodes: &[Health]) -> Vec<usize> {
        let best = nodes.iter().filter_map(|node| node.head_slot).max();
        let mut positions: Vec<usize> = (0..nodes.len()).collect();
        positions.sort_by_key(|&position| nodes[position].rank(best, position));
        positions
    }

    #[test]
    fn equals_keep_the_configured_order() {
        assert_eq!(order(&[synced(9), synced(10), synced(10)]), [0, 1, 2], "one slot behind is not worse");
    }

    #[test]
    fn sync_state_comes_before_everything_else() {
        let mut syncing = synced(10);
        syncing.sync.as_mut().unwrap().syncing = true;
        let mut optimistic = synced(10);
        optimistic.sync.as_mut().unwrap().optimistic = true;
        let mut slow_and_failing = synced(10);
        slow_and_failing.note_answer(Some(Duration::from_secs(2)));
        slow_and_failing.note_failure("timeout".into());
        assert_eq!(order(&[Health::default(), syncing, optimistic, slow_and_failing]), [3, 2, 1, 0]);
    }

    #[test]
    fn a_stale_head_comes_before_failures_and_failures_before_latency() {
        let stale = synced(5);
        let mut failing = synced(10);
        failing.note_failure("x".into());
        let mut slow = synced(10);
        slow.note_answer(Some(Duration::from_millis(900)));
        assert_eq!(order(&[stale, failing, slow, synced(10)]), [3, 2, 1, 0]);
    }

    #[test]
    fn small_latency_differences_do_not_change_the_order() {
        let mut first = synced(10);
        first.note_answer(Some(Duration::from_millis(7)));
        let mut second = synced(10);
        second.note_answer(Some(Duration::from_millis(4)));
        assert_eq!(order(&[first, second]), [0, 1]);
    }

    #[test]
    fn a_chain_that_just_began_is_synced() {
        let mut node = synced(0);
        node.sync.as_mut().unwrap().syncing = true;
        node.sync.as_mut().unwrap().distance = 1;
        assert_eq!(node.why_not_ready(), None);
        node.sync.as_mut().unwrap().distance = 2;
        assert_eq!(node.why_not_ready().unwrap(), "syncing: head slot 0, 2 slots behind");
    }

    #[test]
    fn an_answer_clears_failures_and_smooths_latency() {
        let mut node = synced(1);
        node.note_answer(Some(Duration::from_micros(1_000)));
        node.note_failure("gone".into());
        assert_eq!(node.why_not_ready().unwrap(), "gone");
        node.note_answer(Some(Duration::from_micros(5_000)));
        assert_eq!((node.failures, node.latency_micros), (0, Some(2_000)));
    }
}

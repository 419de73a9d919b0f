//! What is known about one node's condition. What it is worth is `score`'s.

use crate::error::ChainError;
use std::time::{Duration, Instant};
use types::Slot;

/// Slots behind the clock beyond which a node was cut off; so many empty slots in a row are rare. As in the reference's health check.
pub(crate) const FAR_BEHIND: u64 = 4;

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
    /// When it said last that it was far behind the clock.
    pub behind_at: Option<Instant>,
    /// Its name of itself.
    pub version: Option<String>,
    /// Smoothed time of small calls, in microseconds.
    pub latency_micros: Option<u64>,
    /// Failures in a row that are the node's fault.
    pub failures: u32,
    /// Share of such failures among its calls, in thousandths; a call weighs an eighth, so the last dozen or two count.
    pub failed_permille: u64,
    /// The last of them, as text.
    pub last_failure: Option<String>,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            identity: Identity::Unverified,
            sync: None,
            head_slot: None,
            behind_at: None,
            version: None,
            latency_micros: None,
            failures: 0,
            failed_permille: 0,
            last_failure: None,
        }
    }
}

impl Health {
    /// Whether calls may go to this node.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.identity == Identity::Verified
    }

    /// Whether it did not answer when it was looked at last: on our chain then, and who knows now.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.is_usable() && self.sync.is_none()
    }

    /// Whether it is synced on the best head known: a block that it builds is built on that.
    #[must_use]
    pub fn is_in_step(&self, best_head: Option<Slot>) -> bool {
        let synced = self.sync.is_some_and(|sync| sync.is_synced() && !sync.optimistic);
        synced && self.head_slot >= best_head
    }

    /// Whether it was not far behind for this long: what has been going on meanwhile it has heard, so that a block of its holds what others
    /// would put into theirs.
    #[must_use]
    pub fn has_kept_up(&self, now: Instant, long: Duration) -> bool {
        self.behind_at.is_none_or(|at| now.saturating_duration_since(at) >= long)
    }

    /// It answered the syncing probe. After a restart on a shorter chain the head may go back.
    pub fn note_sync(&mut self, sync: SyncState, now: Instant) {
        self.sync = Some(sync);
        self.head_slot = Some(sync.head_slot);
        if sync.distance > FAR_BEHIND {
            self.behind_at = Some(now);
        }
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
        self.failed_permille = self.failed_permille.saturating_sub(self.failed_permille / 8);
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
        let faded = self.failed_permille.saturating_sub(self.failed_permille / 8);
        self.failed_permille = faded.saturating_add(125);
        self.last_failure = Some(why);
    }

    /// A head was seen at this node.
    pub fn note_head(&mut self, slot: Slot) {
        self.head_slot = Some(self.head_slot.map_or(slot, |known| known.max(slot)));
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
pub(crate) mod tests {
    use super::*;

    pub(crate) fn synced(head: u64) -> Health {
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
            behind_at: None,
            ..Health::default()
        }
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

    #[test]
    fn failures_fade_with_good_answers() {
        let mut node = synced(1);
        let shares: Vec<u64> = (0..3)
            .map(|_| {
                node.note_failure("gone".into());
                node.failed_permille
            })
            .collect();
        assert_eq!(shares, [125, 235, 331]);
        for _ in 0..100 {
            node.note_failure("gone".into());
        }
        assert!(node.failed_permille <= 1_000, "{}", node.failed_permille);
        for _ in 0..20 {
            node.note_answer(None);
        }
        assert!(node.failed_permille < 125, "{}", node.failed_permille);
    }
}

//! One number for one node: how far it is from a perfect one. The order of asking follows it, the lowest first.
//!
//! The number is a sum of penalties, in integers. Each is capped below one unit of the row above, so that a graver fault always
//! outweighs any number of lesser ones:
//!
//! | Fault | Unit | For each | Cap |
//! |---|---|---|---|
//! | not in step | 1,000,000,000 | 1: head not verified by an execution client; 2: syncing; 3: no word from it | 3 |
//! | head age | 1,000,000 | slot behind the best head of all nodes; the first is free, as a node may lag for a moment | 499 |
//! | sync distance | 1,000,000 | slot behind the clock by its own word; the first 4 are free, as in the reference's health check | 499 |
//! | errors | 100,000 | eighth of its last calls that failed through its fault | 8 |
//! | latency | 1,000 | factor of four over a millisecond, so that jitter does not change the order | 31 |
//! | position | 1 | place in `beacon.urls`: among equals the operator's order holds | 15 |
//!
//! A node that was not found to be on our chain has no score: it is never asked.

use crate::health::Health;
use std::fmt;
use types::Slot;

const NOT_IN_STEP: u64 = 1_000_000_000;
const SLOT_BEHIND: u64 = 1_000_000;
const SLOTS_BEHIND_CAP: u64 = 499;
const FREE_HEAD_AGE: u64 = 1;
const FREE_DISTANCE: u64 = crate::health::FAR_BEHIND;
const EIGHTH_FAILED: u64 = 100_000;
const LATENCY_STEP: u64 = 1_000;

// Each row stays below a unit of the one above.
const _: () = assert!(2 * SLOTS_BEHIND_CAP * SLOT_BEHIND + 8 * EIGHTH_FAILED < NOT_IN_STEP);
const _: () = assert!(8 * EIGHTH_FAILED + 31 * LATENCY_STEP < SLOT_BEHIND);
const _: () = assert!(31 * LATENCY_STEP + 15 < EIGHTH_FAILED);
const _: () = assert!(crate::settings::MAX_NODES <= 16);

/// The penalties of a node; smaller is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(pub u64);

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Score {
    /// The score of a node in this condition, given the best head of all nodes and its place in the configuration.
    #[must_use]
    pub fn of(health: &Health, best_head: Option<Slot>, position: usize) -> Self {
        let penalties = [
            NOT_IN_STEP.saturating_mul(out_of_step(health)),
            SLOT_BEHIND.saturating_mul(head_age(health, best_head)),
            SLOT_BEHIND.saturating_mul(distance(health)),
            EIGHTH_FAILED.saturating_mul((health.failed_permille.saturating_mul(8) / 1_000).min(8)),
            LATENCY_STEP.saturating_mul(latency_steps(health)),
            u64::try_from(position).unwrap_or(u64::MAX).min(15),
        ];
        Self(penalties.into_iter().fold(0, u64::saturating_add))
    }
}

fn out_of_step(health: &Health) -> u64 {
    match health.sync {
        Some(sync) if !sync.is_synced() => 2,
        Some(sync) if sync.optimistic || sync.execution_offline => 1,
        Some(_) => 0,
        None => 3,
    }
}

fn head_age(health: &Health, best_head: Option<Slot>) -> u64 {
    let behind = match (best_head, health.head_slot) {
        (Some(best), Some(own)) => best.0.saturating_sub(own.0),
        (Some(_), None) => SLOTS_BEHIND_CAP,
        (None, _) => 0,
    };
    behind.saturating_sub(FREE_HEAD_AGE).min(SLOTS_BEHIND_CAP)
}

fn distance(health: &Health) -> u64 {
    health.sync.map_or(0, |sync| sync.distance.saturating_sub(FREE_DISTANCE).min(SLOTS_BEHIND_CAP))
}

/// log4 of the milliseconds.
fn latency_steps(health: &Health) -> u64 {
    let log2 = health.latency_micros.and_then(|micros| (micros / 1_000).checked_ilog2()).unwrap_or(0);
    u64::from(log2 / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::tests::synced;
    use std::time::Duration;

    fn order(nodes: &[Health]) -> Vec<usize> {
        let best = nodes.iter().filter_map(|node| node.head_slot).max();
        let mut positions: Vec<usize> = (0..nodes.len()).collect();
        positions.sort_by_key(|&position| Score::of(&nodes[position], best, position));
        positions
    }

    fn failing(times: usize) -> Health {
        let mut node = synced(10);
        for _ in 0..times {
            node.note_failure("x".into());
        }
        node
    }

    fn slow(millis: u64) -> Health {
        let mut node = synced(10);
        node.note_answer(Some(Duration::from_millis(millis)));
        node
    }

    #[test]
    fn the_table_is_what_is_computed() {
        let best = Some(Slot(10));
        let score = |health: &Health| Score::of(health, best, 0).0;
        assert_eq!(score(&synced(10)), 0);
        assert_eq!(Score::of(&synced(10), best, 3).0, 3);
        assert_eq!(score(&Health::default()), 3_000_000_000 + 498_000_000);
        assert_eq!(score(&synced(9)), 0, "one slot behind is not worse");
        assert_eq!(score(&synced(7)), 2_000_000);
        let mut distant = synced(10);
        distant.sync.as_mut().unwrap().distance = 6;
        assert_eq!(score(&distant), 2_000_000);
        assert_eq!(score(&failing(1)), 100_000);
        assert_eq!(score(&failing(100)), 800_000);
        assert_eq!(score(&slow(3)), 0);
        assert_eq!(score(&slow(900)), 4_000);
    }

    #[test]
    fn equals_keep_the_configured_order() {
        assert_eq!(order(&[synced(9), synced(10), synced(10)]), [0, 1, 2]);
        assert_eq!(order(&[slow(7), slow(4)]), [0, 1], "small differences of latency are none");
    }

    #[test]
    fn a_graver_fault_outweighs_all_lesser_ones() {
        let mut syncing = synced(10);
        syncing.sync.as_mut().unwrap().syncing = true;
        let mut optimistic = synced(10);
        optimistic.sync.as_mut().unwrap().optimistic = true;
        let mut wretched = failing(100);
        wretched.head_slot = Some(Slot(0));
        wretched.latency_micros = Some(u64::MAX);
        wretched.sync.as_mut().unwrap().distance = u64::MAX;
        assert_eq!(order(&[Health::default(), syncing, optimistic, wretched]), [3, 2, 1, 0]);
        let mut failing_and_slow = failing(100);
        failing_and_slow.latency_micros = Some(u64::MAX);
        assert_eq!(order(&[synced(5), failing_and_slow, slow(900), synced(10)]), [3, 2, 1, 0]);
    }

    #[test]
    fn one_failure_among_many_answers_is_forgotten() {
        let mut node = failing(1);
        node.note_answer(None);
        assert_eq!(Score::of(&node, None, 0), Score(0));
    }
}

//! What happens to a packet between two nodes: cut off, lost, or delivered after a while.
//!
//! Each pair of nodes is a line of its own length: its delay is drawn once from the configured range and is the same in both
//! directions. Jitter is drawn for each packet and added. Packets of one direction do not overtake each other, as on a real path:
//! a packet that would arrive before the one ahead of it arrives with it.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::NodeNumber;

/// What the network is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conditions {
    /// Milliseconds from node to node; each pair has one value of this range.
    pub delay_millis: RangeInclusive<u32>,
    /// At most so many milliseconds more for a packet.
    pub jitter_millis: u32,
    /// Packets lost, of a million.
    pub loss_ppm: u32,
    /// Groups that hear each other alone; a node in no group is in one with all others in none. Empty: nobody is cut off.
    pub partition: Vec<Vec<NodeNumber>>,
}

impl Default for Conditions {
    fn default() -> Self {
        Self { delay_millis: 0..=0, jitter_millis: 0, loss_ppm: 0, partition: Vec::new() }
    }
}

impl Conditions {
    /// Whether the two hear each other.
    #[must_use]
    pub fn joined(&self, one: NodeNumber, other: NodeNumber) -> bool {
        let group = |node: NodeNumber| self.partition.iter().position(|group| group.contains(&node));
        group(one) == group(other)
    }
}

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It arrives at this time.
    Arrives(Duration),
    /// The line swallowed it.
    Lost,
    /// There is no line at the moment.
    CutOff,
}

/// The lines between all nodes. Times are since the start.
#[derive(Debug)]
pub struct Links {
    seed: u64,
    chance: ChaCha8Rng,
    conditions: Conditions,
    /// The latest arrival of each direction.
    latest: HashMap<(NodeNumber, NodeNumber), Duration>,
}

impl Links {
    /// Lines with the chance of this seed.
    #[must_use]
    pub fn new(seed: u64, conditions: Conditions) -> Self {
        Self { seed, chance: ChaCha8Rng::seed_from_u64(seed), conditions, latest: HashMap::new() }
    }

    /// What the network is like now.
    #[must_use]
    pub const fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    /// Changes what the network is like for packets sent from now on.
    pub fn change(&mut self, conditions: Conditions) {
        self.conditions = conditions;
    }

    /// The length of the line between two nodes, the same in both directions.
    #[must_use]
    pub fn delay(&self, one: NodeNumber, other: NodeNumber) -> Duration {
        let (low, high) = (one.min(other).get(), one.max(other).get());
        let pair = u64::from(low) << 8 | u64::from(high);
        let mut chance = ChaCha8Rng::seed_from_u64(self.seed ^ (pair << 32));
        Duration::from_millis(chance.random_range(self.conditions.delay_millis.clone()).into())
    }

    /// Decides about a packet that was sent `now`.
    pub fn send(&mut self, from: NodeNumber, to: NodeNumber, now: Duration) -> Fate {
        if !self.conditions.joined(from, to) {
            return Fate::CutOff;
        }
        if self.chance.random_range(0..1_000_000) < self.conditions.loss_ppm {
            return Fate::Lost;
        }
        let jitter =
            Duration::from_millis(self.chance.random_range(0..=self.conditions.jitter_millis).into());
        let arrival = now + self.delay(from, to) + jitter;
        let latest = self.latest.entry((from, to)).or_default();
        *latest = arrival.max(*latest);
        Fate::Arrives(*latest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(number: u8) -> NodeNumber {
        NodeNumber::new(number).unwrap()
    }

    const NOW: Duration = Duration::from_secs(1);

    #[test]
    fn a_line_has_one_length_in_both_directions_and_lines_differ() {
        let conditions = Conditions { delay_millis: 20..=100, ..Conditions::default() };
        let links = Links::new(7, conditions);
        let mut lengths = Vec::new();
        for one in 1..=10 {
            for other in 1..one {
                let delay = links.delay(node(one), node(other));
                assert_eq!(delay, links.delay(node(other), node(one)));
                assert!((20..=100).contains(&delay.as_millis()), "{delay:?}");
                lengths.push(delay);
            }
        }
        lengths.sort_unstable();
        lengths.dedup();
        assert!(lengths.len() > 20, "45 lines have only {} lengths", lengths.len());
    }

    #[test]
    fn a_partition_cuts_between_groups_and_not_within() {
        let partition = vec![vec![node(1), node(2)], vec![node(3)]];
        let mut links = Links::new(1, Conditions { partition, ..Conditions::default() });
        let mut fate = |from, to| links.send(node(from), node(to), NOW);
        assert_eq!(fate(1, 2), Fate::Arrives(NOW));
        assert_eq!(fate(1, 3), Fate::CutOff);
        assert_eq!(fate(1, 4), Fate::CutOff);
        assert_eq!(fate(4, 3), Fate::CutOff);
        assert_eq!(fate(4, 5), Fate::Arrives(NOW));
        links.change(Conditions::default());
        assert_eq!(links.send(node(1), node(3), NOW), Fate::Arrives(NOW));
    }

    #[test]
    fn two_of_a_hundred_are_lost_and_one_seed_loses_the_same() {
        let lost = |seed| -> Vec<bool> {
            let mut links = Links::new(seed, Conditions { loss_ppm: 20_000, ..Conditions::default() });
            (0..100_000).map(|_| links.send(node(1), node(2), NOW) == Fate::Lost).collect()
        };
        let first = lost(3);
        let share = first.iter().filter(|lost| **lost).count();
        assert!((1_800..2_200).contains(&share), "{share} of 100000 lost");
        assert_eq!(first, lost(3));
        assert_ne!(first, lost(4));
    }

    #[test]
    fn packets_of_one_direction_keep_their_order() {
        let conditions = Conditions { delay_millis: 50..=50, jitter_millis: 40, ..Conditions::default() };
        let mut links = Links::new(9, conditions);
        let mut last = Duration::ZERO;
        let mut spread = false;
        for millis in 0..1_000 {
            let sent = NOW + Duration::from_millis(millis);
            let Fate::Arrives(at) = links.send(node(1), node(2), sent) else { panic!("nothing is lost") };
            assert!(at >= last && at >= sent + Duration::from_millis(50));
            assert!(at <= sent + Duration::from_millis(90));
            spread |= at > sent + Duration::from_millis(70);
            last = at;
        }
        assert!(spread, "no jitter");
    }
}

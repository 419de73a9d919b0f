//! Whom to dial next: nodes that discovery found, with what came of earlier attempts.
//!
//! Our policy, different from the Go node's: a found node is dialled at once if there is room, best first; beyond the target only one
//! that covers a subnet of ours without any peer. A failed dial waits 2 s, doubling up to 5 min; up to 30 s for a bootnode, since a
//! small network may know no other way in, and for a node on a subnet of ours that has fewer than three peers, so that a
//! committee that was cut off is together again soon. A node that opens a discovery session is there, and its wait is over. The pool holds 2048
//! nodes, the least recently seen falls out; what was not seen for 30 min is swept. Bootnodes stay: they are as many as are configured, and
//! anybody can make up 2048 others.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use libp2p::{Multiaddr, PeerId};
use lru::LruCache;

use super::relevance::{DEAD_SUBNET, SubnetCounts, relevance};
use crate::subnets::SubnetBits;

const POOL: NonZeroUsize = NonZeroUsize::new(2048).unwrap();
const LIFETIME: Duration = Duration::from_secs(30 * 60);
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);
const LONGEST_NEEDED_WAIT: Duration = Duration::from_secs(30);
/// Doublings after which every wait is at its longest.
const MAX_DOUBLINGS: u32 = 8;

/// A node as discovery describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub peer: PeerId,
    pub address: Multiaddr,
    pub subnets: SubnetBits,
    pub how: Sighting,
}

/// How a node came to our notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sighting {
    /// By the configuration.
    Bootnode,
    /// Another node told of it.
    Told,
    /// It spoke to us.
    Live,
}

#[derive(Debug)]
struct Candidate {
    address: Multiaddr,
    subnets: SubnetBits,
    failures: u32,
    /// No dial before then, after a failed one or a disagreement.
    not_before: Instant,
    /// Set while we leave the node alone for what it is, not for what became of a dial.
    rests: bool,
    seen: Instant,
}

/// How much room there is for new connections.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// Connections missing to the target.
    pub vacant: usize,
    /// Connections allowed beyond it, for peers that cover a dead subnet.
    pub overflow: usize,
}

/// The pool.
#[derive(Debug)]
pub(crate) struct Candidates {
    bootnodes: HashMap<PeerId, Candidate>,
    pool: LruCache<PeerId, Candidate>,
}

impl Candidates {
    pub(crate) fn new() -> Self {
        Self { bootnodes: HashMap::new(), pool: LruCache::new(POOL) }
    }

    fn known(&mut self, peer: &PeerId) -> Option<&mut Candidate> {
        match self.bootnodes.get_mut(peer) {
            Some(bootnode) => Some(bootnode),
            None => self.pool.get_mut(peer),
        }
    }

    /// Remembers a node. A new address forgets earlier failures.
    pub(crate) fn found(&mut self, found: Found, now: Instant) {
        if found.how == Sighting::Bootnode
            && let Some(known) = self.pool.pop(&found.peer)
        {
            self.bootnodes.insert(found.peer, known);
        }
        match self.known(&found.peer) {
            Some(known) => {
                let is_elsewhere = known.address != found.address;
                let is_back = found.how == Sighting::Live && known.failures > 0 && !known.rests;
                if is_elsewhere || is_back {
                    known.address = found.address;
                    known.failures = 0;
                    known.not_before = now;
                }
                match found.how {
                    // A bootnode's configured record tells nothing of its subnets.
                    Sighting::Bootnode => {}
                    Sighting::Told | Sighting::Live => known.subnets = found.subnets,
                }
                known.seen = now;
            }
            None => {
                let Found { peer, address, subnets, how } = found;
                let fresh =
                    Candidate { address, subnets, failures: 0, not_before: now, rests: false, seen: now };
                if how == Sighting::Bootnode {
                    self.bootnodes.insert(peer, fresh);
                } else {
                    self.pool.push(peer, fresh);
                }
            }
        }
    }

    /// The dial did not lead to a connection. `needed` says whether we need a node on these subnets.
    pub(crate) fn failed(&mut self, peer: &PeerId, now: Instant, needed: impl Fn(SubnetBits) -> bool) {
        let bootnode = self.bootnodes.contains_key(peer);
        if let Some(candidate) = self.known(peer) {
            let soon = bootnode || needed(candidate.subnets);
            let longest = if soon { LONGEST_NEEDED_WAIT } else { LONGEST_WAIT };
            let wait = FIRST_WAIT.saturating_mul(1 << candidate.failures.min(MAX_DOUBLINGS)).min(longest);
            candidate.failures = candidate.failures.saturating_add(1);
            candidate.not_before = now + wait;
        }
    }

    /// The connection stands: earlier failures are forgotten.
    pub(crate) fn connected(&mut self, peer: &PeerId) {
        if let Some(candidate) = self.known(peer) {
            candidate.failures = 0;
            candidate.rests = false;
        }
    }

    /// Leaves the node alone for a while.
    pub(crate) fn rest(&mut self, peer: &PeerId, until: Instant) {
        if let Some(candidate) = self.known(peer) {
            candidate.not_before = candidate.not_before.max(until);
            candidate.rests = true;
        }
    }

    /// Chooses whom to dial now, best first. `busy` says who is connected or being dialled already. The chosen are not offered
    /// again before the first wait is over, whatever becomes of the dial.
    pub(crate) fn choose(
        &mut self,
        now: Instant,
        room: Room,
        ours: SubnetBits,
        counts: &SubnetCounts,
        busy: impl Fn(&PeerId) -> bool,
    ) -> Vec<(PeerId, Multiaddr)> {
        let mut due: Vec<(PeerId, SubnetBits)> = self
            .bootnodes
            .iter()
            .chain(&self.pool)
            .filter(|(peer, candidate)| candidate.not_before <= now && !busy(peer))
            .map(|(peer, candidate)| (*peer, candidate.subnets))
            .collect();
        let mut counts = counts.clone();
        let mut chosen = Vec::new();
        while chosen.len() < room.vacant.saturating_add(room.overflow) {
            let best =
                due.iter().enumerate().max_by_key(|(_, (_, theirs))| relevance(ours, *theirs, &counts));
            let Some((index, (peer, theirs))) = best.map(|(index, entry)| (index, *entry)) else { break };
            if chosen.len() >= room.vacant && relevance(ours, theirs, &counts) < DEAD_SUBNET {
                break;
            }
            due.swap_remove(index);
            counts.add(theirs);
            let known = match self.bootnodes.get_mut(&peer) {
                Some(bootnode) => Some(bootnode),
                // To be chosen is not to be seen.
                None => self.pool.peek_mut(&peer),
            };
            if let Some(candidate) = known {
                candidate.not_before = now + FIRST_WAIT;
                chosen.push((peer, candidate.address.clone()));
            }
        }
        chosen
    }

    /// Forgets what was not seen for long; bootnodes stay.
    pub(crate) fn sweep(&mut self, now: Instant) {
        let stale: Vec<PeerId> = self
            .pool
            .iter()
            .filter(|(_, candidate)| now.saturating_duration_since(candidate.seen) > LIFETIME)
            .map(|(peer, _)| *peer)
            .collect();
        for peer in stale {
            self.pool.pop(&peer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subnets::tests::bits;

    fn found(subnets: &[u8]) -> Found {
        Found {
            peer: PeerId::random(),
            address: "/ip4/127.0.0.1/tcp/1".parse().unwrap(),
            subnets: bits(subnets),
            how: Sighting::Told,
        }
    }

    fn choose(pool: &mut Candidates, now: Instant, room: Room, ours: &[u8]) -> Vec<PeerId> {
        let nobody = SubnetCounts::of([]);
        pool.choose(now, room, bits(ours), &nobody, |_| false).into_iter().map(|(peer, _)| peer).collect()
    }

    #[test]
    fn the_peer_that_helps_most_is_dialled_first_and_each_choice_changes_the_need() {
        let (now, mut pool) = (Instant::now(), Candidates::new());
        let (both, first, other) = (found(&[1, 2]), found(&[1]), found(&[9]));
        for node in [&other, &first, &both] {
            pool.found(node.clone(), now);
        }
        let room = Room { vacant: 3, overflow: 0 };
        assert_eq!(choose(&mut pool, now, room, &[1, 2]), [both.peer, first.peer, other.peer]);
        assert_eq!(choose(&mut pool, now, room, &[1, 2]), []);
        assert_eq!(choose(&mut pool, now + FIRST_WAIT, room, &[1, 2]).len(), 3);
    }

    #[test]
    fn beyond_the_target_only_a_dead_subnet_justifies_a_dial() {
        let (now, mut pool) = (Instant::now(), Candidates::new());
        let (needed, unneeded) = (found(&[1]), found(&[9]));
        pool.found(needed.clone(), now);
        pool.found(unneeded, now);
        assert_eq!(choose(&mut pool, now, Room { vacant: 0, overflow: 5 }, &[1]), [needed.peer]);
    }

    #[test]
    fn failures_wait_longer_each_time_and_bootnodes_and_needed_nodes_less_long() {
        for (bootnode, needed, longest) in [(false, false, 300), (true, false, 30), (false, true, 30)] {
            let (mut now, mut pool) = (Instant::now(), Candidates::new());
            let how = if bootnode { Sighting::Bootnode } else { Sighting::Told };
            let node = Found { how, ..found(&[1]) };
            pool.found(node.clone(), now);
            let room = Room { vacant: 1, overflow: 0 };
            for attempt in 0..12 {
                pool.failed(&node.peer, now, |subnets| needed && subnets == bits(&[1]));
                let wait = Duration::from_secs((2 << attempt.min(10)).min(longest));
                assert_eq!(choose(&mut pool, now + wait - Duration::from_millis(1), room, &[1]), []);
                now += wait;
                assert_eq!(choose(&mut pool, now, room, &[1]), [node.peer]);
                now += FIRST_WAIT;
            }
        }
    }

    #[test]
    fn a_new_address_is_tried_at_once() {
        let (now, mut pool) = (Instant::now(), Candidates::new());
        let node = found(&[1]);
        pool.found(node.clone(), now);
        pool.failed(&node.peer, now, |_| false);
        pool.found(Found { address: "/ip4/127.0.0.1/tcp/2".parse().unwrap(), ..node.clone() }, now);
        assert_eq!(choose(&mut pool, now, Room { vacant: 1, overflow: 0 }, &[1]), [node.peer]);
    }

    #[test]
    fn a_node_that_speaks_is_tried_at_once_unless_it_is_left_alone() {
        let (now, mut pool) = (Instant::now(), Candidates::new());
        let (node, room) = (found(&[1]), Room { vacant: 1, overflow: 0 });
        pool.found(node.clone(), now);
        pool.failed(&node.peer, now, |_| false);
        pool.found(node.clone(), now);
        assert_eq!(choose(&mut pool, now, room, &[1]), []);
        let live = Found { how: Sighting::Live, ..node.clone() };
        pool.found(live.clone(), now);
        assert_eq!(choose(&mut pool, now, room, &[1]), [node.peer]);

        pool.failed(&node.peer, now, |_| false);
        pool.rest(&node.peer, now + Duration::from_secs(60));
        pool.found(live, now);
        assert_eq!(choose(&mut pool, now + Duration::from_secs(59), room, &[1]), []);
        assert_eq!(choose(&mut pool, now + Duration::from_secs(60), room, &[1]), [node.peer]);
    }

    #[test]
    fn old_nodes_are_swept_and_bootnodes_stay() {
        let (now, mut pool) = (Instant::now(), Candidates::new());
        let (stranger, bootnode) = (found(&[1]), Found { how: Sighting::Bootnode, ..found(&[]) });
        pool.found(stranger, now);
        pool.found(bootnode.clone(), now);
        let later = now + LIFETIME + Duration::from_secs(1);
        pool.sweep(later);
        assert_eq!(choose(&mut pool, later, Room { vacant: 9, overflow: 0 }, &[1]), [bootnode.peer]);
    }

    #[test]
    fn the_pool_is_bounded_and_bootnodes_do_not_fall_out() {
        let (now, mut pool) = (Instant::now(), Candidates::new());
        let bootnode = Found { how: Sighting::Bootnode, ..found(&[]) };
        let told_first = found(&[]);
        pool.found(bootnode.clone(), now);
        pool.found(told_first.clone(), now);
        pool.found(Found { how: Sighting::Bootnode, ..told_first.clone() }, now);
        for _ in 0..POOL.get() + 10 {
            pool.found(found(&[1]), now);
        }
        assert_eq!(pool.pool.len(), POOL.get());
        let everybody = Room { vacant: 2 * POOL.get(), overflow: 0 };
        let chosen = choose(&mut pool, now, everybody, &[]);
        assert_eq!(chosen.len(), POOL.get() + 2);
        assert!(chosen.contains(&bootnode.peer) && chosen.contains(&told_first.peer));
    }
}

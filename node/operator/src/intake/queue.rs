//! Whose message is next: peers take turns, and within a peer's messages the duties take turns.
//!
//! So a flood of one peer delays another peer's message by one message, and a flood about one committee, whoever relays it, delays the
//! messages about other committees by one message of each peer. What a message is about is read off its bytes before anything is
//! checked: a peer that lies about it harms its own turns only.
//!
//! **Bound**: a message weighs its bytes and [`BASE`]; all together weigh at most [`Bounds::total`], those of one peer
//! [`Bounds::per_peer`]. At a bound the newest message about the duty with the most goes, of the peer that is over its share, or else of
//! the peer with the most: the flood pays, not what comes beside it.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// What a message weighs beside its bytes.
const BASE: usize = 16 * 1024;

/// How much may wait.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Of all peers together.
    pub total: usize,
    /// Of one peer.
    pub per_peer: usize,
}

/// About 2,000 usual messages, 1,000 of one peer; the largest message that gossip carries still finds a place.
pub const BOUNDS: Bounds = Bounds { total: 32 * 1024 * 1024, per_peer: 16 * 1024 * 1024 };

/// Which bound was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crowd {
    /// The peer's share.
    Peer,
    /// The whole.
    All,
}

/// Items of one kind in turns, with their weight.
struct Turns<K, L> {
    lanes: HashMap<K, L>,
    order: VecDeque<K>,
}

impl<K: Eq + Hash + Clone, L: Default> Turns<K, L> {
    fn new() -> Self {
        Self { lanes: HashMap::new(), order: VecDeque::new() }
    }

    /// The lane of `key`, which takes its place at the end of the turns if it is new.
    fn lane(&mut self, key: &K) -> &mut L {
        if !self.lanes.contains_key(key) {
            self.order.push_back(key.clone());
        }
        self.lanes.entry(key.clone()).or_default()
    }

    /// Takes from the lane whose turn it is; the lane goes to the end, or away when it is empty.
    fn take<T>(&mut self, take: impl FnOnce(&mut L) -> (Option<T>, bool)) -> Option<T> {
        let key = self.order.pop_front()?;
        let (taken, is_empty) = take(self.lanes.get_mut(&key)?);
        if is_empty {
            self.lanes.remove(&key);
        } else {
            self.order.push_back(key);
        }
        taken
    }

    /// The lane that weighs most, the one whose turn is latest among equals.
    fn heaviest(&self, weight: impl Fn(&L) -> usize) -> Option<K> {
        let lanes = self.order.iter().filter_map(|key| Some((weight(self.lanes.get(key)?), key)));
        lanes.max_by_key(|(weight, _)| *weight).map(|(_, key)| key.clone())
    }

    fn forget(&mut self, key: &K) {
        self.lanes.remove(key);
        self.order.retain(|other| other != key);
    }
}

struct DutyLane<T> {
    items: VecDeque<(T, usize)>,
    weight: usize,
}

impl<T> Default for DutyLane<T> {
    fn default() -> Self {
        Self { items: VecDeque::new(), weight: 0 }
    }
}

struct PeerLane<D, T> {
    duties: Turns<D, DutyLane<T>>,
    weight: usize,
}

impl<D: Eq + Hash + Clone, T> Default for PeerLane<D, T> {
    fn default() -> Self {
        Self { duties: Turns::new(), weight: 0 }
    }
}

impl<D: Eq + Hash + Clone, T> PeerLane<D, T> {
    fn pop(&mut self) -> Option<(T, usize)> {
        let popped = self.duties.take(|lane| {
            let item = lane.items.pop_front();
            lane.weight = lane.weight.saturating_sub(item.as_ref().map_or(0, |(_, weight)| *weight));
            (item, lane.items.is_empty())
        });
        self.weight = self.weight.saturating_sub(popped.as_ref().map_or(0, |(_, weight)| *weight));
        popped
    }

    /// Gives up the newest message about the duty with the most.
    fn give_up(&mut self) -> Option<(T, usize)> {
        let duty = self.duties.heaviest(|lane| lane.weight)?;
        let lane = self.duties.lanes.get_mut(&duty)?;
        let (item, weight) = lane.items.pop_back()?;
        lane.weight = lane.weight.saturating_sub(weight);
        self.weight = self.weight.saturating_sub(weight);
        if lane.items.is_empty() {
            self.duties.forget(&duty);
        }
        Some((item, weight))
    }
}

/// A bounded queue in which peers, and the duties of each peer's messages, take turns.
pub struct FairQueue<P, D, T> {
    bounds: Bounds,
    peers: Turns<P, PeerLane<D, T>>,
    weight: usize,
}

impl<P: Eq + Hash + Clone, D: Eq + Hash + Clone, T> FairQueue<P, D, T> {
    /// An empty queue.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, peers: Turns::new(), weight: 0 }
    }

    /// Puts in a message of `len` bytes. Gives back what had to go for it, perhaps itself.
    pub fn push(&mut self, peer: &P, duty: &D, len: usize, item: T) -> Vec<(T, Crowd)> {
        let weight = len.saturating_add(BASE);
        let lane = self.peers.lane(peer);
        let of_duty = lane.duties.lane(duty);
        of_duty.items.push_back((item, weight));
        of_duty.weight = of_duty.weight.saturating_add(weight);
        lane.weight = lane.weight.saturating_add(weight);
        self.weight = self.weight.saturating_add(weight);
        let mut gone = Vec::new();
        while self.peers.lanes.get(peer).is_some_and(|lane| lane.weight > self.bounds.per_peer) {
            let Some(item) = self.give_up(peer) else { break };
            gone.push((item, Crowd::Peer));
        }
        while self.weight > self.bounds.total {
            let Some(heaviest) = self.peers.heaviest(|lane| lane.weight) else { break };
            let Some(item) = self.give_up(&heaviest) else { break };
            gone.push((item, Crowd::All));
        }
        gone
    }

    /// The message whose turn it is.
    pub fn pop(&mut self) -> Option<T> {
        let (item, weight) = self.peers.take(|lane| (lane.pop(), lane.weight == 0))?;
        self.weight = self.weight.saturating_sub(weight);
        Some(item)
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.weight == 0
    }

    fn give_up(&mut self, peer: &P) -> Option<T> {
        let lane = self.peers.lanes.get_mut(peer)?;
        let (item, weight) = lane.give_up()?;
        if lane.weight == 0 {
            self.peers.forget(peer);
        }
        self.weight = self.weight.saturating_sub(weight);
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Queue = FairQueue<&'static str, u32, u32>;

    /// Room for so many empty messages.
    fn queue(total: usize, per_peer: usize) -> Queue {
        FairQueue::new(Bounds { total: total * BASE, per_peer: per_peer * BASE })
    }

    fn drain(queue: &mut Queue) -> Vec<u32> {
        std::iter::from_fn(|| queue.pop()).collect()
    }

    #[test]
    fn a_flood_of_one_peer_delays_another_by_one_message() {
        let mut queue = queue(100, 50);
        (0..40).for_each(|n| assert!(queue.push(&"flood", &0, 0, n).is_empty()));
        queue.push(&"honest", &0, 0, 100);
        queue.push(&"honest", &0, 0, 101);
        let order = drain(&mut queue);
        assert_eq!(order[..5], [0, 100, 1, 101, 2]);
        assert_eq!(order.len(), 42);
        assert!(queue.is_empty());
    }

    #[test]
    fn fifty_flooding_peers_delay_an_honest_one_by_one_message_each() {
        const PEERS: [&str; 50] = {
            let mut names = [""; 50];
            let text = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX";
            let mut i = 0;
            while i < 50 {
                names[i] = text.split_at(i).1.split_at(1).0;
                i += 1;
            }
            names
        };
        let mut queue = queue(10_000, 200);
        for n in 0..100 {
            PEERS.iter().for_each(|peer| drop(queue.push(peer, &n, 0, n)));
        }
        queue.push(&"honest", &0, 0, 1_000);
        assert_eq!(drain(&mut queue).iter().position(|item| *item == 1_000), Some(50));
    }

    #[test]
    fn a_flood_about_one_committee_delays_another_by_one_message() {
        let mut queue = queue(100, 50);
        (0..40).for_each(|n| drop(queue.push(&"relay", &7, 0, n)));
        queue.push(&"relay", &8, 0, 100);
        queue.push(&"relay", &8, 0, 101);
        assert_eq!(drain(&mut queue)[..5], [0, 100, 1, 101, 2]);
    }

    #[test]
    fn messages_about_one_duty_keep_their_order() {
        let mut queue = queue(100, 50);
        (0..9).for_each(|n| drop(queue.push(&"peer", &(n % 2), 0, n)));
        let order = drain(&mut queue);
        let of = |rest: u32| order.iter().copied().filter(move |n| n % 2 == rest).collect::<Vec<_>>();
        assert!(of(0).is_sorted() && of(1).is_sorted());
    }

    #[test]
    fn who_is_over_its_share_loses_its_newest_about_the_duty_with_the_most() {
        let mut queue = queue(100, 4);
        queue.push(&"peer", &8, 0, 80);
        (0..3).for_each(|n| assert!(queue.push(&"peer", &7, 0, n).is_empty()));
        // The share is full: the flood about duty 7 pays for what comes, whatever it is about.
        assert_eq!(queue.push(&"peer", &7, 0, 3), [(3, Crowd::Peer)]);
        assert_eq!(queue.push(&"peer", &8, 0, 81), [(2, Crowd::Peer)]);
        assert!(queue.push(&"other", &7, 0, 200).is_empty(), "another peer's share is untouched");
        assert_eq!(drain(&mut queue), [80, 200, 0, 81, 1]);
    }

    #[test]
    fn when_all_is_full_the_peer_with_the_most_pays() {
        let mut queue = queue(6, 5);
        (0..4).for_each(|n| drop(queue.push(&"flood", &7, 0, n)));
        queue.push(&"honest", &7, 0, 100);
        queue.push(&"honest", &8, 0, 101);
        assert_eq!(queue.push(&"honest", &9, 0, 102), [(3, Crowd::All)]);
        assert_eq!(
            queue.push(&"third", &9, 0, 103),
            [(102, Crowd::All)],
            "among equals, whose turn is latest"
        );
        assert_eq!(drain(&mut queue).len(), 6);
    }

    #[test]
    fn large_messages_weigh_more() {
        let mut queue = queue(4, 3);
        assert!(queue.push(&"peer", &1, BASE, 0).is_empty());
        assert!(queue.push(&"peer", &2, 0, 1).is_empty());
        assert_eq!(queue.push(&"peer", &3, 0, 2), [(0, Crowd::Peer)]);
        assert_eq!(queue.push(&"peer", &3, 4 * BASE, 3), [(3, Crowd::Peer)], "larger than any share");
        assert_eq!(drain(&mut queue), [1, 2]);
        assert!(queue.is_empty());
        assert!(
            queue.peers.lanes.is_empty() && queue.peers.order.is_empty(),
            "nothing is kept of who is gone"
        );
    }
}

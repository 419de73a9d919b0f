//! Packets on their way, by the time of their arrival. Bounded: a packet that finds it full is dropped, as in a router.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::NodeNumber;

/// Packets on their way at once: 96 MiB of full-sized ones.
pub const CAPACITY: usize = 65_536;

/// A packet that will arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flight {
    /// When, since the start.
    pub arrives: Duration,
    /// Where.
    pub to: NodeNumber,
    /// What.
    pub packet: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    arrives: Duration,
    /// Packets that arrive at one time do so in the order in which they were sent.
    number: u64,
    to: NodeNumber,
    packet: Vec<u8>,
}

/// The queue.
#[derive(Debug)]
pub struct Queue {
    capacity: usize,
    sent: u64,
    heap: BinaryHeap<Reverse<Entry>>,
}

impl Default for Queue {
    fn default() -> Self {
        Self::with_capacity(CAPACITY)
    }
}

impl Queue {
    /// A queue of at most so many packets.
    #[must_use]
    pub const fn with_capacity(capacity: usize) -> Self {
        Self { capacity, sent: 0, heap: BinaryHeap::new() }
    }

    /// Adds a packet. False if there is no room: it is dropped.
    #[must_use]
    pub fn push(&mut self, flight: Flight) -> bool {
        if self.heap.len() >= self.capacity {
            return false;
        }
        let Flight { arrives, to, packet } = flight;
        self.heap.push(Reverse(Entry { arrives, number: self.sent, to, packet }));
        self.sent = self.sent.wrapping_add(1);
        true
    }

    /// When the next packet arrives.
    #[must_use]
    pub fn next_arrival(&self) -> Option<Duration> {
        self.heap.peek().map(|Reverse(entry)| entry.arrives)
    }

    /// Takes a packet that has arrived by `now`.
    pub fn pop(&mut self, now: Duration) -> Option<Flight> {
        if self.next_arrival()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(Entry { arrives, to, packet, .. })| Flight { arrives, to, packet })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flight(millis: u64, packet: u8) -> Flight {
        let to = NodeNumber::new(1).unwrap();
        Flight { arrives: Duration::from_millis(millis), to, packet: vec![packet] }
    }

    #[test]
    fn packets_leave_by_arrival_and_then_as_they_came() {
        let mut queue = Queue::default();
        for sent in [flight(20, 1), flight(10, 2), flight(20, 3), flight(30, 4)] {
            assert!(queue.push(sent));
        }
        let at = Duration::from_millis;
        assert_eq!(queue.pop(at(9)), None);
        assert_eq!(queue.next_arrival(), Some(at(10)));
        let order: Vec<u8> =
            std::iter::from_fn(|| queue.pop(at(20))).map(|flight| flight.packet[0]).collect();
        assert_eq!(order, [2, 1, 3]);
        assert_eq!(queue.pop(at(30)), Some(flight(30, 4)));
        assert_eq!(queue.next_arrival(), None);
    }

    #[test]
    fn a_full_queue_drops() {
        let mut queue = Queue::with_capacity(2);
        assert!(queue.push(flight(1, 1)) && queue.push(flight(1, 2)));
        assert!(!queue.push(flight(0, 3)));
        assert!(queue.pop(Duration::from_millis(1)).is_some());
        assert!(queue.push(flight(1, 4)));
    }
}

//! What waits to be taken in: messages about duties of this operator's committees before those that are only passed on.
//!
//! So whatever comes about other committees, a message of an own duty waits for no more than the one that is being judged. What a message
//! is about is a claim of whoever made it; a stranger who claims an own duty gets a turn among the peers that really have something
//! about it, as before. Of [`OWN_IN_A_ROW`] and one messages that are taken one is another committee's, if any waits: peers expect from
//! everybody on a subnet that it passes on.
//!
//! **Bound**: [`BOUNDS`] for each of the two.

use types::MessageId;

use super::queue::{BOUNDS, Crowd, FairQueue};

/// Messages about own duties that are taken before another one has its turn.
const OWN_IN_A_ROW: u8 = 3;

/// The peer's id as bytes, and what the message says it is about.
type Lanes<T> = FairQueue<Vec<u8>, Option<MessageId>, T>;

/// A message's place in line.
pub(super) struct Place<'a> {
    /// Who forwarded it.
    pub peer: &'a [u8],
    /// What it says it is about.
    pub about: Option<MessageId>,
    /// Whether that is a duty of ours.
    pub is_own: bool,
    /// Its length in bytes.
    pub len: usize,
}

/// The messages that wait.
pub(super) struct Waiting<T> {
    own: Lanes<T>,
    others: Lanes<T>,
    own_in_a_row: u8,
}

impl<T> Waiting<T> {
    pub(super) fn new() -> Self {
        Self { own: FairQueue::new(BOUNDS), others: FairQueue::new(BOUNDS), own_in_a_row: 0 }
    }

    /// Puts in a message. Gives back what had to go for it, perhaps itself.
    pub(super) fn push(&mut self, place: &Place<'_>, item: T) -> Vec<(T, Crowd)> {
        let lanes = if place.is_own { &mut self.own } else { &mut self.others };
        lanes.push(&place.peer.to_vec(), &place.about, place.len, item)
    }

    /// The message whose turn it is.
    pub(super) fn pop(&mut self) -> Option<T> {
        if self.own_in_a_row < OWN_IN_A_ROW
            && let Some(own) = self.own.pop()
        {
            self.own_in_a_row = self.own_in_a_row.saturating_add(1);
            return Some(own);
        }
        self.own_in_a_row = 0;
        self.others.pop().or_else(|| self.own.pop())
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.own.is_empty() && self.others.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(waiting: &mut Waiting<u32>, is_own: bool, items: impl Iterator<Item = u32>) {
        for item in items {
            let place = Place { peer: b"peer", about: None, is_own, len: 0 };
            assert!(waiting.push(&place, item).is_empty());
        }
    }

    fn drain(waiting: &mut Waiting<u32>) -> Vec<u32> {
        std::iter::from_fn(|| waiting.pop()).collect()
    }

    #[test]
    fn an_own_duty_is_next_however_much_else_waits() {
        let mut waiting = Waiting::new();
        put(&mut waiting, false, 0..1_000);
        assert_eq!(waiting.pop(), Some(0));
        put(&mut waiting, true, 2_000..2_001);
        assert_eq!(waiting.pop(), Some(2_000));
        assert_eq!(drain(&mut waiting), (1..1_000).collect::<Vec<_>>());
        assert!(waiting.is_empty());
    }

    #[test]
    fn many_about_own_duties_do_not_end_the_passing_on() {
        let mut waiting = Waiting::new();
        put(&mut waiting, true, 0..7);
        put(&mut waiting, false, 100..102);
        assert_eq!(drain(&mut waiting), [0, 1, 2, 100, 3, 4, 5, 101, 6]);
        put(&mut waiting, true, 0..5);
        assert_eq!(drain(&mut waiting), [0, 1, 2, 3, 4], "nobody else waits");
    }

    #[test]
    fn a_flood_about_others_takes_no_place_from_an_own_duty() {
        let mut waiting = Waiting::new();
        let one = |is_own| Place { peer: b"flood", about: None, is_own, len: 1024 * 1024 };
        let turned_away: usize = (0..64).map(|item| waiting.push(&one(false), item).len()).sum();
        assert!(turned_away > 0, "its share is full");
        assert!(waiting.push(&one(true), 100).is_empty());
        assert_eq!(waiting.pop(), Some(100));
    }
}

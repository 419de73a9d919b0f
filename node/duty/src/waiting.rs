//! Messages that came a little too early: kept, and offered again when the state has changed.
//!
//! Gossip does not order messages: a prepare often overtakes its proposal, and a fast peer finishes consensus before this
//! node began. The reference refuses such messages with a code that means "not yet" (57, 55, 2, 43, 44, 47); here
//! they wait inside the machine.
//!
//! **Bound**: [`CAPACITY`] messages a duty. Beyond it the newest is dropped and counted: an honest committee of 13 sends at most
//! four consensus messages a round and one bundle each, so only a flood gets there.

use std::collections::VecDeque;

use types::SignedSsvMessage;

/// How many messages wait for one duty.
pub(crate) const CAPACITY: usize = 128;

/// The waiting messages of one duty, in arrival order.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    messages: VecDeque<SignedSsvMessage>,
    dropped: u64,
}

impl Waiting {
    /// Keeps a message; false if there is no place.
    pub(crate) fn keep(&mut self, message: SignedSsvMessage) -> bool {
        if self.messages.len() >= CAPACITY {
            self.dropped = self.dropped.saturating_add(1);
            return false;
        }
        self.messages.push_back(message);
        true
    }

    /// Takes everything out, in arrival order.
    pub(crate) fn take(&mut self) -> VecDeque<SignedSsvMessage> {
        std::mem::take(&mut self.messages)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Messages dropped for want of a place.
    pub(crate) const fn dropped(&self) -> u64 {
        self.dropped
    }
}

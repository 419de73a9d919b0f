//! Messages that came a little too early: kept, and offered again when the state has changed.
//!
//! Gossip does not order messages: a prepare often overtakes its proposal, and a fast peer finishes consensus before this
//! node began. The reference refuses such messages with a code that means "not yet" (57, 55, 2, 43, 44, 47); here
//! they wait inside the machine.
//!
//! **Bound**: [`CAPACITY`] messages and [`CAPACITY_BYTES`] a duty. Beyond either the newest is dropped and counted: an honest
//! committee of 13 sends at most four consensus messages a round and one bundle each, all of them small, so only a flood
//! gets there.

use std::collections::VecDeque;

use types::{RefusalCode, SignedSsvMessage};

use crate::refusal::Refusal;

/// How many messages wait for one duty.
pub(crate) const CAPACITY: usize = 128;
/// How many bytes of payload wait for one duty: some bundles of the largest size that Alan allows (1,512 signatures are
/// 218 kB), and all consensus messages there are.
pub(crate) const CAPACITY_BYTES: usize = 4 << 20;

/// The waiting messages of one duty, in arrival order.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    messages: VecDeque<SignedSsvMessage>,
    bytes: usize,
    dropped: u64,
}

impl Waiting {
    /// Keeps a refused message if it may fit later. Before the own start, 4 means "not yet".
    pub(crate) fn keep_if_early(&mut self, message: SignedSsvMessage, refusal: &Refusal, begun: bool) {
        let not_begun = !begun && refusal.code() == Some(RefusalCode::NoRunningDuty);
        if not_begun || refusal.is_retryable() {
            self.keep(message);
        }
    }

    /// Keeps a message; false if there is no place.
    fn keep(&mut self, message: SignedSsvMessage) -> bool {
        let bytes = self.bytes.saturating_add(payload(&message));
        if self.messages.len() >= CAPACITY || bytes > CAPACITY_BYTES {
            self.dropped = self.dropped.saturating_add(1);
            return false;
        }
        self.bytes = bytes;
        self.messages.push_back(message);
        true
    }

    /// Takes everything out, in arrival order.
    pub(crate) fn take(&mut self) -> VecDeque<SignedSsvMessage> {
        self.bytes = 0;
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

fn payload(message: &SignedSsvMessage) -> usize {
    message.ssv_message.data.len().saturating_add(message.full_data.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::{ByteList, List, MessageId, MsgType, OperatorId, SsvMessage};

    fn message(full_data: usize) -> SignedSsvMessage {
        let data = ByteList::new(vec![1]).unwrap();
        SignedSsvMessage {
            signatures: List::empty(),
            operator_ids: List::new(vec![OperatorId(1)]).unwrap(),
            ssv_message: SsvMessage { msg_type: MsgType::Consensus, msg_id: MessageId([0; 56]), data },
            full_data: ByteList::new(vec![0; full_data]).unwrap(),
        }
    }

    #[test]
    fn the_newest_is_dropped_and_counted() {
        let mut waiting = Waiting::default();
        assert!((0..CAPACITY).all(|_| waiting.keep(message(0))));
        assert!(!waiting.keep(message(0)));
        assert_eq!((waiting.take().len(), waiting.dropped()), (CAPACITY, 1));
    }

    #[test]
    fn large_messages_do_not_fill_the_memory() {
        let mut waiting = Waiting::default();
        // Each carries one byte beside its full data.
        assert!(waiting.keep(message(CAPACITY_BYTES - 2)));
        assert!(waiting.keep(message(0)));
        assert!(!waiting.keep(message(0)));
        waiting.take();
        assert!(waiting.keep(message(CAPACITY_BYTES - 1)));
        assert!(!waiting.keep(message(0)));
    }
}

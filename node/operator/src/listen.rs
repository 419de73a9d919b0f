//! What the beacon nodes tell unasked: heads start duties, and reorganisations make them be asked for again.

use std::sync::Arc;

use beacon::{BeaconEvent, EventKind};
use tokio::sync::{Notify, mpsc, watch};
use types::Slot;

use crate::book::DutyBook;
use crate::clock::SlotClock;
use crate::schedule::SeenHead;

/// The task that listens.
pub(crate) struct Listener {
    pub clock: Arc<SlotClock>,
    pub book: Arc<DutyBook>,
    pub bell: Arc<Notify>,
    pub heads: watch::Sender<Option<SeenHead>>,
}

impl Listener {
    /// Runs until the event streams end.
    pub(crate) async fn run(self, mut events: mpsc::Receiver<BeaconEvent>) {
        while let Some(event) = events.recv().await {
            match event.kind {
                EventKind::Head(head) => {
                    if head.execution_optimistic {
                        tracing::debug!(slot = %head.slot, "the head is not verified by an execution client");
                        continue;
                    }
                    let now = self.clock.slot();
                    if is_of_the_future(head.slot, now) {
                        tracing::warn!(slot = %head.slot, %now, node = ?event.node, "a beacon node tells of a head of the future: its clock or ours is wrong");
                        continue;
                    }
                    let seen = SeenHead {
                        slot: head.slot,
                        block: head.block,
                        first_byte_unix_micros: event.first_byte_unix_micros,
                        teller: Some(event.node),
                    };
                    // The first head of a slot starts its duties; a second one does not start them again.
                    self.heads.send_if_modified(|newest| {
                        let news = is_news(newest.map(|head| head.slot), seen.slot, now);
                        if news {
                            *newest = Some(seen);
                        }
                        news
                    });
                    let stale = self.book.mark_stale(self.clock.rules().network.epoch_of(head.slot), &head);
                    if !stale.is_empty() {
                        tracing::info!(epochs = ?stale, "the chain reorganised under the duties of an epoch; asking again");
                        self.bell.notify_one();
                    }
                }
                EventKind::Reorg(reorg) => {
                    tracing::info!(slot = %reorg.slot, depth = reorg.depth, "the chain reorganised");
                }
                EventKind::Finalized(finalized) => tracing::info!(epoch = %finalized.epoch, "finalized"),
            }
        }
    }
}

/// Peers' clocks, and so blocks, may be a little ahead of ours; a whole slot is more than a little.
fn is_of_the_future(head: Slot, now: Slot) -> bool {
    head > now.next()
}

/// Whether a head is newer than the newest one. One that is of the future (our clock was set back) is no measure.
fn is_news(newest: Option<Slot>, head: Slot, now: Slot) -> bool {
    newest.is_none_or(|newest| head > newest || is_of_the_future(newest, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_of_the_future_is_not_believed() {
        assert!(!is_of_the_future(Slot(8), Slot(9)));
        assert!(!is_of_the_future(Slot(10), Slot(9)));
        assert!(is_of_the_future(Slot(11), Slot(9)));
        assert!(is_of_the_future(Slot(u64::MAX), Slot(9)));
    }

    #[test]
    fn late_and_repeated_heads_are_no_news() {
        assert!(is_news(None, Slot(0), Slot(0)));
        assert!(is_news(Some(Slot(8)), Slot(9), Slot(9)));
        assert!(!is_news(Some(Slot(9)), Slot(9), Slot(9)), "the same slot again, after a reorganisation");
        assert!(!is_news(Some(Slot(9)), Slot(8), Slot(9)), "a node that is late");
        assert!(is_news(Some(Slot(300)), Slot(9), Slot(9)), "the clock was set back");
    }
}

//! What the beacon nodes tell unasked: heads start duties, and reorganisations make them be asked for again.

use std::sync::Arc;

use beacon::{BeaconEvent, EventKind};
use tokio::sync::{Notify, mpsc, watch};

use crate::book::DutyBook;
use crate::clock::SlotClock;
use crate::duties::drop_stale;
use crate::schedule::SeenHead;

/// The task that listens.
pub(crate) struct Listener {
    pub clock: Arc<SlotClock>,
    pub book: Arc<DutyBook>,
    pub bell: Arc<Notify>,
    pub heads: watch::Sender<SeenHead>,
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
                    let seen = SeenHead {
                        slot: head.slot,
                        first_byte_unix_micros: event.first_byte_unix_micros,
                        teller: Some(event.node),
                    };
                    // The first head of a slot starts its duties; a second one does not start them again.
                    self.heads.send_if_modified(|newest| {
                        let newer = seen.slot > newest.slot;
                        if newer {
                            *newest = seen;
                        }
                        newer
                    });
                    if drop_stale(&self.book, self.clock.rules().network.epoch_of(head.slot), &head) {
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

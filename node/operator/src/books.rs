//! Copies of the ledger into the journal, off the paths of duties.
//!
//! **Bound**: [`QUEUE`] committees' duties wait to be written; beyond it a write is left out and counted. The next write of the same duty
//! brings the journal up to date; a lost last one costs that record, as the journal may.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use outbox::DutyLog;
use tokio::sync::{mpsc, oneshot};
use types::{CommitteeId, Slot};

use crate::ledger::Ledger;

/// Writes that wait.
const QUEUE: usize = 4096;
/// Duties written in one commit.
const BATCH: usize = 64;

/// What comes to the task that writes.
enum Order {
    /// These records.
    Write(Slot, CommitteeId),
    /// Say so when everything before is written.
    Flush(oneshot::Sender<()>),
}

/// The way to the task that writes.
#[derive(Clone)]
pub(crate) struct Books {
    sender: mpsc::Sender<Order>,
    left_out: Arc<AtomicU64>,
}

impl Books {
    /// Starts the task; it ends with the last of the returned handles.
    pub(crate) fn start(ledger: Arc<Ledger>, log: DutyLog) -> Self {
        let (sender, mut orders) = mpsc::channel(QUEUE);
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(BATCH);
            while orders.recv_many(&mut batch, BATCH).await > 0 {
                let (mut records, mut waiting) = (Vec::new(), Vec::new());
                for order in batch.drain(..) {
                    match order {
                        Order::Write(slot, committee) => records.extend(ledger.of_committee(slot, committee)),
                        Order::Flush(done) => waiting.push(done),
                    }
                }
                let log = log.clone();
                match tokio::task::spawn_blocking(move || log.write(&records)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => {
                        tracing::error!(%error, "the duty ledger is not written to the journal");
                    }
                    Err(_) => return,
                }
                for done in waiting {
                    // Who asked may be gone.
                    let _ = done.send(());
                }
            }
        });
        Self { sender, left_out: Arc::default() }
    }

    /// Waits until everything that was to be written is.
    pub(crate) async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.sender.send(Order::Flush(done)).await.is_ok() {
            let _ = written.await;
        }
    }

    /// Has the records of a committee's duty written.
    pub(crate) fn write(&self, slot: Slot, committee: CommitteeId) {
        if self.sender.try_send(Order::Write(slot, committee)).is_err() {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Writes that were left out.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }
}

//! Copies of the ledger into the journal, off the paths of duties.
//!
//! **Bound**: [`QUEUE`] committees' duties wait to be written; beyond it a write is left out and counted. The next write of the same duty
//! brings the journal up to date; a lost last one costs that record, as the journal may.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use outbox::DutyLog;
use tokio::sync::mpsc;
use types::{CommitteeId, Slot};

use crate::ledger::Ledger;

/// Writes that wait.
const QUEUE: usize = 4096;
/// Duties written in one commit.
const BATCH: usize = 64;

/// The way to the task that writes.
#[derive(Clone)]
pub(crate) struct Books {
    sender: mpsc::Sender<(Slot, CommitteeId)>,
    left_out: Arc<AtomicU64>,
}

impl Books {
    /// Starts the task; it ends with the last of the returned handles.
    pub(crate) fn start(ledger: Arc<Ledger>, log: DutyLog) -> Self {
        let (sender, mut receiver) = mpsc::channel(QUEUE);
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(BATCH);
            while receiver.recv_many(&mut batch, BATCH).await > 0 {
                let records: Vec<_> = batch
                    .drain(..)
                    .flat_map(|(slot, committee)| ledger.of_committee(slot, committee))
                    .collect();
                let log = log.clone();
                match tokio::task::spawn_blocking(move || log.write(&records)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => {
                        tracing::error!(%error, "the duty ledger is not written to the journal");
                    }
                    Err(_) => return,
                }
            }
        });
        Self { sender, left_out: Arc::default() }
    }

    /// Has the records of a committee's duty written.
    pub(crate) fn write(&self, slot: Slot, committee: CommitteeId) {
        if self.sender.try_send((slot, committee)).is_err() {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Writes that were left out.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }
}

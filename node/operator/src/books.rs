//! Copies of the ledger into the journal, off the paths of duties.
//!
//! A committee's duties end one after the other within moments, so what is to be written is collected for [`PAUSE`] and written once.
//!
//! What the journal does not take waits for the next write: a record that it holds as running is one that the next start ends as failed.
//! A record over which the writing fails by a defect is left out and counted, so that it does not stand in the way of all others.
//!
//! **Bound**: [`QUEUE`] committees' slots wait to be written; beyond it a write is left out and counted. The next write of the same duty
//! brings the journal up to date; a lost last one costs that record, as the journal may.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use outbox::{DutyLog, DutyRecord, LogError};
use tokio::sync::{mpsc, oneshot};
use types::{CommitteeId, Slot};

use crate::ledger::Ledger;

/// Writes that wait.
const QUEUE: usize = 4096;
/// Committees' slots written in one commit.
const BATCH: usize = 64;
/// How long writes are collected.
const PAUSE: Duration = Duration::from_millis(100);

/// Where records are written.
pub(crate) trait Log: Clone + Send + Sync + 'static {
    /// Writes records, replacing older ones of the same duties. Nothing is written when it fails.
    fn write(&self, records: &[DutyRecord]) -> Result<(), LogError>;
}

impl Log for DutyLog {
    fn write(&self, records: &[DutyRecord]) -> Result<(), LogError> {
        Self::write(self, records)
    }
}

/// Whoever waits until everything is written; nobody does after an ordinary write.
type Bell = Option<oneshot::Sender<()>>;

/// What is to be written, each once.
#[derive(Default)]
struct Waiting {
    keys: Mutex<BTreeSet<(Slot, CommitteeId)>>,
    left_out: AtomicU64,
}

impl Waiting {
    fn add(&self, key: (Slot, CommitteeId)) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() < QUEUE || keys.contains(&key) {
            keys.insert(key);
        } else {
            self.leave_out(1);
        }
    }

    fn leave_out(&self, count: usize) {
        self.left_out.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn take(&self) -> Vec<(Slot, CommitteeId)> {
        std::mem::take(&mut *self.keys.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect()
    }
}

/// The way to the task that writes.
#[derive(Clone)]
pub(crate) struct Books {
    waiting: Arc<Waiting>,
    bell: mpsc::Sender<Bell>,
}

impl Books {
    /// Starts the task; it ends with the last of the returned handles, when it has written what they left.
    pub(crate) fn start(ledger: Arc<Ledger>, log: impl Log) -> Self {
        let (bell, mut rung) = mpsc::channel::<Bell>(1);
        let waiting = Arc::new(Waiting::default());
        let collected = Arc::clone(&waiting);
        tokio::spawn(async move {
            while let Some(asked) = rung.recv().await {
                if asked.is_none() {
                    tokio::time::sleep(PAUSE).await;
                }
                if !write(&ledger, &log, &collected).await {
                    return;
                }
                if let Some(done) = asked {
                    // Who asked may be gone.
                    let _ = done.send(());
                }
            }
            write(&ledger, &log, &collected).await;
        });
        Self { waiting, bell }
    }

    /// Has the records of a committee's slot written.
    pub(crate) fn write(&self, slot: Slot, committee: CommitteeId) {
        self.waiting.add((slot, committee));
        // A bell that has been rung rings for this one too.
        let _ = self.bell.try_send(None);
    }

    /// Waits until everything that was to be written is, or was tried.
    pub(crate) async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.bell.send(Some(done)).await.is_ok() {
            let _ = written.await;
        }
    }

    /// Writes that were left out.
    pub(crate) fn left_out(&self) -> u64 {
        self.waiting.left_out.load(Ordering::Relaxed)
    }
}

/// Writes the present records of what waits. False if the node is stopping.
async fn write(ledger: &Ledger, log: &impl Log, waiting: &Waiting) -> bool {
    let keys = waiting.take();
    let mut batches = keys.chunks(BATCH);
    while let Some(batch) = batches.next() {
        let records = batch.iter().flat_map(|(slot, committee)| ledger.of_committee(*slot, *committee));
        let (records, log): (Vec<_>, _) = (records.collect(), log.clone());
        match tokio::task::spawn_blocking(move || log.write(&records)).await {
            Ok(Ok(())) => {}
            Ok(Err(error @ LogError::Store(_))) => {
                tracing::error!(%error, "the duty ledger is not written to the journal; trying again with the next duty");
                batch.iter().chain(batches.flatten()).for_each(|key| waiting.add(*key));
                return true;
            }
            Ok(Err(error @ (LogError::Encode(_) | LogError::Decode { .. }))) => {
                tracing::error!(%error, "duties are left out of the journal: this is a defect, please report it with the log");
                waiting.leave_out(batch.len());
            }
            Err(error) if error.is_panic() => {
                tracing::error!(%error, "duties are left out of the journal: this is a defect, please report it with the log");
                waiting.leave_out(batch.len());
            }
            Err(_) => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use types::{BeaconRole, Epoch};

    use crate::ledger::tests::duty;

    const COMMITTEE: CommitteeId = CommitteeId([3; 32]);

    /// The journal of a disk that fails at the first write, in this way.
    #[derive(Clone)]
    struct Faulty {
        log: DutyLog,
        fails: fn() -> LogError,
        writes: Arc<AtomicU64>,
    }

    impl Log for Faulty {
        fn write(&self, records: &[DutyRecord]) -> Result<(), LogError> {
            if self.writes.fetch_add(1, Ordering::Relaxed) == 0 {
                return Err((self.fails)());
            }
            self.log.write(records)
        }
    }

    fn schedule(ledger: &Ledger, slot: u64) {
        ledger.schedule(Epoch(0), COMMITTEE, &[duty(slot, 7, BeaconRole::Attester)]);
    }

    /// Two batches are to be written, and the first write fails. Returns how many records are there after each of two flushes, and how
    /// many committees' slots were left out.
    async fn after_a_failure(fails: fn() -> LogError) -> (usize, usize, u64) {
        let folder = tempfile::tempdir().unwrap();
        let (ledger, log) = (Arc::new(Ledger::default()), DutyLog::open(folder.path()).unwrap());
        let faulty = Faulty { log: log.clone(), fails, writes: Arc::default() };
        let books = Books::start(Arc::clone(&ledger), faulty);
        for slot in 1..=100 {
            schedule(&ledger, slot);
            books.waiting.add((Slot(slot), COMMITTEE));
        }
        let written = || (1..=100).filter(|slot| log.of_slot(Slot(*slot)).unwrap().len() == 1).count();
        books.flush().await;
        let first = written();
        books.flush().await;
        (first, written(), books.left_out())
    }

    #[tokio::test]
    async fn what_the_journal_does_not_take_is_written_the_next_time() {
        let failed = || DutyLog::open_existing(Path::new("no folder of this name")).err().unwrap();
        assert_eq!(after_a_failure(failed).await, (0, 100, 0));
    }

    #[tokio::test]
    async fn a_defect_costs_the_records_it_is_in_and_no_others() {
        assert_eq!(after_a_failure(|| panic!("a defect")).await, (36, 36, 64));
        let not_readable = || LogError::Encode(serde::ser::Error::custom("a defect"));
        assert_eq!(after_a_failure(not_readable).await, (36, 36, 64));
    }

    #[tokio::test]
    async fn who_waits_for_the_books_finds_them_written() {
        let folder = tempfile::tempdir().unwrap();
        let (ledger, log) = (Arc::new(Ledger::default()), DutyLog::open(folder.path()).unwrap());
        let books = Books::start(Arc::clone(&ledger), log.clone());
        for slot in 1..=200 {
            schedule(&ledger, slot);
            books.write(Slot(slot), COMMITTEE);
        }
        books.flush().await;
        assert!((1..=200).all(|slot| log.of_slot(Slot(slot)).unwrap().len() == 1));
        assert!(ledger.unwritten(Slot(200)).is_empty());
        assert_eq!(books.left_out(), 0);
    }

    #[test]
    fn the_same_is_written_once_and_what_is_too_much_is_counted() {
        let waiting = Waiting::default();
        for _ in 0..3 {
            waiting.add((Slot(1), COMMITTEE));
        }
        assert_eq!(waiting.take(), [(Slot(1), COMMITTEE)]);
        for slot in 0..4_100 {
            waiting.add((Slot(slot), COMMITTEE));
        }
        waiting.add((Slot(0), COMMITTEE));
        assert_eq!(waiting.left_out.load(Ordering::Relaxed), 4);
        assert_eq!(waiting.take().len(), QUEUE);
    }
}

//! The journal's table of duties.

use std::path::Path;
use std::sync::Arc;

use store::{Batch, JournalDb, JournalTable, StoreError};
use types::Slot;

use crate::record::{DutyRecord, Outcome};

/// Why the log could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The journal failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record cannot be written as JSON.
    #[error("a duty record does not encode: {0}")]
    Encode(#[source] serde_json::Error),
    /// A record of the journal is not one of this version.
    #[error("the duty record of slot {slot} in the journal is not readable: {source}")]
    Decode {
        /// Its slot.
        slot: Slot,
        /// What is wrong.
        source: serde_json::Error,
    },
}

/// Duties by slot, in the journal file.
#[derive(Clone)]
pub struct DutyLog {
    journal: Arc<JournalDb>,
}

impl DutyLog {
    /// How many slots the log keeps: about three weeks at 12 seconds.
    pub const KEEP_SLOTS: u64 = 150_000;

    /// The log in this journal.
    #[must_use]
    pub const fn new(journal: Arc<JournalDb>) -> Self {
        Self { journal }
    }

    /// The log in the journal of this folder, for whoever needs nothing else of the journal.
    ///
    /// # Errors
    /// [`LogError::Store`] if the journal cannot be opened.
    pub fn open(folder: &Path) -> Result<Self, LogError> {
        Ok(Self::new(Arc::new(JournalDb::open(folder)?)))
    }

    /// Writes records, replacing older ones of the same duties, and removes what is too old. Durable when it returns.
    ///
    /// # Errors
    /// [`LogError`]; nothing is written then.
    pub fn write<'a>(&self, records: impl IntoIterator<Item = &'a DutyRecord>) -> Result<(), LogError> {
        let mut batch = Batch::new();
        let mut newest = Slot(0);
        for record in records {
            newest = newest.max(record.slot);
            batch.put(
                JournalTable::Duties,
                key(record),
                serde_json::to_vec(record).map_err(LogError::Encode)?,
            );
        }
        self.drop_old(newest, &mut batch)?;
        self.journal.commit(batch)?;
        Ok(())
    }

    /// One slot leaves for each that comes: a visit of one slot's keys.
    fn drop_old(&self, newest: Slot, batch: &mut Batch<JournalTable>) -> Result<(), LogError> {
        let Some(old) = newest.get().checked_sub(Self::KEEP_SLOTS) else { return Ok(()) };
        for (key, _) in self.journal.rows(JournalTable::Duties, &old.to_be_bytes())? {
            batch.remove(JournalTable::Duties, key);
        }
        Ok(())
    }

    /// The duties of one slot.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn of_slot(&self, slot: Slot) -> Result<Vec<DutyRecord>, LogError> {
        let rows = self.journal.rows(JournalTable::Duties, &slot.get().to_be_bytes())?;
        let decode = |(_, value): (Vec<u8>, Vec<u8>)| {
            serde_json::from_slice(&value).map_err(|source| LogError::Decode { slot, source })
        };
        rows.into_iter().map(decode).collect()
    }

    /// Ends what an earlier run of the node left running: every record that is still open is given to `end`. Returns how many.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn close_open(&self, end: impl Fn(&mut DutyRecord)) -> Result<usize, LogError> {
        let mut left = Vec::new();
        self.journal.visit::<LogError>(JournalTable::Duties, &[], |_, value| {
            // A record of another version is nobody's open duty.
            if let Ok(record) = serde_json::from_slice::<DutyRecord>(value)
                && record.outcome == Outcome::Running
            {
                left.push(record);
            }
            Ok(())
        })?;
        left.iter_mut().for_each(end);
        self.write(&left)?;
        Ok(left.len())
    }
}

/// slot, role, validator index; big-endian, so that the journal is in the order of slots.
fn key(record: &DutyRecord) -> Vec<u8> {
    let mut key = record.slot.get().to_be_bytes().to_vec();
    key.push(record.role.number());
    key.extend(record.validator_index.get().to_be_bytes());
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{DutyRole, Micros};
    use types::{CommitteeId, CommitteeIndex, Epoch, PublicKeyBytes, ValidatorIndex};

    fn record(slot: u64, validator: u64) -> DutyRecord {
        DutyRecord {
            slot: Slot(slot),
            epoch: Epoch(slot / 32),
            role: DutyRole::Attester,
            validator_index: ValidatorIndex(validator),
            public_key: PublicKeyBytes([2; 48]),
            committee_id: CommitteeId([3; 32]),
            committee_index: CommitteeIndex(1),
            outcome: Outcome::Running,
            reason: None,
            room: None,
            round: None,
            leader: None,
            micros: Micros::default(),
            start_cause: None,
            head_event_unix_micros: None,
            bad_partial_signatures: Vec::new(),
        }
    }

    #[test]
    fn a_restart_finds_what_was_left_running() {
        let folder = tempfile::tempdir().unwrap();
        {
            let log = DutyLog::new(Arc::new(JournalDb::open(folder.path()).unwrap()));
            let ended = DutyRecord { outcome: Outcome::Submitted, ..record(7, 1) };
            log.write(&[record(7, 1), record(7, 2), record(8, 1)]).unwrap();
            log.write([&ended]).unwrap();
            assert_eq!(log.of_slot(Slot(7)).unwrap(), vec![ended, record(7, 2)]);
        }
        let log = DutyLog::new(Arc::new(JournalDb::open(folder.path()).unwrap()));
        let end = |record: &mut DutyRecord| {
            record.outcome = Outcome::Failed;
            record.reason = Some("node_stopped".to_owned());
        };
        assert_eq!(log.close_open(end).unwrap(), 2);
        assert_eq!(log.close_open(end).unwrap(), 0);
        assert_eq!(log.of_slot(Slot(8)).unwrap()[0].reason.as_deref(), Some("node_stopped"));
    }

    #[test]
    fn the_oldest_slot_leaves_with_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let log = DutyLog::new(Arc::new(JournalDb::open(folder.path()).unwrap()));
        log.write(&[record(5, 1), record(6, 1)]).unwrap();
        log.write(&[record(5 + DutyLog::KEEP_SLOTS, 1)]).unwrap();
        assert!(log.of_slot(Slot(5)).unwrap().is_empty());
        assert_eq!(log.of_slot(Slot(6)).unwrap().len(), 1);
    }
}

//! The journal's table of duties.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

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
    /// Bytes of all records; counted at the first write.
    size: Arc<Mutex<Option<u64>>>,
    keep_bytes: u64,
}

impl DutyLog {
    /// How many slots the log keeps: about three weeks at 12 seconds.
    pub const KEEP_SLOTS: u64 = 150_000;
    /// How many bytes of records the log keeps, whatever their slots: three weeks of some 150 validators, four days of a thousand. The
    /// engine needs a few times as much of the disk.
    pub const KEEP_BYTES: u64 = 2 * 1024 * 1024 * 1024;

    /// The log in this journal.
    #[must_use]
    pub fn new(journal: Arc<JournalDb>) -> Self {
        Self::bounded(journal, Self::KEEP_BYTES)
    }

    fn bounded(journal: Arc<JournalDb>, keep_bytes: u64) -> Self {
        Self { journal, size: Arc::default(), keep_bytes }
    }

    /// The log in the journal of this folder, for whoever needs nothing else of the journal.
    ///
    /// # Errors
    /// [`LogError::Store`] if the journal cannot be opened.
    pub fn open(folder: &Path) -> Result<Self, LogError> {
        Ok(Self::new(Arc::new(JournalDb::open(folder)?)))
    }

    /// As [`DutyLog::open`], but a journal that is not there is an error: for commands that read.
    ///
    /// # Errors
    /// [`LogError::Store`].
    pub fn open_existing(folder: &Path) -> Result<Self, LogError> {
        Ok(Self::new(Arc::new(JournalDb::open_existing(folder)?)))
    }

    /// Writes records, replacing older ones of the same duties, and removes what is too old. Durable when it returns.
    ///
    /// # Errors
    /// [`LogError`]; nothing is written then.
    pub fn write<'a>(&self, records: impl IntoIterator<Item = &'a DutyRecord>) -> Result<(), LogError> {
        // One writer at a time: the size belongs to the rows.
        let mut known = self.size.lock().unwrap_or_else(PoisonError::into_inner);
        let mut size = match *known {
            Some(size) => size,
            None => self.count()?,
        };
        // What fails on the way is counted again at the next write.
        *known = None;
        let mut rows = BTreeMap::new();
        for record in records {
            rows.insert(key(record), serde_json::to_vec(record).map_err(LogError::Encode)?);
        }
        let newest = rows.last_key_value().and_then(|(key, _)| slot_of(key));
        let mut batch = Batch::new();
        for (key, value) in rows {
            let replaced = self.journal.get(JournalTable::Duties, &key)?;
            size = size.saturating_sub(replaced.map_or(0, |old| length(&old))).saturating_add(length(&value));
            batch.put(JournalTable::Duties, key, value);
        }
        if let Some(old) = newest.and_then(|slot| slot.get().checked_sub(Self::KEEP_SLOTS)) {
            // One slot leaves for each that comes: a visit of one slot's keys.
            size = self.drop_slot(Slot(old), size, &mut batch)?;
        }
        self.journal.commit(batch)?;
        *known = Some(self.drop_beyond(size)?);
        Ok(())
    }

    /// Bytes of all records.
    fn count(&self) -> Result<u64, LogError> {
        let mut size: u64 = 0;
        self.journal.visit::<LogError>(JournalTable::Duties, &[], |_, value| {
            size = size.saturating_add(length(value));
            Ok(())
        })?;
        Ok(size)
    }

    /// Removes the oldest slots until the records are within the bound again. Returns what is left.
    fn drop_beyond(&self, mut size: u64) -> Result<u64, LogError> {
        while size > self.keep_bytes
            && let Some(oldest) = self.oldest()?
        {
            let mut batch = Batch::new();
            size = self.drop_slot(oldest, size, &mut batch)?;
            self.journal.commit(batch)?;
        }
        Ok(size)
    }

    fn oldest(&self) -> Result<Option<Slot>, LogError> {
        let found = self.journal.visit::<Halt>(JournalTable::Duties, &[], |key, _| match slot_of(key) {
            Some(slot) => Err(Halt::At(slot)),
            None => Ok(()),
        });
        match found {
            Ok(()) => Ok(None),
            Err(Halt::At(slot)) => Ok(Some(slot)),
            Err(Halt::Store(error)) => Err(error.into()),
        }
    }

    /// Has a slot leave; returns how many of `size` bytes stay.
    fn drop_slot(&self, slot: Slot, size: u64, batch: &mut Batch<JournalTable>) -> Result<u64, LogError> {
        let mut left = size;
        for (key, value) in self.journal.rows(JournalTable::Duties, &slot.get().to_be_bytes())? {
            left = left.saturating_sub(length(&value));
            batch.remove(JournalTable::Duties, key);
        }
        Ok(left)
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

    /// The newest slot of which there is a record.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn newest(&self) -> Result<Option<Slot>, LogError> {
        let mut newest = None;
        self.journal.visit::<LogError>(JournalTable::Duties, &[], |key, _| {
            newest = slot_of(key);
            Ok(())
        })?;
        Ok(newest)
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

fn slot_of(key: &[u8]) -> Option<Slot> {
    key.first_chunk().map(|slot| Slot(u64::from_be_bytes(*slot)))
}

fn length(value: &[u8]) -> u64 {
    u64::try_from(value.len()).unwrap_or(u64::MAX)
}

/// Why a visit of the rows ended before the last one.
#[derive(Debug)]
enum Halt {
    At(Slot),
    Store(StoreError),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::{
        BeaconRole, CommitteeId, CommitteeIndex, Epoch, List, PublicKeyBytes, ValidatorDuty, ValidatorIndex,
    };

    fn record(slot: u64, validator: u64) -> DutyRecord {
        let duty = ValidatorDuty {
            role: BeaconRole::Attester,
            public_key: PublicKeyBytes([2; 48]),
            slot: Slot(slot),
            validator_index: ValidatorIndex(validator),
            committee_index: CommitteeIndex(1),
            committee_length: 4,
            committees_at_slot: 1,
            validator_committee_index: 0,
            validator_sync_committee_indices: List::empty(),
        };
        DutyRecord::open(Epoch(slot / 32), CommitteeId([3; 32]), &duty).unwrap()
    }

    fn journal(folder: &Path) -> Arc<JournalDb> {
        Arc::new(JournalDb::open(folder).unwrap())
    }

    fn slots(log: &DutyLog, of: std::ops::Range<u64>) -> Vec<u64> {
        of.filter(|slot| !log.of_slot(Slot(*slot)).unwrap().is_empty()).collect()
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
    #[test]
    fn whatever_the_slots_the_bytes_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let one = length(&serde_json::to_vec(&record(10, 1)).unwrap());
        {
            let log = DutyLog::bounded(journal(folder.path()), 4 * one);
            for slot in 10..20 {
                log.write(&[record(slot, 1)]).unwrap();
            }
            assert_eq!(slots(&log, 10..20), [16, 17, 18, 19]);
            // The same duty again takes no more room.
            log.write(&[record(19, 1), record(19, 1)]).unwrap();
            assert_eq!(slots(&log, 10..20), [16, 17, 18, 19]);
        }
        // A node that starts again counts what is there.
        let log = DutyLog::bounded(journal(folder.path()), 4 * one);
        log.write(&[record(20, 1), record(20, 2)]).unwrap();
        assert_eq!(slots(&log, 10..21), [18, 19, 20]);
        assert_eq!(log.newest().unwrap(), Some(Slot(20)));
    }

    #[test]
    fn a_record_of_the_first_version_lies_in_the_journal() {
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(folder.path());
        let mut old = serde_json::to_value(record(40, 7)).unwrap();
        for name in [
            "disagreeing",
            "beacon_answer",
            "operators",
            "own_operator",
            "heard",
            "rounds",
            "included",
            "warnings",
        ] {
            old.as_object_mut().unwrap().remove(name).unwrap();
        }
        for name in ["scheduled", "pre_quorum", "included"] {
            old["micros"].as_object_mut().unwrap().remove(name).unwrap();
        }
        let mut batch = Batch::new();
        batch.put(JournalTable::Duties, key(&record(40, 7)), serde_json::to_vec(&old).unwrap());
        journal.commit(batch).unwrap();
        let log = DutyLog::new(journal);
        assert_eq!(log.of_slot(Slot(40)).unwrap(), [record(40, 7)]);
        assert_eq!(log.close_open(|record| record.outcome = Outcome::Failed).unwrap(), 1);
    }
}

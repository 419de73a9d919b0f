//! A write that fails stops the file: nothing after it is acknowledged.

use std::sync::atomic::Ordering;

use migrations::{HistoryTable, JournalTable};

use crate::faulty_disk::FaultyDisk;
use crate::{Batch, HistoryDb, JournalDb, StoreError};

fn one_row(value: &[u8]) -> Batch<JournalTable> {
    let mut batch = Batch::new();
    batch.put(JournalTable::Events, b"k", value);
    batch
}

#[test]
fn a_sled_file_whose_sync_fails_acknowledges_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let mut db = JournalDb::open(folder.path()).unwrap();
    db.commit(one_row(b"1")).unwrap();
    let generation = db.generation();
    db.break_disk().unwrap();
    assert!(matches!(db.commit(one_row(b"2")), Err(StoreError::Io { action: "syncing", .. })));
    assert!(matches!(db.commit(one_row(b"3")), Err(StoreError::Stopped { .. })));
    assert_eq!(db.generation(), generation);
}

fn put(db: &HistoryDb, value: &[u8]) -> Result<(), StoreError> {
    db.transact(|transaction| transaction.put(HistoryTable::Marks, b"k", value))
}

#[test]
fn a_history_on_a_failing_disk_acknowledges_nothing_more() {
    let (disk, broken) = FaultyDisk::new();
    let db = HistoryDb::open_on(disk).unwrap();
    put(&db, b"1").unwrap();
    let generation = db.generation();
    broken.store(true, Ordering::SeqCst);
    assert!(matches!(put(&db, b"2"), Err(StoreError::Engine { .. })));
    broken.store(false, Ordering::SeqCst);
    assert!(matches!(put(&db, b"3"), Err(StoreError::Stopped { .. })), "a disk that healed is not trusted");
    assert_eq!(db.generation(), generation);
}

#[test]
fn a_caller_cannot_swallow_a_failure_of_the_engine() {
    let (disk, _) = FaultyDisk::new();
    let db = HistoryDb::open_on(disk).unwrap();
    db.write_raw("marks", b"damaged", b"no frame");
    let answer = db.transact::<_, StoreError>(|transaction| {
        transaction.put(HistoryTable::Marks, b"k", b"1")?;
        assert!(transaction.get(HistoryTable::Marks, b"damaged").is_err());
        Ok(())
    });
    assert!(matches!(answer, Err(StoreError::Stopped { .. })));
    assert_eq!(db.get(HistoryTable::Marks, b"k").unwrap(), None, "nothing of it was committed");
    assert!(matches!(put(&db, b"2"), Err(StoreError::Stopped { .. })));
}

//! Open, commit, read, close, open again.

use migrations::{HistoryTable, RegistryTable};

use crate::{Batch, Generation, HistoryDb, JournalDb, RegistryDb, StoreError};

fn batch(rows: &[(&[u8], &[u8])]) -> Batch<RegistryTable> {
    let mut batch = Batch::new();
    for (key, value) in rows {
        batch.put(RegistryTable::Operators, *key, *value);
    }
    batch
}

#[test]
fn a_sled_file_keeps_its_rows_generation_and_identity() {
    let folder = tempfile::tempdir().unwrap();
    let db = RegistryDb::open(folder.path()).unwrap();
    let (id, first) = (db.id(), db.generation());
    assert_eq!(db.schema(), 1);
    let second = db.commit(batch(&[(b"ab", b"1"), (b"aa", b"2"), (b"b", b"")])).unwrap();
    assert_eq!(second, Generation(first.0 + 1));
    assert_eq!(db.commit(Batch::new()).unwrap(), second, "an empty batch is no commit");
    let mut change = batch(&[(b"ab", b"3")]);
    change.remove(RegistryTable::Operators, b"b");
    change.remove(RegistryTable::Operators, b"never there");
    db.commit(change).unwrap();
    drop(db);

    let db = RegistryDb::open(folder.path()).unwrap();
    assert_eq!(db.id(), id);
    assert_eq!(db.generation(), Generation(first.0 + 2));
    assert_eq!(db.get(RegistryTable::Operators, b"ab").unwrap(), Some(b"3".to_vec()));
    assert_eq!(db.get(RegistryTable::Operators, b"b").unwrap(), None);
    assert_eq!(db.get(RegistryTable::Owners, b"ab").unwrap(), None);
    let rows = db.rows(RegistryTable::Operators, b"a").unwrap();
    assert_eq!(rows, [(b"aa".to_vec(), b"2".to_vec()), (b"ab".to_vec(), b"3".to_vec())]);
}

#[test]
fn the_last_change_of_a_row_in_a_batch_counts() {
    let folder = tempfile::tempdir().unwrap();
    let db = RegistryDb::open(folder.path()).unwrap();
    let mut changes = batch(&[(b"k", b"1")]);
    changes.remove(RegistryTable::Operators, b"k");
    changes.put(RegistryTable::Operators, b"k", b"2");
    assert_eq!(changes.len(), 1);
    db.commit(changes).unwrap();
    assert_eq!(db.get(RegistryTable::Operators, b"k").unwrap(), Some(b"2".to_vec()));
}

#[test]
fn a_history_transaction_stays_whole_or_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let db = HistoryDb::open(folder.path()).unwrap();
    let first = db.generation();
    let answer = db.transact::<_, StoreError>(|transaction| {
        assert_eq!(transaction.next_generation(), Generation(first.0 + 1));
        transaction.put(HistoryTable::Marks, b"a", b"1")?;
        transaction.put(HistoryTable::Marks, b"b", b"2")?;
        transaction.remove(HistoryTable::Marks, b"a")?;
        transaction.get(HistoryTable::Marks, b"b")
    });
    assert_eq!(answer.unwrap(), Some(b"2".to_vec()));

    let refused = db.transact::<(), StoreError>(|transaction| {
        transaction.put(HistoryTable::Marks, b"c", b"3")?;
        Err(StoreError::Stopped { file: migrations::DatabaseFile::History })
    });
    assert!(refused.is_err());
    let unchanged = db.transact::<_, StoreError>(|transaction| transaction.get(HistoryTable::Marks, b"c"));
    assert_eq!(unchanged.unwrap(), None);
    assert_eq!(db.generation(), Generation(first.0 + 1), "neither wrote anything");
    let id = db.id();
    drop(db);

    let db = HistoryDb::open(folder.path()).unwrap();
    assert_eq!((db.id(), db.generation()), (id, Generation(first.0 + 1)));
    assert_eq!(db.rows(HistoryTable::Marks, b"").unwrap(), [(b"b".to_vec(), b"2".to_vec())]);
    assert_eq!(db.get(HistoryTable::Attestations, b"b").unwrap(), None);
}

#[test]
fn ranges_of_a_transaction_are_half_open_and_see_its_own_writes() {
    let folder = tempfile::tempdir().unwrap();
    let db = HistoryDb::open(folder.path()).unwrap();
    let rows = db
        .transact::<_, StoreError>(|transaction| {
            for key in [b"a1", b"a2", b"a3", b"b1"] {
                transaction.put(HistoryTable::Attestations, key, b"")?;
            }
            transaction.rows_between(HistoryTable::Attestations, b"a1", b"a3")
        })
        .unwrap();
    assert_eq!(rows, [(b"a1".to_vec(), Vec::new()), (b"a2".to_vec(), Vec::new())]);
}

#[test]
fn the_three_files_have_their_own_locks() {
    let folder = tempfile::tempdir().unwrap();
    let _registry = RegistryDb::open(folder.path()).unwrap();
    let _history = HistoryDb::open(folder.path()).unwrap();
    let _journal = JournalDb::open(folder.path()).unwrap();
    assert!(matches!(RegistryDb::open(folder.path()), Err(StoreError::InUse { .. })));
    assert!(matches!(HistoryDb::open(folder.path()), Err(StoreError::InUse { .. })));
    assert!(matches!(JournalDb::open(folder.path()), Err(StoreError::InUse { .. })));
}

#[test]
fn a_reader_does_not_create_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(HistoryDb::open_existing(folder.path()), Err(StoreError::Missing { .. })));
    assert!(matches!(JournalDb::open_existing(folder.path()), Err(StoreError::Missing { .. })));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    drop(HistoryDb::open(folder.path()).unwrap());
    assert!(HistoryDb::open_existing(folder.path()).is_ok());
}

#[test]
fn files_of_another_place_are_recognised() {
    let folder = tempfile::tempdir().unwrap();
    drop(RegistryDb::open(folder.path()).unwrap());
    std::fs::rename(folder.path().join("registry"), folder.path().join("journal")).unwrap();
    assert!(matches!(JournalDb::open(folder.path()), Err(StoreError::OtherKind { .. })));
}

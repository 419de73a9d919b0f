//! Damaged files are explained, never followed: what opens is a state that was once committed, whole.

use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use migrations::{HistoryTable, RegistryTable, Row};

use crate::{Batch, DatabaseFile, HistoryDb, RegistryDb, StoreError};

const COMMITS: u8 = 12;

/// The rows after each commit, the empty state first.
fn expected_states() -> Vec<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    let mut states = vec![rows.clone()];
    for number in 0..COMMITS {
        rows.push((vec![number], vec![number; 300]));
        states.push(rows.clone());
    }
    states
}

fn write_registry(folder: &Path) {
    let db = RegistryDb::open(folder).unwrap();
    for number in 0..COMMITS {
        let mut batch = Batch::new();
        batch.put(RegistryTable::Validators, [number], vec![number; 300]);
        db.commit(batch).unwrap();
    }
    drop(db);
    wait_until_closed(folder);
}

/// sled closes its file from a background thread: blocks until it has.
fn wait_until_closed(folder: &Path) {
    fs::File::open(folder.join("registry/db")).unwrap().lock().unwrap();
}

fn write_history(folder: &Path) {
    let db = HistoryDb::open(folder).unwrap();
    for number in 0..COMMITS {
        db.transact::<_, StoreError>(|transaction| {
            transaction.put(HistoryTable::Marks, &[number], &vec![number; 300])
        })
        .unwrap();
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Overwrites `length` bytes at `offset` by their complement.
fn damage(path: &Path, offset: u64, length: usize) {
    let mut file = fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut bytes = vec![0; length];
    file.seek(SeekFrom::Start(offset)).unwrap();
    file.read_exact(&mut bytes).unwrap();
    bytes.iter_mut().for_each(|byte| *byte = !*byte);
    file.seek(SeekFrom::Start(offset)).unwrap();
    file.write_all(&bytes).unwrap();
}

/// Offsets of blocks that hold data, about `count` of them, spread over the file.
fn used_offsets(path: &Path, count: usize) -> Vec<u64> {
    let bytes = fs::read(path).unwrap();
    let used: Vec<u64> = (0u64..)
        .step_by(16)
        .zip(bytes.chunks_exact(16))
        .filter(|(_, chunk)| chunk.iter().any(|byte| *byte != 0))
        .map(|(offset, _)| offset)
        .collect();
    used.iter().copied().step_by((used.len() / count).max(1)).collect()
}

/// What opening a damaged copy gave.
enum Found {
    /// These rows, and whether the file knows that it went back.
    Rows(Vec<Row>, bool),
    Error(StoreError),
}

/// Damages a copy of `whole` at each offset. What opens must be a committed state, and an earlier one must not go
/// unnoticed. Returns how many damages were noticed.
fn try_damage(whole: &Path, file: &str, read: impl Fn(&Path) -> Found) -> usize {
    let states = expected_states();
    let mut noticed = 0;
    let offsets = used_offsets(&whole.join(file), 60);
    assert!(offsets.len() >= 40);
    for offset in offsets {
        let copy = tempfile::tempdir().unwrap();
        copy_folder(whole, copy.path());
        damage(&copy.path().join(file), offset, 4);
        match read(copy.path()) {
            Found::Rows(rows, went_back) => {
                let position = states.iter().position(|state| *state == rows);
                let newest = position.expect("a state that was never committed") == states.len() - 1;
                assert_eq!(went_back, !newest, "offset {offset}");
                noticed += usize::from(went_back);
            }
            Found::Error(
                StoreError::Damaged { .. } | StoreError::Engine { .. } | StoreError::OtherKind { .. },
            ) => noticed += 1,
            Found::Error(error) => panic!("offset {offset}: {error:?}"),
        }
    }
    noticed
}

#[test]
fn a_damaged_registry_is_reported_or_known_to_be_an_earlier_commit() {
    let whole = tempfile::tempdir().unwrap();
    write_registry(whole.path());
    let noticed = try_damage(whole.path(), "registry/db", |folder| {
        let db = match RegistryDb::open(folder) {
            Ok(db) => db,
            Err(error) => return Found::Error(error),
        };
        match db.rows(RegistryTable::Validators, b"") {
            Ok(rows) => Found::Rows(rows, db.rolled_back_from().is_some()),
            Err(error) => Found::Error(error),
        }
    });
    assert!(noticed > 0);
}

#[test]
fn a_damaged_history_is_reported() {
    let whole = tempfile::tempdir().unwrap();
    write_history(whole.path());
    let noticed = try_damage(whole.path(), "history.redb", |folder| {
        match HistoryDb::open(folder).and_then(|db| db.rows(HistoryTable::Marks, b"")) {
            Ok(rows) => Found::Rows(rows, false),
            Err(error) => Found::Error(error),
        }
    });
    assert!(noticed > 0);
}

#[test]
fn a_registry_put_away_on_purpose_is_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    write_registry(folder.path());
    fs::remove_dir_all(folder.path().join("registry")).unwrap();
    assert_eq!(RegistryDb::open(folder.path()).unwrap().rolled_back_from(), None);
}

#[test]
fn a_file_that_is_no_database_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("history.redb"), vec![0x5a; 8192]).unwrap();
    let error = HistoryDb::open(folder.path()).err().unwrap();
    assert!(matches!(error, StoreError::Damaged { .. } | StoreError::Engine { .. }), "{error:?}");

    fs::create_dir_all(folder.path().join("registry/blobs")).unwrap();
    fs::write(folder.path().join("registry/conf"), b"not a configuration").unwrap();
    fs::write(folder.path().join("registry/db"), vec![0x5a; 8192]).unwrap();
    let error = RegistryDb::open(folder.path()).err().unwrap();
    assert!(matches!(error, StoreError::Damaged { .. } | StoreError::Engine { .. }), "{error:?}");
}

#[test]
fn the_message_says_what_to_do() {
    let damaged = |file| StoreError::Damaged { file, detail: "x".to_owned() }.to_string();
    assert!(damaged(DatabaseFile::Registry).contains("rebuilt from the chain"));
    assert!(damaged(DatabaseFile::History).contains("the newest copy of `history.redb`"));
    assert!(damaged(DatabaseFile::Journal).contains("only past records are lost"));
}

/// One way to spoil a row behind the account's back, as (key, stored bytes).
fn spoilt_rows() -> Vec<(&'static [u8], Vec<u8>)> {
    let sealed = |key: &[u8], value: &[u8]| crate::frame::seal("marks", key, value).0;
    vec![
        (b"k", b"no frame".to_vec()),
        // Right in itself, but of another key, an older value, or never committed.
        (b"k", sealed(b"other", b"value")),
        (b"k", sealed(b"k", b"older value")),
        (b"extra", sealed(b"extra", b"value")),
    ]
}

#[test]
fn a_row_changed_alone_is_found_at_open() {
    for (key, bytes) in spoilt_rows() {
        let folder = tempfile::tempdir().unwrap();
        let db = HistoryDb::open(folder.path()).unwrap();
        db.transact::<_, StoreError>(|transaction| transaction.put(HistoryTable::Marks, b"k", b"value"))
            .unwrap();
        db.write_raw("marks", key, &bytes);
        drop(db);
        assert!(matches!(HistoryDb::open(folder.path()), Err(StoreError::Damaged { .. })), "{bytes:?}");
    }
}

#[test]
fn a_sled_row_changed_alone_is_found_at_open() {
    let row = |key: &[u8], value: &[u8]| crate::frame::seal("owners", key, value).0;
    let spoilt = [row(b"other", b"value"), row(b"k", b"older value"), b"no frame".to_vec()];
    for bytes in spoilt {
        let folder = tempfile::tempdir().unwrap();
        let db = RegistryDb::open(folder.path()).unwrap();
        let mut batch = Batch::new();
        batch.put(RegistryTable::Owners, b"k", b"value");
        db.commit(batch).unwrap();
        db.write_raw("owners", b"k", &bytes);
        drop(db);
        assert!(matches!(RegistryDb::open(folder.path()), Err(StoreError::Damaged { .. })), "{bytes:?}");
    }
}

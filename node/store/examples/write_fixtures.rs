//! Writes the fixture of the newest schema of each database file, where it is missing:
//! `cargo run -p store --example write_fixtures`. A fixture that exists is never written again.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::fs;
use std::path::Path;

use store::{HistoryDb, JournalDb, RegistryDb, StoreError};
use support::{fixture, samples};

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let registry = RegistryDb::open(folder.path()).unwrap();
    registry.commit(samples::batch(samples::registry())).unwrap();
    let journal = JournalDb::open(folder.path()).unwrap();
    journal.commit(samples::batch(samples::journal())).unwrap();
    let history = HistoryDb::open(folder.path()).unwrap();
    history
        .transact::<_, StoreError>(|transaction| {
            for (table, key, value) in samples::history() {
                transaction.put(table, &key, &value)?;
            }
            Ok(())
        })
        .unwrap();
    let schemas = [registry.schema(), journal.schema(), history.schema()];
    drop((registry, journal, history));
    for (name, schema) in ["registry", "journal", "history"].into_iter().zip(schemas) {
        write(folder.path(), name, schema);
    }
}

fn write(folder: &Path, name: &str, schema: u32) {
    let path = fixture::path(name, schema);
    if path.exists() {
        return;
    }
    let text = fixture::pack(folder, name);
    let copy = tempfile::tempdir().unwrap();
    fixture::unpack(&text, copy.path());
    assert_eq!(fixture::pack(copy.path(), name), text, "the text does not hold the whole file");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

//! Every schema that was ever shipped opens with the present binary and holds its rows after the migration.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod support;

use std::fs;
use std::path::Path;

use store::{
    HistoryDb, HistoryTable, JournalDb, JournalTable, RegistryDb, RegistryTable, Row, StoreError, Table,
};
use support::{fixture, samples};

/// The sample rows of one table, in key order.
fn expected<T: Table + PartialEq>(table: T, samples: &[samples::Sample<T>]) -> Vec<Row> {
    let mut rows: Vec<Row> = samples
        .iter()
        .filter(|(of, _, _)| *of == table)
        .map(|(_, key, value)| (key.clone(), value.clone()))
        .collect();
    rows.sort();
    rows
}

/// Opens the fixture of every schema of a file and compares every table with the samples; a table that came later is empty.
fn every_schema_opens<T: Table + PartialEq>(
    samples: &[samples::Sample<T>],
    since: impl Fn(T) -> u32,
    read: impl Fn(&Path) -> Result<(u32, Vec<Vec<Row>>), StoreError>,
) {
    let lineage = T::LINEAGE;
    assert!(lineage.newest() >= 1);
    for schema in 1..=lineage.newest() {
        let folder = tempfile::tempdir().unwrap();
        let text = fs::read_to_string(fixture::path(lineage.file.name(), schema)).unwrap();
        fixture::unpack(&text, folder.path());
        let (found, tables) = read(folder.path()).unwrap();
        assert_eq!(found, lineage.newest(), "migrated from schema {schema}");
        for (table, rows) in T::ALL.iter().zip(tables) {
            let expected = expected(*table, samples);
            assert!(!expected.is_empty(), "no sample for {table:?}");
            let expected = if since(*table) <= schema { expected } else { Vec::new() };
            assert_eq!(rows, expected, "{table:?} from schema {schema}");
        }
    }
}

/// The schema with which a table came.
const fn history_since(table: HistoryTable) -> u32 {
    match table {
        HistoryTable::Binding
        | HistoryTable::Marks
        | HistoryTable::Attestations
        | HistoryTable::Proposals
        | HistoryTable::Started => 1,
        HistoryTable::Exits => 2,
    }
}

#[test]
fn every_registry_schema_opens() {
    every_schema_opens::<RegistryTable>(
        &samples::registry(),
        |_| 1,
        |folder| {
            let db = RegistryDb::open_existing(folder)?;
            let tables =
                RegistryTable::ALL.iter().map(|table| db.rows(*table, b"")).collect::<Result<_, _>>()?;
            Ok((db.schema(), tables))
        },
    );
}

#[test]
fn every_journal_schema_opens() {
    every_schema_opens::<JournalTable>(
        &samples::journal(),
        |_| 1,
        |folder| {
            let db = JournalDb::open_existing(folder)?;
            let tables =
                JournalTable::ALL.iter().map(|table| db.rows(*table, b"")).collect::<Result<_, _>>()?;
            Ok((db.schema(), tables))
        },
    );
}

#[test]
fn every_history_schema_opens() {
    every_schema_opens::<HistoryTable>(&samples::history(), history_since, |folder| {
        let db = HistoryDb::open_existing(folder)?;
        let tables = HistoryTable::ALL.iter().map(|table| db.rows(*table, b"")).collect::<Result<_, _>>()?;
        Ok((db.schema(), tables))
    });
}

#[test]
fn a_packed_database_is_the_same_when_unpacked() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let db = JournalDb::open(from.path()).unwrap();
    db.commit(samples::batch(samples::journal())).unwrap();
    drop(db);
    let text = fixture::pack(from.path(), "journal");
    fixture::unpack(&text, to.path());
    assert_eq!(fixture::pack(to.path(), "journal"), text);
}

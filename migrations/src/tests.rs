use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{HistoryTable, JournalTable, Lineage, RegistryTable, Table};

fn lineages() -> [&'static Lineage; 3] {
    [RegistryTable::LINEAGE, HistoryTable::LINEAGE, JournalTable::LINEAGE]
}

#[test]
fn steps_are_numbered_from_one_without_gaps() {
    for lineage in lineages() {
        for (step, expected) in lineage.steps.iter().zip(1..) {
            assert_eq!(step.number, expected, "lineage {}", lineage.file);
        }
        assert_eq!(usize::try_from(lineage.newest()).unwrap(), lineage.steps.len());
    }
}

#[test]
fn every_step_has_its_source_and_its_fixture() {
    for lineage in lineages() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(lineage.file.name());
        for step in lineage.steps {
            let source = folder.join(format!("{:04}_{}.rs", step.number, step.name));
            let fixture = folder.join("fixtures").join(format!("{:04}.fixture", step.number));
            assert!(source.is_file(), "{} is missing", source.display());
            assert!(fixture.is_file(), "{} is missing", fixture.display());
        }
    }
}

#[test]
fn steps_after_a_schema_are_the_newer_ones() {
    for lineage in lineages() {
        assert_eq!(lineage.after(0).count(), lineage.steps.len());
        assert_eq!(lineage.after(lineage.newest()).count(), 0);
    }
}

fn names_are_distinct_plain_words<T: Table>() {
    let names: BTreeSet<&str> = T::ALL.iter().map(|table| table.name()).collect();
    assert_eq!(names.len(), T::ALL.len());
    for name in names {
        assert!(!name.is_empty() && name != "meta", "`{name}` is reserved");
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase()), "`{name}` is not a plain word");
    }
}

#[test]
fn table_names_are_distinct_plain_words() {
    names_are_distinct_plain_words::<RegistryTable>();
    names_are_distinct_plain_words::<HistoryTable>();
    names_are_distinct_plain_words::<JournalTable>();
}

//! Migration: step by step, each in one commit, and never backwards.

use migrations::{DatabaseFile, Lineage, Rows, Step, StepError, Table};

use crate::{RedbFile, SledFile, StoreError};

/// A table for an invented lineage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Invented {
    Words,
}

impl Table for Invented {
    const LINEAGE: &'static Lineage = &THREE;
    const ALL: &'static [Self] = &[Self::Words];

    fn name(self) -> &'static str {
        "words"
    }
}

fn first(rows: &mut dyn Rows) -> Result<(), StepError> {
    rows.put("letters", b"a", b"1")?;
    rows.put("letters", b"b", b"2")?;
    Ok(())
}

/// Moves every row to another table and doubles its value.
fn second(rows: &mut dyn Rows) -> Result<(), StepError> {
    for (key, value) in rows.scan("letters")? {
        rows.put("words", &key, &[value.clone(), value].concat())?;
        rows.remove("letters", &key)?;
    }
    assert_eq!(rows.scan("letters")?.len(), 0, "a step sees its own writes");
    assert_eq!(rows.get("words", b"b")?, Some(b"22".to_vec()));
    Ok(())
}

fn third(rows: &mut dyn Rows) -> Result<(), StepError> {
    let value = rows.get("words", b"a")?.ok_or(StepError::Layout { table: "words", expected: "complete" })?;
    rows.put("words", b"a", &[value, b"!".to_vec()].concat())?;
    Ok(())
}

fn fails_half_way(rows: &mut dyn Rows) -> Result<(), StepError> {
    rows.remove("letters", b"a")?;
    Err(StepError::Layout { table: "letters", expected: "a number" })
}

const fn step(number: u32, name: &'static str, apply: fn(&mut dyn Rows) -> Result<(), StepError>) -> Step {
    Step { number, name, apply }
}

static ONE: Lineage = Lineage { file: DatabaseFile::Journal, steps: &[step(1, "first", first)] };
static BROKEN: Lineage = Lineage {
    file: DatabaseFile::Journal,
    steps: &[step(1, "first", first), step(2, "fails", fails_half_way)],
};
static THREE: Lineage = Lineage {
    file: DatabaseFile::Journal,
    steps: &[step(1, "first", first), step(2, "second", second), step(3, "third", third)],
};

macro_rules! on_engine {
    ($name:ident, $file:ident) => {
        mod $name {
            use super::*;

            #[test]
            fn an_older_file_is_migrated_step_by_step() {
                let folder = tempfile::tempdir().unwrap();
                let old = $file::<Invented>::open_with(folder.path(), &ONE).unwrap();
                let (id, generation) = (old.id(), old.generation());
                assert_eq!(old.schema(), 1);
                drop(old);
                let new = $file::<Invented>::open_with(folder.path(), &THREE).unwrap();
                assert_eq!((new.schema(), new.id()), (3, id));
                assert_eq!(new.generation().0, generation.0 + 2, "one commit per step");
                let rows = new.rows(Invented::Words, b"").unwrap();
                assert_eq!(rows, [(b"a".to_vec(), b"11!".to_vec()), (b"b".to_vec(), b"22".to_vec())]);
                drop(new);
                let again = $file::<Invented>::open_with(folder.path(), &THREE).unwrap();
                assert_eq!(again.generation().0, generation.0 + 2, "a step is applied once");
            }

            #[test]
            fn a_step_that_fails_leaves_the_file_as_it_was() {
                let folder = tempfile::tempdir().unwrap();
                drop($file::<Invented>::open_with(folder.path(), &ONE).unwrap());
                let error = $file::<Invented>::open_with(folder.path(), &BROKEN).err().unwrap();
                assert!(matches!(error, StoreError::Step { number: 2, name: "fails", .. }), "{error:?}");
                let new = $file::<Invented>::open_with(folder.path(), &THREE).unwrap();
                assert_eq!(new.get(Invented::Words, b"a").unwrap(), Some(b"11!".to_vec()));
            }

            #[test]
            fn a_newer_file_is_refused_and_left_alone() {
                let folder = tempfile::tempdir().unwrap();
                drop($file::<Invented>::open_with(folder.path(), &THREE).unwrap());
                let error = $file::<Invented>::open_with(folder.path(), &ONE).err().unwrap();
                assert!(matches!(error, StoreError::NewerSchema { found: 3, known: 1, .. }), "{error:?}");
                assert!(error.to_string().contains("run the newer version again"));
                assert!(error.operator_must_decide());
                let untouched = $file::<Invented>::open_with(folder.path(), &THREE).unwrap();
                assert_eq!(untouched.get(Invented::Words, b"b").unwrap(), Some(b"22".to_vec()));
            }
        }
    };
}

on_engine!(on_sled, SledFile);
on_engine!(on_redb, RedbFile);

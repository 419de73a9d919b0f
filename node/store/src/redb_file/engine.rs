//! redb itself: verification at open, writes, reads, and its errors in our words.

use std::marker::PhantomData;

use migrations::{DatabaseFile, Lineage, Row, Table};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, TableHandle};

use super::Transaction;
use crate::head::{HEAD_KEY, HEAD_TABLE, Head, HeadError, Tally};
use crate::migrate::{refuse_newer, step_failed};
use crate::{StoreError, frame};

/// Page cache of one file, bytes.
const CACHE_BYTES: usize = 64 * 1024 * 1024;

pub(super) type Bytes = &'static [u8];

pub(super) const fn definition(name: &str) -> TableDefinition<'_, Bytes, Bytes> {
    TableDefinition::new(name)
}

/// redb and which file it is.
pub(super) struct Engine {
    pub(super) database: Database,
    pub(super) file: DatabaseFile,
}

/// What came of a write: the head that stands now, whether the engine failed on the way, and the caller's answer.
pub(super) struct Written<R, E> {
    pub(super) head: Head,
    pub(super) failed: bool,
    pub(super) answer: Result<R, E>,
}

impl Engine {
    /// Verifies the rows and brings the file to the newest schema; an empty file gets its first head.
    pub(super) fn adopt<T: Table>(
        &self,
        lineage: &'static Lineage,
        _tables: PhantomData<T>,
    ) -> Result<Head, StoreError> {
        let (head, tally) = self.tally()?;
        let mut head = match head {
            Some(head) => head,
            None if tally == Tally::default() => Head::new(self.file),
            None => return Err(damaged(self.file, "the head record is gone")),
        };
        refuse_newer(lineage, head.schema)?;
        tally.compare(&head).map_err(|detail| damaged(self.file, detail))?;
        for step in lineage.after(head.schema) {
            let written = self.write(head, |transaction: &mut Transaction<'_, T>| {
                (step.apply)(transaction).map_err(|source| step_failed(self.file, step, source))?;
                transaction.head.schema = step.number;
                transaction.changed = true;
                Ok::<(), StoreError>(())
            })?;
            written.answer?;
            head = written.head;
            tracing::info!(file = %self.file, schema = step.number, step = step.name, "schema step applied");
        }
        Ok(head)
    }

    /// Reads the head and every row once.
    fn tally(&self) -> Result<(Option<Head>, Tally), StoreError> {
        let reader = self.database.begin_read().map_err(|error| failed(self.file, "reading", error))?;
        let (mut head, mut tally) = (None, Tally::default());
        for handle in reader.list_tables().map_err(|error| failed(self.file, "reading", error))? {
            let name = handle.name().to_owned();
            let table =
                reader.open_table(definition(&name)).map_err(|error| failed(self.file, "reading", error))?;
            for row in table.iter().map_err(|error| failed(self.file, "reading", error))? {
                let (key, bytes) = row.map_err(|error| failed(self.file, "reading", error))?;
                if name == HEAD_TABLE && key.value() == HEAD_KEY {
                    head = Some(self.open_head(bytes.value())?);
                } else {
                    tally.add(unseal(self.file, &name, key.value(), bytes.value())?.1);
                }
            }
        }
        Ok((head, tally))
    }

    fn open_head(&self, bytes: &[u8]) -> Result<Head, StoreError> {
        Head::unseal(self.file, bytes).map_err(|error| match error {
            HeadError::Kind => StoreError::OtherKind { file: self.file },
            HeadError::Checksum | HeadError::Layout => damaged(self.file, "the head record is unreadable"),
        })
    }

    pub(super) fn write<T: Table, R, E>(
        &self,
        head: Head,
        work: impl FnOnce(&mut Transaction<'_, T>) -> Result<R, E>,
    ) -> Result<Written<R, E>, StoreError> {
        let engine = self.database.begin_write().map_err(|error| failed(self.file, "writing", error))?;
        let mut transaction = Transaction::new(&engine, head);
        let answer = work(&mut transaction);
        if transaction.failed && answer.is_ok() {
            // The caller swallowed an error: it must not be told that its changes are durable.
            return Err(StoreError::Stopped { file: self.file });
        }
        if answer.is_err() || !transaction.changed {
            let failed = transaction.failed;
            drop(transaction);
            // The outcome is the same when the abort fails: nothing was committed.
            let aborted = engine.abort();
            return Ok(Written { head, failed: failed || aborted.is_err(), answer });
        }
        transaction.write_head()?;
        let head = transaction.head;
        drop(transaction);
        engine.commit().map_err(|error| failed(self.file, "committing", error))?;
        Ok(Written { head, failed: false, answer })
    }

    pub(super) fn read(&self, name: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let reader = self.database.begin_read().map_err(|error| failed(self.file, "reading", error))?;
        let Some(table) = self.open_for_reading(&reader, name)? else { return Ok(None) };
        let stored = table.get(key).map_err(|error| failed(self.file, "reading", error))?;
        stored.map(|bytes| Ok(unseal(self.file, name, key, bytes.value())?.0)).transpose()
    }

    pub(super) fn visit<E: From<StoreError>>(
        &self,
        name: &str,
        prefix: &[u8],
        mut visitor: impl FnMut(&[u8], &[u8]) -> Result<(), E>,
    ) -> Result<Result<(), E>, StoreError> {
        let reader = self.database.begin_read().map_err(|error| failed(self.file, "reading", error))?;
        let Some(table) = self.open_for_reading(&reader, name)? else { return Ok(Ok(())) };
        for row in table.range(prefix..).map_err(|error| failed(self.file, "reading", error))? {
            let (key, bytes) = row.map_err(|error| failed(self.file, "reading", error))?;
            if !key.value().starts_with(prefix) {
                break;
            }
            let (value, _) = unseal(self.file, name, key.value(), bytes.value())?;
            if let Err(stop) = visitor(key.value(), &value) {
                return Ok(Err(stop));
            }
        }
        Ok(Ok(()))
    }

    /// A table that nothing was written to yet does not exist in the file.
    fn open_for_reading(
        &self,
        reader: &redb::ReadTransaction,
        name: &str,
    ) -> Result<Option<redb::ReadOnlyTable<Bytes, Bytes>>, StoreError> {
        match reader.open_table(definition(name)) {
            Ok(table) => Ok(Some(table)),
            Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(failed(self.file, "reading", error)),
        }
    }
}

pub(super) fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

pub(super) fn check_integrity(database: &mut Database, file: DatabaseFile) -> Result<(), StoreError> {
    let clean = database.check_integrity().map_err(|error| open_failed(file, error))?;
    if !clean {
        return Err(damaged(file, "the engine's own check failed and it had to repair the file"));
    }
    Ok(())
}

pub(super) fn collect(
    file: DatabaseFile,
    name: &str,
    rows: redb::Range<'_, Bytes, Bytes>,
) -> Result<Vec<Row>, StoreError> {
    rows.map(|row| {
        let (key, bytes) = row.map_err(|error| failed(file, "reading", error))?;
        let (value, _) = unseal(file, name, key.value(), bytes.value())?;
        Ok((key.value().to_vec(), value))
    })
    .collect()
}

pub(super) fn unseal(
    file: DatabaseFile,
    name: &str,
    key: &[u8],
    bytes: &[u8],
) -> Result<(Vec<u8>, u32), StoreError> {
    frame::unseal(name, key, bytes)
        .map(|(value, sum)| (value.to_vec(), sum))
        .ok_or_else(|| damaged(file, format!("a row of table `{name}` fails its checksum")))
}

pub(super) fn damaged(file: DatabaseFile, detail: impl Into<String>) -> StoreError {
    StoreError::Damaged { file, detail: detail.into() }
}

pub(super) fn open_failed(file: DatabaseFile, error: redb::DatabaseError) -> StoreError {
    failed(file, "opening", error)
}

pub(super) fn failed(file: DatabaseFile, action: &'static str, error: impl Into<redb::Error>) -> StoreError {
    let error = error.into();
    if let redb::Error::Corrupted(detail) = error {
        return damaged(file, detail);
    }
    StoreError::Engine { file, action, source: Box::new(error) }
}

//! A database file on redb: check-and-record in one exclusive transaction, durable when the call returns.
//!
//! redb syncs each commit by default and that default is not touched. On top of it lie the same row checksums, account and
//! generation as in the other files, so that a reader of the file needs to trust neither the engine nor this crate.

mod engine;
mod transaction;

use std::marker::PhantomData;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use migrations::{Lineage, Row, Table};
use redb::{Database, StorageBackend};

use self::engine::{Engine, Written, builder, check_integrity, open_failed};
pub use self::transaction::Transaction;
use crate::StoreError;
use crate::contain::contained;
use crate::head::{FileId, Generation, Head};
use crate::lock::{FileLock, create_folder, sync_folder};

/// An open redb file whose tables are `T`. Transactions are made one at a time, reads from any thread.
pub struct RedbFile<T> {
    engine: Engine,
    writer: Mutex<Writer>,
    _lock: Option<FileLock>,
    tables: PhantomData<fn() -> T>,
}

struct Writer {
    head: Head,
    stopped: bool,
}

impl<T: Table> RedbFile<T> {
    /// Opens `<folder>/<name>.redb`, creating it when absent, verifies it (the engine's own check, then every row) and
    /// brings the schema up to date.
    ///
    /// # Errors
    /// Every variant of [`StoreError`] but `Missing`.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Self::open_with(folder, T::LINEAGE)
    }

    /// As [`RedbFile::open`], but an absent file is an error: for commands that read.
    ///
    /// # Errors
    /// Every variant of [`StoreError`].
    pub fn open_existing(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(format!("{}.redb", T::LINEAGE.file));
        if !path.is_file() {
            return Err(StoreError::Missing { file: T::LINEAGE.file, path });
        }
        Self::open(folder)
    }

    /// A file on a given disk instead of a path, without a lock: how the rooms above are tried on a disk that fails.
    ///
    /// # Errors
    /// As [`RedbFile::open`].
    pub fn open_on(disk: impl StorageBackend) -> Result<Self, StoreError> {
        let file = T::LINEAGE.file;
        let database = contained(file, || {
            builder().create_with_backend(disk).map_err(|error| open_failed(file, error))
        })?;
        Self::adopt(database, None, T::LINEAGE)
    }

    pub(crate) fn open_with(folder: &Path, lineage: &'static Lineage) -> Result<Self, StoreError> {
        let file = lineage.file;
        create_folder(folder, file)?;
        let lock = FileLock::take(folder, file)?;
        let path = folder.join(format!("{file}.redb"));
        let database = contained(file, || builder().create(&path).map_err(|error| open_failed(file, error)))?;
        sync_folder(folder, file)?;
        Self::adopt(database, Some(lock), lineage)
    }

    fn adopt(
        mut database: Database,
        lock: Option<FileLock>,
        lineage: &'static Lineage,
    ) -> Result<Self, StoreError> {
        let file = lineage.file;
        contained(file, || check_integrity(&mut database, file))?;
        let engine = Engine { database, file };
        let head = contained(file, || engine.adopt(lineage, PhantomData::<T>))?;
        Ok(Self {
            engine,
            writer: Mutex::new(Writer { head, stopped: false }),
            _lock: lock,
            tables: PhantomData,
        })
    }

    /// Runs `work` in one exclusive transaction and makes its changes durable before returning. When `work` fails nothing of
    /// it stays; when it changes nothing nothing is written.
    ///
    /// # Errors
    /// What `work` returns; [`StoreError::Stopped`] after an earlier failed write; otherwise what failed, and the file is
    /// stopped.
    pub fn transact<R, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Transaction<'_, T>) -> Result<R, E>,
    ) -> Result<R, E> {
        let mut writer = self.writer();
        if writer.stopped {
            return Err(StoreError::Stopped { file: self.engine.file }.into());
        }
        let head = writer.head;
        match contained(self.engine.file, || self.engine.write(head, work)) {
            Ok(Written { head, failed, answer }) => {
                writer.head = head;
                writer.stopped = failed;
                answer
            }
            Err(error) => {
                writer.stopped = true;
                Err(error.into())
            }
        }
    }

    /// The value of a row.
    ///
    /// # Errors
    /// The engine failed, or the row is damaged.
    pub fn get(&self, table: T, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        contained(self.engine.file, || self.engine.read(table.name(), key))
    }

    /// Calls `visitor` with key and value of every row of `table` whose key starts with `prefix`, in key order.
    ///
    /// # Errors
    /// As [`RedbFile::get`], or what `visitor` returns, which ends the visit.
    pub fn visit<E: From<StoreError>>(
        &self,
        table: T,
        prefix: &[u8],
        visitor: impl FnMut(&[u8], &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        contained(self.engine.file, || self.engine.visit(table.name(), prefix, visitor))?
    }

    /// All rows of `table` whose key starts with `prefix`, in key order. For tables that are known to be small.
    ///
    /// # Errors
    /// As [`RedbFile::get`].
    pub fn rows(&self, table: T, prefix: &[u8]) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        self.visit::<StoreError>(table, prefix, |key, value| {
            rows.push((key.to_vec(), value.to_vec()));
            Ok(())
        })?;
        Ok(rows)
    }

    /// Number of the last commit.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.writer().head.generation
    }

    /// Identity of the file.
    #[must_use]
    pub fn id(&self) -> FileId {
        self.writer().head.id
    }

    /// Schema of the file.
    #[must_use]
    pub fn schema(&self) -> u32 {
        self.writer().head.schema
    }

    /// Panics are contained inside the lock, so a poisoned one still guards a sound state.
    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts bytes in the place of a row past checksum and account, as damage would.
    #[cfg(test)]
    pub(crate) fn write_raw(&self, table: &str, key: &[u8], bytes: &[u8]) {
        let engine = self.engine.database.begin_write().unwrap();
        engine.open_table(engine::definition(table)).unwrap().insert(key, bytes).unwrap();
        engine.commit().unwrap();
    }
}

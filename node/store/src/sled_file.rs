//! A database file on sled 0.34, with what that engine lacks added around it.
//!
//! All rows lie in sled's default tree under `table name, 0, key`, because one tree gives one atomic batch. What sled does
//! not promise is contained here:
//!
//! * durability: `flush` ends in `sync_file_range` on Linux, so `write_durably` calls `fdatasync` on an own
//!   handle of `<path>/db` afterwards; the periodic flush is off, nothing is written behind the caller's back;
//! * damaged files panic at open or roll back silently to an earlier commit: see `contain`, the account in `head` and the
//!   witness in `lock`; [`SledFile::rolled_back_from`] tells;
//! * its file lock is released by a background thread some time after a close: opening waits for it, bounded, since our
//!   own lock already proves that no other process has the file.

use std::fs::{File, OpenOptions};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use migrations::{DatabaseFile, Lineage, Row, Rows, RowsError, Table};

use crate::batch::{Batch, Changes};
use crate::contain::contained;
use crate::head::{FileId, Generation, HEAD_KEY, HEAD_TABLE, Head, HeadError, Tally};
use crate::lock::{FileLock, Witness, create_folder, sync_folder};
use crate::migrate::{refuse_newer, step_failed};
use crate::{StoreError, frame};

/// Page cache of one file, bytes.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// How often, and how long apart, an open waits for sled's own lock: two seconds in all.
const LOCK_ATTEMPTS: u32 = 200;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// An open sled file whose tables are `T`. Reads may come from any thread; commits are made one at a time.
pub struct SledFile<T> {
    engine: Engine,
    writer: Mutex<Writer>,
    lock: FileLock,
    rolled_back_from: Option<Generation>,
    tables: PhantomData<fn() -> T>,
}

struct Writer {
    head: Head,
    stopped: bool,
}

impl<T: Table + Ord> SledFile<T> {
    /// Opens `<folder>/<name>`, creating it when absent, verifies every row and brings the schema up to date.
    ///
    /// # Errors
    /// Every variant of [`StoreError`] but `Missing`.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Self::open_with(folder, T::LINEAGE)
    }

    /// As [`SledFile::open`], but an absent file is an error: for commands that read.
    ///
    /// # Errors
    /// Every variant of [`StoreError`].
    pub fn open_existing(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(T::LINEAGE.file.name());
        if !path.join("db").is_file() {
            return Err(StoreError::Missing { file: T::LINEAGE.file, path });
        }
        Self::open(folder)
    }

    pub(crate) fn open_with(folder: &Path, lineage: &'static Lineage) -> Result<Self, StoreError> {
        create_folder(folder, lineage.file)?;
        let lock = FileLock::take(folder, lineage.file)?;
        let path = folder.join(lineage.file.name());
        let witness = if path.join("db").is_file() { lock.witness() } else { None };
        let engine = contained(lineage.file, || Engine::open(&path, lineage.file))?;
        sync_folder(&path, lineage.file)?;
        sync_folder(folder, lineage.file)?;
        let (head, found) = contained(lineage.file, || engine.adopt(lineage))?;
        let rolled_back_from = witness.and_then(|last| went_back(last, found));
        if let Some(last) = rolled_back_from {
            tracing::warn!(file = %lineage.file, from = last.0, to = found.generation.0,
                "the database went back to an earlier commit: the file was damaged or replaced by an older one");
        }
        lock.testify(Witness { id: head.id, generation: head.generation });
        let writer = Mutex::new(Writer { head, stopped: false });
        Ok(Self { engine, writer, lock, rolled_back_from, tables: PhantomData })
    }

    /// The commit that this file had reached before, when it was found at an earlier one at open. Rows and head are of one
    /// commit all the same: for the registry it means more blocks to read again, for the journal that records are lost.
    #[must_use]
    pub fn rolled_back_from(&self) -> Option<Generation> {
        self.rolled_back_from
    }

    /// Makes a batch durable, as one: after a crash all of it is there or none. Returns the generation of the commit; an
    /// empty batch changes nothing and returns the present one.
    ///
    /// # Errors
    /// [`StoreError::Stopped`] after an earlier failure; otherwise what failed, and the file is stopped.
    pub fn commit(&self, batch: Batch<T>) -> Result<Generation, StoreError> {
        let mut writer = self.writer();
        if writer.stopped {
            return Err(StoreError::Stopped { file: self.engine.file });
        }
        if batch.is_empty() {
            return Ok(writer.head.generation);
        }
        let head = writer.head;
        match contained(self.engine.file, || self.engine.write(head, batch.into_changes())) {
            Ok(next) => {
                writer.head = next;
                self.lock.testify(Witness { id: next.id, generation: next.generation });
                Ok(next.generation)
            }
            Err(error) => {
                writer.stopped = true;
                Err(error)
            }
        }
    }

    /// The value of a row.
    ///
    /// # Errors
    /// The engine failed, or the row is damaged.
    pub fn get(&self, table: T, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        contained(self.engine.file, || Ok(self.engine.get(table.name(), key)?.map(|(value, _)| value)))
    }

    /// Calls `visitor` with key and value of every row of `table` whose key starts with `prefix`, in key order.
    ///
    /// # Errors
    /// As [`SledFile::get`], or what `visitor` returns, which ends the visit.
    pub fn visit<E: From<StoreError>>(
        &self,
        table: T,
        prefix: &[u8],
        mut visitor: impl FnMut(&[u8], &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rows = self.engine.db.scan_prefix(full_key(table.name(), prefix));
        loop {
            let next = contained(self.engine.file, || match rows.next() {
                None => Ok(None),
                Some(row) => {
                    let (full, bytes) = row.map_err(|error| self.engine.failed("reading", error))?;
                    self.engine.open_row(&full, &bytes).map(Some)
                }
            })?;
            let Some(OpenRow { key, value, .. }) = next else { return Ok(()) };
            visitor(&key, &value)?;
        }
    }

    /// All rows of `table` whose key starts with `prefix`, in key order. For tables that are known to be small.
    ///
    /// # Errors
    /// As [`SledFile::get`].
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
        self.engine.db.insert(full_key(table, key), bytes).unwrap();
        self.engine.db.flush().unwrap();
    }

    /// Makes every later sync fail: a device has nothing to sync, and `fdatasync` says so.
    #[cfg(any(test, feature = "faulty-disk"))]
    pub fn break_disk(&mut self) -> std::io::Result<()> {
        self.engine.log = File::open("/dev/null")?;
        Ok(())
    }
}

/// sled and the handle that makes its log durable.
struct Engine {
    db: sled::Db,
    log: File,
    path: PathBuf,
    file: DatabaseFile,
}

/// A row whose checksum was right.
struct OpenRow {
    key: Vec<u8>,
    value: Vec<u8>,
    sum: u32,
}

/// The generation of the witness when the file found is older. A file of another identity was put there on purpose; one
/// without any commit (generation 0) in a place where commits were made has lost them.
fn went_back(last: Witness, found: Head) -> Option<Generation> {
    let same = last.id == found.id && last.generation > found.generation;
    (same || found.generation == Generation(0)).then_some(last.generation)
}

fn full_key(table: &str, key: &[u8]) -> Vec<u8> {
    let mut full = Vec::with_capacity(table.len().saturating_add(key.len()).saturating_add(1));
    full.extend_from_slice(table.as_bytes());
    full.push(0);
    full.extend_from_slice(key);
    full
}

fn is_lock_error(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(io) if io.to_string().contains("could not acquire lock"))
}

impl Engine {
    fn open(path: &Path, file: DatabaseFile) -> Result<Self, StoreError> {
        let config = sled::Config::new().path(path).cache_capacity(CACHE_BYTES).flush_every_ms(None);
        let mut attempt = 1;
        let db = loop {
            match config.open() {
                Ok(db) => break db,
                Err(error) if attempt < LOCK_ATTEMPTS && is_lock_error(&error) => {
                    attempt += 1;
                    thread::sleep(LOCK_PAUSE);
                }
                Err(error) => return Err(failed(file, "opening", error)),
            }
        };
        let log_path = path.join("db");
        let log = OpenOptions::new().write(true).open(&log_path).map_err(|source| StoreError::Io {
            file,
            action: "opening",
            path: log_path,
            source,
        })?;
        Ok(Self { db, log, path: path.to_owned(), file })
    }

    /// Verifies the file and brings it to the newest schema; an empty file gets its first head. Returns the head that stands
    /// now and the one that was found.
    fn adopt(&self, lineage: &'static Lineage) -> Result<(Head, Head), StoreError> {
        let mut head = match self.head()? {
            Some(head) => head,
            None if self.db.is_empty() => Head::new(self.file),
            None => return Err(self.damaged("the head record is gone")),
        };
        refuse_newer(lineage, head.schema)?;
        self.tally()?.compare(&head).map_err(|detail| self.damaged(detail))?;
        let found = head;
        for step in lineage.after(head.schema) {
            let mut rows = Overlay { engine: self, changes: Changes::new() };
            (step.apply)(&mut rows).map_err(|source| step_failed(self.file, step, source))?;
            let changes = rows.changes;
            head.schema = step.number;
            head = self.write(head, changes)?;
            tracing::info!(file = %self.file, schema = step.number, step = step.name, "schema step applied");
        }
        Ok((head, found))
    }

    fn head(&self) -> Result<Option<Head>, StoreError> {
        let stored =
            self.db.get(full_key(HEAD_TABLE, HEAD_KEY)).map_err(|error| self.failed("reading", error))?;
        stored
            .map(|bytes| {
                Head::unseal(self.file, &bytes).map_err(|error| match error {
                    HeadError::Kind => StoreError::OtherKind { file: self.file },
                    HeadError::Checksum | HeadError::Layout => self.damaged("the head record is unreadable"),
                })
            })
            .transpose()
    }

    /// Reads every row once.
    fn tally(&self) -> Result<Tally, StoreError> {
        let head_key = full_key(HEAD_TABLE, HEAD_KEY);
        let mut tally = Tally::default();
        for row in self.db.iter() {
            let (full, bytes) = row.map_err(|error| self.failed("reading", error))?;
            if full != head_key {
                tally.add(self.open_row(&full, &bytes)?.sum);
            }
        }
        Ok(tally)
    }

    fn open_row(&self, full: &[u8], bytes: &[u8]) -> Result<OpenRow, StoreError> {
        let split = full.iter().position(|byte| *byte == 0);
        let parts = split.and_then(|at| full.split_at_checked(at));
        let (table, rest) = parts.ok_or_else(|| self.damaged("a row belongs to no table"))?;
        let name = std::str::from_utf8(table).map_err(|_| self.damaged("a row belongs to no table"))?;
        let key = rest.get(1..).unwrap_or_default();
        let (value, sum) = frame::unseal(name, key, bytes)
            .ok_or_else(|| self.damaged(format!("a row of table `{name}` fails its checksum")))?;
        Ok(OpenRow { key: key.to_vec(), value: value.to_vec(), sum })
    }

    fn get(&self, table: &str, key: &[u8]) -> Result<Option<(Vec<u8>, u32)>, StoreError> {
        let full = full_key(table, key);
        let stored = self.db.get(&full).map_err(|error| self.failed("reading", error))?;
        stored.map(|bytes| self.open_row(&full, &bytes).map(|row| (row.value, row.sum))).transpose()
    }

    /// Writes changes and the head that accounts for them, durably. Returns the new head.
    fn write(&self, head: Head, changes: Changes) -> Result<Head, StoreError> {
        let mut head = head.advanced();
        let mut batch = sled::Batch::default();
        for ((table, key), value) in changes {
            let before = self.get(&table, &key)?.map(|(_, sum)| sum);
            let sealed = value.map(|value| frame::seal(&table, &key, &value));
            head.account(before, sealed.as_ref().map(|(_, sum)| *sum));
            match sealed {
                Some((bytes, _)) => batch.insert(full_key(&table, &key), bytes),
                None => batch.remove(full_key(&table, &key)),
            }
        }
        batch.insert(full_key(HEAD_TABLE, HEAD_KEY), head.seal());
        self.write_durably(batch)?;
        Ok(head)
    }

    /// The only place where a sled file is written: batch, flush, `fdatasync`, and only then the return.
    fn write_durably(&self, batch: sled::Batch) -> Result<(), StoreError> {
        self.db.apply_batch(batch).map_err(|error| self.failed("writing", error))?;
        self.db.flush().map_err(|error| self.failed("flushing", error))?;
        self.log.sync_data().map_err(|source| StoreError::Io {
            file: self.file,
            action: "syncing",
            path: self.path.join("db"),
            source,
        })
    }

    fn failed(&self, action: &'static str, error: sled::Error) -> StoreError {
        failed(self.file, action, error)
    }

    fn damaged(&self, detail: impl Into<String>) -> StoreError {
        StoreError::Damaged { file: self.file, detail: detail.into() }
    }
}

fn failed(file: DatabaseFile, action: &'static str, error: sled::Error) -> StoreError {
    if matches!(error, sled::Error::Corruption { .. }) {
        return StoreError::Damaged { file, detail: error.to_string() };
    }
    StoreError::Engine { file, action, source: Box::new(error) }
}

/// The rows a schema step sees: the file, and over it what the step changed so far.
struct Overlay<'a> {
    engine: &'a Engine,
    changes: Changes,
}

impl Rows for Overlay<'_> {
    fn get(&mut self, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, RowsError> {
        match self.changes.get(&(table.to_owned(), key.to_vec())) {
            Some(change) => Ok(change.clone()),
            None => Ok(self.engine.get(table, key)?.map(|(value, _)| value)),
        }
    }

    fn scan(&mut self, table: &str) -> Result<Vec<Row>, RowsError> {
        let mut rows = std::collections::BTreeMap::new();
        for row in self.engine.db.scan_prefix(full_key(table, &[])) {
            let (full, bytes) = row.map_err(|error| self.engine.failed("reading", error))?;
            let OpenRow { key, value, .. } = self.engine.open_row(&full, &bytes)?;
            rows.insert(key, value);
        }
        for ((_, key), change) in self.changes.iter().filter(|((name, _), _)| name == table) {
            match change {
                Some(value) => rows.insert(key.clone(), value.clone()),
                None => rows.remove(key),
            };
        }
        Ok(rows.into_iter().collect())
    }

    fn put(&mut self, table: &str, key: &[u8], value: &[u8]) -> Result<(), RowsError> {
        self.changes.insert((table.to_owned(), key.to_vec()), Some(value.to_vec()));
        Ok(())
    }

    fn remove(&mut self, table: &str, key: &[u8]) -> Result<(), RowsError> {
        self.changes.insert((table.to_owned(), key.to_vec()), None);
        Ok(())
    }
}

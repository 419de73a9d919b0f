//! Inside a transaction: rows, and the account that is kept of them.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use migrations::{DatabaseFile, Row, Rows, RowsError, Table};
use redb::ReadableTable;

use super::engine::{Bytes, collect, damaged, definition, failed, unseal};
use crate::head::{Generation, HEAD_KEY, HEAD_TABLE, Head};
use crate::{StoreError, frame};

/// What may be done inside [`RedbFile::transact`]. Reads see the transaction's own writes.
pub struct Transaction<'t, T> {
    engine: &'t redb::WriteTransaction,
    open: BTreeMap<String, redb::Table<'t, Bytes, Bytes>>,
    file: DatabaseFile,
    pub(super) head: Head,
    pub(super) changed: bool,
    pub(super) failed: bool,
    tables: PhantomData<T>,
}

impl<'t, T: Table> Transaction<'t, T> {
    pub(super) fn new(engine: &'t redb::WriteTransaction, head: Head) -> Self {
        let tables = PhantomData;
        Self { engine, open: BTreeMap::new(), file: head.file, head, changed: false, failed: false, tables }
    }

    /// The generation this transaction gets if it changes anything.
    #[must_use]
    pub fn next_generation(&self) -> Generation {
        self.head.advanced().generation
    }

    /// The value of a row.
    ///
    /// # Errors
    /// The engine failed, or the row is damaged.
    pub fn get(&mut self, table: T, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let row = self.fetch(table.name(), key)?;
        Ok(row.map(|(value, _)| value))
    }

    /// Writes a row.
    ///
    /// # Errors
    /// The engine failed, or the row that stood there is damaged.
    pub fn put(&mut self, table: T, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.change(table.name(), key, Some(value))
    }

    /// Removes a row; an absent row is no error.
    ///
    /// # Errors
    /// As [`Transaction::put`].
    pub fn remove(&mut self, table: T, key: &[u8]) -> Result<(), StoreError> {
        self.change(table.name(), key, None)
    }

    /// Rows of `table` with `from <= key < to`, in key order.
    ///
    /// # Errors
    /// As [`Transaction::get`].
    pub fn rows_between(&mut self, table: T, from: &[u8], to: &[u8]) -> Result<Vec<Row>, StoreError> {
        let name = table.name();
        let file = self.file;
        self.noting(|this| {
            let open = this.table(name)?;
            let rows = open.range(from..to).map_err(|error| failed(file, "reading", error))?;
            collect(file, name, rows)
        })
    }

    /// Runs an operation and remembers that the engine failed, so that the file is stopped whatever the caller does.
    fn noting<R>(&mut self, work: impl FnOnce(&mut Self) -> Result<R, StoreError>) -> Result<R, StoreError> {
        let answer = work(self);
        self.failed |= answer.is_err();
        answer
    }

    fn table(&mut self, name: &str) -> Result<&mut redb::Table<'t, Bytes, Bytes>, StoreError> {
        if !self.open.contains_key(name) {
            let table = self
                .engine
                .open_table(definition(name))
                .map_err(|error| failed(self.file, "opening a table", error))?;
            self.open.insert(name.to_owned(), table);
        }
        self.open.get_mut(name).ok_or_else(|| damaged(self.file, format!("table `{name}` is gone")))
    }

    fn fetch(&mut self, name: &str, key: &[u8]) -> Result<Option<(Vec<u8>, u32)>, StoreError> {
        let file = self.file;
        self.noting(|this| {
            let stored = this.table(name)?.get(key).map_err(|error| failed(file, "reading", error))?;
            stored.map(|bytes| unseal(file, name, key, bytes.value())).transpose()
        })
    }

    fn change(&mut self, name: &str, key: &[u8], value: Option<&[u8]>) -> Result<(), StoreError> {
        let file = self.file;
        let before = self.fetch(name, key)?.map(|(_, sum)| sum);
        let sealed = value.map(|value| frame::seal(name, key, value));
        self.noting(|this| {
            let table = this.table(name)?;
            let written = match &sealed {
                Some((bytes, _)) => table.insert(key, bytes.as_slice()).map(|_| ()),
                None => table.remove(key).map(|_| ()),
            };
            written.map_err(|error| failed(file, "writing", error))
        })?;
        self.head.account(before, sealed.map(|(_, sum)| sum));
        self.changed = true;
        Ok(())
    }

    /// Writes the head of this commit.
    pub(super) fn write_head(&mut self) -> Result<(), StoreError> {
        self.head = self.head.advanced();
        let (bytes, file) = (self.head.seal(), self.file);
        let written = self.table(HEAD_TABLE)?.insert(HEAD_KEY, bytes.as_slice()).map(|_| ());
        written.map_err(|error| failed(file, "writing", error))
    }
}

impl<T: Table> Rows for Transaction<'_, T> {
    fn get(&mut self, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, RowsError> {
        Ok(self.fetch(table, key)?.map(|(value, _)| value))
    }

    fn scan(&mut self, table: &str) -> Result<Vec<Row>, RowsError> {
        let file = self.file;
        let rows = self.table(table)?.iter().map_err(|error| failed(file, "reading", error))?;
        Ok(collect(file, table, rows)?)
    }

    fn put(&mut self, table: &str, key: &[u8], value: &[u8]) -> Result<(), RowsError> {
        Ok(self.change(table, key, Some(value))?)
    }

    fn remove(&mut self, table: &str, key: &[u8]) -> Result<(), RowsError> {
        Ok(self.change(table, key, None)?)
    }
}

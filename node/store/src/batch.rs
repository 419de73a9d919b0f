//! A set of changes that become durable together.

use std::collections::BTreeMap;

use migrations::Table;

/// Changes to rows of one file; the last change of a row counts.
#[derive(Clone, Debug)]
pub struct Batch<T> {
    changes: BTreeMap<(T, Vec<u8>), Option<Vec<u8>>>,
}

impl<T> Default for Batch<T> {
    fn default() -> Self {
        Self { changes: BTreeMap::new() }
    }
}

impl<T: Table + Ord> Batch<T> {
    /// No changes yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes a row.
    pub fn put(&mut self, table: T, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.changes.insert((table, key.into()), Some(value.into()));
    }

    /// Removes a row; an absent row is no error.
    pub fn remove(&mut self, table: T, key: impl Into<Vec<u8>>) {
        self.changes.insert((table, key.into()), None);
    }

    /// Rows touched.
    #[must_use]
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// True when no row is touched.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The changes by table name.
    pub(crate) fn into_changes(self) -> Changes {
        self.changes
            .into_iter()
            .map(|((table, key), value)| ((table.name().to_owned(), key), value))
            .collect()
    }
}

/// Table name and key to the new value, or to nothing.
pub(crate) type Changes = BTreeMap<(String, Vec<u8>), Option<Vec<u8>>>;

//! Numbered, append-only schema steps, one lineage per database file.
//!
//! A lineage is the life story of one file: `registry`, `history` or `journal`. Its steps are numbered from 1 without
//! gaps, each in a file of its own beside a page that tells the layout of every table (`registry/0001_rows.rs`, ...).
//! A step that has been released is never edited, reordered or removed: a changed layout is a new step.
//!
//! For every step `fixtures/NNNN.fixture` holds a small file as a node of that schema left it on disk. A test in
//! `store` opens each of them with the present binary and reads every row after the migration, so that an upgrade
//! from any released version is tried for ever.
//!
//! Steps work on plain bytes through the port [`Rows`]: this crate knows no engine and no type of the other crates,
//! because those change and a released step must not.

mod lineage;

#[path = "../history/mod.rs"]
pub mod history;
#[path = "../journal/mod.rs"]
pub mod journal;
#[path = "../registry/mod.rs"]
pub mod registry;

pub use history::HistoryTable;
pub use journal::JournalTable;
pub use lineage::{DatabaseFile, Lineage, Row, Rows, RowsError, Step, StepError, Table};
pub use registry::RegistryTable;

#[cfg(test)]
mod tests;

//! The embedded databases: open, lock, version, migrate, transact.
//!
//! A node keeps three files, each with its own lock, engine and lineage of schema steps (`migrations`):
//!
//! | Type | Engine | A commit costs | If lost |
//! |---|---|---|---|
//! | [`RegistryDb`] | sled | one batch, one flush, one `fdatasync` | rebuilt from the chain |
//! | [`HistoryDb`] | redb | one transaction, synced by the engine | irreplaceable |
//! | [`JournalDb`] | sled | as the registry | costs history only |
//!
//! What holds for all three:
//!
//! 1. **A commit is durable when the call returns.** sled's own `flush` ends in `sync_file_range`, which loses
//!    acknowledged writes in a power cut; [`SledFile`] therefore has one commit function that calls `fdatasync` on the log
//!    after every flush. `tests/sync_trace.rs` watches the system calls.
//! 2. **A failed write stops the file.** Nothing is known about what reached the disk, so every later commit is refused with
//!    [`StoreError::Stopped`] until the file is opened again.
//! 3. **Damage is found at open, not in the middle of a duty.** Every row carries a CRC-32 over table, key and value; the
//!    head record carries the number of rows and the sum of their checksums. Opening reads everything once and compares,
//!    so a row that was lost, doubled, changed or rolled back alone is found. A panic inside an engine is caught and
//!    reported as damage.
//! 4. **Every commit has a generation**, and every file an identity, both in the head record: a reader of two files can
//!    tell that one of them is older than the other expects.
//! 5. **A schema newer than this binary knows is refused**, an older one is migrated step by step, each step one commit.
//!
//! Keys and values are plain bytes: the rooms above own their encodings.

mod batch;
mod contain;
mod error;
#[cfg(any(test, feature = "faulty-disk"))]
pub mod faulty_disk;
mod frame;
mod head;
mod lock;
mod migrate;
mod redb_file;
mod sled_file;

pub use batch::Batch;
pub use error::{StoreError, remedy};
pub use head::{FileId, Generation};
pub use migrations::{DatabaseFile, HistoryTable, JournalTable, RegistryTable, Row, Table};
pub use redb::StorageBackend;
pub use redb_file::{RedbFile, Transaction};
pub use sled_file::SledFile;

/// Cluster state from the contract.
pub type RegistryDb = SledFile<RegistryTable>;
/// Signing marks and records.
pub type HistoryDb = RedbFile<HistoryTable>;
/// Duty ledger, outbox and peer notes.
pub type JournalDb = SledFile<JournalTable>;

#[cfg(test)]
mod tests;

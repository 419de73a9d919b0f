//! One lock file per database, so that two processes never share one, whatever the engine does itself.
//!
//! For sled files the lock file also holds a witness: identity and generation of the last commit, written after it and not
//! synced. It can be older than the database, never newer, unless the database went back.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use migrations::DatabaseFile;

use crate::StoreError;
use crate::head::{FileId, Generation};

const WITNESS_LEN: usize = 16 + 8 + 4;

/// Held as long as the database is open; the system releases it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct FileLock {
    file: File,
}

/// The last commit that a process with this lock knows of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Witness {
    pub id: FileId,
    pub generation: Generation,
}

impl FileLock {
    /// Takes `<folder>/<name>.lock` or says who is in the way.
    pub(crate) fn take(folder: &Path, file: DatabaseFile) -> Result<Self, StoreError> {
        let path = folder.join(format!("{file}.lock"));
        let io = |source: io::Error| StoreError::Io { file, action: "locking", path: path.clone(), source };
        let handle =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path).map_err(io)?;
        match handle.try_lock() {
            Ok(()) => Ok(Self { file: handle }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse { file, lock: path }),
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }

    /// The witness, if one was written whole.
    pub(crate) fn witness(&self) -> Option<Witness> {
        let mut bytes = [0; WITNESS_LEN];
        self.file.read_exact_at(&mut bytes, 0).ok()?;
        let (body, sum) = bytes.split_last_chunk::<4>()?;
        let (id, generation) = body.split_first_chunk::<16>()?;
        if crc32fast::hash(body).to_le_bytes() != *sum {
            return None;
        }
        let generation = Generation(u64::from_le_bytes(generation.try_into().ok()?));
        Some(Witness { id: FileId(*id), generation })
    }

    /// Writes the witness. It proves nothing by being absent, so a failure is only a missed chance to notice damage.
    pub(crate) fn testify(&self, witness: Witness) {
        let mut bytes = [&witness.id.0[..], &witness.generation.0.to_le_bytes()].concat();
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        if let Err(error) = self.file.write_all_at(&bytes, 0) {
            tracing::warn!(%error, "the lock file takes no witness of the last commit");
        }
    }
}

/// Makes the entries of a folder durable: a new file is lost in a power cut when only its content was synced.
pub(crate) fn sync_folder(folder: &Path, file: DatabaseFile) -> Result<(), StoreError> {
    File::open(folder).and_then(|handle| handle.sync_all()).map_err(|source| StoreError::Io {
        file,
        action: "syncing the folder",
        path: folder.to_owned(),
        source,
    })
}

/// Creates the data folder if it is absent.
pub(crate) fn create_folder(folder: &Path, file: DatabaseFile) -> Result<(), StoreError> {
    std::fs::create_dir_all(folder).map_err(|source| StoreError::Io {
        file,
        action: "creating the data folder",
        path: folder.to_owned(),
        source,
    })
}

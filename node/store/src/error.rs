//! Everything that can go wrong with a file, whose fault it is and what to do next.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use migrations::{DatabaseFile, StepError};

/// What an operator does about a damaged or lost file.
#[must_use]
pub const fn remedy(file: DatabaseFile) -> &'static str {
    match file {
        DatabaseFile::Registry => {
            "stop the node, move the folder `registry` out of the data folder and start again: it is rebuilt from the chain"
        }
        DatabaseFile::History => {
            "put the newest copy of `history.redb` in its place, and only this file; only if there is none, or the node \
             refuses it as too old, and no other copy of this operator is running, move the damaged `history.redb` and the \
             folder `registry` away and start again: every share is then armed anew at the current epoch"
        }
        DatabaseFile::Journal => {
            "stop the node, move the folder `journal` out of the data folder and start again: only past records are lost"
        }
    }
}

/// Why a database file cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the file open.
    #[error(
        "the {file} database is in use by another process (lock {lock}): stop the other node, two nodes must never \
         share a data folder"
    )]
    InUse {
        /// The file.
        file: DatabaseFile,
        /// Its lock.
        lock: PathBuf,
    },
    /// The file was asked for, and there is none.
    #[error("there is no {file} database at {path}: check the data folder")]
    Missing {
        /// The file.
        file: DatabaseFile,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("{action} of the {file} database failed at {path}: {source}; check disk, space and permissions")]
    Io {
        /// The file.
        file: DatabaseFile,
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The engine refused.
    #[error("{action} of the {file} database failed: {source}; check disk, space and permissions")]
    Engine {
        /// The file.
        file: DatabaseFile,
        /// What was tried.
        action: &'static str,
        /// What the engine said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The content is not what was written.
    #[error("the {file} database is damaged ({detail}); {}", remedy(*.file))]
    Damaged {
        /// The file.
        file: DatabaseFile,
        /// What was found.
        detail: String,
    },
    /// The file belongs to another place in the data folder.
    #[error(
        "the file in the place of the {file} database is of another kind: files of the data folder were mixed up"
    )]
    OtherKind {
        /// The file that was expected.
        file: DatabaseFile,
    },
    /// A newer version of the node wrote the file.
    #[error(
        "the {file} database has schema {found} and this version knows {known}: run the newer version again; do not \
         delete the file, and do not put an older copy in its place"
    )]
    NewerSchema {
        /// The file.
        file: DatabaseFile,
        /// Its schema.
        found: u32,
        /// The newest schema of this binary.
        known: u32,
    },
    /// A schema step could not be applied; the file is as it was before the step.
    #[error("step {number} ({name}) of the {file} database failed, the file is unchanged: {source}")]
    Step {
        /// The file.
        file: DatabaseFile,
        /// Number of the step.
        number: u32,
        /// Name of the step.
        name: &'static str,
        /// What it said.
        source: StepError,
    },
    /// An earlier write failed, so nothing is known about the disk.
    #[error(
        "an earlier write to the {file} database failed: it takes no more writes until the node is started again"
    )]
    Stopped {
        /// The file.
        file: DatabaseFile,
    },
}

impl StoreError {
    /// True when trying again cannot help and a person must choose (exit code 3 of the commands).
    #[must_use]
    pub const fn operator_must_decide(&self) -> bool {
        match self {
            Self::InUse { .. }
            | Self::Missing { .. }
            | Self::Damaged { .. }
            | Self::OtherKind { .. }
            | Self::NewerSchema { .. }
            | Self::Step { .. } => true,
            Self::Io { .. } | Self::Engine { .. } | Self::Stopped { .. } => false,
        }
    }
}

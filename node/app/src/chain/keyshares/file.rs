//! The format of `keyshares.json`.

use std::path::{Path, PathBuf};
use std::{fs, io};

use alloy_primitives::{Address, Bytes};
use serde::{Deserialize, Serialize, Serializer};
use types::{OperatorId, PublicKeyBytes};

use super::time;
use crate::files::write_new_secret;

/// The version that is written.
const VERSION: &str = "v1.2.0";
/// The versions that are read; their layout is the same.
const READ: [&str; 2] = ["v1.1.", "v1.2."];
/// The largest file that is read: some 30,000 validators of 13 operators.
const MAX_FILE_BYTES: u64 = 512 * 1024 * 1024;

/// A whole file: one item per validator, in the order in which they must be registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Keyshares {
    version: String,
    created_at: String,
    /// One per validator.
    pub shares: Vec<Item>,
}

/// One validator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What people and tools read.
    pub data: Data,
    /// What goes into the registration call.
    pub payload: Payload,
}

/// Who may register the validator, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Data {
    /// The nonce that the registration is signed for.
    pub owner_nonce: u64,
    /// The account that must register it.
    #[serde(serialize_with = "checksummed")]
    pub owner_address: Address,
    /// The validator's key.
    pub public_key: PublicKeyBytes,
    /// The committee, ascending by id.
    pub operators: Vec<OperatorEntry>,
}

/// One operator of the committee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperatorEntry {
    /// Its id.
    pub id: OperatorId,
    /// Its public key as it was registered: base64 of PEM.
    pub operator_key: String,
}

/// The arguments of the registration call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payload {
    /// The validator's key.
    pub public_key: PublicKeyBytes,
    /// The committee, ascending.
    pub operator_ids: Vec<OperatorId>,
    /// Owner-nonce signature, share public keys, encrypted shares.
    pub shares_data: Bytes,
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system said no.
    #[error("keyshares file {}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Far larger than any such file.
    #[error("keyshares file {} is too large to be one", path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
    },
    /// Not the format.
    #[error("{} is not a keyshares file of version 1.1 or 1.2: {source}", path.display())]
    Json {
        /// Which file.
        path: PathBuf,
        /// Where it differs.
        source: serde_json::Error,
    },
    /// The format of another time.
    #[error("{} has version {version}: only v1.1 and v1.2 are read; split the keys again", path.display())]
    Version {
        /// Which file.
        path: PathBuf,
        /// What it says.
        version: String,
    },
}

impl Keyshares {
    /// A new file, created at this many milliseconds after 1970.
    #[must_use]
    pub fn new(shares: Vec<Item>, unix_millis: u64) -> Self {
        Self { version: VERSION.to_owned(), created_at: time::iso8601(unix_millis), shares }
    }

    /// Reads a file and checks its version, nothing else.
    ///
    /// # Errors
    /// [`FileError`]
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let io = |source| FileError::Io { path: path.to_owned(), source };
        if fs::metadata(path).map_err(io)?.len() > MAX_FILE_BYTES {
            return Err(FileError::TooLarge { path: path.to_owned() });
        }
        let text = fs::read_to_string(path).map_err(io)?;
        let file: Self = serde_json::from_str(&text)
            .map_err(|source| FileError::Json { path: path.to_owned(), source })?;
        if READ.iter().any(|known| file.version.starts_with(known)) {
            Ok(file)
        } else {
            Err(FileError::Version { path: path.to_owned(), version: file.version })
        }
    }

    /// Writes a new file. One that is there already is kept: its shares may be registered.
    ///
    /// # Errors
    /// The name is taken, or the file system refuses.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        write_new_secret(path, &text)
    }
}

fn checksummed<S: Serializer>(address: &Address, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&address.to_checksum(None))
}

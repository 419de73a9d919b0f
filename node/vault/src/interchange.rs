//! The signing history on paper: EIP-3076 interchange (format version 5), and a plain account of every share.
//!
//! Entries are per share key, since that is what signs. Export writes one entry per share with its marks ("minimal"),
//! import raises marks and never lowers them, so importing twice, in any order, or something older, is harmless.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use store::HistoryDb;
use types::{Epoch, PublicKeyBytes, Root, Slot};

use crate::error::HistoryError;
use crate::history::{self, Books, Marks, MarksRow};
use crate::rules::is_slashable_pair;

/// The version of the format.
pub const FORMAT_VERSION: &str = "5";

/// An interchange document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interchange {
    /// What it is about.
    pub metadata: Metadata,
    /// One entry per share; several entries of one share count together.
    pub data: Vec<Entry>,
}

/// Head of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Always [`FORMAT_VERSION`].
    pub interchange_format_version: String,
    /// The chain.
    pub genesis_validators_root: Root,
}

/// What one key signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The key.
    pub pubkey: PublicKeyBytes,
    /// Blocks.
    pub signed_blocks: Vec<SignedBlock>,
    /// Votes.
    pub signed_attestations: Vec<SignedAttestation>,
}

/// A block that was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedBlock {
    /// Its slot.
    #[serde(with = "serde_utils::quoted_u64")]
    pub slot: Slot,
    /// Its signing root, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_root: Option<Root>,
}

/// A vote that was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedAttestation {
    /// Its source.
    #[serde(with = "serde_utils::quoted_u64")]
    pub source_epoch: Epoch,
    /// Its target.
    #[serde(with = "serde_utils::quoted_u64")]
    pub target_epoch: Epoch,
    /// Its signing root, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_root: Option<Root>,
}

/// Why a document is not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Another format.
    #[error("the document has format version {0}, only version 5 is read")]
    Version(String),
    /// Another chain.
    #[error("the document is of the chain with genesis validators root {found}, this history of {expected}")]
    OtherChain {
        /// Of the document.
        found: Root,
        /// Of the history.
        expected: Root,
    },
    /// The history is not bound to a chain yet, so the document cannot be compared with it.
    #[error("the history belongs to no chain yet: start the node once with its beacon node, then import")]
    Unbound,
    /// The history failed; nothing was imported.
    #[error(transparent)]
    History(#[from] HistoryError),
}

impl From<store::StoreError> for ImportError {
    fn from(error: store::StoreError) -> Self {
        Self::History(error.into())
    }
}

/// Raises the marks of every share of a document, all in one transaction. Returns the number of shares.
///
/// # Errors
/// [`ImportError`]; nothing is changed then.
pub fn import(db: &HistoryDb, document: &Interchange) -> Result<usize, ImportError> {
    let version = &document.metadata.interchange_format_version;
    if version != FORMAT_VERSION {
        return Err(ImportError::Version(version.clone()));
    }
    let expected = history::bound_chain(db)?.ok_or(ImportError::Unbound)?;
    let found = document.metadata.genesis_validators_root;
    if found != expected {
        return Err(ImportError::OtherChain { found, expected });
    }
    let mut highest: BTreeMap<PublicKeyBytes, Marks> = BTreeMap::new();
    for entry in &document.data {
        let marks = highest.entry(entry.pubkey).or_default();
        *marks = higher(*marks, marks_of(entry));
    }
    db.transact(|transaction| {
        let mut books = Books(transaction);
        for (share, marks) in &highest {
            let old = books.marks(share)?;
            let unknown =
                MarksRow { armed: false, validator: PublicKeyBytes::default(), marks: Marks::default() };
            let mut row = old.unwrap_or(unknown);
            row.marks = higher(row.marks, *marks);
            if old != Some(row) {
                books.set_marks(share, &row)?;
            }
        }
        Ok::<(), HistoryError>(())
    })?;
    Ok(highest.len())
}

fn marks_of(entry: &Entry) -> Marks {
    let votes = entry.signed_attestations.iter();
    let of_votes = votes.fold(Marks::default(), |marks, vote| Marks {
        source: marks.source.max(vote.source_epoch),
        target: marks.target.max(vote.target_epoch),
        slot: marks.slot,
    });
    let slot = entry.signed_blocks.iter().map(|block| block.slot).max().unwrap_or_default();
    Marks { slot, ..of_votes }
}

fn higher(one: Marks, other: Marks) -> Marks {
    Marks {
        source: one.source.max(other.source),
        target: one.target.max(other.target),
        slot: one.slot.max(other.slot),
    }
}

/// The document of a history.
///
/// # Errors
/// [`ImportError::Unbound`]; a failure of the history.
pub fn export(db: &HistoryDb) -> Result<Interchange, ImportError> {
    let genesis_validators_root = history::bound_chain(db)?.ok_or(ImportError::Unbound)?;
    let entry = |(pubkey, row): (PublicKeyBytes, MarksRow)| Entry {
        pubkey,
        signed_blocks: vec![SignedBlock { slot: row.marks.slot, signing_root: None }],
        signed_attestations: vec![SignedAttestation {
            source_epoch: row.marks.source,
            target_epoch: row.marks.target,
            signing_root: None,
        }],
    };
    let data = history::shares(db)?.into_iter().map(entry).collect();
    let interchange_format_version = FORMAT_VERSION.to_owned();
    Ok(Interchange { metadata: Metadata { interchange_format_version, genesis_validators_root }, data })
}

/// The chain a history is bound to, by its genesis validators root; `None` before a vault was first opened over it.
///
/// # Errors
/// A failure of the history.
pub fn chain(db: &HistoryDb) -> Result<Option<Root>, HistoryError> {
    history::bound_chain(db)
}

/// Everything the history holds about one share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShareAccount {
    /// The share.
    pub share: PublicKeyBytes,
    /// The validator it was last armed for; absent when it is only known by import.
    pub validator: Option<PublicKeyBytes>,
    /// Whether it may sign.
    pub armed: bool,
    /// Highest source signed.
    pub source: Epoch,
    /// Highest target signed.
    pub target: Epoch,
    /// Highest block slot signed.
    pub slot: Slot,
    /// The latest votes, oldest target first.
    pub attestations: Vec<SignedAttestation>,
    /// Pairs of these votes that could be slashed for. There are none, ever; this is where it shows.
    pub slashable_pairs: usize,
}

/// The account of every share.
///
/// # Errors
/// A failure of the history.
pub fn show(db: &HistoryDb) -> Result<Vec<ShareAccount>, HistoryError> {
    history::shares(db)?.into_iter().map(|(share, row)| account(db, share, &row)).collect()
}

fn account(db: &HistoryDb, share: PublicKeyBytes, row: &MarksRow) -> Result<ShareAccount, HistoryError> {
    let votes = history::votes(db, &share)?;
    let pair = |vote: &history::Vote| (vote.source, vote.target);
    let later = |index: usize| votes.iter().skip(index.saturating_add(1));
    let slashable = |(index, vote): (usize, &history::Vote)| {
        later(index).filter(|other| is_slashable_pair(pair(vote), pair(other))).count()
    };
    let attestation = |vote: &history::Vote| SignedAttestation {
        source_epoch: vote.source,
        target_epoch: vote.target,
        signing_root: Some(vote.root),
    };
    Ok(ShareAccount {
        share,
        validator: (row.validator != PublicKeyBytes::default()).then_some(row.validator),
        armed: row.armed,
        source: row.marks.source,
        target: row.marks.target,
        slot: row.marks.slot,
        slashable_pairs: votes.iter().enumerate().map(slashable).sum(),
        attestations: votes.iter().map(attestation).collect(),
    })
}

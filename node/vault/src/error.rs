//! Refusals of the vault and failures of its history.

use store::StoreError;
use types::{Epoch, PublicKeyBytes, Root, Slot};

use crate::rules::Breach;

/// Why the vault does not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The share is not armed in this process.
    #[error("the share is not armed")]
    NotArmed,
    /// The history knows nothing of the share, so nothing can be excluded.
    #[error("the signing history holds no record of the share")]
    NoRecord,
    /// The history failed for this share: it signs nothing more until the node is started again.
    #[error("the signing history failed for this share: it is stopped until the node is started again")]
    Stopped,
    /// The object is for a time that has not come.
    #[error("the object belongs to slot {slot} and it is slot {now}")]
    Future {
        /// Of the object.
        slot: Slot,
        /// The current one.
        now: Slot,
    },
    /// The target of a vote is not the epoch of its slot.
    #[error("target epoch {target} is not that of slot {slot}")]
    TargetNotOfSlot {
        /// Of the vote.
        target: Epoch,
        /// Of the vote.
        slot: Slot,
    },
    /// Nobody asked for this exit, as far as the history knows.
    #[error("the signing history holds no request for this exit")]
    NotRequested,
    /// Signing it could be slashed for.
    #[error("slashable: {0}")]
    Slashable(#[from] Breach),
}

/// The signing history cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row passed its checksum and is not laid out as the schema says.
    #[error(
        "a row of the signing history (table `{table}`) is not laid out as its schema says: put the \
         newest copy of `history.redb` in its place, and only this file"
    )]
    Layout {
        /// The table.
        table: &'static str,
    },
    /// The history belongs to another beacon chain.
    #[error(
        "the signing history belongs to the chain with genesis validators root {found}, the beacon node serves {expected}: \
         check the network and the data folder"
    )]
    OtherChain {
        /// Of the history.
        found: Root,
        /// Of the beacon node.
        expected: Root,
    },
}

impl HistoryError {
    /// True when trying again cannot help and a person must choose (exit code 3 of the commands).
    #[must_use]
    pub const fn operator_must_decide(&self) -> bool {
        match self {
            Self::Store(error) => error.operator_must_decide(),
            Self::Layout { .. } | Self::OtherChain { .. } => true,
        }
    }
}

/// Why shares cannot be armed.
#[derive(Debug, thiserror::Error)]
pub enum ArmError {
    /// The secret is not that of the share's public key.
    #[error("the secret does not belong to the share {share}")]
    KeyMismatch {
        /// Public key of the share.
        share: PublicKeyBytes,
    },
    /// The history failed; nothing was armed.
    #[error(transparent)]
    History(#[from] HistoryError),
}

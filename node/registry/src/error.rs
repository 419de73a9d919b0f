//! What ends the registry: only what an operator must decide, or a database that cannot be opened.

use store::{Generation, StoreError};
use types::Address;

use crate::ports::ArmFailed;

/// Why the registry cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row passed its checksum and is not laid out as the schema says.
    #[error(
        "a row of the registry database (table `{table}`) is not laid out as its schema says: move the folder \
         `registry` away and start again, it is rebuilt from the chain"
    )]
    Layout {
        /// The table.
        table: &'static str,
    },
    /// The data folder belongs to another network, chain or contract.
    #[error(
        "this data folder follows the registry with {what} {found}, the configuration says {expected}: correct the \
         configuration, or use another data folder"
    )]
    OtherRegistry {
        /// What differs.
        what: &'static str,
        /// In the data folder.
        found: String,
        /// In the configuration.
        expected: String,
    },
    /// The data folder belongs to another operator.
    #[error(
        "this data folder belongs to another operator key: use the key it was begun with, or another data folder (a \
         second copy of one operator must never run)"
    )]
    OtherOperator,
    /// A share that this operator opened before does not open any more.
    #[error(
        "a share that this operator key opened before does not open any more: the private key does not belong to the \
         public key, check the operator key file"
    )]
    OperatorKey,
    /// The signing history is another file than the one the shares were armed in.
    #[error(
        "the signing history is missing: another file is in its place. Put the newest copy of `history.redb` there, and only \
         this file; only if there is none, and no other copy of this operator is running, move the folder `registry` away as \
         well, and every share is armed anew at the current epoch"
    )]
    HistoryMissing,
    /// The signing history went back.
    #[error(
        "the signing history is older (commit {found}) than the one the shares were armed in (commit {expected}): put a \
         newer `history.redb` in its place; only if there is none, and no other copy of this operator is running, move the folder \
         `registry` away, and every share is armed anew at the current epoch"
    )]
    HistoryOlder {
        /// Its last commit.
        found: u64,
        /// The commit that the registry knows of.
        expected: u64,
    },
    /// Shares could not be armed at the start.
    #[error("our shares could not be armed: {0}")]
    Arm(ArmFailed),
    /// The execution client serves another chain.
    #[error(
        "the execution client {url} serves chain {found}, this network is on chain {expected}: check `execution.urls` and \
         the network"
    )]
    OtherChain {
        /// Without credentials.
        url: String,
        /// Its chain id.
        found: u64,
        /// The network's chain id.
        expected: u64,
    },
    /// There is no contract where it should be.
    #[error(
        "there is no contract at {contract} on the chain of {url}: check `contract` of the network file, and that the client \
         is on the right chain"
    )]
    NoContract {
        /// Without credentials.
        url: String,
        /// The address.
        contract: Address,
    },
    /// No URL that can be used.
    #[error("`execution.urls`: {0}")]
    Urls(&'static str),
    /// A worker thread died.
    #[error("the registry's worker ended unexpectedly: this is a defect, please report it with the log")]
    Worker,
}

impl RegistryError {
    /// True when trying again cannot help and a person must choose (exit code 3 of the commands).
    #[must_use]
    pub const fn operator_must_decide(&self) -> bool {
        match self {
            Self::Store(error) => error.operator_must_decide(),
            Self::Layout { .. }
            | Self::OtherRegistry { .. }
            | Self::OtherOperator
            | Self::OperatorKey
            | Self::HistoryMissing
            | Self::HistoryOlder { .. }
            | Self::OtherChain { .. }
            | Self::NoContract { .. }
            | Self::Urls(_) => true,
            Self::Arm(_) | Self::Worker => false,
        }
    }

    pub(crate) const fn older(found: Generation, expected: Generation) -> Self {
        Self::HistoryOlder { found: found.0, expected: expected.0 }
    }
}

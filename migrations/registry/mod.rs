//! Lineage of the `registry` file: the cluster state as the contract's log tells it, and how far it was read.

use crate::lineage::{DatabaseFile, Lineage, Table};

#[path = "0001_rows.rs"]
mod step_0001;

/// The steps of the registry file.
pub static LINEAGE: Lineage = Lineage { file: DatabaseFile::Registry, steps: &[step_0001::STEP] };

/// Tables of the registry file; the newest step tells their layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegistryTable {
    /// Facts that bind the file to one chain, contract and operator key.
    Binding,
    /// The block up to which everything is applied.
    Cursor,
    /// Registered operators.
    Operators,
    /// Registered validators.
    Validators,
    /// Our own encrypted share of validators.
    Shares,
    /// Fee recipient and nonce of each owner.
    Owners,
    /// Hash and inverse changes of recent blocks.
    Undo,
    /// Events that were skipped, with the reason.
    Skipped,
}

impl Table for RegistryTable {
    const LINEAGE: &'static Lineage = &LINEAGE;
    const ALL: &'static [Self] = &[
        Self::Binding,
        Self::Cursor,
        Self::Operators,
        Self::Validators,
        Self::Shares,
        Self::Owners,
        Self::Undo,
        Self::Skipped,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Binding => "binding",
            Self::Cursor => "cursor",
            Self::Operators => "operators",
            Self::Validators => "validators",
            Self::Shares => "shares",
            Self::Owners => "owners",
            Self::Undo => "undo",
            Self::Skipped => "skipped",
        }
    }
}

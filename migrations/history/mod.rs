//! Lineage of the `history` file: what was signed, the marks below which nothing is signed again, and exits in flight.

use crate::lineage::{DatabaseFile, Lineage, Table};

#[path = "0001_marks.rs"]
mod step_0001;
#[path = "0002_exits.rs"]
mod step_0002;

/// The steps of the history file.
pub static LINEAGE: Lineage =
    Lineage { file: DatabaseFile::History, steps: &[step_0001::STEP, step_0002::STEP] };

/// Tables of the history file; the steps tell their layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HistoryTable {
    /// The chain these signatures belong to.
    Binding,
    /// Highest source, target and block slot of each share.
    Marks,
    /// Attestations signed, one row per share, target and signing root.
    Attestations,
    /// Blocks signed, one row per share, slot and signing root.
    Proposals,
    /// Last slot in which consensus was begun, per committee and role.
    Started,
    /// Exits that were requested and are not done, one row per validator.
    Exits,
}

impl Table for HistoryTable {
    const LINEAGE: &'static Lineage = &LINEAGE;
    const ALL: &'static [Self] =
        &[Self::Binding, Self::Marks, Self::Attestations, Self::Proposals, Self::Started, Self::Exits];

    fn name(self) -> &'static str {
        match self {
            Self::Binding => "binding",
            Self::Marks => "marks",
            Self::Attestations => "attestations",
            Self::Proposals => "proposals",
            Self::Started => "started",
            Self::Exits => "exits",
        }
    }
}

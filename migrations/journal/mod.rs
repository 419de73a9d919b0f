//! Lineage of the `journal` file: what happened, told to whoever subscribed.

use crate::lineage::{DatabaseFile, Lineage, Table};

#[path = "0001_ledger.rs"]
mod step_0001;

/// The steps of the journal file.
pub static LINEAGE: Lineage = Lineage { file: DatabaseFile::Journal, steps: &[step_0001::STEP] };

/// Tables of the journal file; the newest step tells their layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JournalTable {
    /// Ended duties.
    Duties,
    /// Events for subscribers, in order.
    Events,
    /// How far each subscriber has read.
    Cursors,
    /// What is remembered about peers.
    Peers,
}

impl Table for JournalTable {
    const LINEAGE: &'static Lineage = &LINEAGE;
    const ALL: &'static [Self] = &[Self::Duties, Self::Events, Self::Cursors, Self::Peers];

    fn name(self) -> &'static str {
        match self {
            Self::Duties => "duties",
            Self::Events => "events",
            Self::Cursors => "cursors",
            Self::Peers => "peers",
        }
    }
}

//! Schema 2 of `history`: exits in flight. Every other table is as [schema 1](super::step_0001) lays it out.
//!
//! | Table | Key | Value |
//! |---|---|---|
//! | `exits` | validator key 48 | slot of the duty u64 (little-endian) |
//!
//! A row stands from the moment the contract's event is known until the exit is at a beacon node or given up.

use crate::lineage::{Step, no_rows_yet};

pub(super) const STEP: Step = Step { number: 2, name: "exits", apply: no_rows_yet };

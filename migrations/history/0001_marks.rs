//! Schema 1 of `history`. Integers in keys are big-endian, so that key order is number order; integers in values are
//! little-endian.
//!
//! | Table | Key | Value |
//! |---|---|---|
//! | `binding` | `genesis_validators_root` | 32 bytes |
//! | `marks` | share key 48 | armed u8 (0 or 1), validator key 48, source u64, target u64, block slot u64 |
//! | `attestations` | share key 48, target u64, signing root 32 | source u64 |
//! | `proposals` | share key 48, slot u64, signing root 32 | empty |
//! | `started` | committee id 32, role i32 (big-endian) | slot u64 |
//!
//! The signing root is part of the key, so that two different votes for one target would stand as two rows: that there
//! never are two can be shown from the file.

use crate::lineage::{Step, no_rows_yet};

pub(super) const STEP: Step = Step { number: 1, name: "marks", apply: no_rows_yet };

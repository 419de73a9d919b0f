//! Schema 1 of `registry`. Integers in keys are big-endian, so that key order is number order; values are SSZ
//! containers (integers little-endian, variable parts behind 4-byte offsets), fields in the order given.
//!
//! | Table | Key | Value |
//! |---|---|---|
//! | `binding` | name, ASCII | see below |
//! | `cursor` | empty | block number u64, block hash 32 |
//! | `operators` | operator id u64 | id u64, owner 20, public text (bytes) |
//! | `validators` | validator key 48 | key 48, owner 20, committee (list of: operator id u64, share key 48; in event order), liquidated bool |
//! | `shares` | validator key 48 | usable bool, ciphertext of our own share (bytes) |
//! | `owners` | owner 20 | owner 20, fee recipient 20, next nonce u16 |
//! | `undo` | block number u64 | block hash 32, list of: table u8, key (bytes), was present bool, earlier value (bytes) |
//! | `skipped` | block u64, log index u64 | reason code u8, topic 32 |
//!
//! `binding`, plain values: `chain_id` u64, `contract` 20 bytes, `network` text, `operator_key` SHA-256 of the public text of
//! our operator, `history` (file id 16 bytes, commit generation u64) of the signing history that holds our shares.
//!
//! Tables of `undo`, by number: 1 operators, 2 validators, 3 shares, 4 owners. Its rows stand in the order in which
//! the changes were made, and are undone from the last to the first. Only recent blocks are kept: a deeper
//! reorganisation rebuilds the file from the chain.

use crate::lineage::{Step, no_rows_yet};

pub(super) const STEP: Step = Step { number: 1, name: "rows", apply: no_rows_yet };

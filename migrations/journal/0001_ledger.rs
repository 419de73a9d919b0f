//! Schema 1 of `journal`. Integers in keys are big-endian, so that key order is number order; values are JSON documents,
//! because they are read by people and by subscribers and carry their own field names.
//!
//! | Table | Key | Value |
//! |---|---|---|
//! | `duties` | slot u64, role u8, validator index u64 | the ended duty, as `/v1/duties` shows it |
//! | `events` | sequence u64, from 1 | the event |
//! | `cursors` | subscriber name, UTF-8 | sequence of the last event delivered, decimal |
//! | `peers` | peer id bytes | notes on the peer |

use crate::lineage::{Step, no_rows_yet};

pub(super) const STEP: Step = Step { number: 1, name: "ledger", apply: no_rows_yet };

//! Fuzz targets for every decoder that a stranger reaches.
//!
//! A target is a function of bytes that must come back: what it finds wrong it tells by a panic. Each has seeds, valid inputs
//! to begin with. `scripts/fuzz` runs them under libFuzzer, guided by coverage, on the toolchain of the workspace
//! (`node/decisions/0030-fuzzing.md`); the tests of this crate run the seeds and some thousand seeded mutations of them, the same each
//! time. `scripts/properties` is beside it: generated inputs whose fate is known, for decoders alone.
//!
//! | Target | Where the bytes come from |
//! |---|---|
//! | `gossip_message` | a topic: envelope, rules and memory, as far as the signatures |
//! | `signed_message`, `ssv_message`, `qbft_message`, `partial_signatures` | the parts of that envelope, justifications with them |
//! | `consensus_value` | the full data of a proposal or a decided message |
//! | `gossip_author` | the fields of a gossip message: author, signature, data |
//! | `handshake` | the handshake stream, before its signature is checked |
//! | `node_info` | the signed part of a handshake |
//! | `record` | a node record of discovery, as text |
//! | `record_entries` | the protocol's entries of a signed node record |

#![allow(clippy::panic, clippy::expect_used, reason = "a target tells by a panic what it found")]

pub mod mutate;
mod seeds;
mod targets;

pub use seeds::write_all;
pub use targets::{TARGETS, Target, by_name, reaches_the_signatures};

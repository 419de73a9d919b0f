//! Properties of every decoder that a stranger can reach, over generated inputs: noise, encodings by a writer that shares nothing
//! with the one under test, the same at a limit and beyond it, and the same damaged, half of it at the offsets.
//!
//! * nothing panics, neither decoding nor the rules that a decoded value checks on itself;
//! * what decodes encodes to the same bytes: each value has one encoding;
//! * what is well formed and within the limits decodes, what is beyond does not, by the limits of either fork.
//!
//! `CAPSTAN_PROPERTY_INPUTS` says how many inputs each decoder gets (`scripts/properties`: a million).

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod decoders;
mod inputs;
mod judges;
mod piece;
mod seeded;

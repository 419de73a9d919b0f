//! The benchmarks and their load generators.
//!
//! A speed is told as a ratio: our way against the plain way, or against a lower bound, on the same inputs, in turns, in one
//! process, five times, with the spread and the absolute figures beside it ([`measure`]). `scripts/bench` runs those and
//! prints a table. The criterion benchmarks in `benches/` take the same loads ([`load`]) and compare a tree with its
//! own past.

pub mod load;
pub mod main_network;
pub mod measure;
pub mod memory;

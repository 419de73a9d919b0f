//! One module for each thing that `scripts/bench` measures.

pub mod bls;
pub mod flood;
pub mod transport;
pub mod validation;

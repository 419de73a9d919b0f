//! From partial signatures to the validator's signature.
//!
//! Partial signatures are ordinary signatures under share keys. Any `threshold` of them interpolate to the signature of
//! the validator key. The work is done optimistically: recombine first, verify the results of a whole slot with one
//! equation, and look for liars only where that fails (`ssv-spec ssv/runner_signatures.go`, and the SIP on partial
//! signature verification).

mod coefficients;
mod fractions;
mod recombine;
mod reconstruct;
mod sum;
#[cfg(test)]
mod tests;

pub use coefficients::{CoefficientCache, Coefficients};
pub use recombine::recombine;
pub use reconstruct::{Partial, Reconstructed, Reconstruction, reconstruct_many};

//! The duty ledger in words.
//!
//! * [`source`]: where the records come from: a running node, or the journal of a stopped one;
//! * [`account`]: what a record says about each operator: who was missing, who was late, and what this node did;
//! * [`tale`]: one slot's duties, told;
//! * [`digest`]: many slots' duties, summed up;
//! * [`reasons`]: the page of all reasons.

pub mod account;
pub mod digest;
pub mod reasons;
pub mod source;
pub mod tale;
mod words;

#[cfg(test)]
mod samples;

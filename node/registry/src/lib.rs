//! Follows the contract and keeps the cluster state, provably complete.
//!
//! # The story
//!
//! ```text
//! execution client -> Follower: blocks in order, reorganisations seen from parent hashes
//!     -> contracts_abi::decode -> apply: one event, a pure function of state and chain data
//!     -> Keeper: arm our shares, keep what owners ask for, commit rows and cursor as one, undo when the chain went another way
//!     -> ValidatorSet: published after the commit
//! ```
//!
//! # Rules
//!
//! 1. Every node derives the same operators, validators, owners and nonces from the same log: [`apply`] follows the published
//!    order of checks, and what it refuses has a reason ([`Malformed`]) and the same effect as at every other node.
//! 2. Rows and block cursor change in one commit. A range of blocks that fails in any way leaves no trace of it.
//! 3. A share is armed durably before the set that contains its validator is published; see [`Armer`].
//! 4. An exit that an owner of ours asks for is on disk before the cursor goes past its block, as the event is read once. Those of a chain
//!    that is read for the first time, and those that happened far back while the node was away, are left to the other operators.
//!    A new fee recipient is told of while the chain is followed live only: of an earlier one the other operators have told builders
//!    without this one. The set has it in any case.
//! 5. Trouble outside (client down, slow, behind, inconsistent, on another chain) degrades: the last set stays, the status says
//!    what is wrong, and it is tried again. The follower ends only with what an operator must decide ([`RegistryError`]).
//! 6. Two nodes at one block have one digest ([`digest`]); nothing in it depends on which operator computes it.
//!
//! # Deviations from the Go node
//!
//! * A validator whose share for us does not decrypt is stored like any other and marked; the Go node of that one operator
//!   does not know the validator, so it would accept a registration that all others refuse. We have no duties for it either
//!   way, and the digest stays equal.
//! * An operator that was removed from the registry stops at once; the Go node goes on until its next start.
//! * Reorganisations within the last [`UNDO_BLOCKS`] blocks are undone; deeper ones rebuild the state from the chain.
//! * Contract address and chain id are stored and compared, not the network's name alone.

mod apply;
mod binding;
mod blob;
mod db;
mod digest;
mod error;
mod execution;
mod fetch;
mod follower;
mod keeper;
mod ports;
mod proofs;
mod registry;
mod rows;
mod set;
mod state;
mod status;

pub use apply::{Malformed, Outcome};
pub use blob::{SHARES_PREFIX_LEN, ShareBlob};
pub use error::RegistryError;
pub use follower::Follower;
pub use keeper::UNDO_BLOCKS;
pub use ports::{ArmFailed, Armer, Arming, HistoryMark, ShareDecryptor, SharePlace, ShareToArm};
pub use registry::{Registry, RegistryConfig, Timing};
pub use rows::{Member, OperatorRow, OwnerRow, ValidatorRow};
pub use set::{BlockRef, ExitRequest, OwnShare, RecipientChange, ValidatorSet};
pub use status::{Problem, RegistryStatus};

#[cfg(test)]
mod tests;

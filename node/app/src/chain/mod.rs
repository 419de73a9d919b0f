//! The contract commands' side of the chain: what a person with an account does, as opposed to what a node follows.
//!
//! * [`Registry`] is a contract on an execution client, opened only when both are the ones the network names;
//! * [`history`] reads what the commands need from its events: nonces, cluster tuples, operator keys;
//! * [`keyshares`] makes, reads and checks `keyshares.json`;
//! * [`Sender`] signs a call, sends it and waits until it is in a block.
//!
//! Everything is read at the latest block: the next transaction builds on that, not on what a node has followed.

pub mod args;
mod error;
mod eth;
pub mod history;
pub mod keyshares;
mod logs;
mod registry;
mod rpc;
mod sender;
mod shown;
mod signer_key;

pub use error::ChainError;
pub use registry::Registry;
pub use sender::{Mined, Sender};
pub use shown::ShownCall;

#[cfg(test)]
mod tests;

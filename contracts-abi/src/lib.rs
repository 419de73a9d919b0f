//! What the SSV registry contract says, typed.
//!
//! Two generations of the contract matter: v1.2.0 (fees in the SSV token) and v2.0.0 (fees in ether). All events a
//! node acts upon are byte for byte the same in both; the calls that carry a deposit differ ([`Generation`]).
//!
//! * [`decode`] turns a log into a [`RegistryEvent`]; it tells a log that is none of the registry's events (`None`)
//!   from one whose topics or data do not fit ([`DecodeError`]).
//! * [`call`] builds the calldata of what operators and stakers call; [`view`] asks and reads the contract's views.
//! * [`Revert`] puts into words why the contract refused a call.
//! * [`Signer`] signs a [`Transaction`] with a 32-byte key. Nothing here talks to a node.
//! * `solidity/` beside the sources holds the registry of local networks; [`dev_registry`] its compiled code.
//!
//! The signatures stand in `abi/*.abi` in human-readable form and are read by `ethers`, of which nothing shows in
//! this crate's own API.

mod abi;
pub mod call;
mod cluster;
mod convert;
mod decode;
pub mod dev_registry;
mod event;
pub mod operator_key;
mod read;
mod revert;
mod transaction;
pub mod view;

pub use call::{Call, ClusterRef, Generation};
pub use cluster::{Cluster, cluster_id};
pub use decode::{DecodeError, decode, known_topics, topic, topics_with_cluster};
pub use event::RegistryEvent;
pub use read::Fault;
pub use revert::Revert;
pub use transaction::{Fees, SignError, SignedTransaction, Signer, Transaction};

//! Moves bytes among operators: discovery, handshake, gossip, scores.
//!
//! [`Network::start`] listens on TCP (noise, yamux), joins discv5 under the network's own protocol id and dials what it finds.
//! A peer tells its network and subnets in a signed handshake and stays if they are ours. From then on messages travel by
//! gossipsub, one topic per subnet: what comes in is handed up as [`NetworkEvent::Message`] with a [`Receipt`], and is relayed only
//! after [`NetworkHandle::verdict`] accepted it. This crate knows no validation rule of the messages; it knows who forwarded what,
//! and keeps the score.
//!
//! Reading order: [`Network`] and its configuration, the handle and the events; `service`, the one task; `gossip`, `handshake`,
//! `peers`, `discovery` and `record`, the parts it is made of. Where the wire differs from the Go node and cannot be helped:
//! `node/decisions/0015-gossip-wire.md`.

mod behaviour;
mod config;
mod discovery;
mod drops;
mod event;
mod gossip;
mod handle;
mod handshake;
mod key;
mod peers;
mod record;
mod rules;
mod service;
mod start;
#[cfg(feature = "strangers")]
pub mod strangers;
mod subnets;
mod topic;
mod transport;

pub use libp2p::{Multiaddr, PeerId};

pub use config::{NetworkConfig, StartError};
pub use discovery::DiscoveryError;
pub use drops::{DropCounts, DropReason};
pub use event::{InboundMessage, NetworkEvent, Receipt, Verdict};
pub use gossip::message_id::of_data as message_id;
pub use gossip::params::{MAX_MESSAGE_BYTES, MAX_PUBLISH_BYTES, MAX_TOPICS};
pub use gossip::rate::CommitteeLoad;
pub use handle::{COMMAND_QUEUE, CommandError, EVENT_QUEUE, NetworkHandle, PUBLISH_QUEUE, PublishError};
pub use key::{KeyError, NetworkKey};
pub use peers::table::{Direction, DisconnectReason, PeerRecord, PeerState};
pub use record::{RecordContent, RecordDomains, RecordError};
pub use start::Network;
pub use subnets::{SubnetBits, SubnetBitsError};
pub use topic::Topic;

//! What the network is started with, and why it may not start.

use std::net::{IpAddr, SocketAddr};

use libp2p::gossipsub::ConfigBuilderError;
use libp2p::{TransportError, noise};
use types::SsvFork;

use crate::discovery::DiscoveryError;
use crate::key::{KeyError, NetworkKey};
use crate::record::RecordError;

/// The `[p2p]` section, ready to use. Everything that is the network's own is in the rules.
#[derive(Debug)]
pub struct NetworkConfig {
    /// Our identity.
    pub key: NetworkKey,
    /// Address to listen on, TCP and UDP.
    pub listen: IpAddr,
    /// libp2p port; 0 takes any free one.
    pub tcp_port: u16,
    /// discv5 port; 0 takes any free one.
    pub udp_port: u16,
    /// The address others reach us at; none lets peers vote on it.
    pub external_address: Option<IpAddr>,
    /// Node records to start from, besides those of the rules.
    pub bootnodes: Vec<String>,
    /// Peers to aim for; raised by three for each subnet of ours, up to 150.
    pub max_peers: u32,
    /// The fork that is active at the start.
    pub fork: SsvFork,
    /// Our version, as told to peers.
    pub version: String,
}

impl NetworkConfig {
    /// A node on this machine alone: 127.0.0.1, free ports, a fresh key, Alan. The start of every test.
    #[must_use]
    pub fn loopback() -> Self {
        let localhost = IpAddr::from([127, 0, 0, 1]);
        Self {
            key: NetworkKey::generate(),
            listen: localhost,
            tcp_port: 0,
            udp_port: 0,
            external_address: Some(localhost),
            bootnodes: Vec::new(),
            max_peers: 60,
            fork: SsvFork::Alan,
            version: concat!("capstan/v", env!("CARGO_PKG_VERSION")).into(),
        }
    }
}

/// Why the network did not start. All of it is for the operator to mend.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The key is unusable.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Our own record cannot be made.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Discovery did not start.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    /// A bootnode's record does not parse.
    #[error(
        "bootnode {position} is not a node record (`enr:...`): {reason}; check `p2p.bootnodes` and the network file"
    )]
    Bootnode {
        /// Position in the list, from 1, the configured ones first.
        position: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The TCP port is taken, or the address is not ours.
    #[error("cannot listen on tcp {address}: {source}; change `p2p.tcp_port` or `p2p.listen`")]
    Listen {
        /// The address tried.
        address: SocketAddr,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The address cannot be listened on at all.
    #[error("cannot listen on tcp {address}: {reason}; change `p2p.listen`")]
    Unsupported {
        /// The address tried.
        address: SocketAddr,
        /// The library's answer.
        reason: TransportError<std::io::Error>,
    },
    /// The noise identity cannot be made of the key.
    #[error("the network key cannot be used for encryption: {0}")]
    Noise(noise::Error),
    /// The gossip parameters contradict each other.
    #[error("the gossip parameters are refused: {0}")]
    Gossip(#[from] ConfigBuilderError),
    /// The swarm refused its configuration.
    #[error("the network's configuration is refused: {0}")]
    Behaviour(String),
    /// The network has no such fork.
    #[error("the network has no domain for the fork {0}; add it under [domains] of the network file")]
    Fork(SsvFork),
}

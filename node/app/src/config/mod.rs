//! The configuration of a node: one documented struct per component, read from a file, the environment and flags.
//!
//! Later layers win: built-in defaults, the TOML file of `--config`, variables `CAPSTAN__SECTION__KEY`, flags. Every value
//! remembers where it came from, so that an error can name the place and `run --check` can show it. Relative paths in the file
//! (and in the defaults) start at the file's folder, those in variables and flags at the working folder. Each value is held
//! against its kind and all against each other once, here; every problem is told at once.

mod effective;
mod keys;
mod layers;
mod problem;
mod relations;

use std::net::IpAddr;
use std::path::PathBuf;

use serde::Deserialize;

pub use effective::Row;
pub use keys::{KEYS, Key, Kind};
pub use layers::{Flag, Layers, Loaded, load};
pub use relations::MAX_GRAFFITI;

/// Everything `capstan run` can be told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// Folder of the databases; created when absent. One node, one folder.
    pub data_dir: PathBuf,
    /// Which network.
    #[serde(default)]
    pub network: NetworkSection,
    /// Execution clients.
    pub execution: ExecutionSection,
    /// Beacon nodes.
    pub beacon: BeaconSection,
    /// Who the operator is.
    pub operator: OperatorSection,
    /// What own blocks are like.
    pub proposals: ProposalsSection,
    /// What protects the validators beside the signing history.
    pub safety: SafetySection,
    /// How other operators are reached.
    pub p2p: P2pSection,
    /// The read-only HTTP interface.
    pub api: ApiSection,
    /// What is logged.
    pub log: LogSection,
}

/// `[network]`: exactly one of the two. Where different layers set one each, the higher layer wins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSection {
    /// A built-in network.
    pub name: Option<String>,
    /// A network file.
    pub file: Option<PathBuf>,
}

/// `[execution]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExecutionSection {
    /// JSON-RPC addresses (http, https, ws, wss); the first that answers is used.
    pub urls: Vec<String>,
}

/// `[beacon]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeaconSection {
    /// Beacon API addresses (http, https). The best one is read from; among equals the order here holds.
    pub urls: Vec<String>,
    /// So many beacon nodes must have the same checkpoints before their attestation data are voted for.
    pub agreement: u8,
}

/// `[operator]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorSection {
    /// The operator key file.
    pub key_file: PathBuf,
    /// File with its password; asked for at the terminal when absent.
    pub password_file: Option<PathBuf>,
}

/// `[proposals]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposalsSection {
    /// Text that own blocks carry, up to 32 bytes.
    pub graffiti: String,
    /// Gas limit of builder registrations; the network's when absent. The same over a committee.
    pub gas_limit: Option<u64>,
    /// Whether builders are registered with and asked.
    pub builder: bool,
    /// 0 local blocks, 100 whichever pays more, 2^64-1 builders' blocks.
    pub builder_boost_factor: u64,
    /// How long after the start of a slot a block is asked for, in milliseconds.
    pub delay_ms: u64,
}

/// `[safety]`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SafetySection {
    /// After each start a validator signs no vote, block or aggregate until it was silent for two epochs (the one before the
    /// start counts), or a quorum of its own committee was seen at work.
    pub doppelganger: bool,
    /// The node stops, with exit code 3, when it hears another live copy of this operator.
    pub second_copy: bool,
}

/// `[p2p]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct P2pSection {
    /// The network key file; created at the first start.
    pub key_file: PathBuf,
    /// Address to listen on.
    pub listen: IpAddr,
    /// Port for connections among operators (TCP).
    pub tcp_port: u16,
    /// Port for discovery (UDP).
    pub udp_port: u16,
    /// Address told to others; found out by discovery when absent.
    pub external_address: Option<IpAddr>,
    /// Node records to start from, besides those of the network.
    pub bootnodes: Vec<String>,
    /// Peers to aim for; three more for each subnet of this operator, up to 150 in all.
    pub max_peers: u32,
}

/// `[api]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiSection {
    /// Address to listen on.
    pub listen: IpAddr,
    /// Port.
    pub port: u16,
}

/// `[log]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSection {
    /// A `tracing` filter: a level, or `crate=level` pairs.
    pub level: String,
    /// How lines look.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[cfg(test)]
mod tests;

//! The answers, as they are written.

use std::collections::BTreeMap;

use outbox::DutyRecord;
use serde::{Deserialize, Serialize};

use crate::safety::Safety;

/// `GET /v1/status`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The version of the node.
    pub version: String,
    /// The network's name.
    pub network: String,
    /// Whether the node can do its duties now.
    pub ready: bool,
    /// Why it cannot, in words; empty if it can.
    pub not_ready_because: Vec<String>,
    /// This operator.
    pub operator: OperatorStatus,
    /// The registry contract as this node knows it.
    pub registry: RegistryStatus,
    /// The beacon node that would be asked now.
    pub beacon: BeaconStatus,
    /// The other operators' nodes.
    pub peers: PeersStatus,
    /// Validators.
    pub validators: ValidatorsStatus,
    /// The sums of the ledger since the node started.
    pub duties: Balance,
    /// Gossip messages refused since the node started, by the name of the rule.
    #[serde(default)]
    pub refused: BTreeMap<String, u64>,
    /// What was dropped at a bound since the node started, by room and reason.
    #[serde(default)]
    pub dropped: BTreeMap<String, u64>,
    /// What protects the validators beside the signing history.
    #[serde(default)]
    pub safety: Safety,
    /// The current slot.
    pub slot: u64,
}

/// Who the node is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorStatus {
    /// Its number; none before it is registered.
    pub id: Option<u64>,
    /// SHA-256 of its public key (DER), 0x-hex.
    pub public_key_sha256: String,
}

/// How far the contract is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryStatus {
    /// The last block read.
    pub block: Option<u64>,
    /// Its hash, 0x-hex.
    pub block_hash: Option<String>,
    /// The newest block that may be read.
    pub head_block: Option<u64>,
    /// The digest of the state after the last block read, 0x-hex.
    pub digest: Option<String>,
}

/// The beacon node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeaconStatus {
    /// The newest head seen.
    pub head_slot: Option<u64>,
    /// Whether it says that it is syncing.
    pub syncing: Option<bool>,
    /// The chain, 0x-hex.
    pub genesis_validators_root: Option<String>,
    /// Which node it is.
    pub node: Option<String>,
}

/// The other operators' nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeersStatus {
    /// How many have finished the handshake.
    pub connected: usize,
}

/// Validators.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidatorsStatus {
    /// On the network.
    pub known: usize,
    /// Of those, with a share of this operator.
    pub mine: usize,
    /// Shares that can sign.
    pub ready: usize,
}

/// The sums of the ledger: scheduled = submitted + failed + running, over the duties that were to be done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Duties that were to be done.
    pub scheduled: u64,
    /// Of those, submitted.
    pub submitted: u64,
    /// Of those, failed.
    pub failed: u64,
    /// Of those, not ended yet.
    pub running: u64,
    /// Duties of which nothing was to be done: the validator was not selected to aggregate.
    #[serde(default)]
    pub not_selected: u64,
}

/// `GET /v1/duties`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duties {
    /// In the order of slots.
    pub duties: Vec<DutyRecord>,
    /// The sums since the node started.
    pub balance: Balance,
}

/// `GET /v1/peers`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Peers {
    /// Connected and recently seen ones.
    pub peers: Vec<Peer>,
}

/// One peer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Peer {
    /// Its libp2p id.
    pub id: String,
    /// Where it is.
    pub address: Option<String>,
    /// What it says it is.
    pub agent: Option<String>,
    /// What it told of itself in the handshake.
    #[serde(default)]
    pub node_version: Option<String>,
    /// `inbound` if it dialled us, else `outbound`.
    #[serde(default)]
    pub direction: Option<String>,
    /// `connecting`, `connected`, or `disconnected: ` and the reason.
    pub state: String,
    /// Its gossip score; at -16000 it is disconnected. The last one if it is gone.
    pub score: Option<f64>,
    /// Messages that it was the first to forward to us, and that broke a rule for which the forwarder answers.
    #[serde(default)]
    pub rejected: u64,
    /// The rule that the last of them broke, by the name it has in `refused` of `/v1/status`.
    #[serde(default)]
    pub last_rejection: Option<String>,
    /// The subnets it is on.
    #[serde(default)]
    pub subnets: Vec<u8>,
    /// Those of them in whose mesh it is with us.
    #[serde(default)]
    pub mesh: Vec<u8>,
}

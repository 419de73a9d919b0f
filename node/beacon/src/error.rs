//! What can go wrong, and whose fault it is.
//!
//! Three kinds, by who must act. [`SettingsError`]: the configuration cannot be used, fix it. [`ChainError`]: a beacon node is
//! on another chain than this node is set up for or has worked on before; an operator must decide, and it is the only kind that
//! ends the process. [`BeaconError`]: one call failed on every node; the node degrades and tries again.

use crate::call::Call;
use std::fmt;
use std::time::Duration;
use types::{Checkpoint, PresetName, Root};

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// No address at all.
    #[error(
        "no beacon node is configured: set beacon.urls to at least one address such as http://127.0.0.1:5052"
    )]
    NoUrls,
    /// An address that is not one. The text is not repeated, as it may hold a password.
    #[error("beacon.urls[{position}] is not an http or https address: {why}")]
    BadUrl {
        /// Position in the list, from 0.
        position: usize,
        /// The parser's reason.
        why: &'static str,
    },
    /// More addresses than the bound.
    #[error("beacon.urls has {given} addresses, at most {limit} are supported: remove some")]
    TooManyUrls {
        /// How many there are.
        given: usize,
        /// The bound.
        limit: usize,
    },
    /// An agreement that no number of answers can reach, or that needs none.
    #[error(
        "beacon.agreement is {needed}, and beacon.urls has {nodes} addresses: it must be from 1 to their number"
    )]
    Agreement {
        /// How many nodes are to agree.
        needed: usize,
        /// How many there are.
        nodes: usize,
    },
    /// The HTTP client could not be built.
    #[error("the HTTP client for beacon nodes could not be set up: {0}")]
    Client(String),
}

/// A beacon node is on another chain than it should be. Exit class: an operator must decide.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// Another genesis than the one this data folder was used with.
    #[error(
        "beacon node {node} is on another genesis: its genesis validators root is {found}, this node's data belongs to \
         {expected}. Point beacon.urls at a node of the right network, or use another data_dir for this one"
    )]
    AnotherGenesis {
        /// The node.
        node: NodeName,
        /// What it reports.
        found: Root,
        /// What was stored or configured.
        expected: Root,
    },
    /// Another preset than the network's.
    #[error(
        "beacon node {node} runs the {found} preset, the configured network has {expected}. Point beacon.urls at a node of \
         the right network, or correct `preset` in the network file"
    )]
    AnotherPreset {
        /// The node.
        node: NodeName,
        /// What it reports.
        found: PresetName,
        /// What is configured.
        expected: PresetName,
    },
    /// Another slot length than the network's.
    #[error(
        "beacon node {node} has slots of {found} s, the configured network {expected} s. Point beacon.urls at a node of the \
         right network, or correct `seconds_per_slot` in the network file"
    )]
    AnotherSlotLength {
        /// The node.
        node: NodeName,
        /// What it reports, in seconds.
        found: u64,
        /// What is configured, in seconds.
        expected: u64,
    },
    /// Another execution chain than the network's.
    #[error(
        "beacon node {node} belongs to execution chain {found} (DEPOSIT_CHAIN_ID), the configured network is on {expected}. \
         Point beacon.urls at a node of the right network, or correct `chain_id` in the network file"
    )]
    AnotherExecutionChain {
        /// The node.
        node: NodeName,
        /// What it reports.
        found: u64,
        /// What is configured.
        expected: u64,
    },
    /// A node that was on our chain now serves another one: it was set up anew behind the same address.
    #[error(
        "beacon node {node} serves another chain than when this node started: {what} was {before} and is {now}. Give it its \
         former chain back; if the new one is meant, restart this node with a data_dir of its own"
    )]
    ChangedChain {
        /// The node.
        node: NodeName,
        /// Which field.
        what: &'static str,
        /// Its value before.
        before: String,
        /// Its value now.
        now: String,
    },
    /// Two configured nodes are on different chains, and nothing says which is right.
    #[error(
        "beacon nodes {first} and {second} are on different chains: {what} differs ({first_value} and {second_value}). Remove \
         the wrong one from beacon.urls"
    )]
    NodesDisagree {
        /// The node that answered first.
        first: NodeName,
        /// The node that contradicts it.
        second: NodeName,
        /// Which field.
        what: &'static str,
        /// Its value at the first.
        first_value: String,
        /// Its value at the second.
        second_value: String,
    },
}

/// Why one request to one node gave no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The budget of the call ended first.
    #[error("no answer in time")]
    Timeout,
    /// No connection: refused, unreachable, or a failed handshake.
    #[error("no connection ({0})")]
    Connect(String),
    /// The connection broke before the answer was complete.
    #[error("the connection broke ({0})")]
    Broken(String),
    /// The node refused: it is at fault (5xx), or the request is (4xx).
    #[error("HTTP {status}: {message}")]
    Status {
        /// HTTP status code.
        status: u16,
        /// The node's reason, cut at [`crate::http::MAX_MESSAGE`] bytes.
        message: String,
        /// Which items of a batch failed, when the node says so. The others were accepted.
        failures: Vec<ItemFailure>,
    },
    /// The answer is larger than any honest one.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The bound, in bytes.
        limit: usize,
    },
    /// The answer is not what the Beacon API says it should be.
    #[error("the answer cannot be used: {0}")]
    Malformed(String),
    /// The answer is sound, but fewer nodes than must agree have these checkpoints.
    #[error(
        "its checkpoints (source epoch {}, target epoch {} {}) are those of {voices} nodes where {needed} must agree",
        .source_checkpoint.epoch, .target.epoch, .target.root
    )]
    Outvoted {
        /// What the node takes for justified.
        source_checkpoint: Checkpoint,
        /// What it takes for the block of the epoch's first slot.
        target: Checkpoint,
        /// Nodes with these checkpoints, this one among them.
        voices: usize,
        /// Nodes that must agree (`beacon.agreement`).
        needed: usize,
    },
    /// As many requests as allowed are already under way at this node.
    #[error("too many requests under way")]
    Busy,
    /// The node was lost and came back on another chain; its condition says which.
    #[error("it is on another chain since it came back")]
    AnotherChain,
}

impl CallError {
    /// Whether the node, rather than the request, is at fault. A node at fault is asked later than its equals.
    #[must_use]
    pub const fn blames_node(&self) -> bool {
        match self {
            Self::Timeout
            | Self::Connect(_)
            | Self::Broken(_)
            | Self::TooLarge { .. }
            | Self::Malformed(_) => true,
            Self::Status { status, .. } => *status >= 500,
            Self::Busy | Self::Outvoted { .. } | Self::AnotherChain => false,
        }
    }

    /// Whether there is no such thing (404).
    #[must_use]
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::Status { status: 404, .. })
    }

    /// Whether the node does not take the encoding of the body (415).
    #[must_use]
    pub const fn is_unsupported_encoding(&self) -> bool {
        matches!(self, Self::Status { status: 415, .. })
    }

    /// Whether the request may never have arrived whole, so that sending the same bytes again is sensible.
    #[must_use]
    pub const fn is_transport(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Broken(_) => true,
            Self::Timeout
            | Self::Status { .. }
            | Self::TooLarge { .. }
            | Self::Malformed(_)
            | Self::Outvoted { .. }
            | Self::Busy
            | Self::AnotherChain => false,
        }
    }
}

/// One item of a batch that a node refused (beacon-APIs `IndexedErrorMessage`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemFailure {
    /// Position in the batch, from 0.
    pub index: usize,
    /// The node's reason, cut like any other message.
    pub message: String,
}

/// A call failed on every node that could be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BeaconError {
    /// No node has been reached and checked yet.
    #[error("{call}: no beacon node is usable{}: check that one of beacon.urls runs and is reachable", Reasons(.nodes))]
    NoUsableNode {
        /// The kind of call.
        call: Call,
        /// Every configured node with why it is not usable.
        nodes: Vec<(NodeName, String)>,
    },
    /// Every node asked failed.
    #[error("{call}: no beacon node gave an answer within {budget:?}{}", Attempts(.attempts))]
    AllFailed {
        /// The kind of call.
        call: Call,
        /// What the call was allowed to cost.
        budget: Duration,
        /// Every node asked, in order, with its failure.
        attempts: Vec<(NodeName, CallError)>,
    },
    /// The request itself cannot be made (a batch over its bound, an empty list where the API demands one).
    #[error("{call}: {why}")]
    Unsendable {
        /// The kind of call.
        call: Call,
        /// The rule that is broken.
        why: &'static str,
    },
}

impl BeaconError {
    /// Whether every node that was asked said that there is no such thing (404): nothing collected, or no such block.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::AllFailed { attempts, .. } => {
                !attempts.is_empty() && attempts.iter().all(|(_, error)| error.is_not_found())
            }
            Self::NoUsableNode { .. } | Self::Unsendable { .. } => false,
        }
    }

    /// Whether some node that was asked said that there is no such thing (404), whatever the others did.
    #[must_use]
    pub fn is_not_found_somewhere(&self) -> bool {
        match self {
            Self::AllFailed { attempts, .. } => attempts.iter().any(|(_, error)| error.is_not_found()),
            Self::NoUsableNode { .. } | Self::Unsendable { .. } => false,
        }
    }

    /// Whether every node that answered said that it is not ready (503: syncing). Try again at the next slot.
    #[must_use]
    pub fn is_syncing(&self) -> bool {
        match self {
            Self::AllFailed { attempts, .. } => {
                attempts.iter().any(|(_, error)| matches!(error, CallError::Status { status: 503, .. }))
                    && attempts.iter().all(|(_, error)| {
                        matches!(error, CallError::Status { status: 503, .. }) || error.is_transport()
                    })
            }
            Self::NoUsableNode { .. } | Self::Unsendable { .. } => false,
        }
    }
}

/// A beacon node as it may be shown: scheme, host and port of its address. Paths and passwords are left out, as hosted
/// nodes carry their access tokens there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeName(std::sync::Arc<str>);

impl NodeName {
    pub(crate) fn of(url: &url::Url) -> Self {
        let host = url.host_str().unwrap_or("");
        let name = match url.port() {
            Some(port) => format!("{}://{host}:{port}", url.scheme()),
            None => format!("{}://{host}", url.scheme()),
        };
        Self(name.into())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Shows `: a: reason; b: reason`, or nothing.
struct Reasons<'a>(&'a [(NodeName, String)]);

impl fmt::Display for Reasons<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (node, reason)) in self.0.iter().enumerate() {
            write!(f, "{} {node}: {reason}", if position == 0 { ":" } else { ";" })?;
        }
        Ok(())
    }
}

/// As [`Reasons`], for failed attempts.
struct Attempts<'a>(&'a [(NodeName, CallError)]);

impl fmt::Display for Attempts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (node, error)) in self.0.iter().enumerate() {
            write!(f, "{} {node}: {error}", if position == 0 { ":" } else { ";" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> NodeName {
        NodeName::of(&text.parse().unwrap())
    }

    #[test]
    fn a_node_name_hides_tokens_and_passwords() {
        let shown = name("https://user:secret@node.example:8443/token-path?key=1").to_string();
        assert_eq!(shown, "https://node.example:8443");
    }

    #[test]
    fn all_failed_tells_the_story_of_every_node() {
        let error = BeaconError::AllFailed {
            call: Call::AttestationData,
            budget: Duration::from_secs(1),
            attempts: vec![
                (name("http://a:1"), CallError::Timeout),
                (
                    name("http://b:2"),
                    CallError::Status { status: 503, message: "syncing".into(), failures: vec![] },
                ),
            ],
        };
        assert_eq!(
            error.to_string(),
            "attestation_data: no beacon node gave an answer within 1s: http://a:1: no answer in time; http://b:2: HTTP 503: syncing"
        );
        assert!(!error.is_syncing(), "a node that timed out says nothing about syncing");
    }
}

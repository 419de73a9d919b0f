//! The targets and their seeds.

mod gossip;
mod peers;
mod ssz;

use crate::seeds;

pub use gossip::reaches_the_signatures;

/// One target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// Runs it on one input; panics at what must not be.
    pub run: fn(&[u8]),
    /// Valid inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "gossip_message", run: gossip::message, seeds: seeds::gossip_messages },
    Target { name: "gossip_author", run: peers::author, seeds: seeds::gossip_messages },
    Target { name: "signed_message", run: ssz::signed_message, seeds: seeds::signed_messages },
    Target { name: "ssv_message", run: ssz::ssv_message, seeds: seeds::ssv_messages },
    Target { name: "qbft_message", run: ssz::qbft_message, seeds: seeds::qbft_messages },
    Target { name: "partial_signatures", run: ssz::partial_signatures, seeds: seeds::partial_signatures },
    Target { name: "consensus_value", run: ssz::consensus_value, seeds: seeds::consensus_values },
    Target { name: "handshake", run: peers::handshake, seeds: seeds::handshakes },
    Target { name: "node_info", run: peers::node_info, seeds: seeds::node_infos },
    Target { name: "record", run: peers::record, seeds: seeds::records },
    Target { name: "record_entries", run: peers::record_entries, seeds: seeds::record_entries },
];

/// The target of this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

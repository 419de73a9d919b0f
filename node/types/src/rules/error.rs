//! What can be wrong with a network's rules. Each error names the key and what belongs there.

use crate::preset::PresetName;
use crate::role::SsvFork;

/// Rules that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// The file is not TOML, lacks a key or has one that nobody knows.
    #[error("the network file cannot be read: {0}")]
    File(String),
    /// There is no built-in network of this name.
    #[error(
        "no built-in network is called {name:?}; built-in are {known}. For another network, give its file"
    )]
    UnknownNetwork {
        /// The name.
        name: String,
        /// Names that exist.
        known: String,
    },
    /// A key holds something that does not belong there.
    #[error("{key}: {problem}")]
    Key {
        /// The key, with its table.
        key: &'static str,
        /// What is wrong and what belongs there.
        problem: String,
    },
    /// A fork has an epoch and no domain, or the other way round where both are needed.
    #[error("forks.{fork} is scheduled, so domains.{fork} is needed")]
    ForkWithoutDomain {
        /// The fork.
        fork: SsvFork,
    },
    /// The beacon node does not answer with a needed value.
    #[error("the beacon node's configuration has no {key}")]
    SpecMissing {
        /// The key of the beacon node's configuration.
        key: String,
    },
    /// The beacon node's value is not of its form.
    #[error("the beacon node's {key} is {value:?}, which is not {expected}")]
    SpecMalformed {
        /// The key of the beacon node's configuration.
        key: String,
        /// Its value.
        value: String,
        /// The form it should have.
        expected: &'static str,
    },
    /// The beacon node's chain is not the network's.
    #[error("the beacon node says {key} = {got}, the network has {expected}: it serves another network")]
    SpecMismatch {
        /// The key of the beacon node's configuration.
        key: &'static str,
        /// The beacon node's value.
        got: String,
        /// The network's value.
        expected: String,
    },
    /// The beacon node was built with sizes of its own.
    #[error("the beacon node says {key} = {got}, the preset {preset} has {expected}")]
    SpecPreset {
        /// The key of the beacon node's configuration.
        key: &'static str,
        /// The beacon node's value.
        got: u64,
        /// The preset.
        preset: PresetName,
        /// The preset's value.
        expected: u64,
    },
}

impl RulesError {
    pub(super) fn key(key: &'static str, problem: impl Into<String>) -> Self {
        Self::Key { key, problem: problem.into() }
    }
}

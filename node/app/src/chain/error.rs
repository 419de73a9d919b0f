//! What can go wrong between a command and the registry. Each message says whose fault it is and what to do.

use alloy_primitives::{Address, B256};
use contracts_abi::Revert;
use jsonrpsee::core::ClientError;
use types::OperatorId;

/// Why a contract command failed.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// Not an address of an execution client.
    #[error(
        "{url} is not the address of an execution client: it must start with http://, https://, ws:// or wss://"
    )]
    Url {
        /// What was given, without its path.
        url: String,
    },
    /// No answer, or none that makes sense.
    #[error(
        "no usable answer from the execution client at {url} to {method}: {source}. Is it running? Give another with --execution-url"
    )]
    Unreachable {
        /// Where, without the path (which may hold a key).
        url: String,
        /// What was asked.
        method: &'static str,
        /// What happened.
        source: Box<ClientError>,
    },
    /// The client answered with an error.
    #[error("the execution client refused {method}: {message} (code {code})")]
    Refused {
        /// What was asked.
        method: &'static str,
        /// JSON-RPC code.
        code: i32,
        /// Its words.
        message: String,
    },
    /// The client answered with something else than its interface promises.
    #[error("the execution client answered {method} with something unexpected: {what}")]
    Answer {
        /// What was asked.
        method: &'static str,
        /// What was wrong with the answer.
        what: &'static str,
    },
    /// The client is on another chain than the network.
    #[error(
        "the execution client is on chain {found}, but network {network} is on chain {expected}: give a client of that chain with --execution-url, or another --network"
    )]
    OtherChain {
        /// The network's name.
        network: String,
        /// Its chain.
        expected: u64,
        /// The client's chain.
        found: u64,
    },
    /// Nothing is deployed where the registry should be.
    #[error(
        "there is no contract at {address} on chain {chain_id}: check `contract` in the network file (is the registry deployed? is the client synchronised?)"
    )]
    NoContract {
        /// The address from the network file.
        address: Address,
        /// The chain.
        chain_id: u64,
    },
    /// Something else is deployed there.
    #[error(
        "the contract at {address} is not a registry this program knows (it says its version is {version:?}): check `contract` in the network file"
    )]
    OtherContract {
        /// The address from the network file.
        address: Address,
        /// The answer to `getVersion`, if there is one.
        version: String,
    },
    /// The contract would refuse, or has refused, the call.
    #[error("the registry refuses the call: {0}")]
    Reverted(Revert),
    /// A transaction was sent but did not appear.
    #[error(
        "transaction {hash} is not in a block after {seconds} s. It may still get there: look for it before you run the command again, or wait longer with --wait-seconds"
    )]
    NotMined {
        /// The transaction.
        hash: B256,
        /// How long was waited.
        seconds: u64,
    },
    /// The chain knows no such operator.
    #[error("operator {id} is not registered on this network: check the ids")]
    UnknownOperator {
        /// Which one.
        id: OperatorId,
    },
    /// The operator was removed.
    #[error("operator {id} was removed from the registry: choose another")]
    RemovedOperator {
        /// Which one.
        id: OperatorId,
    },
    /// The registered text is not an RSA key.
    #[error("operator {id} registered something that is not an RSA-2048 public key: choose another")]
    OperatorKey {
        /// Which one.
        id: OperatorId,
    },
}

impl ChainError {
    /// Whether a person must decide something (wrong network, wrong contract) before the command can work: exit code 3
    /// instead of 1.
    #[must_use]
    pub const fn needs_decision(&self) -> bool {
        match self {
            Self::OtherChain { .. } | Self::NoContract { .. } | Self::OtherContract { .. } => true,
            Self::Url { .. }
            | Self::Unreachable { .. }
            | Self::Refused { .. }
            | Self::Answer { .. }
            | Self::Reverted(_)
            | Self::NotMined { .. }
            | Self::UnknownOperator { .. }
            | Self::RemovedOperator { .. }
            | Self::OperatorKey { .. } => false,
        }
    }
}

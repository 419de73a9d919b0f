//! How the registry is: for readiness and for people.

use types::Root;

use crate::set::BlockRef;

/// What keeps the registry from following the chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No execution client answered yet.
    #[error("no execution client has answered yet")]
    Starting,
    /// A call failed.
    #[error("execution client {url}: {reason}")]
    Unreachable {
        /// Without credentials.
        url: String,
        /// What happened.
        reason: String,
    },
    /// It is catching up itself.
    #[error("execution client {url} is syncing, {behind} blocks behind")]
    ClientSyncing {
        /// Without credentials.
        url: String,
        /// Blocks.
        behind: u64,
    },
    /// Its head is below what was read before.
    #[error("execution client {url} is behind: its head is block {head}, block {read} was read already")]
    ClientBehind {
        /// Without credentials.
        url: String,
        /// Its head.
        head: u64,
        /// Our cursor.
        read: u64,
    },
    /// No new block for a long time.
    #[error("execution client {url} has no block younger than {age_seconds} s")]
    HeadStale {
        /// Without credentials.
        url: String,
        /// Age of its head.
        age_seconds: u64,
    },
    /// Answers that contradict each other.
    #[error("execution client {url} contradicts itself: {reason}")]
    Inconsistent {
        /// Without credentials.
        url: String,
        /// What does not fit.
        reason: String,
    },
    /// It serves another chain now.
    #[error("execution client {url} is not used: {reason}")]
    NotUsable {
        /// Without credentials.
        url: String,
        /// Why.
        reason: String,
    },
    /// Blocks of the past are being read.
    #[error("reading the chain's history")]
    Syncing,
    /// Our database or our vault failed.
    #[error("blocks cannot be applied: {reason}")]
    Internal {
        /// What failed.
        reason: String,
    },
}

/// A snapshot of how the registry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryStatus {
    /// Everything up to here is applied. `None` before the first block.
    pub block: Option<BlockRef>,
    /// The execution client's head, as last seen.
    pub head_block: Option<u64>,
    /// Digest of the state at `block`; computed once the history was read.
    pub digest: Option<Root>,
    /// The client in use, without credentials.
    pub endpoint: Option<String>,
    /// Events skipped since the process began.
    pub skipped: u64,
    /// What is wrong; `None` when the registry follows the head.
    pub problem: Option<Problem>,
}

impl RegistryStatus {
    pub(crate) const fn starting(block: Option<BlockRef>, digest: Option<Root>) -> Self {
        let problem = Some(Problem::Starting);
        Self { block, head_block: None, digest, endpoint: None, skipped: 0, problem }
    }

    /// True when the registry follows the head.
    #[must_use]
    pub const fn is_healthy(&self) -> bool {
        self.problem.is_none()
    }
}

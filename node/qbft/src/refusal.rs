//! Why an input changed nothing, or not everything it asked for.
//!
//! Most refusals are rules of the protocol and carry its number. A few have no number in the reference; they are named
//! here, so that a duty that failed in consensus can still say why.

use types::{OverLimit, RefusalCode};

/// Why an input was refused. `protocol` numbers are the Boole ones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A numbered rule of the protocol (ssv-spec `types/error.go`).
    #[error("{0}")]
    Rule(RefusalCode),
    /// The proposed value was refused by the value check of the duty.
    #[error("the value is refused: {0}")]
    Value(#[from] ValueRefusal),
    /// The inner message is not an SSZ encoded QBFT message.
    #[error("the inner message is not a QBFT message")]
    Undecodable,
    /// A justification is not a signed QBFT message.
    #[error("a justification is not a signed QBFT message")]
    JustificationUndecodable,
    /// A justification that should be a prepare is of another type.
    #[error("a prepare was expected")]
    NotPrepare,
    /// A justification that should be a round change is of another type.
    #[error("a round change was expected")]
    NotRoundChange,
    /// A round change claims to have prepared in a round above its own.
    #[error("the prepared round is above the round of the round change")]
    PreparedAboveRound,
    /// A proposal of a prepared value comes without a quorum of prepares.
    #[error("the prepares of the proposal are no quorum")]
    PreparesNoQuorum,
    /// A proposal does not carry the value of the highest prepared round change.
    #[error("the proposed value is not the highest prepared one")]
    NotHighestPrepared,
    /// The height was never started here, or is no longer kept.
    #[error("there is no instance of this height")]
    NoInstance,
    /// Commits that should be aggregated differ in what they sign.
    #[error("the commits to aggregate sign different messages")]
    CommitsDiffer,
    /// A message of ours would exceed a limit of its container; nothing was sent.
    #[error("our own message does not fit its container")]
    TooLarge,
}

impl Refusal {
    /// The protocol number, if the reference gives this refusal one.
    #[must_use]
    pub fn code(&self) -> Option<RefusalCode> {
        match self {
            Self::Rule(code) => Some(*code),
            Self::Value(refusal) => refusal.code,
            Self::Undecodable
            | Self::JustificationUndecodable
            | Self::NotPrepare
            | Self::NotRoundChange
            | Self::PreparedAboveRound
            | Self::PreparesNoQuorum
            | Self::NotHighestPrepared
            | Self::NoInstance
            | Self::CommitsDiffer
            | Self::TooLarge => None,
        }
    }
}

impl From<OverLimit> for Refusal {
    fn from(_: OverLimit) -> Self {
        Self::TooLarge
    }
}

impl From<RefusalCode> for Refusal {
    fn from(code: RefusalCode) -> Self {
        Self::Rule(code)
    }
}

/// What a [`ValueCheck`](crate::ValueCheck) answers when it refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ValueRefusal {
    /// The protocol number, if the rule has one.
    pub code: Option<RefusalCode>,
    /// The rule in words.
    pub reason: &'static str,
}

impl ValueRefusal {
    /// A refusal by a numbered rule.
    #[must_use]
    pub const fn rule(code: RefusalCode, reason: &'static str) -> Self {
        Self { code: Some(code), reason }
    }
}

//! Why an input was refused.

use types::RefusalCode;

/// Why an input was refused. Numbers are the Boole ones; what the reference refuses without a number is named here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A numbered rule of the protocol (ssv-spec `types/error.go`).
    #[error("{0}")]
    Rule(RefusalCode),
    /// Consensus refused it.
    #[error(transparent)]
    Consensus(#[from] qbft::Refusal),
    /// The duty of one validator was given the keys of none, or of several.
    #[error("the duty of one validator must have one share, there are {held}")]
    NotOneShare {
        /// How many validators' keys there are.
        held: usize,
    },
    /// The message has no payload.
    #[error("the message is empty")]
    Empty,
    /// The message is neither consensus nor partial signatures.
    #[error("duties have no messages of this type")]
    UnknownType,
    /// The message is for another role.
    #[error("the message is for another role")]
    WrongRole,
    /// The message is for another validator.
    #[error("the message is for another validator")]
    ForeignValidator,
    /// The payload is not what the type says.
    #[error("the payload does not decode")]
    Undecodable,
    /// Partial signatures come from one operator.
    #[error("partial signatures with more than one signer")]
    NotOneSigner,
    /// Partial signatures of a phase that the duty does not have.
    #[error("the duty has no partial signatures of this phase")]
    WrongPhase,
    /// The signer is not in the committee.
    #[error("the signer is not in the committee")]
    ForeignSigner,
    /// The own bundle would be larger than the network carries.
    #[error("more partial signatures than fit one message")]
    TooManySignatures,
}

impl Refusal {
    /// The protocol number, if there is one.
    #[must_use]
    pub fn code(&self) -> Option<RefusalCode> {
        match self {
            Self::Rule(code) => Some(*code),
            Self::Consensus(refusal) => refusal.code(),
            Self::NotOneShare { .. }
            | Self::Empty
            | Self::UnknownType
            | Self::WrongRole
            | Self::ForeignValidator
            | Self::Undecodable
            | Self::NotOneSigner
            | Self::WrongPhase
            | Self::ForeignSigner
            | Self::TooManySignatures => None,
        }
    }

    /// Whether the same message may be acceptable when the state has moved on.
    #[must_use]
    pub(crate) fn is_retryable(&self) -> bool {
        if matches!(self, Self::Consensus(qbft::Refusal::NoInstance)) {
            return true;
        }
        matches!(
            self.code(),
            Some(
                RefusalCode::NoProposalForCurrentRound
                    | RefusalCode::WrongMessageRound
                    | RefusalCode::FutureMessage
                    | RefusalCode::NoDecidedValue
                    | RefusalCode::NoRunningConsensusInstance
                    | RefusalCode::PartialSigMessageFutureSlot
            )
        )
    }
}

impl From<RefusalCode> for Refusal {
    fn from(code: RefusalCode) -> Self {
        Self::Rule(code)
    }
}

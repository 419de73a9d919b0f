//! What can happen to a committee's duty.

use types::{BeaconRole, BeaconVote, Epoch, Round, SignatureBytes, SignedSsvMessage, ValidatorIndex};

use crate::reason::FailureReason;
use crate::recombine::Recombined;

/// What can happen to a committee's duty.
#[derive(Debug, Clone)]
pub enum Input {
    /// The duty may start: the head of its slot is known, or a third of the slot is over.
    Begin,
    /// The answer to [`Effect::BeginConsensus`](super::Effect::BeginConsensus): true if the node may speak in the consensus of this slot, false if it
    /// may have spoken before a restart. Then it follows without a word, and signs what is decided.
    ConsensusPermitted(bool),
    /// The answer to [`Effect::FetchView`](super::Effect::FetchView) is slow, and this is what the own beacon node said for an earlier slot of the
    /// same epoch, in which the checkpoints do not change.
    Foreseen(OwnView),
    /// The answer to [`Effect::FetchView`](super::Effect::FetchView). `None`: no beacon node answered.
    View(Option<OwnView>),
    /// A message for this committee and slot, from a peer or our own coming back. Its RSA signatures are verified.
    Message(SignedSsvMessage),
    /// The timer of [`Effect::ArmTimer`](super::Effect::ArmTimer) ran out.
    Timeout {
        /// The round it was armed for.
        round: Round,
    },
    /// The answer to [`Effect::Sign`](super::Effect::Sign), in the order of the request.
    Signed(Vec<Signed>),
    /// The answer to [`Effect::Recombine`](super::Effect::Recombine).
    Recombined(Vec<Recombined>),
    /// The answer to [`Effect::Submit`](super::Effect::Submit).
    Submitted {
        /// Which objects this is about.
        objects: Vec<(ValidatorIndex, BeaconRole)>,
        /// How the beacon nodes answered.
        result: Result<(), SubmitError>,
    },
    /// The duty is worth nothing any more: everything open ends as failed.
    GiveUp,
}

/// What the own beacon node says, and what the own signing history allows, at the start of the duty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnView {
    /// The vote this operator proposes when it leads.
    pub vote: BeaconVote,
    /// The watermark of each attesting validator's share.
    pub watermarks: Vec<Watermark>,
}

/// The highest epochs a share has signed (EIP-3076, minimal form).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermark {
    /// Highest source epoch.
    pub source: Epoch,
    /// Highest target epoch.
    pub target: Epoch,
}

/// The vault's answer for one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    /// The validator.
    pub validator: ValidatorIndex,
    /// What kind of object.
    pub role: BeaconRole,
    /// The partial signature.
    pub signature: Result<SignatureBytes, Withheld>,
}

/// Why there is no partial signature of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Withheld {
    /// The vault refused it.
    #[error("the vault refused it")]
    Refused,
    /// The validator is under observation, because it may be running elsewhere too.
    #[error("the validator is under observation")]
    Doppelganger,
}

impl Withheld {
    /// What a duty failed for when this signature was missing.
    pub(crate) const fn reason(self) -> FailureReason {
        match self {
            Self::Refused => FailureReason::SigningRefused,
            Self::Doppelganger => FailureReason::Doppelganger,
        }
    }
}

/// How a submission failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// A beacon node answered, and refused.
    #[error("the beacon nodes refused it")]
    Refused,
    /// No beacon node answered.
    #[error("no beacon node answered")]
    Unanswered,
}

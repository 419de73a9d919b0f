//! Why a duty did not reach the chain. One enum: the same variant is the ledger's reason, the metric's label and the
//! row of the documentation.

use std::fmt;

/// The room of the house in which a duty died, in the order of the walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Room {
    /// The duty was planned but its machine never ran, or not to its end.
    Schedule,
    /// Too few good partial signatures came together before consensus.
    PreConsensus,
    /// The own beacon node did not give what consensus is about.
    Beacon,
    /// The committee did not decide, or decided something this operator may not sign.
    Consensus,
    /// The partial signature was refused or withheld.
    Vault,
    /// Too few good partial signatures came together.
    PostConsensus,
    /// The beacon nodes did not take the signed object.
    Submission,
}

impl Room {
    /// The name used in records, metrics and documentation.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::PreConsensus => "pre_consensus",
            Self::Beacon => "beacon",
            Self::Consensus => "consensus",
            Self::Vault => "vault",
            Self::PostConsensus => "post_consensus",
            Self::Submission => "submission",
        }
    }
}

/// Why a duty failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FailureReason {
    /// The node stopped, or was too busy, before the duty started.
    NeverStarted,
    /// The node was stopped or killed while the duty was running.
    NodeStopped,
    /// Fewer selection proofs or parts of the randomness than a quorum arrived.
    PreSignaturesMissing,
    /// Enough operators signed, but not all the same: for a registration the fee recipient, the gas limit or the time differ.
    PreSignaturesDisagree,
    /// A quorum of them arrived, but too many of them are bad.
    PreSignaturesInvalid,
    /// No beacon node answered with attestation data in time.
    NoAttestationData,
    /// No beacon node answered with a block, an aggregate or a contribution in time.
    NoOwnValue,
    /// The own value failed the own value check (the beacon node contradicts itself or our signing history).
    OwnValueRefused,
    /// No proposal was accepted before the duty lost its worth.
    NoProposal,
    /// A proposal was accepted, but the committee did not decide before the duty lost its worth.
    NotDecided,
    /// The decided value fails the own value check, so this operator does not sign it.
    DecidedValueRefused,
    /// The committee decided without this validator, which was selected to aggregate.
    NotInDecidedValue,
    /// The vault refused to sign: the vote would be slashable, or the signing history could not be written.
    SigningRefused,
    /// The validator is under observation, because it may be running elsewhere too: the own signature was withheld.
    Doppelganger,
    /// Fewer partial signatures than a quorum arrived.
    PartialSignaturesMissing,
    /// A quorum of partial signatures arrived, but too many of them are bad.
    PartialSignaturesInvalid,
    /// Every beacon node refused the signed object.
    SubmissionRefused,
    /// No beacon node answered the submission.
    SubmissionUnanswered,
}

impl FailureReason {
    /// Every reason, for tables and tests.
    pub const ALL: [Self; 18] = [
        Self::NeverStarted,
        Self::NodeStopped,
        Self::PreSignaturesMissing,
        Self::PreSignaturesDisagree,
        Self::PreSignaturesInvalid,
        Self::NoAttestationData,
        Self::NoOwnValue,
        Self::OwnValueRefused,
        Self::NoProposal,
        Self::NotDecided,
        Self::DecidedValueRefused,
        Self::NotInDecidedValue,
        Self::SigningRefused,
        Self::Doppelganger,
        Self::PartialSignaturesMissing,
        Self::PartialSignaturesInvalid,
        Self::SubmissionRefused,
        Self::SubmissionUnanswered,
    ];

    /// Where in the walk the duty ended.
    #[must_use]
    pub const fn room(self) -> Room {
        match self {
            Self::NeverStarted | Self::NodeStopped => Room::Schedule,
            Self::PreSignaturesMissing | Self::PreSignaturesDisagree | Self::PreSignaturesInvalid => {
                Room::PreConsensus
            }
            Self::NoAttestationData | Self::NoOwnValue => Room::Beacon,
            Self::OwnValueRefused
            | Self::NoProposal
            | Self::NotDecided
            | Self::DecidedValueRefused
            | Self::NotInDecidedValue => Room::Consensus,
            Self::SigningRefused | Self::Doppelganger => Room::Vault,
            Self::PartialSignaturesMissing | Self::PartialSignaturesInvalid => Room::PostConsensus,
            Self::SubmissionRefused | Self::SubmissionUnanswered => Room::Submission,
        }
    }

    /// The name used in records, metrics and documentation.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NeverStarted => "never_started",
            Self::NodeStopped => "node_stopped",
            Self::PreSignaturesMissing => "pre_signatures_missing",
            Self::PreSignaturesDisagree => "pre_signatures_disagree",
            Self::PreSignaturesInvalid => "pre_signatures_invalid",
            Self::NoAttestationData => "no_attestation_data",
            Self::NoOwnValue => "no_own_value",
            Self::OwnValueRefused => "own_value_refused",
            Self::NoProposal => "no_proposal",
            Self::NotDecided => "not_decided",
            Self::DecidedValueRefused => "decided_value_refused",
            Self::NotInDecidedValue => "not_in_decided_value",
            Self::SigningRefused => "signing_refused",
            Self::Doppelganger => "doppelganger",
            Self::PartialSignaturesMissing => "partial_signatures_missing",
            Self::PartialSignaturesInvalid => "partial_signatures_invalid",
            Self::SubmissionRefused => "submission_refused",
            Self::SubmissionUnanswered => "submission_unanswered",
        }
    }

    /// The reason with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

impl fmt::Display for FailureReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_lead_back() {
        for reason in FailureReason::ALL {
            assert_eq!(FailureReason::from_name(reason.name()), Some(reason));
            assert_eq!(FailureReason::ALL.iter().filter(|other| other.name() == reason.name()).count(), 1);
        }
        assert_eq!(FailureReason::from_name("lost"), None);
    }
}

//! Why a duty did not reach the chain. One enum: the same variant is the ledger's reason, the metric's label, the span's field and the
//! row of the documentation (`deploy/REASONS.md` is generated from it). What is to be said of a duty that was submitted all the same
//! is a [`Warning`](crate::Warning).

use std::fmt;

use crate::runner::End;

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
    /// Every room, in the order of the walk.
    pub const ALL: [Self; 7] = [
        Self::Schedule,
        Self::PreConsensus,
        Self::Beacon,
        Self::Consensus,
        Self::Vault,
        Self::PostConsensus,
        Self::Submission,
    ];

    /// What happens there, for people.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Schedule => "the duty is planned and started",
            Self::PreConsensus => {
                "the operators sign what must be known before consensus: randomness, selection"
            }
            Self::Beacon => "the own beacon node says what consensus is to be about",
            Self::Consensus => "the committee agrees on one value",
            Self::Vault => "the own share signs, if the signing history permits it",
            Self::PostConsensus => "a quorum of partial signatures becomes the validator's signature",
            Self::Submission => "the signed object is handed to the beacon nodes",
        }
    }

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
    /// The committee left the registry while the duty was running.
    CommitteeLeft,
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
    pub const ALL: [Self; 19] = [
        Self::NeverStarted,
        Self::NodeStopped,
        Self::CommitteeLeft,
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
            Self::NeverStarted | Self::NodeStopped | Self::CommitteeLeft => Room::Schedule,
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
            Self::CommitteeLeft => "committee_left",
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

    /// What happened, in one sentence for people.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::NeverStarted => "The duty was due, but this node did not start it.",
            Self::NodeStopped => "This node was stopped or killed while the duty was running.",
            Self::CommitteeLeft => {
                "The last validator of this committee left the contract while the duty was running."
            }
            Self::PreSignaturesMissing => {
                "Too few operators sent their partial signature of the selection or the randomness, so the duty could not begin."
            }
            Self::PreSignaturesDisagree => {
                "Enough operators signed before consensus, but not all of them the same."
            }
            Self::PreSignaturesInvalid => {
                "Enough operators sent a partial signature of the selection or the randomness, but too many of them do not verify."
            }
            Self::NoAttestationData => "No beacon node of this node answered with attestation data in time.",
            Self::NoOwnValue => {
                "No beacon node of this node answered with a block, an aggregate or a contribution in time."
            }
            Self::OwnValueRefused => {
                "What this node's beacon node wanted to be voted for contradicts itself or what this node has signed before."
            }
            Self::NoProposal => {
                "No proposal was accepted: the operators that led the rounds sent none in time."
            }
            Self::NotDecided => {
                "There was a proposal, but too few operators agreed on it before the duty was worth nothing any more."
            }
            Self::DecidedValueRefused => {
                "The committee decided something that this node must not sign: it would be slashable, or is no valid vote."
            }
            Self::NotInDecidedValue => {
                "The committee decided to aggregate without this validator, which was selected."
            }
            Self::SigningRefused => {
                "This node's signing history did not permit the signature, or could not be written."
            }
            Self::Doppelganger => {
                "This validator may be running elsewhere too, so this node watched and did not sign."
            }
            Self::PartialSignaturesMissing => {
                "The committee decided, but too few operators sent their partial signature afterwards."
            }
            Self::PartialSignaturesInvalid => {
                "Enough operators sent a partial signature, but too many of them do not verify."
            }
            Self::SubmissionRefused => {
                "The signature was whole, but every beacon node refused the signed object."
            }
            Self::SubmissionUnanswered => {
                "The signature was whole, but no beacon node answered when the signed object was handed in."
            }
        }
    }

    /// What to do about it, for the operator of this node.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::NeverStarted => {
                "Look whether the machine slept, was overloaded, or had its clock set at that time. If it happens often, give the node more processor."
            }
            Self::NodeStopped => {
                "Nothing, if you stopped it. Otherwise look in the log of that time for why it ended (out of memory, power)."
            }
            Self::CommitteeLeft => "Nothing: the owner has removed the validator, and the duty went with it.",
            Self::PreSignaturesMissing | Self::PartialSignaturesMissing => {
                "Tell the operators that are named as missing. If this node is among them, look at its peers in /v1/peers and at its beacon node."
            }
            Self::PreSignaturesDisagree => {
                "For a registration: compare fee recipient (has everybody read the contract to its head?), proposals.gas_limit and clock with the operators that are named; all must be the same. What each of them has instead stands in /v1/status under safety.registrations_differ."
            }
            Self::Doppelganger => {
                "After a start this is what safety.doppelganger is for: wait until the validator was silent for two epochs, or its committee was seen at work. If it goes on, the validator is active elsewhere: find that copy and stop it."
            }
            Self::PreSignaturesInvalid | Self::PartialSignaturesInvalid => {
                "Tell the operators that are named: their share or their software is wrong. If this node is named, make sure that it runs the key it was registered with."
            }
            Self::NoAttestationData | Self::NoOwnValue => {
                "Look at your beacon node: is it running, synced, reachable, and fast enough? A second one in beacon.urls carries the duty when the first is ill."
            }
            Self::OwnValueRefused => {
                "In the first epoch of a new chain this is normal. Otherwise look at your beacon node: it serves an old or wrong view of the chain, or is on another fork than before."
            }
            Self::NoProposal => {
                "Look at who led the rounds and who was heard at all. If nobody was heard, this node is cut off: check its peers and its ports. Otherwise tell the operators that are missing."
            }
            Self::NotDecided => {
                "Tell the operators that are named as missing or late. If this node's own messages were late, look at its clock and at its beacon node."
            }
            Self::DecidedValueRefused => {
                "Look whether your beacon node sees the same chain as the others. If yours is right, the operator that led the round has an ill beacon node: tell it."
            }
            Self::NotInDecidedValue => {
                "The leader had not heard enough partial signatures for this validator in time. If it happens often, look for operators that are named as late."
            }
            Self::SigningRefused => {
                "Look in the log of that slot. If the disk failed, mend it and start the node again. If the vote was refused, make sure that no second node runs this operator's key."
            }
            Self::SubmissionRefused => {
                "Look at what the beacon node said. One that is behind, or on another fork, refuses what is right."
            }
            Self::SubmissionUnanswered => {
                "Look at your beacon node: is it running and reachable? A second one in beacon.urls would have taken it."
            }
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

impl From<Result<(), FailureReason>> for End {
    fn from(result: Result<(), FailureReason>) -> Self {
        match result {
            Ok(()) => Self::Submitted,
            Err(reason) => Self::Failed(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_and_room_is_told_in_sentences() {
        for reason in FailureReason::ALL {
            for text in [reason.meaning(), reason.advice()] {
                assert!(text.ends_with('.') && text.len() > 30, "{reason}: {text}");
            }
            assert!(Room::ALL.contains(&reason.room()));
        }
        for room in Room::ALL {
            assert!(!room.meaning().ends_with('.'), "{}", room.name());
        }
    }

    #[test]
    fn names_are_unique_and_lead_back() {
        for reason in FailureReason::ALL {
            assert_eq!(FailureReason::from_name(reason.name()), Some(reason));
            assert_eq!(FailureReason::ALL.iter().filter(|other| other.name() == reason.name()).count(), 1);
        }
        assert_eq!(FailureReason::from_name("lost"), None);
    }
}

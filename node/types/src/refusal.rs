//! The one numbered list of reasons to refuse something.
//!
//! The numbers are those of Boole (`ssv-spec types/error.go`). They never travel; the published vectors assert
//! them, and a duty that failed is recorded with one. Alan numbered two more codes and shifted the rest by two:
//! that map belongs to the vectors alone.

/// Defines the codes with their numbers and one line each.
macro_rules! refusal_codes {
    ($($name:ident = $number:literal, $text:literal;)+) => {
        /// Why the protocol refuses a message, a value or a step.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
        pub enum RefusalCode {
            $(#[doc = $text] #[error($text)] $name,)+
        }

        impl RefusalCode {
            /// Every code in the order of the numbers.
            pub const ALL: &'static [RefusalCode] = &[$(RefusalCode::$name),+];

            /// The number in the reference.
            #[must_use]
            pub const fn code(self) -> u64 {
                match self {
                    $(RefusalCode::$name => $number,)+
                }
            }

            /// The name of the variant: metric label, log field and documentation row.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(RefusalCode::$name => stringify!($name),)+
                }
            }

            /// One line for people.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self {
                    $(RefusalCode::$name => $text,)+
                }
            }
        }
    };
}

refusal_codes! {
    UnmarshalSsz = 1, "an SSZ payload does not decode";
    FutureMessage = 2, "message height above the controller's, or no instance yet at height 0";
    ZeroCommitMessages = 3, "no commit messages to aggregate";
    NoRunningDuty = 4, "partial signature while no duty is running";
    CommitMessageInvalid = 5, "commit message failed basic validation";
    CommitMessageTypeWrong = 6, "the commit path got another kind of message";
    WrongMessageHeight = 7, "message height differs from the instance's";
    SignerIsNotInCommittee = 8, "signer is not in the committee";
    NonUniqueSigner = 9, "an operator signed twice";
    UnknownDutyRoleData = 10, "duty role not allowed in this consensus data, or malformed committee duty";
    UnknownBlockVersion = 11, "unsupported block or attestation version";
    IncorrectNumberOfSignatures = 12, "numbers of signatures and signers differ";
    EmptySignature = 13, "a signature is empty";
    NilSsvMessage = 14, "the inner message is missing";
    NoSignatures = 15, "no signatures";
    NoSigners = 16, "no signers";
    ZeroSignerNotAllowed = 17, "operator id 0";
    InconsistentSigners = 18, "different signers inside one bundle of partial signatures";
    NoPartialSigMessages = 19, "empty bundle of partial signatures";
    NoRunnerForSlot = 20, "the committee has no runner for the message's slot";
    SkipConsensusMessageAsInstanceIsDecided = 21, "the instance is already decided";
    SkipConsensusMessageAsConsensusHasFinished = 22, "the runner's consensus has already finished";
    DecodeBeaconVote = 23, "the value is not a beacon vote";
    NoBeaconDuties = 24, "the duty holds no validator duties";
    NoValidatorShares = 25, "none of the duty's validators is ours";
    AttestationSourceNotLessThanTarget = 26, "attestation source is not before its target";
    CheckpointMismatch = 27, "proposed checkpoints differ from our own view";
    MessageIdCommitteeIdMismatch = 28, "message id of another committee";
    MessageTypeInvalid = 29, "unknown message type";
    MessageRoundInvalid = 30, "round 0";
    MessageIdentifierInvalid = 31, "identifier of a wrong length or of another controller";
    ReconstructSignature = 32, "the reconstructed BLS signature does not verify";
    SlashableAttestation = 33, "slashing protection refused";
    DecidedWrongInstance = 34, "decided message for another height than the running instance";
    ValidatorRegistrationNoConsensusPhase = 35, "a validator registration has no consensus";
    ValidatorRegistrationNoPostConsensusPhase = 36, "a validator registration has no post-consensus phase";
    ValidatorExitNoConsensusPhase = 37, "a voluntary exit has no consensus";
    ValidatorExitNoPostConsensusPhase = 38, "a voluntary exit has no post-consensus phase";
    SsvMessageHasInvalidSignature = 39, "the RSA signature is invalid or its signer unknown";
    DutyAlreadyPassed = 40, "the duty's slot is not newer than the last started one";
    WrongSigningRoot = 41, "partial signature over an unexpected root";
    PartialSigInconsistentSigner = 42, "bundle signer differs from the message's signer";
    NoDecidedValue = 43, "post-consensus before a decision";
    NoRunningConsensusInstance = 44, "no consensus instance is running";
    ConsensusInstanceNotDecided = 45, "the consensus instance is not decided";
    PartialSigMessageInvalidSlot = 46, "bundle slot is before the duty's";
    PartialSigMessageFutureSlot = 47, "bundle slot is after the duty's";
    UnknownValidatorIndex = 48, "unknown validator index";
    WrongRootsCount = 49, "another number of roots than expected";
    DutyEpochTooFarFuture = 50, "the decided duty's epoch is too far in the future";
    WrongBeaconRoleType = 51, "wrong beacon role";
    WrongValidatorIndex = 52, "wrong validator index";
    WrongValidatorPubkey = 53, "wrong validator key";
    InstanceStoppedProcessingMessages = 54, "the instance was stopped or reached its last round";
    WrongMessageRound = 55, "the message is of another round";
    MessageAllowsOneSignerOnly = 56, "the message allows one signer only";
    NoProposalForCurrentRound = 57, "no proposal was accepted in this round yet";
    PastRound = 58, "the message is of an earlier round";
    ProposedDataMismatch = 59, "root differs from the accepted or justified one";
    RoundChangeNoQuorum = 60, "round changes without a quorum";
    ProposalInvalid = 61, "the proposal is malformed or not acceptable now";
    RootHashInvalid = 62, "SHA-256 of the full data differs from the root";
    MessageSignatureInvalid = 63, "the RSA signature of a justification or decided message is invalid";
    QbftValueInvalid = 64, "the value check failed";
    PrepareMessageInvalid = 65, "a prepare justification is invalid";
    JustificationsNoQuorumInvalid = 66, "a prepared round change without a prepare quorum";
    ProposalLeaderInvalid = 67, "the proposal is not by the round's leader";
    InstanceAlreadyRunning = 68, "the instance is already running";
    StartInstance = 69, "the instance cannot start below the controller's height";
    TimeoutInstance = 70, "timeout after stop or cut-off";
    AggCommAggCommIdxCntMismatch = 71, "numbers of committee indexes and attestations differ";
    AggCommCommIdxMismatch = 72, "an aggregator's committee index is not listed";
    AggCommUnusedCommIdx = 73, "a listed committee index is used by no aggregator";
    AggCommDuplicatedCommIdx = 74, "a committee index is listed twice";
    AggCommSubnetNotInScSubnets = 75, "a contributor's subnet has no contribution";
    AggCommSccSubnetDuplicate = 76, "two contributions for one subnet";
    AggCommUnusedSubnet = 77, "a contribution is used by no contributor";
    AggCommConsensusDataNoValidator = 78, "neither aggregators nor contributors";
    AggCommConsensusDataDecode = 79, "the aggregator committee data does not decode";
    ProposerConsensusDataDecode = 80, "the proposer data does not decode";
    PostConsensusQuorumWithInvalidSignatures = 81, "a post-consensus quorum held invalid signatures";
    InvalidAggregatorCommitteeDuty = 82, "malformed aggregator committee duty";
    UnknownVersion = 83, "unknown data version";
    AggCommAttestationDecoding = 84, "an aggregated attestation does not decode";
    CommitteeWrongRole = 85, "not a committee role";
    SsvMessageDataTooLarge = 86, "message data too large";
    SsvMessageInvalidRole = 87, "negative role in the message id";
    InvalidShare = 88, "malformed share";
    InvalidOperator = 89, "malformed operator";
    InvalidCommitteeMember = 90, "malformed committee member";
    InvalidValidatorDuty = 91, "malformed validator duty";
    BeaconVoteNilCheckpoint = 92, "a checkpoint of the vote is missing";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_consecutive_from_one() {
        assert_eq!(RefusalCode::ALL.len(), 92);
        for (index, code) in RefusalCode::ALL.iter().enumerate() {
            assert_eq!(usize::try_from(code.code()).unwrap(), index + 1);
        }
    }

    #[test]
    fn a_few_numbers_of_the_reference() {
        assert_eq!(RefusalCode::UnmarshalSsz.code(), 1);
        assert_eq!(RefusalCode::UnknownDutyRoleData.code(), 10);
        assert_eq!(RefusalCode::PartialSigInconsistentSigner.code(), 42);
        assert_eq!(RefusalCode::RootHashInvalid.code(), 62);
        assert_eq!(RefusalCode::TimeoutInstance.code(), 70);
        assert_eq!(RefusalCode::AggCommAggCommIdxCntMismatch.code(), 71);
        assert_eq!(RefusalCode::BeaconVoteNilCheckpoint.code(), 92);
        assert_eq!(RefusalCode::NoSigners.to_string(), "no signers");
        assert_eq!(RefusalCode::NoSigners.name(), "NoSigners");
    }
}

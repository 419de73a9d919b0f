//! The reasons not to believe a message, and what follows from each.
//!
//! The texts are the reference's: they are the reasons in its metrics, which dashboards count by. Several numbers share
//! a refusal (66 with 51, 67 with 52, 69 to 71 with 53 to 55, 74 and 75 with 72, 56 with 76, 58 with 30).

/// What shall become of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Deliver and forward.
    Accept,
    /// Drop; nobody is to blame.
    Ignore,
    /// Drop, and count an invalid delivery against everyone who forwarded it.
    Reject,
}

/// Defines the refusals with the number of their rule and their text.
macro_rules! refusals {
    ($($name:ident = $number:literal, $text:literal;)+) => {
        /// The first rule that a message breaks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
        pub enum Refusal {
            $(#[doc = concat!("Rule ", $number, ": ", $text, ".")] #[error($text)] $name,)+
        }

        impl Refusal {
            /// Every refusal, in the order of the rules.
            pub const ALL: &'static [Refusal] = &[$(Refusal::$name),+];

            /// The number of the (first) rule it stands for.
            #[must_use]
            pub const fn rule(self) -> u8 {
                match self {
                    $(Refusal::$name => $number,)+
                }
            }

            /// The name of the variant: metric label, log field and documentation row.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Refusal::$name => stringify!($name),)+
                }
            }
        }
    };
}

refusals! {
    NoData = 1, "pub-sub message has no data";
    DataTooBig = 2, "pub-sub message data too big";
    Malformed = 3, "pub-sub message is malformed";
    NoSigners = 5, "no signers";
    NoSignatures = 6, "no signatures";
    WrongSignatureSize = 7, "wrong RSA signature size";
    SignersNotSorted = 8, "signers are not sorted";
    SignerCountMismatch = 9, "signature and operator ID length mismatch";
    ZeroSigner = 10, "zero signer ID";
    DuplicatedSigner = 11, "signer is duplicated";
    UnknownOperator = 13, "operator is unknown";
    EmptyData = 15, "empty data";
    EventMessage = 17, "unexpected event message";
    UnknownMessageType = 18, "unknown SSV message type";
    WrongDomain = 19, "wrong domain";
    InvalidRole = 20, "invalid role";
    NonExistentCommittee = 21, "committee ID doesn't exist";
    NoValidators = 22, "no validators for this committee ID";
    UnknownValidator = 23, "unknown validator";
    ValidatorLiquidated = 24, "validator is liquidated";
    NoShareMetadata = 25, "share has no metadata";
    ValidatorNotAttesting = 26, "validator is not attesting";
    SignerNotInCommittee = 27, "signer is not in committee";
    IncorrectTopic = 28, "incorrect topic";
    UndecodableData = 30, "message data could not be decoded";
    NonDecidedWithMultipleSigners = 31, "non-decided with multiple signers";
    DecidedNotEnoughSigners = 32, "not enough signers in decided message";
    PrepareOrCommitWithFullData = 33, "prepare or commit with full data";
    InvalidHash = 35, "root doesn't match full data hash";
    UnknownQbftType = 36, "unknown QBFT message type";
    ZeroRound = 37, "zero round";
    UnexpectedConsensus = 38, "unexpected consensus message for this role";
    RoundTooHigh = 39, "round is too high for this role";
    MismatchedIdentifier = 40, "identifier mismatch";
    MalformedPrepareJustifications = 41, "malformed prepare justifications";
    UnexpectedPrepareJustifications = 42, "prepare justifications unexpected for this message type";
    MalformedRoundChangeJustifications = 43, "malformed round change justifications";
    UnexpectedRoundChangeJustifications = 44, "round change justifications unexpected for this message type";
    SignerNotLeader = 45, "signer is not leader";
    RoundAlreadyAdvanced = 46, "signer has already advanced to a later round";
    DifferentProposalData = 47, "different proposal data";
    DuplicatedMessage = 48, "message is duplicated";
    DecidedWithSameSigners = 49, "decided with same number of signers";
    EstimatedRoundTooFar = 50, "message round is too far from estimated";
    SlotAlreadyAdvanced = 51, "signer has already advanced to a later slot";
    NoDuty = 52, "no duty for this epoch";
    EarlySlot = 53, "message was sent before slot starts";
    LateSlot = 54, "current time is above duty's start +34(committee and aggregator) or +3(else) slots";
    TooManyDuties = 55, "too many duties per epoch";
    PartialSignaturesTooBig = 57, "ssv message data too big";
    PartialSignatureOneSigner = 59, "partial signature message must have only one signer";
    FullDataNotInConsensus = 60, "full data not in consensus message";
    InvalidPartialSignatureType = 61, "unknown partial signature message type";
    PartialSignatureTypeRoleMismatch = 62, "partial signature type and role don't match";
    NoPartialSignatures = 63, "no partial signature messages";
    InconsistentSigners = 64, "signer is not expected";
    ValidatorIndexMismatch = 65, "partial signature validator index not found";
    InvalidPartialSignatureTypeCount = 68, "sent more partial signature messages of a certain type than allowed";
    TooManyPartialSignatures = 72, "too many partial signature messages";
    TripleValidatorIndex = 73, "triple validator index in partial signatures";
    SextupleValidatorIndex = 73, "sextuple validator index in partial signatures";
    SignatureVerification = 76, "signature verification";
}

impl Refusal {
    /// The policy: whether the message is dropped in silence or at the cost of those who forwarded it.
    #[must_use]
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::DataTooBig
            | Self::UnknownOperator
            | Self::WrongDomain
            | Self::NonExistentCommittee
            | Self::UnknownValidator
            | Self::ValidatorLiquidated
            | Self::NoShareMetadata
            | Self::ValidatorNotAttesting
            | Self::IncorrectTopic
            | Self::RoundTooHigh
            | Self::RoundAlreadyAdvanced
            | Self::DecidedWithSameSigners
            | Self::EstimatedRoundTooFar
            | Self::SlotAlreadyAdvanced
            | Self::NoDuty
            | Self::EarlySlot
            | Self::LateSlot
            | Self::TooManyDuties
            | Self::ValidatorIndexMismatch => Verdict::Ignore,
            Self::NoData
            | Self::Malformed
            | Self::NoSigners
            | Self::NoSignatures
            | Self::WrongSignatureSize
            | Self::SignersNotSorted
            | Self::SignerCountMismatch
            | Self::ZeroSigner
            | Self::DuplicatedSigner
            | Self::EmptyData
            | Self::EventMessage
            | Self::UnknownMessageType
            | Self::InvalidRole
            | Self::NoValidators
            | Self::SignerNotInCommittee
            | Self::UndecodableData
            | Self::NonDecidedWithMultipleSigners
            | Self::DecidedNotEnoughSigners
            | Self::PrepareOrCommitWithFullData
            | Self::InvalidHash
            | Self::UnknownQbftType
            | Self::ZeroRound
            | Self::UnexpectedConsensus
            | Self::MismatchedIdentifier
            | Self::MalformedPrepareJustifications
            | Self::UnexpectedPrepareJustifications
            | Self::MalformedRoundChangeJustifications
            | Self::UnexpectedRoundChangeJustifications
            | Self::SignerNotLeader
            | Self::DifferentProposalData
            | Self::DuplicatedMessage
            | Self::PartialSignaturesTooBig
            | Self::PartialSignatureOneSigner
            | Self::FullDataNotInConsensus
            | Self::InvalidPartialSignatureType
            | Self::PartialSignatureTypeRoleMismatch
            | Self::NoPartialSignatures
            | Self::InconsistentSigners
            | Self::InvalidPartialSignatureTypeCount
            | Self::TooManyPartialSignatures
            | Self::TripleValidatorIndex
            | Self::SextupleValidatorIndex
            | Self::SignatureVerification => Verdict::Reject,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_rules() {
        assert!(Refusal::ALL.is_sorted_by_key(|refusal| refusal.rule()));
    }

    #[test]
    fn the_reference_ignores_exactly_these_rules() {
        let ignored: Vec<u8> = Refusal::ALL
            .iter()
            .filter(|refusal| refusal.verdict() == Verdict::Ignore)
            .map(|refusal| refusal.rule())
            .collect();
        assert_eq!(ignored, [2, 13, 19, 21, 23, 24, 25, 26, 28, 39, 46, 49, 50, 51, 52, 53, 54, 55, 65]);
    }
}

//! The reasons not to believe a message, and what follows from each.
//!
//! Each refusal stands for one or more rules of the reference (ssv `message/validation`), numbered in their order; both forks have the same
//! rules in the same order, some with another content. The texts are the reference's: they are the reasons in its metrics, which
//! dashboards count by. `RULES.md` beside this crate is written from this table.

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

/// One rule, by the message that breaks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its number in the reference's order.
    pub number: u8,
    /// When a message breaks it. Figures are those of the main network.
    pub when: &'static str,
    /// The same under Boole, where it differs from Alan.
    pub boole: Option<&'static str>,
}

/// Defines the refusals with the rules they stand for and their text.
macro_rules! refusals {
    (@boole) => { None };
    (@boole $boole:literal) => { Some($boole) };
    ($($name:ident, $text:literal: $($number:literal $when:literal $(boole $boole:literal)?),+;)+) => {
        /// The first rule that a message breaks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
        pub enum Refusal {
            $(
                #[doc = concat!("\"", $text, "\".")]
                $(#[doc = concat!("Rule ", $number, ": ", $when, ".")])+
                #[error($text)]
                $name,
            )+
        }

        impl Refusal {
            /// Every refusal, in the order of the (first) rules.
            pub const ALL: &'static [Refusal] = &[$(Refusal::$name),+];

            /// The rules it stands for.
            #[must_use]
            pub const fn rules(self) -> &'static [Rule] {
                match self {
                    $(Refusal::$name => &[
                        $(Rule { number: $number, when: $when, boole: refusals!(@boole $($boole)?) }),+
                    ],)+
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
    NoData, "pub-sub message has no data": 1 "the payload is empty";
    DataTooBig, "pub-sub message data too big": 2 "the payload has more than 9,589,483 bytes";
    Malformed, "pub-sub message is malformed":
        3 "the payload is no SSZ of a SignedSSVMessage, or one of its lists is too long (data: 722,412 bytes)"
            boole "the same; data up to 726,932 bytes";
    NoSigners, "no signers": 5 "there is no operator id";
    NoSignatures, "no signatures": 6 "there is no signature";
    WrongSignatureSize, "wrong RSA signature size": 7 "a signature has not exactly 256 bytes";
    SignersNotSorted, "signers are not sorted": 8 "the operator ids do not ascend";
    SignerCountMismatch, "signature and operator ID length mismatch": 9 "there are not as many signatures as operator ids";
    ZeroSigner, "zero signer ID": 10 "a signer, the first that offends, is 0";
    DuplicatedSigner, "signer is duplicated": 11 "... is the one before it again";
    UnknownOperator, "operator is unknown": 13 "... is not registered, was removed, or has no usable key";
    EmptyData, "empty data": 15 "the inner message has no data";
    EventMessage, "unexpected event message": 17 "the inner message is of kind 200, which is internal to a node";
    UnknownMessageType, "unknown SSV message type": 18 "the inner message is neither consensus (0) nor partial signatures (1)";
    WrongDomain, "wrong domain": 19 "the domain is not that of the fork of the message's slot";
    InvalidRole, "invalid role":
        20 "the role is none of 0 to 5"
            boole "the role is none of committee, proposer, validator registration, voluntary exit and aggregator committee (6)";
    NonExistentCommittee, "committee ID doesn't exist":
        21 "role committee: the registry has no such committee" boole "roles committee and aggregator committee: the same";
    NoValidators, "no validators for this committee ID":
        22 "role committee: the committee has no validator" boole "roles committee and aggregator committee: the same";
    UnknownValidator, "unknown validator": 23 "other roles: the registry has no such validator";
    ValidatorLiquidated, "validator is liquidated": 24 "... its cluster is liquidated";
    NoShareMetadata, "share has no metadata": 25 "... the beacon chain's word on it is not known yet";
    ValidatorNotAttesting, "validator is not attesting":
        26 "... it is neither active nor in the queue with an activation epoch that has come";
    SignerNotInCommittee, "signer is not in committee": 27 "a signer is not of the committee";
    IncorrectTopic, "incorrect topic":
        28 "the topic is not the committee's" boole "the same; Boole's names and its subnets by the smallest hash";
    UndecodableData, "message data could not be decoded":
        30 "the data is no SSZ of a consensus message",
        58 "the data is no SSZ of partial signatures";
    NonDecidedWithMultipleSigners, "non-decided with multiple signers": 31 "several signers of what is no commit";
    DecidedNotEnoughSigners, "not enough signers in decided message": 32 "several signers, but no quorum";
    PrepareOrCommitWithFullData, "prepare or commit with full data": 33 "full data on a prepare, or on a commit of one signer";
    InvalidHash, "root doesn't match full data hash": 35 "the root is not the SHA-256 of the full data";
    UnknownQbftType, "unknown QBFT message type": 36 "the kind is none of 0 to 3";
    ZeroRound, "zero round": 37 "the round is 0";
    UnexpectedConsensus, "unexpected consensus message for this role": 38 "the role is validator registration or voluntary exit";
    RoundTooHigh, "round is too high for this role":
        39 "the round is above 12 (committee, aggregator) or 6 (proposer, sync committee contribution)"
            boole "the round is above 12 (committee, aggregator committee) or 6 (proposer)";
    MismatchedIdentifier, "identifier mismatch": 40 "the identifier inside is not the message id outside";
    MalformedPrepareJustifications, "malformed prepare justifications": 41 "a prepare justification is no SSZ of a SignedSSVMessage";
    UnexpectedPrepareJustifications, "prepare justifications unexpected for this message type":
        42 "prepare justifications on what is no proposal";
    MalformedRoundChangeJustifications, "malformed round change justifications":
        43 "a round-change justification is no SSZ of a SignedSSVMessage";
    UnexpectedRoundChangeJustifications, "round change justifications unexpected for this message type":
        44 "round-change justifications on what is neither proposal nor round change";
    SignerNotLeader, "signer is not leader":
        45 "a proposal of who does not lead the round" boole "the same; the leader moves on every 32 slots";
    RoundAlreadyAdvanced, "signer has already advanced to a later round":
        46 "one signer, for the same slot and by the same forwarder: an earlier round than before";
    DifferentProposalData, "different proposal data": 47 "... the same round, with other full data than its proposal's";
    DuplicatedMessage, "message is duplicated": 48 "... the same round and kind again";
    DecidedWithSameSigners, "decided with same number of signers": 49 "several signers, by the same forwarder: the same set again";
    EstimatedRoundTooFar, "message round is too far from estimated":
        50 "one signer: the round is more than one above what the clock says";
    SlotAlreadyAdvanced, "signer has already advanced to a later slot":
        51 "role is not committee: a signer was at a later slot, by the same forwarder"
            boole "role is neither committee nor aggregator committee: the same",
        66 "as 51" boole "as 51";
    NoDuty, "no duty for this epoch":
        52 "proposer: it does not propose in the slot; sync committee contribution: it is not in the sync committee"
            boole "proposer: it does not propose in the slot",
        67 "as 52; but the randomness of an epoch's first slot passes while the epoch's duties are not known" boole "as 52, the same exception";
    EarlySlot, "message was sent before slot starts":
        53 "received more than 50 ms before the slot",
        69 "as 53";
    LateSlot, "current time is above duty's start +34(committee and aggregator) or +3(else) slots":
        54 "received more than 3.05 s after slot + 34 (committee, aggregator) or slot + 3 (proposer, sync committee contribution)"
            boole "received more than 3.05 s after slot + 34 (committee, aggregator committee) or slot + 3 (proposer)",
        70 "as 54; registrations and exits are never late" boole "as 54; registrations and exits are never late";
    TooManyDuties, "too many duties per epoch":
        55 "a signer's duties of the epoch, by the same forwarder, are more than min(32, twice the validators) (committee; 32 with one in the sync committee) or 2 (aggregator)"
            boole "the same; aggregator committee as committee",
        71 "as 55; 2 (validator registration), as many as were asked for (voluntary exit)" boole "as 55; the same";
    SignatureVerification, "signature verification":
        56 "an RSA signature does not verify",
        76 "as 56";
    PartialSignaturesTooBig, "ssv message data too big":
        57 "the data has more than 151,220 bytes" boole "the data has more than 726,932 bytes (already 3)";
    PartialSignatureOneSigner, "partial signature message must have only one signer": 59 "there is not exactly one signer";
    FullDataNotInConsensus, "full data not in consensus message": 60 "there is full data";
    InvalidPartialSignatureType, "unknown partial signature message type":
        61 "the kind is none of 0 to 5" boole "the kind is none of 0, 1, 4, 5 and 6";
    PartialSignatureTypeRoleMismatch, "partial signature type and role don't match":
        62 "the kind is not the role's: committee 0, aggregator 0 2, proposer 0 1, sync committee contribution 0 3, registration 4, exit 5"
            boole "the kind is not the role's: committee 0, proposer 0 1, registration 4, exit 5, aggregator committee 0 6";
    NoPartialSignatures, "no partial signature messages": 63 "there is no partial signature";
    InconsistentSigners, "signer is not expected": 64 "an entry, the first that offends, names another signer than the message";
    ValidatorIndexMismatch, "partial signature validator index not found":
        65 "... names another validator, unless the role is committee"
            boole "... names another validator, unless the role is committee or aggregator committee";
    InvalidPartialSignatureTypeCount, "sent more partial signature messages of a certain type than allowed":
        68 "the signer's bundle of this phase (before or after consensus) was there already, for the same slot and by the same forwarder";
    TooManyPartialSignatures, "too many partial signature messages":
        72 "committee: more than min(twice the validators, validators + 512) entries" boole "the same; aggregator committee: more than 13 for each validator",
        74 "sync committee contribution: more than 13 entries" boole "no such role",
        75 "other roles: more than one entry";
    TripleValidatorIndex, "triple validator index in partial signatures": 73 "committee: a validator more than twice";
    SextupleValidatorIndex, "sextuple validator index in partial signatures":
        73 "no such role" boole "aggregator committee: a validator more than five times";
}

impl Refusal {
    /// The number of the (first) rule it stands for.
    #[must_use]
    pub const fn rule(self) -> u8 {
        match self.rules() {
            [first, ..] => first.number,
            [] => 0,
        }
    }
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

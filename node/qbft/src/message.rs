//! A consensus message as the machine handles it, and the ones it wants sent.

use std::fmt;

use types::message::{MAX_FULL_DATA_LEN, full_data_root};
use types::{
    ByteList, Decode, List, OperatorId, QbftMessage, QbftMessageType, RefusalCode, Root, Round, RsaSignature,
    SignedSsvMessage, SsvMessage,
};

use crate::Refusal;

/// The raw full data of a consensus: shared, not copied, when cloned (a block can have megabytes).
pub type Value = ByteList<MAX_FULL_DATA_LEN>;

/// A signed message together with the QBFT message inside it. Both are kept: justifications need the signed form.
#[derive(Clone, PartialEq, Eq)]
pub struct ProcessingMessage {
    signed: SignedSsvMessage,
    qbft: QbftMessage,
}

impl ProcessingMessage {
    /// Decodes the inner message; nothing else is looked at.
    ///
    /// # Errors
    /// [`Refusal::Undecodable`].
    pub fn new(signed: SignedSsvMessage) -> Result<Self, Refusal> {
        let qbft = QbftMessage::from_ssz_bytes(&signed.ssv_message.data).map_err(|_| Refusal::Undecodable)?;
        Ok(Self { signed, qbft })
    }

    /// The message as it travels.
    #[must_use]
    pub fn signed(&self) -> &SignedSsvMessage {
        &self.signed
    }

    /// The message inside.
    #[must_use]
    pub fn qbft(&self) -> &QbftMessage {
        &self.qbft
    }

    /// The step of consensus it belongs to.
    #[must_use]
    pub fn kind(&self) -> QbftMessageType {
        self.qbft.msg_type
    }

    /// Its round.
    #[must_use]
    pub fn round(&self) -> Round {
        self.qbft.round
    }

    /// The hash of the value it is about.
    #[must_use]
    pub fn root(&self) -> Root {
        self.qbft.root
    }

    /// On a round change: the round in which its sender prepared, if it did.
    #[must_use]
    pub fn prepared_round(&self) -> Option<Round> {
        (self.qbft.data_round != Round::NONE).then_some(self.qbft.data_round)
    }

    /// The value, on messages that carry one.
    #[must_use]
    pub fn full_data(&self) -> &Value {
        &self.signed.full_data
    }

    /// Does the full data hash to the root?
    pub(crate) fn full_data_matches(&self) -> bool {
        full_data_root(&self.signed.full_data) == self.root()
    }

    /// Who signed it.
    #[must_use]
    pub fn signers(&self) -> &[OperatorId] {
        &self.signed.operator_ids
    }

    /// The signer, if there is exactly one.
    pub(crate) fn single_signer(&self) -> Result<OperatorId, RefusalCode> {
        match self.signers() {
            [signer] => Ok(*signer),
            _ => Err(RefusalCode::MessageAllowsOneSignerOnly),
        }
    }

    /// The rules that need nothing but the message (ssv-spec `SignedSSVMessage.Validate`, `Message.Validate`).
    ///
    /// # Errors
    /// The first broken rule.
    pub fn validate(&self) -> Result<(), RefusalCode> {
        self.signed.validate()?;
        self.qbft.validate()
    }

    /// The round changes that justify a proposal, or the prepares that justify a round change.
    pub(crate) fn round_change_justification(&self) -> Result<Vec<Self>, Refusal> {
        decode(self.qbft.round_change_justifications())
    }

    /// The prepares that justify a proposal.
    pub(crate) fn prepare_justification(&self) -> Result<Vec<Self>, Refusal> {
        decode(self.qbft.prepare_justifications())
    }
}

fn decode(messages: Result<Vec<SignedSsvMessage>, RefusalCode>) -> Result<Vec<ProcessingMessage>, Refusal> {
    messages?
        .into_iter()
        .map(|signed| ProcessingMessage::new(signed).map_err(|_| Refusal::JustificationUndecodable))
        .collect()
}

impl fmt::Debug for ProcessingMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessingMessage")
            .field("signers", &self.signers())
            .field("qbft", &self.qbft)
            .field("full_data", self.full_data())
            .finish_non_exhaustive()
    }
}

/// A message of ours that is not signed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsigned {
    /// What has to be signed: the SHA-256 of its SSZ encoding.
    pub message: SsvMessage,
    /// The value that travels beside it, empty for prepares, commits and unprepared round changes.
    pub full_data: Value,
}

impl Unsigned {
    /// The message as it travels, with the local operator's signature.
    #[must_use]
    pub fn signed(self, signer: OperatorId, signature: RsaSignature) -> SignedSsvMessage {
        SignedSsvMessage {
            signatures: one(signature),
            operator_ids: one(signer),
            ssv_message: self.message,
            full_data: self.full_data,
        }
    }
}

/// A list of one item; every list of a signed message has room for it.
fn one<T>(item: T) -> List<T, 13> {
    let mut list = List::empty();
    // The list is empty, so there is room.
    let _ = list.push(item);
    list
}

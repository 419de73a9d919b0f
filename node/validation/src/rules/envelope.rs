//! Rules 1 to 18: is it a message at all, and is it signed by someone?

use ssv_message::SIGNATURE_LEN;
use types::rules::GossipLimits;
use types::{
    Decode, MsgType, OperatorId, PartialSignatureMessages, QbftMessage, SignedSsvMessage, Slot, SsvFork, Wire,
};

use super::Context;
use crate::candidate::Content;
use crate::inbound::Inbound;
use crate::refusal::Refusal;

mod ssv_message {
    /// An RSA-2048 signature.
    pub(super) const SIGNATURE_LEN: usize = 256;
    /// Internal to the reference's nodes; it never travels.
    pub(super) const EVENT: u64 = 200;
}

/// A decoded message and the fork it belongs to.
pub(super) struct Envelope {
    pub(super) message: SignedSsvMessage,
    /// `None` when the data does not decode; a later rule refuses it.
    pub(super) content: Option<Content>,
    pub(super) fork: SsvFork,
}

/// Rules 1 to 18.
pub(super) fn open(context: &Context<'_>, inbound: &Inbound<'_>) -> Result<Envelope, Refusal> {
    let envelope = decode(context, inbound)?;
    signatures(&envelope.message)?;
    signers(context, &envelope.message.operator_ids)?;
    kind(&envelope.message)?;
    Ok(envelope)
}

/// Rules 1 to 3: present, not too large, SSZ within the limits of its fork.
fn decode(context: &Context<'_>, inbound: &Inbound<'_>) -> Result<Envelope, Refusal> {
    if inbound.data.is_empty() {
        return Err(Refusal::NoData);
    }
    let network = &context.rules.network;
    let now = context.rules.slot_at(inbound.received_at_millis).unwrap_or(Slot(0));
    if inbound.data.len() > GossipLimits::of(network.fork_at(now)).max_message_len {
        return Err(Refusal::DataTooBig);
    }
    let message = SignedSsvMessage::from_ssz_bytes(inbound.data).map_err(|_| Refusal::Malformed)?;
    let content = content_of(&message);
    let fork = network.fork_at(content.as_ref().map_or(now, Content::slot));
    message.check_limits(fork).map_err(|_| Refusal::Malformed)?;
    Ok(Envelope { message, content, fork })
}

/// Reads ahead to the content, because the fork follows from the slot inside it.
fn content_of(message: &SignedSsvMessage) -> Option<Content> {
    let data = &message.ssv_message.data;
    match message.ssv_message.msg_type {
        MsgType::Consensus => QbftMessage::from_ssz_bytes(data).ok().map(Content::Consensus),
        MsgType::PartialSignature => {
            PartialSignatureMessages::from_ssz_bytes(data).ok().map(Content::PartialSignatures)
        }
        MsgType::Dkg | MsgType::Other(_) => None,
    }
}

/// Rules 5 to 9.
fn signatures(message: &SignedSsvMessage) -> Result<(), Refusal> {
    if message.operator_ids.is_empty() {
        return Err(Refusal::NoSigners);
    }
    if message.signatures.is_empty() {
        return Err(Refusal::NoSignatures);
    }
    if message.signatures.iter().any(|signature| signature.len() != SIGNATURE_LEN) {
        return Err(Refusal::WrongSignatureSize);
    }
    if !message.operator_ids.is_sorted() {
        return Err(Refusal::SignersNotSorted);
    }
    if message.operator_ids.len() != message.signatures.len() {
        return Err(Refusal::SignerCountMismatch);
    }
    Ok(())
}

/// Rules 10 to 13, signer by signer: the first one that offends decides.
fn signers(context: &Context<'_>, ids: &[OperatorId]) -> Result<(), Refusal> {
    let mut previous = None;
    for id in ids {
        if *id == OperatorId(0) {
            return Err(Refusal::ZeroSigner);
        }
        if previous.replace(*id) == Some(*id) {
            return Err(Refusal::DuplicatedSigner);
        }
        if !context.registry.has_operator(*id) {
            return Err(Refusal::UnknownOperator);
        }
    }
    Ok(())
}

/// Rules 15 to 18.
fn kind(message: &SignedSsvMessage) -> Result<(), Refusal> {
    if message.ssv_message.data.is_empty() {
        return Err(Refusal::EmptyData);
    }
    match message.ssv_message.msg_type {
        MsgType::Consensus | MsgType::PartialSignature => Ok(()),
        MsgType::Other(ssv_message::EVENT) => Err(Refusal::EventMessage),
        MsgType::Dkg | MsgType::Other(_) => Err(Refusal::UnknownMessageType),
    }
}

//! Bundles of partial signatures on their way in and out.

use qbft::Unsigned;
use types::{
    ByteList, Decode, Encode, List, MessageId, MsgType, OperatorId, PartialSignatureMessage,
    PartialSignatureMessages, PartialSignatureType, SignedSsvMessage, Slot, SsvFork, SsvMessage,
};

use crate::collector::SignatureSlot;
use crate::refusal::Refusal;

/// Opens a message that carries partial signatures, by the rules that need no state (`ssv-spec ssv/validator.go`,
/// `ssv/committee.go`): it decodes, has one signer, and its entries are that signer's (19, 18, 17, 42).
pub(crate) fn open(message: &SignedSsvMessage) -> Result<(OperatorId, PartialSignatureMessages), Refusal> {
    let bundle = PartialSignatureMessages::from_ssz_bytes(&message.ssv_message.data)
        .map_err(|_| Refusal::Undecodable)?;
    let [signer] = message.operator_ids.as_slice() else { return Err(Refusal::NotOneSigner) };
    bundle.validate_for_signer(*signer)?;
    Ok((*signer, bundle))
}

/// What an own bundle says beside its entries.
pub(crate) struct Head {
    pub fork: SsvFork,
    pub id: MessageId,
    pub kind: PartialSignatureType,
    pub slot: Slot,
}

/// Puts the own partial signatures into a message.
pub(crate) fn close(head: &Head, messages: Vec<PartialSignatureMessage>) -> Result<Unsigned, Refusal> {
    if messages.len() > PartialSignatureMessages::max_messages(head.fork) {
        return Err(Refusal::TooManySignatures);
    }
    let messages = List::new(messages).map_err(|_| Refusal::TooManySignatures)?;
    let bundle = PartialSignatureMessages { msg_type: head.kind, slot: head.slot, messages };
    let data = ByteList::new(bundle.as_ssz_bytes()).map_err(|_| Refusal::TooManySignatures)?;
    let message = SsvMessage { msg_type: MsgType::PartialSignature, msg_id: head.id, data };
    Ok(Unsigned { message, full_data: ByteList::empty() })
}

/// What an entry is a signature of.
pub(crate) fn slot_of(entry: &PartialSignatureMessage) -> SignatureSlot {
    SignatureSlot { validator: entry.validator_index, root: entry.signing_root }
}

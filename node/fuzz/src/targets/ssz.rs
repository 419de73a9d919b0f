//! The encodings: what decodes is canonical, and whatever else a message can be asked is answered.

use types::{
    BeaconVote, Decode, Encode, Mainnet, PartialSignatureMessages, PresetName, QbftMessage, SignedSsvMessage,
    SsvFork, SsvMessage, Wire,
};

/// Decodes; what decodes must encode to the same bytes, within the length that its encoding announces.
fn canonical<T: Encode + Decode>(bytes: &[u8]) -> Option<T> {
    let value = T::from_ssz_bytes(bytes).ok()?;
    assert_eq!(value.ssz_bytes_len(), bytes.len());
    assert_eq!(value.as_ssz_bytes(), bytes, "two encodings of one value");
    Some(value)
}

/// A message that a fork takes off the wire can be put on the wire of that fork.
fn on_the_wire<T: Wire>(bytes: &[u8]) {
    for fork in SsvFork::ALL {
        if let Ok(message) = T::from_wire(bytes, fork) {
            assert!(message.to_wire(fork).is_ok_and(|again| again == bytes));
        }
    }
}

pub fn signed_message(bytes: &[u8]) {
    on_the_wire::<SignedSsvMessage>(bytes);
    let Some(message) = canonical::<SignedSsvMessage>(bytes) else { return };
    let _ = message.validate();
    assert!(message.same_signers(&message.without_full_data()));
    let inner = message.ssv_message.as_ssz_bytes();
    assert_eq!(message.ssv_message.signed_bytes(), inner);
    ssv_message(&inner);
}

pub fn ssv_message(bytes: &[u8]) {
    on_the_wire::<SsvMessage>(bytes);
    let Some(message) = canonical::<SsvMessage>(bytes) else { return };
    let _ = (message.validate(), message.signed_digest());
    let id = message.msg_id;
    assert_eq!(types::MessageId::new(id.domain(), id.role(), &id.executor()), id);
    qbft_message(&message.data);
    partial_signatures(&message.data);
}

pub fn qbft_message(bytes: &[u8]) {
    on_the_wire::<QbftMessage>(bytes);
    let Some(message) = canonical::<QbftMessage>(bytes) else { return };
    let _ = (message.validate(), message.message_id());
    let lists = [
        (message.prepare_justifications(), message.prepare_justification.len()),
        (message.round_change_justifications(), message.round_change_justification.len()),
    ];
    for (decoded, count) in lists {
        assert!(decoded.is_err() || decoded.is_ok_and(|all| all.len() == count));
    }
}

pub fn partial_signatures(bytes: &[u8]) {
    on_the_wire::<PartialSignatureMessages>(bytes);
    let Some(bundle) = canonical::<PartialSignatureMessages>(bytes) else { return };
    let _ = bundle.validate();
    if bundle.messages.len() <= 64 {
        let _ = SsvFork::ALL.map(|fork| bundle.tree_hash_root(fork));
    }
}

/// What consensus may be about: which of them it is follows from the role, so the bytes are read as each.
pub fn consensus_value(bytes: &[u8]) {
    use types::consensus_data::{AggregatorCommitteeConsensusData, Contributions, ProposerConsensusData};
    canonical::<BeaconVote>(bytes);
    canonical::<Contributions<Mainnet>>(bytes);
    if let Some(data) = canonical::<AggregatorCommitteeConsensusData<Mainnet>>(bytes) {
        let _ = data.validate();
    }
    if let Some(data) = canonical::<ProposerConsensusData>(bytes) {
        let preset = PresetName::Mainnet;
        let _ = (data.validate(preset), data.validate_alan(preset));
        canonical::<Contributions<Mainnet>>(&data.data_ssz);
    }
}

//! What must hold for any bytes, type by type.

use std::fmt::Debug;

use types::beacon::AnyProposedBlock;
use types::consensus_data::{AggregatorCommitteeConsensusData, ProposerConsensusData};
use types::{
    BeaconVote, DataVersion, Decode, Encode, OperatorId, PartialSignatureMessages, Preset, PresetName,
    QbftMessage, SignedSsvMessage, SsvFork, SsvMessage, ValidatorDuty, Wire, WireError,
};

use crate::inputs::Fits;

/// Decodes, and holds that there is one encoding.
pub fn canonical<T: Encode + Decode>(bytes: &[u8]) -> Option<T> {
    let value = T::from_ssz_bytes(bytes).ok()?;
    assert!(value.as_ssz_bytes() == bytes, "decoded bytes encode to others");
    assert_eq!(value.ssz_bytes_len(), bytes.len(), "the announced length is not that of the encoding");
    Some(value)
}

/// A type without limits that depend on the fork.
pub fn plain<T: Encode + Decode>(bytes: &[u8]) -> Fits {
    canonical::<T>(bytes).map_or(Fits::Neither, |_| Fits::Both)
}

/// A type that has them; `alan` says by published numbers whether Alan carries it.
fn wire<T: Wire + PartialEq + Debug>(bytes: &[u8], alan: impl Fn(&T) -> bool) -> (Fits, Option<T>) {
    let [in_alan, in_boole] = [SsvFork::Alan, SsvFork::Boole].map(|fork| T::from_wire(bytes, fork));
    let Some(value) = canonical::<T>(bytes) else {
        for refused in [in_alan, in_boole] {
            assert!(matches!(refused, Err(WireError::Undecodable { .. })));
        }
        return (Fits::Neither, None);
    };
    assert!(in_boole.as_ref() == Ok(&value));
    assert!(value.to_wire(SsvFork::Boole).unwrap() == bytes);
    if alan(&value) {
        assert!(in_alan.as_ref() == Ok(&value));
        assert!(value.to_wire(SsvFork::Alan).unwrap() == bytes);
        return (Fits::Both, Some(value));
    }
    assert!(matches!(in_alan, Err(WireError::OverLimit { .. })));
    assert!(matches!(value.to_wire(SsvFork::Alan), Err(WireError::OverLimit { .. })));
    (Fits::BooleOnly, Some(value))
}

pub fn ssv_message(bytes: &[u8]) -> Fits {
    let (fits, message) = wire(bytes, |message: &SsvMessage| message.data.len() <= 722_412);
    if let Some(message) = message {
        assert!(message.data.len() <= 726_932);
        let _ = message.validate();
        assert!(message.signed_bytes() == bytes);
    }
    fits
}

pub fn signed_message(bytes: &[u8]) -> Fits {
    let (fits, message) = wire(bytes, |message: &SignedSsvMessage| message.ssv_message.data.len() <= 722_412);
    if let Some(message) = message {
        assert!(message.signatures.len() <= 13 && message.operator_ids.len() <= 13);
        assert!(message.signatures.iter().all(|signature| signature.len() <= 256));
        assert!(message.full_data.len() <= 8_388_836);
        let _ = message.validate();
        assert!(message.same_signers(&message.without_full_data()));
        // What is inside is the next thing that is decoded.
        qbft_message(&message.ssv_message.data);
        bundle(&message.ssv_message.data);
    }
    fits
}

pub fn qbft_message(bytes: &[u8]) -> Fits {
    let (fits, message) = wire(bytes, |_: &QbftMessage| true);
    if let Some(message) = message {
        assert!(message.identifier.len() <= 56);
        for (items, limit) in [
            (message.round_change_justification.iter().map(|item| item.len()).collect::<Vec<_>>(), 51_852),
            (message.prepare_justification.iter().map(|item| item.len()).collect(), 3_700),
        ] {
            assert!(items.len() <= 13 && items.iter().all(|len| *len <= limit));
        }
        let valid = message.validate().is_ok();
        assert!(!valid || message.message_id().is_some());
        assert!(!valid || message.round_change_justifications().is_ok());
        assert!(!valid || message.prepare_justifications().is_ok());
    }
    fits
}

pub fn bundle(bytes: &[u8]) -> Fits {
    let (fits, bundle) = wire(bytes, |bundle: &PartialSignatureMessages| bundle.messages.len() <= 1_512);
    if let Some(bundle) = bundle {
        assert!(bundle.messages.len() <= 5_048);
        let by_itself = bundle.validate();
        assert!(by_itself.is_ok() || bundle.validate_for_signer(OperatorId(1)).is_err());
    }
    fits
}

pub fn vote(bytes: &[u8]) -> Fits {
    let Some(vote) = canonical::<BeaconVote>(bytes) else { return Fits::Neither };
    let _ = vote.validate();
    Fits::Both
}

pub fn duty(bytes: &[u8]) -> Fits {
    let Some(duty) = canonical::<ValidatorDuty>(bytes) else { return Fits::Neither };
    assert!(duty.validator_sync_committee_indices.len() <= 13);
    let _ = (duty.validate(SsvFork::Alan), duty.validate(SsvFork::Boole));
    Fits::Both
}

pub fn duty_data(bytes: &[u8]) -> Fits {
    let Some(data) = canonical::<ProposerConsensusData>(bytes) else { return Fits::Neither };
    for preset in [PresetName::Mainnet, PresetName::Minimal] {
        assert_eq!(data.validate(preset).is_ok(), data.duty.role.number() == 2 && data.block(preset).is_ok());
        let _ = data.validate_alan(preset);
    }
    Fits::Both
}

pub fn committee_data<P: Preset>(bytes: &[u8]) -> Fits {
    let Some(data) = canonical::<AggregatorCommitteeConsensusData<P>>(bytes) else { return Fits::Neither };
    assert!(data.aggregators.len() <= 3_000 && data.contributors.len() <= 2_048);
    assert!(data.aggregated_attestations.len() <= 64 && data.aggregators_committee_indexes.len() <= 64);
    assert!(data.sync_committee_contributions.len() <= 4);
    let _ = data.validate();
    Fits::Both
}

/// A block is decoded by trial: the blinded layout first, the full one then.
pub fn block(preset: PresetName, version: DataVersion, bytes: &[u8]) -> Option<AnyProposedBlock> {
    let block = AnyProposedBlock::decode(preset, version, bytes).ok()?;
    assert!(block.as_ssz_bytes() == bytes, "decoded bytes encode to others");
    assert_eq!(block.fork().data_version(), version);
    assert!(block.slot() == block.to_blinded().slot());
    Some(block)
}

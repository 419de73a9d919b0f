//! Sizes published by the reference, strictness, and the rules messages check on themselves.

use proptest::prelude::*;
use ssz::{Decode, Encode};

use super::*;
use crate::ids::{
    CommitteeId, DomainType, MessageId, OperatorId, Root, Round, SignatureBytes, Slot, ValidatorIndex,
};
use crate::list::{ByteList, List};
use crate::refusal::RefusalCode;
use crate::role::RunnerRole;

fn qbft(msg_type: QbftMessageType) -> QbftMessage {
    QbftMessage {
        msg_type,
        height: Slot(12),
        round: Round::FIRST,
        identifier: ByteList::new(message_id().0.to_vec()).unwrap(),
        root: Root::repeat_byte(5),
        data_round: Round::NONE,
        round_change_justification: List::empty(),
        prepare_justification: List::empty(),
    }
}

fn message_id() -> MessageId {
    MessageId::committee(DomainType([0, 0, 3, 1]), RunnerRole::Committee, &CommitteeId([7; 32]))
}

fn signed(data: Vec<u8>, signers: u64) -> SignedSsvMessage {
    SignedSsvMessage {
        signatures: List::collect((0..signers).map(|_| ByteList::new(vec![9; 256]).unwrap())).unwrap(),
        operator_ids: List::collect((1..=signers).map(OperatorId)).unwrap(),
        ssv_message: SsvMessage {
            msg_type: MsgType::Consensus,
            msg_id: message_id(),
            data: ByteList::new(data).unwrap(),
        },
        full_data: ByteList::empty(),
    }
}

fn bundle(signers: &[u64]) -> PartialSignatureMessages {
    let message = |signer: &u64| PartialSignatureMessage {
        partial_signature: SignatureBytes([1; 96]),
        signing_root: Root::repeat_byte(2),
        signer: OperatorId(*signer),
        validator_index: ValidatorIndex(3),
    };
    PartialSignatureMessages {
        msg_type: PartialSignatureType::PostConsensus,
        slot: Slot(12),
        messages: List::collect(signers.iter().map(message)).unwrap(),
    }
}

#[test]
fn published_sizes() {
    let plain = qbft(QbftMessageType::Prepare).as_ssz_bytes();
    assert_eq!(plain.len(), 132);
    assert_eq!(signed(plain.clone(), 1).as_ssz_bytes().len(), 484);
    assert_eq!(signed(plain.clone(), 3).as_ssz_bytes().len(), 1_020);
    let prepare = signed(plain, 13).as_ssz_bytes();
    assert_eq!(prepare.len(), 3_700);

    // The limits of the two justification lists are exactly the sizes of what goes in.
    let prepares = vec![ByteList::new(prepare).unwrap(); 13];
    let mut proposal = qbft(QbftMessageType::Proposal);
    proposal.prepare_justification = List::new(prepares).unwrap();
    let round_change = signed(proposal.as_ssz_bytes(), 13).as_ssz_bytes();
    assert_eq!(round_change.len(), 51_852);
    proposal.round_change_justification = List::new(vec![ByteList::new(round_change).unwrap(); 13]).unwrap();
    let largest = proposal.as_ssz_bytes();
    assert_eq!(largest.len(), QbftMessage::MAX_SSZ_LEN);
    assert_eq!(proposal.validate(), Ok(()));

    let mut full = signed(largest, 13);
    full.full_data = ByteList::new(vec![1; MAX_FULL_DATA_LEN]).unwrap();
    let bytes = full.as_ssz_bytes();
    assert_eq!(bytes.len(), 9_114_816);
    assert_eq!(SignedSsvMessage::from_ssz_bytes(&bytes).unwrap(), full);
}

#[test]
fn the_two_forks_differ_in_two_limits() {
    let bundle = |count: usize| bundle(&vec![1; count]);
    assert_eq!(bundle(5_048).to_wire(SsvFork::Boole).unwrap().len(), 726_932);
    assert_eq!(bundle(1_512).to_wire(SsvFork::Alan).unwrap().len(), 217_748);
    assert!(matches!(
        bundle(1_513).to_wire(SsvFork::Alan),
        Err(WireError::OverLimit { len: 1_513, limit: 1_512, .. })
    ));
    assert!(List::<PartialSignatureMessage, 5_048>::new(vec![bundle(1).messages[0]; 5_049]).is_err());

    let largest = signed(bundle(5_048).as_ssz_bytes(), 13);
    let bytes = largest.to_wire(SsvFork::Boole).unwrap();
    assert_eq!(bytes.len(), 730_500);
    assert!(SignedSsvMessage::from_wire(&bytes, SsvFork::Boole).is_ok());
    assert!(SignedSsvMessage::from_wire(&bytes, SsvFork::Alan).is_err());
    assert!(signed(vec![0; 722_412], 1).to_wire(SsvFork::Alan).is_ok());
    assert!(signed(vec![0; 722_413], 1).to_wire(SsvFork::Alan).is_err());
}

#[test]
fn the_root_of_a_bundle_depends_on_the_fork() {
    let bundle = bundle(&[1]);
    assert_ne!(bundle.tree_hash_root(SsvFork::Alan), bundle.tree_hash_root(SsvFork::Boole));
}

#[test]
fn a_signed_message_checks_itself_in_order() {
    let check = |change: fn(&mut SignedSsvMessage)| {
        let mut message = signed(vec![1], 3);
        change(&mut message);
        message.validate().err().map(RefusalCode::code)
    };
    assert_eq!(check(|_| ()), None);
    assert_eq!(check(|m| m.operator_ids = List::empty()), Some(16));
    assert_eq!(check(|m| m.operator_ids.as_mut_slice()[2] = OperatorId(1)), Some(9));
    assert_eq!(check(|m| m.operator_ids.as_mut_slice()[0] = OperatorId(0)), Some(17));
    assert_eq!(check(|m| m.signatures = List::empty()), Some(15));
    assert_eq!(check(|m| m.signatures.as_mut_slice()[1] = ByteList::empty()), Some(13));
    assert_eq!(check(|m| m.operator_ids.push(OperatorId(9)).unwrap()), Some(12));
    assert_eq!(check(|m| m.ssv_message.msg_type = MsgType::Other(3)), Some(29));
    assert_eq!(check(|m| m.ssv_message.msg_id.0[7] = 0x80), Some(87));
    // Order is not checked here, and an unknown non-negative role is accepted.
    assert_eq!(check(|m| m.operator_ids.as_mut_slice().reverse()), None);
    assert_eq!(check(|m| m.ssv_message.msg_id.0[4] = 99), None);
}

#[test]
fn a_consensus_message_checks_itself_in_order() {
    let check = |change: fn(&mut QbftMessage)| {
        let mut message = qbft(QbftMessageType::RoundChange);
        change(&mut message);
        message.validate().err().map(RefusalCode::code)
    };
    assert_eq!(check(|_| ()), None);
    assert_eq!(check(|m| m.identifier = ByteList::new(vec![0; 55]).unwrap()), Some(31));
    assert_eq!(check(|m| m.round_change_justification.push(ByteList::empty()).unwrap()), Some(1));
    assert_eq!(check(|m| m.prepare_justification.push(ByteList::empty()).unwrap()), Some(1));
    assert_eq!(check(|m| m.msg_type = QbftMessageType::Other(4)), Some(29));
    assert_eq!(check(|m| m.round = Round::NONE), Some(30));
}

#[test]
fn a_bundle_checks_itself_in_order() {
    let code = |signers: &[u64]| bundle(signers).validate().err().map(RefusalCode::code);
    assert_eq!(code(&[1, 1]), None);
    assert_eq!(code(&[]), Some(19));
    assert_eq!(code(&[1, 2]), Some(18));
    assert_eq!(code(&[0, 1]), Some(17));
    assert_eq!(code(&[1, 0]), Some(18));
    assert_eq!(bundle(&[2, 2]).validate_for_signer(OperatorId(2)), Ok(()));
    assert_eq!(bundle(&[2, 2]).validate_for_signer(OperatorId(1)).unwrap_err().code(), 42);
}

fn any_bytes<const N: usize>(max: usize) -> impl Strategy<Value = ByteList<N>> {
    prop::collection::vec(any::<u8>(), 0..=max).prop_map(|bytes| ByteList::new(bytes).unwrap())
}

prop_compose! {
    fn any_signed()(
        signatures in prop::collection::vec(any_bytes::<256>(256), 0..=13),
        ids in prop::collection::vec(any::<u64>(), 0..=13),
        msg_type in any::<u64>(),
        id in prop::array::uniform32(any::<u8>()),
        data in any_bytes(300),
        full_data in any_bytes(300),
    ) -> SignedSsvMessage {
        let mut msg_id = [0; 56];
        msg_id[..32].copy_from_slice(&id);
        SignedSsvMessage {
            signatures: List::new(signatures).unwrap(),
            operator_ids: List::collect(ids.into_iter().map(OperatorId)).unwrap(),
            ssv_message: SsvMessage { msg_type: msg_type.into(), msg_id: MessageId(msg_id), data },
            full_data,
        }
    }
}

prop_compose! {
    fn any_qbft()(
        numbers in prop::array::uniform4(any::<u64>()),
        identifier in any_bytes(56),
        root in prop::array::uniform32(any::<u8>()),
        round_changes in prop::collection::vec(any_bytes(40), 0..=13),
        prepares in prop::collection::vec(any_bytes(40), 0..=13),
    ) -> QbftMessage {
        QbftMessage {
            msg_type: numbers[0].into(),
            height: Slot(numbers[1]),
            round: Round(numbers[2]),
            identifier,
            root: Root::from(root),
            data_round: Round(numbers[3]),
            round_change_justification: List::new(round_changes).unwrap(),
            prepare_justification: List::new(prepares).unwrap(),
        }
    }
}

/// Whatever decodes encodes to the same bytes: there is one encoding of each message.
fn canonical<T: Encode + Decode>(bytes: &[u8]) {
    if let Ok(message) = T::from_ssz_bytes(bytes) {
        assert_eq!(message.as_ssz_bytes(), bytes);
    }
}

/// Damages one byte or cuts the end off.
fn damage(bytes: &[u8], at: usize, value: u8, cut: usize) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    if let Some(byte) = damaged.get_mut(at % bytes.len().max(1)) {
        *byte = value;
    }
    damaged.truncate(bytes.len() - cut.min(bytes.len()));
    damaged
}

proptest! {
    #[test]
    fn signed_messages_round_trip(message in any_signed()) {
        prop_assert_eq!(SignedSsvMessage::from_ssz_bytes(&message.as_ssz_bytes()).unwrap(), message);
    }

    #[test]
    fn consensus_messages_round_trip(message in any_qbft()) {
        prop_assert_eq!(QbftMessage::from_ssz_bytes(&message.as_ssz_bytes()).unwrap(), message);
    }

    #[test]
    fn bundles_round_trip(signers in prop::collection::vec(any::<u64>(), 0..20)) {
        let bundle = bundle(&signers);
        prop_assert_eq!(PartialSignatureMessages::from_ssz_bytes(&bundle.as_ssz_bytes()).unwrap(), bundle);
    }

    #[test]
    fn damaged_messages_decode_canonically_or_not_at_all(
        signed in any_signed(), qbft in any_qbft(), at in any::<usize>(), value in any::<u8>(), cut in 0_usize..9,
    ) {
        // Half of the damage falls on the head, where the offsets are.
        for at in [at, at % 40] {
            canonical::<SignedSsvMessage>(&damage(&signed.as_ssz_bytes(), at, value, cut));
            canonical::<QbftMessage>(&damage(&qbft.as_ssz_bytes(), at, value, cut));
            canonical::<PartialSignatureMessages>(&damage(&bundle(&[1, 2]).as_ssz_bytes(), at, value, cut));
        }
    }

    #[test]
    fn any_bytes_decode_canonically_or_not_at_all(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        canonical::<SignedSsvMessage>(&bytes);
        canonical::<SsvMessage>(&bytes);
        canonical::<QbftMessage>(&bytes);
        canonical::<PartialSignatureMessages>(&bytes);
    }
}

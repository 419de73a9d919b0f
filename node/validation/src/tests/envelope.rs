//! Rules 1 to 18.

use types::{Encode, MsgType};

use super::world::*;
use crate::{Content, Refusal, claimed_id};

#[test]
fn a_message_that_breaks_no_rule_is_a_candidate() {
    let world = World::new();
    let draft = world.prepare();
    let candidate = world.judge(&draft).unwrap();
    assert_eq!(candidate.message, draft.message());
    assert_eq!(candidate.slot(), SLOT);
    assert_eq!(candidate.committee, world.committee);
    assert!(matches!(candidate.content, Content::Consensus(_)));
    let checks: Vec<_> = candidate.signature_checks().collect();
    assert_eq!(checks.len(), 1);
    assert_eq!(checks[0].digest, draft.message().ssv_message.signed_digest());
    assert_eq!(checks[0].signer, draft.signers[0]);
}

#[test]
fn rule_1_no_data() {
    let world = World::new();
    let draft = world.prepare();
    assert_eq!(world.judge_bytes(&[], &draft).unwrap_err(), Refusal::NoData);
    // One byte is data, but no message.
    assert_eq!(world.judge_bytes(&[0], &draft).unwrap_err(), Refusal::Malformed);
}

#[test]
fn rule_2_data_too_big() {
    let world = World::new();
    let draft = world.prepare();
    assert_eq!(world.judge_bytes(&vec![0; 9_589_484], &draft).unwrap_err(), Refusal::DataTooBig);
    assert_eq!(world.judge_bytes(&vec![0; 9_589_483], &draft).unwrap_err(), Refusal::Malformed);
}

#[test]
fn rule_3_ssz() {
    let world = World::new();
    let draft = world.prepare();
    let bytes = draft.message().as_ssz_bytes();
    assert!(world.judge_bytes(&bytes, &draft).is_ok());
    let mut damaged = bytes.clone();
    damaged[0] = 15;
    assert_eq!(world.judge_bytes(&damaged, &draft).unwrap_err(), Refusal::Malformed);
    assert_eq!(world.judge_bytes(&bytes[..bytes.len() / 2], &draft).unwrap_err(), Refusal::Malformed);
    // The limit of the data depends on the fork of the message; this data has no slot, so the receive time decides.
    let raw = |len, slot| world.prepare_at(slot).with(|draft| draft.body = Body::Raw(vec![0; len]));
    assert_eq!(world.refusal(&raw(722_412, SLOT)), Some(Refusal::UndecodableData));
    assert_eq!(world.refusal(&raw(722_413, SLOT)), Some(Refusal::Malformed));
    assert_eq!(world.refusal(&raw(722_413, FORK)), Some(Refusal::UndecodableData));
}

#[test]
fn rules_5_to_9_signers_and_signatures() {
    let world = World::new();
    let decided = || {
        world
            .consensus(types::RunnerRole::Committee, SLOT, types::QbftMessageType::Commit)
            .signed_by(&[1, 2, 3])
    };
    assert_eq!(world.refusal(&decided()), None);
    assert_eq!(world.refusal(&decided().signed_by(&[])), Some(Refusal::NoSigners));
    assert_eq!(world.refusal(&decided().with(|d| d.signatures = Some(vec![]))), Some(Refusal::NoSignatures));
    let sizes = |sizes: &[usize]| {
        let signatures = sizes.iter().map(|size| vec![9; *size]).collect();
        world.refusal(&decided().with(|d| d.signatures = Some(signatures)))
    };
    assert_eq!(sizes(&[256, 256, 256]), None);
    assert_eq!(sizes(&[256, 255, 256]), Some(Refusal::WrongSignatureSize));
    assert_eq!(sizes(&[256, 256, 0]), Some(Refusal::WrongSignatureSize));
    assert_eq!(sizes(&[256, 256]), Some(Refusal::SignerCountMismatch));
    assert_eq!(world.refusal(&decided().signed_by(&[2, 1, 3])), Some(Refusal::SignersNotSorted));
}

#[test]
fn rules_10_to_13_each_signer() {
    let world = World::new();
    let decided = |signers: &[u64]| {
        world.consensus(types::RunnerRole::Committee, SLOT, types::QbftMessageType::Commit).signed_by(signers)
    };
    let refusal = |signers: &[u64]| world.refusal(&decided(signers));
    assert_eq!(refusal(&[1, 2, 3]), None);
    assert_eq!(refusal(&[0, 1, 2]), Some(Refusal::ZeroSigner));
    assert_eq!(refusal(&[1, 2, 2]), Some(Refusal::DuplicatedSigner));
    // Known, but of another committee; then not known at all.
    assert_eq!(refusal(&[1, 2, 13]), Some(Refusal::SignerNotInCommittee));
    assert_eq!(refusal(&[1, 2, 14]), Some(Refusal::UnknownOperator));
    // The first signer that offends decides.
    assert_eq!(refusal(&[1, 14, 14]), Some(Refusal::UnknownOperator));
    assert_eq!(refusal(&[0, 14, 14]), Some(Refusal::ZeroSigner));
}

#[test]
fn rules_15_to_18_kind_and_data() {
    let world = World::new();
    let empty = world.prepare().with(|d| d.body = Body::Raw(Vec::new()));
    assert_eq!(world.refusal(&empty), Some(Refusal::EmptyData));
    let kind = |kind| world.refusal(&world.prepare().with(|d| d.msg_type = Some(kind)));
    assert_eq!(kind(MsgType::Consensus), None);
    assert_eq!(kind(MsgType::Dkg), Some(Refusal::UnknownMessageType));
    assert_eq!(kind(MsgType::Other(199)), Some(Refusal::UnknownMessageType));
    assert_eq!(kind(MsgType::Other(200)), Some(Refusal::EventMessage));
}

#[test]
fn what_a_message_says_it_is_about_is_read_without_decoding_it() {
    let world = World::new();
    for draft in [world.prepare(), world.prepare().signed_by(&[1, 2, 3])] {
        let bytes = draft.message().as_ssz_bytes();
        assert_eq!(claimed_id(&bytes), Some(draft.id));
        for cut in [0, 11, 12, 100] {
            assert_eq!(claimed_id(&bytes[..cut]), None, "{cut}");
        }
    }
    assert_eq!(claimed_id(&[0xff; 200]), None, "an offset that points nowhere");
}

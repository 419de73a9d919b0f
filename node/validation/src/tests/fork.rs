//! Boole: domain, role, topic, leader and limits follow the slot of the message.

use types::{
    List, MessageId, OperatorId, PartialSignatureMessage, PartialSignatureType as Type,
    QbftMessageType as Kind, RunnerRole, Slot, SsvFork, ValidatorIndex,
};

use super::world::*;
use crate::Refusal;

#[test]
fn the_slot_of_the_message_decides_and_not_the_clock() {
    let world = World::new();
    // Received after the fork, about the slot before it.
    let before = world.prepare_at(Slot(FORK.get() - 1)).with(|d| d.received_at = world.start(FORK) + 1_000);
    assert_eq!(world.refusal(&before), None);
    let on_new_topic = before.clone().with(|d| d.topic = topic(SsvFork::Boole, &ids(1..=4)));
    assert_eq!(world.refusal(&on_new_topic), Some(Refusal::IncorrectTopic));
    let with_new_domain = before.with(|d| d.id.0[..4].copy_from_slice(&BOOLE.0));
    assert_eq!(world.refusal(&with_new_domain), Some(Refusal::WrongDomain));

    let after = world.prepare_at(FORK);
    assert_eq!(world.refusal(&after), None);
    let on_old_topic = after.clone().with(|d| d.topic = topic(SsvFork::Alan, &ids(1..=4)));
    assert_eq!(world.refusal(&on_old_topic), Some(Refusal::IncorrectTopic));
    let with_old_domain = after.with(|d| d.id.0[..4].copy_from_slice(&ALAN.0));
    assert_eq!(world.refusal(&with_old_domain), Some(Refusal::WrongDomain));
}

#[test]
fn roles_change_at_the_fork() {
    let world = World::new();
    let merged = |slot| world.consensus(RunnerRole::AggregatorCommittee, slot, Kind::Prepare);
    assert_eq!(world.refusal(&merged(FORK)), None);
    assert_eq!(world.refusal(&merged(Slot(FORK.get() - 1))), Some(Refusal::InvalidRole));
    for role in [RunnerRole::Aggregator, RunnerRole::SyncCommitteeContribution] {
        let id = MessageId::validator(BOOLE, role, &KEY);
        let retired = world.prepare_at(FORK).with(|d| d.id = id);
        assert_eq!(world.refusal(&retired), Some(Refusal::InvalidRole));
    }
}

#[test]
fn the_leader_depends_on_the_epoch() {
    let world = World::new();
    // 32000 / 32 = 1000, a multiple of the committee's size; an epoch later the leader has moved on by one.
    let proposal = |slot, signer| {
        let draft = world.consensus(RunnerRole::Committee, Slot(slot), Kind::Proposal);
        world.refusal(&draft.signed_by(&[signer]))
    };
    assert_eq!(proposal(32_000, 1), None);
    assert_eq!(proposal(32_032, 1), Some(Refusal::SignerNotLeader));
    assert_eq!(proposal(32_032, 2), None);
    assert_eq!(proposal(31_968, 1), None);
}

#[test]
fn bundles_of_the_merged_role() {
    let mut world = World::new();
    world.committee = world.registry.add_committee(ids(1..=4), 2);
    let of = |kind, indices: &[u64]| {
        let draft = world.bundle(RunnerRole::AggregatorCommittee, FORK, kind);
        let entry = |index: &u64| PartialSignatureMessage {
            partial_signature: types::SignatureBytes([1; 96]),
            signing_root: types::Root::ZERO,
            signer: OperatorId(1),
            validator_index: ValidatorIndex(*index),
        };
        let list = List::collect(indices.iter().map(entry)).unwrap();
        world.refusal(&draft.partial(|b| b.messages = list))
    };
    assert_eq!(of(Type::AggregatorCommittee, &[0]), None);
    assert_eq!(of(Type::PostConsensus, &[0]), None);
    assert_eq!(of(Type::SelectionProof, &[0]), Some(Refusal::InvalidPartialSignatureType));
    assert_eq!(of(Type::Randao, &[0]), Some(Refusal::PartialSignatureTypeRoleMismatch));
    assert_eq!(of(Type::PostConsensus, &[0; 5]), None);
    assert_eq!(of(Type::PostConsensus, &[0; 6]), Some(Refusal::SextupleValidatorIndex));
    let many: Vec<u64> = (0..26).collect();
    assert_eq!(of(Type::PostConsensus, &many), None);
    let more: Vec<u64> = (0..27).collect();
    assert_eq!(of(Type::PostConsensus, &more), Some(Refusal::TooManyPartialSignatures));
}

#[test]
fn boole_carries_larger_bundles() {
    let mut world = World::new();
    world.committee = world.registry.add_committee(ids(1..=4), 3_000);
    let of = |slot: Slot, count: u64| {
        let draft = world.bundle(RunnerRole::Committee, slot, Type::PostConsensus);
        world.refusal(&draft.partial(|b| {
            let entry = b.messages[0];
            let entries = (0..count)
                .map(|index| PartialSignatureMessage { validator_index: ValidatorIndex(index), ..entry });
            b.messages = List::collect(entries).unwrap();
        }))
    };
    assert_eq!(of(SLOT, 1_051), Some(Refusal::PartialSignaturesTooBig));
    assert_eq!(of(FORK, 1_051), None);
    assert_eq!(of(FORK, 3_512), None);
    assert_eq!(of(FORK, 3_513), Some(Refusal::TooManyPartialSignatures));
}

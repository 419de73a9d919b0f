//! Rules 57 to 75.

use types::{OperatorId, PartialSignatureType, RunnerRole, Slot};

use super::world::*;
use crate::{DutyKnowledge, Refusal};

use PartialSignatureType as Type;

fn post(world: &World) -> Draft {
    world.bundle(RunnerRole::Committee, SLOT, Type::PostConsensus)
}

#[test]
fn rule_57_size() {
    let mut world = World::new();
    world.committee = world.registry.add_committee(ids(1..=4), 2_000);
    assert_eq!(world.refusal(&post(&world).of_validators(0..1_050)), None);
    let above = post(&world).of_validators(0..1_051);
    assert_eq!(world.refusal(&above), Some(Refusal::PartialSignaturesTooBig));
    let garbage = |len| {
        let draft = post(&world).with(|d| {
            d.body = Body::Raw(vec![0; len]);
            d.msg_type = Some(types::MsgType::PartialSignature);
        });
        world.refusal(&draft)
    };
    assert_eq!(garbage(151_220), Some(Refusal::UndecodableData));
    assert_eq!(garbage(151_221), Some(Refusal::PartialSignaturesTooBig));
}

#[test]
fn rules_59_and_60_one_signer_and_no_data() {
    let world = World::new();
    assert_eq!(world.refusal(&post(&world)), None);
    let two = post(&world).signed_by(&[1, 2]);
    assert_eq!(world.refusal(&two), Some(Refusal::PartialSignatureOneSigner));
    let with_data = post(&world).with(|d| d.full_data = vec![1]);
    assert_eq!(world.refusal(&with_data), Some(Refusal::FullDataNotInConsensus));
}

#[test]
fn rules_61_and_62_kinds_of_each_role() {
    let mut world = World::new();
    world.duties.proposals.insert(SLOT, DutyKnowledge::Yes);
    world.duties.sync_committee.insert(INDEX);
    world.duties.exits = 1;
    let table: [(RunnerRole, &[u64]); 6] = [
        (RunnerRole::Committee, &[0]),
        (RunnerRole::Aggregator, &[0, 2]),
        (RunnerRole::Proposer, &[0, 1]),
        (RunnerRole::SyncCommitteeContribution, &[0, 3]),
        (RunnerRole::ValidatorRegistration, &[4]),
        (RunnerRole::VoluntaryExit, &[5]),
    ];
    for (role, allowed) in table {
        for number in 0..=7 {
            let expected = match number {
                6 | 7 => Some(Refusal::InvalidPartialSignatureType),
                _ if allowed.contains(&number) => None,
                _ => Some(Refusal::PartialSignatureTypeRoleMismatch),
            };
            let draft = world.bundle(role, SLOT, Type::from_number(number));
            assert_eq!(world.refusal(&draft), expected, "{role} {number}");
        }
    }
}

#[test]
fn rules_63_to_65_entries() {
    let world = World::new();
    let none = post(&world).of_validators([]);
    assert_eq!(world.refusal(&none), Some(Refusal::NoPartialSignatures));
    let by = |signer| {
        let draft = post(&world).of_validators([1, 2]);
        world.refusal(&draft.partial(|b| b.messages.as_mut_slice()[1].signer = OperatorId(signer)))
    };
    assert_eq!(by(1), None);
    assert_eq!(by(2), Some(Refusal::InconsistentSigners));
    let registration = world.bundle(RunnerRole::ValidatorRegistration, SLOT, Type::ValidatorRegistration);
    assert_eq!(world.refusal(&registration), None);
    let other = registration.of_validators([INDEX.get() + 1]);
    assert_eq!(world.refusal(&other), Some(Refusal::ValidatorIndexMismatch));
    // A committee's bundle is not held to the committee's validators.
    assert_eq!(world.refusal(&post(&world).of_validators([999])), None);
}

#[test]
fn rule_67_duty_and_the_randao_of_a_new_epoch() {
    let mut world = World::new();
    let first = Slot(3_232);
    let randao = |world: &World, slot, at| {
        let draft = world.bundle(RunnerRole::Proposer, slot, Type::Randao);
        world.refusal(&draft.with(|d| d.received_at = at))
    };
    let at = world.start(first) + 500;
    assert_eq!(randao(&world, first, at), Some(Refusal::NoDuty));
    world.duties.proposals.insert(first, DutyKnowledge::NotFetched);
    assert_eq!(randao(&world, first, at), None);
    // Only for the first slot, only while it lasts, only for the signature over the epoch.
    assert_eq!(randao(&world, first, world.start(first.next())), Some(Refusal::NoDuty));
    world.duties.proposals.insert(first.next(), DutyKnowledge::NotFetched);
    assert_eq!(randao(&world, first.next(), world.start(first.next())), Some(Refusal::NoDuty));
    let post = world.bundle(RunnerRole::Proposer, first, Type::PostConsensus).with(|d| d.received_at = at);
    assert_eq!(world.refusal(&post), Some(Refusal::NoDuty));
}

#[test]
fn rules_69_and_70_slot_window() {
    let world = World::new();
    let at = |millis| world.refusal(&post(&world).with(|d| d.received_at = millis));
    let start = world.start(SLOT);
    assert_eq!(at(start - 51), Some(Refusal::EarlySlot));
    assert_eq!(at(start - 50), None);
    assert_eq!(at(start + 411_050), None);
    assert_eq!(at(start + 411_051), Some(Refusal::LateSlot));
    // A registration is never late.
    let registration = world.bundle(RunnerRole::ValidatorRegistration, SLOT, Type::ValidatorRegistration);
    assert_eq!(world.refusal(&registration.with(|d| d.received_at = start + 100_000_000)), None);
}

#[test]
fn rules_72_and_73_entries_of_a_committee() {
    let mut world = World::new();
    world.committee = world.registry.add_committee(ids(1..=4), 3);
    let of = |indices: &[u64]| world.refusal(&post(&world).of_validators(indices.iter().copied()));
    assert_eq!(of(&[0, 0, 1, 1, 2, 2]), None);
    assert_eq!(of(&[0, 0, 1, 1, 2, 2, 3]), Some(Refusal::TooManyPartialSignatures));
    assert_eq!(of(&[0, 0, 0]), Some(Refusal::TripleValidatorIndex));

    // Above 512 validators not every one can be in the sync committee.
    world.committee = world.registry.add_committee(ids(1..=4), 520);
    let of = |indices: std::ops::Range<u64>| world.refusal(&post(&world).of_validators(indices));
    assert_eq!(of(0..1_032), None);
    assert_eq!(of(0..1_033), Some(Refusal::TooManyPartialSignatures));
}

#[test]
fn rule_72_counts_the_validators_of_the_registry() {
    let mut world = World::new();
    world.committee = world.registry.add_committee(ids(1..=4), 4);
    for known in [1, 0] {
        world.registry.know_only(world.committee, known);
        let of = |indices: &[u64]| world.refusal(&post(&world).of_validators(indices.iter().copied()));
        assert_eq!(of(&[0, 1, 2]), None, "{known} known");
        assert_eq!(of(&[0, 0, 1, 1, 2, 2, 3, 3]), None, "{known} known");
        assert_eq!(of(&[0, 0, 1, 1, 2, 2, 3, 3, 4]), Some(Refusal::TooManyPartialSignatures));
    }
}

#[test]
fn rules_74_and_75_entries_of_a_validator() {
    let mut world = World::new();
    world.duties.sync_committee.insert(INDEX);
    let of = |role, kind, count| {
        let draft = world.bundle(role, SLOT, kind);
        world.refusal(&draft.of_validators(vec![INDEX.get(); count]))
    };
    let contribution = RunnerRole::SyncCommitteeContribution;
    assert_eq!(of(contribution, Type::ContributionProofs, 13), None);
    assert_eq!(of(contribution, Type::ContributionProofs, 14), Some(Refusal::TooManyPartialSignatures));
    assert_eq!(of(RunnerRole::Aggregator, Type::SelectionProof, 1), None);
    assert_eq!(of(RunnerRole::Aggregator, Type::SelectionProof, 2), Some(Refusal::TooManyPartialSignatures));
}

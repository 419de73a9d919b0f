//! Rules 46 to 49, 51, 55, 66, 68 and 71: what was seen before.

use types::{PartialSignatureType as Type, QbftMessageType as Kind, Round, RunnerRole, Slot, ValidatorIndex};

use super::world::*;
use crate::{DutyKnowledge, Refusal};

fn committee(world: &World, kind: Kind) -> Draft {
    world.consensus(RunnerRole::Committee, SLOT, kind)
}

#[test]
fn rule_46_an_earlier_round() {
    let mut world = World::new();
    let round = |world: &World, round| {
        let draft = committee(world, Kind::RoundChange).qbft(|m| m.round = Round(round));
        draft.with(|d| d.received_at = world.start(SLOT) + 6_000)
    };
    let second = round(&world, 2);
    world.accept(&second).unwrap();
    assert_eq!(world.refusal(&round(&world, 1)), Some(Refusal::RoundAlreadyAdvanced));
    assert_eq!(world.refusal(&round(&world, 3)), None);
    // Another signer, another slot, another peer: nothing known.
    assert_eq!(world.refusal(&round(&world, 1).signed_by(&[2])), None);
    assert_eq!(world.refusal(&round(&world, 1).forwarded_by(b"another")), None);
    // A decided message may be of an earlier round, and leaves the round as it is.
    let decided = committee(&world, Kind::Commit).signed_by(&[1, 2, 3]);
    world.accept(&decided).unwrap();
    assert_eq!(world.refusal(&round(&world, 1)), Some(Refusal::RoundAlreadyAdvanced));
}

#[test]
fn rule_47_another_value_in_the_same_round() {
    let mut world = World::new();
    let proposal =
        |world: &World, value: &[u8]| committee(world, Kind::Proposal).signed_by(&[2]).full_data(value);
    world.accept(&proposal(&world, b"one")).unwrap();
    assert_eq!(world.refusal(&proposal(&world, b"two")), Some(Refusal::DifferentProposalData));
    assert_eq!(world.refusal(&proposal(&world, b"one")), Some(Refusal::DuplicatedMessage));
    assert_eq!(world.refusal(&proposal(&world, b"two").forwarded_by(b"another")), None);
}

#[test]
fn rule_48_the_same_step_again() {
    let mut world = World::new();
    for kind in [Kind::Prepare, Kind::Commit, Kind::RoundChange] {
        let draft = committee(&world, kind);
        assert_eq!(world.accept(&draft), Ok(()));
        assert_eq!(world.refusal(&draft), Some(Refusal::DuplicatedMessage), "{kind:?}");
        let next = draft.qbft(|m| m.round = Round(2));
        assert_eq!(world.refusal(&next), None, "a later round begins anew");
    }
}

#[test]
fn rule_49_the_same_signers_again() {
    let mut world = World::new();
    let decided = |world: &World, signers: &[u64]| committee(world, Kind::Commit).signed_by(signers);
    world.accept(&decided(&world, &[1, 2, 3])).unwrap();
    assert_eq!(world.refusal(&decided(&world, &[1, 2, 3])), Some(Refusal::DecidedWithSameSigners));
    assert_eq!(world.accept(&decided(&world, &[1, 2, 4])), Ok(()));
    assert_eq!(world.accept(&decided(&world, &[1, 2, 3, 4])), Ok(()));
    // It does not stand for the commit of any one of them.
    assert_eq!(world.refusal(&decided(&world, &[1])), None);
}

#[test]
fn rules_51_and_66_an_earlier_slot() {
    let mut world = World::new();
    let aggregator = |world: &World, slot| {
        let draft = world.consensus(RunnerRole::Aggregator, slot, Kind::Prepare);
        draft.with(|d| d.received_at = world.start(SLOT) + 1_000)
    };
    world.accept(&aggregator(&world, SLOT)).unwrap();
    let earlier = Slot(SLOT.get() - 1);
    assert_eq!(world.refusal(&aggregator(&world, earlier)), Some(Refusal::SlotAlreadyAdvanced));
    let bundle = world.bundle(RunnerRole::Aggregator, earlier, Type::SelectionProof);
    let bundle = bundle.with(|d| d.received_at = world.start(SLOT));
    assert_eq!(world.refusal(&bundle), Some(Refusal::SlotAlreadyAdvanced));
    // A committee works on many slots at a time.
    world.accept(&world.prepare()).unwrap();
    assert_eq!(world.refusal(&world.prepare_at(earlier)), None);
}

#[test]
fn rule_68_the_same_phase_again() {
    let mut world = World::new();
    world.duties.proposals.insert(SLOT, DutyKnowledge::Yes);
    let bundle = |world: &World, kind| world.bundle(RunnerRole::Proposer, SLOT, kind);
    let randao = bundle(&world, Type::Randao);
    world.accept(&randao).unwrap();
    assert_eq!(world.refusal(&randao), Some(Refusal::InvalidPartialSignatureTypeCount));
    let post = bundle(&world, Type::PostConsensus);
    assert_eq!(world.accept(&post), Ok(()));
    assert_eq!(world.refusal(&post), Some(Refusal::InvalidPartialSignatureTypeCount));
}

#[test]
fn rules_55_and_71_duties_in_an_epoch() {
    let mut world = World::new();
    let registration = |world: &World, slot: u64| {
        world.bundle(RunnerRole::ValidatorRegistration, Slot(slot), Type::ValidatorRegistration)
    };
    for slot in [3_201, 3_202] {
        assert_eq!(world.accept(&registration(&world, slot)), Ok(()));
    }
    assert_eq!(world.refusal(&registration(&world, 3_203)), Some(Refusal::TooManyDuties));
    assert_eq!(world.accept(&registration(&world, 3_232)), Ok(()), "another epoch");

    let exit = world.bundle(RunnerRole::VoluntaryExit, SLOT, Type::VoluntaryExit);
    assert_eq!(world.refusal(&exit), Some(Refusal::TooManyDuties), "no exit was asked for");
    world.duties.exits = 1;
    assert_eq!(world.refusal(&exit), None);
}

#[test]
fn rule_55_duties_of_a_committee() {
    let mut world = World::new();
    world.committee = world.registry.add_committee(ids(1..=4), 3);
    for slot in 3_201..=3_206 {
        assert_eq!(world.accept(&world.prepare_at(Slot(slot))), Ok(()));
    }
    let seventh = world.prepare_at(Slot(3_207));
    assert_eq!(world.refusal(&seventh), Some(Refusal::TooManyDuties));
    // A known slot is no new duty.
    assert_eq!(world.refusal(&committee_commit(&world, 3_206)), None);
    // A validator in the sync committee has a duty in every slot.
    world.duties.sync_committee.insert(ValidatorIndex(2));
    assert_eq!(world.refusal(&seventh), None);

    world.duties.sync_committee.clear();
    world.committee = world.registry.add_committee(ids(1..=4), 16);
    for slot in 3_207..3_232 {
        assert_eq!(world.accept(&world.prepare_at(Slot(slot))), Ok(()));
    }
    assert_eq!(world.accept(&world.prepare_at(Slot(3_200))), Ok(()), "every slot of the epoch");
}

#[test]
fn rule_55_counts_the_validators_of_the_registry() {
    let mut world = World::new();
    world.committee = world.registry.add_committee(ids(1..=4), 3);
    world.registry.know_only(world.committee, 1);
    for slot in 3_201..=3_206 {
        assert_eq!(world.accept(&world.prepare_at(Slot(slot))), Ok(()), "slot {slot}");
    }
    assert_eq!(world.refusal(&world.prepare_at(Slot(3_207))), Some(Refusal::TooManyDuties));
}

fn committee_commit(world: &World, slot: u64) -> Draft {
    world.consensus(RunnerRole::Committee, Slot(slot), Kind::Commit)
}

//! The memory: nothing without a commit, a second look at the commit, and its bounds.

use types::{QbftMessageType as Kind, RunnerRole, Slot};

use super::world::*;
use crate::{Refusal, SeenState};

#[test]
fn judging_leaves_no_trace() {
    let world = World::new();
    let draft = world.prepare();
    // Two identical messages wait for their signatures at once.
    let first = world.judge(&draft);
    let second = world.judge(&draft);
    assert!(first.is_ok() && second.is_ok());
    assert!(world.seen.is_empty());
}

#[test]
fn the_commit_looks_once_more() {
    let mut world = World::new();
    let draft = world.prepare();
    let first = world.judge(&draft).unwrap();
    let second = world.judge(&draft).unwrap();
    assert_eq!(world.seen.commit(&first.update, SLOT), Ok(()));
    assert_eq!(world.seen.commit(&second.update, SLOT), Err(Refusal::DuplicatedMessage));
    assert_eq!(world.seen.slot_states(), 1);
}

#[test]
fn a_slot_pushes_out_the_one_34_before_it() {
    let mut world = World::new();
    world.committee = world.registry.add_committee(ids(1..=4), 100);
    let first = Slot(3_210);
    for slot in (0..=34).map(|n| first.saturating_add(n)) {
        world.accept(&world.prepare_at(slot)).unwrap();
        assert!(world.seen.slot_states() <= 34);
    }
    // Still in its window, and forgotten: judged leniently.
    let again = |slot| {
        let received_at = world.start(first.saturating_add(34));
        world.refusal(&world.prepare_at(slot).with(|d| d.received_at = received_at))
    };
    assert_eq!(again(first), None);
    assert_eq!(again(first.next()), Some(Refusal::DuplicatedMessage));
}

#[test]
fn unused_entries_expire() {
    let mut world = World::new();
    world.accept(&world.prepare_at(SLOT).forwarded_by(b"a")).unwrap();
    world.accept(&world.prepare_at(SLOT.saturating_add(34)).forwarded_by(b"b")).unwrap();
    assert_eq!(world.seen.len(), 2);
    world.accept(&world.prepare_at(SLOT.saturating_add(35)).forwarded_by(b"b")).unwrap();
    assert_eq!(world.seen.len(), 1);
    assert_eq!(world.seen.slot_states(), 2);
}

#[test]
fn the_longest_unused_entry_makes_room() {
    let mut world = World::new();
    world.seen = SeenState::bounded(32, 2);
    let from = |world: &World, peer: &[u8], kind| {
        world.consensus(RunnerRole::Committee, SLOT, kind).forwarded_by(peer)
    };
    world.accept(&from(&world, b"a", Kind::Prepare)).unwrap();
    world.accept(&from(&world, b"b", Kind::Prepare)).unwrap();
    world.accept(&from(&world, b"a", Kind::Commit)).unwrap();
    world.accept(&from(&world, b"c", Kind::Prepare)).unwrap();
    assert_eq!(world.seen.len(), 2);
    assert_eq!(world.refusal(&from(&world, b"a", Kind::Prepare)), Some(Refusal::DuplicatedMessage));
    assert_eq!(world.refusal(&from(&world, b"b", Kind::Prepare)), None);
    assert_eq!(world.refusal(&from(&world, b"c", Kind::Prepare)), Some(Refusal::DuplicatedMessage));
}

#[test]
fn whatever_comes_the_memory_stays_within_its_bound_and_knows_its_size() {
    const BOUND: usize = 60;
    let mut world = World::new();
    world.seen = SeenState::bounded(32, BOUND);
    world.committee = world.registry.add_committee(ids(1..=13), 100);
    let mut number = 1_u64;
    let mut below = |end: u64| {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (number >> 33) % end
    };
    let mut believed = 0;
    for step in 0..4_000_u64 {
        // Slots go on by one in forty messages; messages come for the last few.
        let slot = Slot(SLOT.get() + step / 40 - below(8));
        let kind = [Kind::Prepare, Kind::Commit, Kind::RoundChange][usize::try_from(below(3)).unwrap()];
        let peer = [u8::try_from(below(5)).unwrap()];
        let draft = world.consensus(RunnerRole::Committee, slot, kind).forwarded_by(&peer);
        let draft = if kind == Kind::Commit && below(4) == 0 {
            draft.signed_by(&(1..=9 + below(5)).collect::<Vec<_>>())
        } else {
            draft.signed_by(&[1 + below(13)])
        };
        let at = world.start(Slot(SLOT.get() + step / 40)) + 1_000;
        believed += u32::from(world.accept(&draft.received_at(at)).is_ok());
        assert_eq!(world.seen.slot_states(), world.seen.recount(), "step {step}");
        // What was just committed stays, whatever the bound.
        assert!(world.seen.slot_states() <= BOUND || world.seen.len() == 1, "step {step}");
    }
    assert!(believed > 1_000, "{believed}");
}

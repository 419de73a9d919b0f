//! Blocks in, rows and cursor as one; shares armed before, let go after.

use std::path::Path;

use contracts_abi::RegistryEvent;
use types::Root;

use super::*;
use crate::keeper::{EventAt, EventBlock, Keeper, KeeperError, KeeperSetup, Range, UNDO_BLOCKS};
use crate::set::{BlockRef, RecipientChange};

pub(super) fn setup(folder: &Path, own: u64, armer: &Arc<Spy>) -> KeeperSetup {
    KeeperSetup {
        folder: folder.to_owned(),
        rules: rules(),
        own_text: operator_text(own).into_bytes().into(),
        decryptor: Arc::new(Opener(OperatorId(own))),
        armer: Arc::<Spy>::clone(armer),
    }
}

fn at(number: u64) -> BlockRef {
    BlockRef { number, hash: Root::from(U256::from(number)) }
}

/// One block of events; `None` stands for an undecodable log.
fn block(number: u64, events: Vec<Option<RegistryEvent>>) -> Range {
    let event_at = |(index, event)| EventAt { index, topic: Root::repeat_byte(9), event };
    let events: Vec<EventAt> = (0..).zip(events).map(event_at).collect();
    let blocks = if events.is_empty() {
        vec![]
    } else {
        vec![EventBlock { block: at(number), timestamp: 77, events }]
    };
    Range { blocks, end: at(number) }
}

fn events(number: u64, events: Vec<RegistryEvent>) -> Range {
    block(number, events.into_iter().map(Some).collect())
}

/// After block 2: four operators, and a validator of the first owner that is ours.
fn with_one_validator(folder: &Path, spy: &Arc<Spy>) -> Keeper {
    let mut keeper = Keeper::open(&setup(folder, 1, spy)).unwrap();
    keeper.apply(&events(1, operators(4))).unwrap();
    keeper.apply(&events(2, vec![registration(owner(1), 0, &FOUR, 50)])).unwrap();
    keeper
}

#[test]
fn a_restart_finds_what_was_committed() {
    let folder = tempfile::tempdir().unwrap();
    let spy = Spy::new();
    let mut keeper = Keeper::open(&setup(folder.path(), 1, &spy)).unwrap();
    keeper.apply(&events(5, operators(4))).unwrap();
    let report = keeper.apply(&events(6, vec![registration(owner(1), 0, &FOUR, 50)])).unwrap();
    assert!(report.changed);
    assert!(!keeper.apply(&events(9, vec![])).unwrap().changed);
    let (digest, set) = (keeper.digest(), keeper.set());
    assert_eq!(keeper.cursor(), Some(at(9)));
    assert_eq!(spy.asked(), [Asked::Arm(vec![place(50, 1)], Arming::Anew)]);
    drop(keeper);

    let mut keeper = Keeper::open(&setup(folder.path(), 1, &spy)).unwrap();
    assert_eq!((keeper.cursor(), keeper.digest()), (Some(at(9)), digest));
    assert_eq!(keeper.set().validators(), set.validators());
    assert_eq!(keeper.set().own_operator, Some(OperatorId(1)));
    assert_eq!(spy.asked(), [Asked::Arm(vec![place(50, 1)], Arming::Resume)]);
}

#[test]
fn operators_of_one_log_have_one_digest_that_tells_states_and_blocks_apart() {
    let log = [
        events(5, operators(5)),
        events(6, vec![with_bad_ciphertext(registration(owner(1), 0, &FOUR, 50), 2)]),
        events(7, vec![registration(owner(1), 1, &[1, 2, 3, 5], 51), liquidation(owner(1), &FOUR)]),
    ];
    let digests: Vec<_> = [1, 3, 5, 9]
        .map(|own| {
            let folder = tempfile::tempdir().unwrap();
            let mut keeper = Keeper::open(&setup(folder.path(), own, &Spy::new())).unwrap();
            log.each_ref().map(|range| {
                keeper.apply(range).unwrap();
                keeper.digest().unwrap()
            })
        })
        .into();
    assert!(digests.windows(2).all(|pair| pair[0] == pair[1]), "{digests:?}");
    let [a, b, c] = digests[0];
    assert!(a != b && b != c);

    let folder = tempfile::tempdir().unwrap();
    let mut keeper = Keeper::open(&setup(folder.path(), 1, &Spy::new())).unwrap();
    log.iter().for_each(|range| drop(keeper.apply(range).unwrap()));
    keeper.apply(&events(8, vec![])).unwrap();
    assert_ne!(keeper.digest(), Some(c), "the block number is part of it");
}

#[test]
fn shares_are_armed_anew_with_each_return_and_let_go_with_each_leave() {
    let folder = tempfile::tempdir().unwrap();
    let spy = Spy::new();
    let mut keeper = with_one_validator(folder.path(), &spy);
    spy.asked();
    let ours = vec![place(50, 1)];
    keeper.apply(&events(3, vec![liquidation(owner(1), &FOUR)])).unwrap();
    assert_eq!(spy.asked(), [Asked::Disarm(ours.clone())]);
    keeper.apply(&events(4, vec![reactivation(owner(1), &FOUR)])).unwrap();
    assert_eq!(spy.asked(), [Asked::Arm(ours.clone(), Arming::Anew)]);
    // Away and back within one block: other marks may have been set elsewhere meanwhile.
    keeper.apply(&events(5, vec![liquidation(owner(1), &FOUR), reactivation(owner(1), &FOUR)])).unwrap();
    assert_eq!(spy.asked(), [Asked::Arm(ours.clone(), Arming::Anew)]);
    keeper.apply(&events(6, vec![RegistryEvent::OperatorRemoved { operator_id: 1 }])).unwrap();
    assert_eq!(spy.asked(), [Asked::Disarm(ours)]);
    assert_eq!(keeper.set().own_operator, None);
    assert_eq!(keeper.set().own_active().count(), 0);
}

#[test]
fn blocks_whose_shares_cannot_be_armed_leave_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let spy = Spy::new();
    let mut keeper = Keeper::open(&setup(folder.path(), 1, &spy)).unwrap();
    keeper.apply(&events(1, operators(4))).unwrap();
    let digest = keeper.digest();
    let added = events(2, vec![registration(owner(1), 0, &FOUR, 50), registration(owner(1), 1, &FOUR, 51)]);
    spy.fail(true);
    assert!(matches!(keeper.apply(&added), Err(KeeperError::Arm(_))));
    assert_eq!((keeper.cursor(), keeper.digest()), (Some(at(1)), digest));
    assert!(keeper.set().validators().is_empty());
    spy.fail(false);
    keeper.apply(&added).unwrap();
    assert_eq!(keeper.set().own_active().count(), 2);
    drop(keeper);
    assert_eq!(Keeper::open(&setup(folder.path(), 1, &spy)).unwrap().cursor(), Some(at(2)));
}

#[test]
fn a_commit_that_fails_leaves_neither_rows_nor_cursor() {
    let folder = tempfile::tempdir().unwrap();
    let spy = Spy::new();
    let mut keeper = Keeper::open(&setup(folder.path(), 1, &spy)).unwrap();
    keeper.apply(&events(5, operators(4))).unwrap();
    let (digest, undo) = (keeper.digest(), keeper.known_blocks());
    keeper.break_disk();
    let failed = keeper.apply(&events(6, vec![registration(owner(1), 0, &FOUR, 50)]));
    assert!(matches!(failed, Err(KeeperError::Registry(_))));
    assert_eq!((keeper.cursor(), keeper.digest(), keeper.known_blocks()), (Some(at(5)), digest, undo));
    assert!(keeper.set().validators().is_empty(), "what would be published is what is committed");
    drop(keeper);

    // Whatever reached the file, rows and cursor are of one block: all of it, or nothing.
    let mut keeper = Keeper::open(&setup(folder.path(), 1, &spy)).unwrap();
    match keeper.cursor().map(|cursor| cursor.number) {
        Some(5) => assert!(keeper.set().validators().is_empty()),
        Some(6) => assert_eq!(keeper.set().validators().len(), 1),
        other => panic!("the cursor is at {other:?}"),
    }
    if keeper.cursor() == Some(at(5)) {
        assert_eq!(keeper.digest(), digest);
        keeper.apply(&events(6, vec![registration(owner(1), 0, &FOUR, 50)])).unwrap();
    }
    assert_eq!(keeper.set().own_active().count(), 1);
}

#[test]
fn a_share_that_could_not_be_let_go_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let spy = Spy::new();
    let mut keeper = with_one_validator(folder.path(), &spy);
    spy.asked();
    spy.fail(true);
    keeper.apply(&events(3, vec![removal(owner(1), &FOUR, 50)])).unwrap();
    assert_eq!(keeper.set().own_active().count(), 0, "the set does not wait for it");
    spy.fail(false);
    keeper.apply(&events(4, vec![operator_added(5)])).unwrap();
    assert_eq!(spy.asked(), [Asked::Disarm(vec![place(50, 1)])]);
}

#[test]
fn blocks_are_applied_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut keeper = Keeper::open(&setup(folder.path(), 1, &Spy::new())).unwrap();
    keeper.apply(&events(5, operators(4))).unwrap();
    for number in [4, 5] {
        assert!(matches!(keeper.apply(&events(number, vec![])), Err(KeeperError::NotAfter { .. })));
    }
}

#[test]
fn undecodable_logs_use_up_no_nonce() {
    let folder = tempfile::tempdir().unwrap();
    let mut keeper = Keeper::open(&setup(folder.path(), 1, &Spy::new())).unwrap();
    keeper.apply(&events(1, operators(4))).unwrap();
    let skipped = keeper.apply(&block(2, vec![None, Some(removal(owner(1), &FOUR, 50)), None])).unwrap();
    assert_eq!((skipped.skipped, skipped.changed), (3, false));
    keeper.apply(&events(3, vec![registration(owner(1), 0, &FOUR, 50)])).unwrap();
    assert_eq!(keeper.set().validators().len(), 1);
}

#[test]
fn bulk_registrations_take_consecutive_nonces_refused_ones_included() {
    let folder = tempfile::tempdir().unwrap();
    let mut keeper = Keeper::open(&setup(folder.path(), 1, &Spy::new())).unwrap();
    keeper.apply(&events(1, operators(4))).unwrap();
    let mut bulk: Vec<RegistryEvent> =
        (0..6).map(|nonce| registration(owner(1), nonce, &FOUR, 50 + u8::try_from(nonce).unwrap())).collect();
    bulk[2] = with_shares(bulk[2].clone(), |shares| shares[0] ^= 1);
    let report = keeper.apply(&events(2, bulk)).unwrap();
    assert_eq!(report.skipped, 1);
    let missing: Vec<u8> =
        (50..56).filter(|number| keeper.set().validator(&key(*number)).is_none()).collect();
    assert_eq!(missing, [52]);
}

#[test]
fn exits_are_reported_with_their_block() {
    let folder = tempfile::tempdir().unwrap();
    let mut keeper = Keeper::open(&setup(folder.path(), 1, &Spy::new())).unwrap();
    keeper.apply(&events(1, operators(5))).unwrap();
    let added = vec![registration(owner(1), 0, &FOUR, 50), registration(owner(1), 1, &[2, 3, 4, 5], 51)];
    keeper.apply(&events(2, added)).unwrap();
    keeper.arrive();
    let report =
        keeper.apply(&events(3, vec![exit(owner(1), &FOUR, 51), exit(owner(1), &FOUR, 50)])).unwrap();
    let told: Vec<_> =
        report.exits.iter().map(|exit| (exit.validator, exit.own, exit.block, exit.timestamp)).collect();
    assert_eq!(told, [(key(51), false, at(3), 77), (key(50), true, at(3), 77)]);
}

/// The event is read once: the cursor does not go past it before the request is on disk.
#[test]
fn exits_of_our_validators_are_written_down_before_their_block_is_applied() {
    let folder = tempfile::tempdir().unwrap();
    let spy = Spy::new();
    let mut keeper = Keeper::open(&setup(folder.path(), 1, &spy)).unwrap();
    keeper.apply(&events(1, operators(5))).unwrap();
    let added = vec![registration(owner(1), 0, &FOUR, 50), registration(owner(1), 1, &[2, 3, 4, 5], 51)];
    keeper.apply(&events(2, added)).unwrap();
    spy.asked();
    keeper.arrive();
    let exits = events(3, vec![exit(owner(1), &FOUR, 50), exit(owner(1), &[2, 3, 4, 5], 51)]);
    spy.fail(true);
    assert!(matches!(keeper.apply(&exits), Err(KeeperError::Exits(_))));
    assert_eq!(keeper.cursor(), Some(at(2)));
    drop(keeper);

    spy.fail(false);
    let mut keeper = Keeper::open(&setup(folder.path(), 1, &spy)).unwrap();
    assert_eq!(keeper.cursor(), Some(at(2)));
    spy.asked();
    let request = ExitRequest { validator: key(50), own: true, block: at(3), timestamp: 77 };
    // A crash between the two writes: the block is read again, and the request with it.
    keeper.break_disk();
    assert!(matches!(keeper.apply(&exits), Err(KeeperError::Registry(_))));
    assert_eq!(spy.asked(), [Asked::KeepExits(vec![request])]);
}

#[test]
fn new_recipients_are_reported_where_they_pay_for_validators_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let mut keeper = Keeper::open(&setup(folder.path(), 1, &Spy::new())).unwrap();
    keeper.apply(&events(1, operators(5))).unwrap();
    let added = vec![registration(owner(1), 0, &FOUR, 50), registration(owner(2), 0, &[2, 3, 4, 5], 51)];
    keeper.apply(&events(2, added)).unwrap();
    let told = |keeper: &mut Keeper, number, timestamp, recipient| {
        let set = vec![redirection(owner(1), recipient), redirection(owner(2), recipient)];
        let mut range = events(number, set);
        range.blocks[0].timestamp = timestamp;
        keeper.apply(&range).unwrap().recipients
    };
    assert_eq!(told(&mut keeper, 3, 77, 7), [], "a chain that is read for the first time");
    keeper.arrive();
    assert_eq!(told(&mut keeper, 4, 0, 8), [], "far below the head");
    let change = RecipientChange { owner: owner(1), block: at(5), timestamp: 77 };
    assert_eq!(told(&mut keeper, 5, 77, 9), [change], "the other owner has no validator of ours");
    assert_eq!(told(&mut keeper, 6, 77, 9), [], "nothing has changed");
}

#[test]
fn exits_of_the_history_are_nobodys_request() {
    let folder = tempfile::tempdir().unwrap();
    let spy = Spy::new();
    let mut keeper = with_one_validator(folder.path(), &spy);
    spy.asked();
    let told = |keeper: &mut Keeper, number, timestamp| {
        let mut range = events(number, vec![exit(owner(1), &FOUR, 50)]);
        range.blocks[0].timestamp = timestamp;
        keeper.apply(&range).unwrap().exits.len()
    };
    assert_eq!(told(&mut keeper, 3, 77), 0, "a chain that is read for the first time");
    assert!(spy.asked().is_empty());
    drop(keeper);
    let mut keeper = Keeper::open(&setup(folder.path(), 1, &spy)).unwrap();
    spy.asked();
    assert_eq!(told(&mut keeper, 4, 0), 0, "far below the head");
    assert!(spy.asked().is_empty());
    assert_eq!(told(&mut keeper, 5, 77), 1, "while the node was away");
    assert_eq!(spy.asked().len(), 1);
}

#[test]
fn going_back_restores_every_row_and_the_shares() {
    let folder = tempfile::tempdir().unwrap();
    let spy = Spy::new();
    let mut keeper = with_one_validator(folder.path(), &spy);
    let (digest, rows) = (keeper.digest(), keeper.set());
    let fees = RegistryEvent::FeeRecipientAddressUpdated { owner: owner(1), recipient: owner(9) };
    keeper.apply(&events(3, vec![removal(owner(1), &FOUR, 50), operator_added(5), fees])).unwrap();
    keeper.apply(&block(4, vec![Some(registration(owner(1), 1, &FOUR, 51)), None])).unwrap();
    spy.asked();

    keeper.roll_back(at(2)).unwrap();
    assert_eq!((keeper.cursor(), keeper.digest()), (Some(at(2)), digest));
    assert_eq!(keeper.set().validators(), rows.validators());
    let (back, gone) = (vec![place(50, 1)], vec![place(51, 1)]);
    assert_eq!(spy.asked(), [Asked::Arm(back, Arming::Anew), Asked::Disarm(gone)]);
    assert_eq!(keeper.known_blocks().first(), Some(&at(2)));
    drop(keeper);

    let mut keeper = Keeper::open(&setup(folder.path(), 1, &spy)).unwrap();
    assert_eq!((keeper.cursor(), keeper.digest()), (Some(at(2)), digest));
    // The other branch.
    keeper.apply(&events(3, vec![registration(owner(1), 1, &FOUR, 52)])).unwrap();
    assert_eq!(keeper.set().own_active().count(), 2);
}

#[test]
fn only_recent_blocks_can_be_gone_back_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut keeper = Keeper::open(&setup(folder.path(), 1, &Spy::new())).unwrap();
    for number in 1..=5 {
        keeper.apply(&events(number, vec![operator_added(number)])).unwrap();
    }
    keeper.apply(&events(UNDO_BLOCKS + 3, vec![operator_added(60)])).unwrap();
    let known: Vec<u64> = keeper.known_blocks().iter().map(|block| block.number).collect();
    assert_eq!(known, [UNDO_BLOCKS + 3, 5, 4]);
    drop(keeper);
    let keeper = Keeper::open(&setup(folder.path(), 1, &Spy::new())).unwrap();
    assert_eq!(keeper.known_blocks().len(), 3);
}

#[test]
fn a_forgotten_chain_is_read_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut keeper = Keeper::open(&setup(folder.path(), 1, &Spy::new())).unwrap();
    let log = [events(1, operators(4)), events(2, vec![registration(owner(1), 0, &FOUR, 50)])];
    log.iter().for_each(|range| drop(keeper.apply(range).unwrap()));
    let digest = keeper.digest();
    keeper.forget().unwrap();
    assert_eq!((keeper.cursor(), keeper.digest()), (None, None));
    assert!(keeper.set().validators().is_empty() && keeper.known_blocks().is_empty());
    drop(keeper);
    let mut keeper = Keeper::open(&setup(folder.path(), 1, &Spy::new())).unwrap();
    log.iter().for_each(|range| drop(keeper.apply(range).unwrap()));
    assert_eq!(keeper.digest(), digest);
}

//! A data folder belongs to one registry, one operator and one signing history.

use std::path::Path;

use types::Root;

use super::keeping::setup;
use super::*;
use crate::error::RegistryError;
use crate::keeper::{EventAt, EventBlock, Keeper, KeeperSetup, Range};
use crate::set::BlockRef;

/// Writes operators and one validator with our share.
fn written(folder: &Path, spy: &Arc<Spy>) {
    let mut keeper = Keeper::open(&setup(folder, 1, spy)).unwrap();
    let block = BlockRef { number: 1, hash: Root::repeat_byte(1) };
    let all = operators(4).into_iter().chain([registration(owner(1), 0, &FOUR, 50)]);
    let event_at = |(index, event)| EventAt { index, topic: Root::ZERO, event: Some(event) };
    let events = (0..).zip(all).map(event_at).collect();
    let blocks = vec![EventBlock { block, timestamp: 0, events }];
    keeper.apply(&Range { blocks, end: block }).unwrap();
}

fn refused(setup: &KeeperSetup) -> RegistryError {
    let error = Keeper::open(setup).err().unwrap();
    assert!(error.operator_must_decide(), "{error}");
    error
}

#[test]
fn another_contract_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let spy = Spy::new();
    written(folder.path(), &spy);
    let rules = rules_with(Address::repeat_byte(0xc1), 0);
    let error = refused(&KeeperSetup { rules, ..setup(folder.path(), 1, &spy) });
    assert!(matches!(error, RegistryError::OtherRegistry { what: "contract", .. }));
    assert!(error.to_string().contains("0xc0c0c0c0"), "{error}");
    assert!(error.to_string().contains("another data folder"), "{error}");
}

#[test]
fn another_operator_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let spy = Spy::new();
    written(folder.path(), &spy);
    assert!(matches!(refused(&setup(folder.path(), 2, &spy)), RegistryError::OtherOperator));
}

#[test]
fn a_private_key_that_does_not_fit_the_public_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let spy = Spy::new();
    written(folder.path(), &spy);
    let decryptor = Arc::new(Opener(OperatorId(3)));
    let error = refused(&KeeperSetup { decryptor, ..setup(folder.path(), 1, &spy) });
    assert!(matches!(error, RegistryError::OperatorKey));
}

#[test]
fn a_lost_or_older_history_is_refused_and_a_newer_one_is_fine() {
    let folder = tempfile::tempdir().unwrap();
    let spy = Spy::new();
    written(folder.path(), &spy);
    let set_mark = |id, generation| {
        *spy.mark.lock().unwrap() = HistoryMark { id: FileId([id; 16]), generation: Generation(generation) };
    };
    set_mark(1, 4);
    let older = refused(&setup(folder.path(), 1, &spy));
    assert!(matches!(older, RegistryError::HistoryOlder { found: 4, expected: 5 }));
    set_mark(2, 9);
    assert!(matches!(refused(&setup(folder.path(), 1, &spy)), RegistryError::HistoryMissing));
    spy.asked();
    set_mark(1, 9);
    Keeper::open(&setup(folder.path(), 1, &spy)).unwrap();
    assert_eq!(spy.asked(), [Asked::Arm(vec![place(50, 1)], Arming::Resume)]);
}

#[test]
fn a_new_registry_beside_an_old_history_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let spy = Spy::new();
    written(folder.path(), &spy);
    std::fs::remove_dir_all(folder.path().join("registry")).unwrap();
    spy.asked();
    written(folder.path(), &spy);
    assert_eq!(spy.asked(), [Asked::Arm(vec![place(50, 1)], Arming::Anew)]);
}

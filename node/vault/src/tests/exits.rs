//! Exits in flight survive a restart, and nothing leaves without a request.

use std::sync::atomic::Ordering;

use store::HistoryDb;
use store::faulty_disk::FaultyDisk;
use types::beacon::VoluntaryExit;
use types::{Epoch, PublicKeyBytes, Slot, ValidatorIndex};

use super::{armed, chain, open, signer};
use crate::{ExitError, Object, ObjectRequest, PendingExit, Refused, Signed, Vault};

fn exit(number: u8, slot: u64) -> PendingExit {
    PendingExit { slot: Slot(slot), validator: signer(number).validator }
}

fn sign(vault: &Vault, number: u8, epoch: u64) -> Result<Signed, Refused> {
    let exit = VoluntaryExit { epoch: Epoch(epoch), validator_index: ValidatorIndex(77) };
    let request =
        ObjectRequest { signer: signer(number), slot: Slot(epoch * 32), object: Object::Exit(exit) };
    vault.sign_objects(&[request]).remove(0)
}

#[test]
fn requests_survive_a_restart_until_they_are_done() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    for request in [exit(2, 9), exit(1, 7), exit(3, 8)] {
        assert!(vault.put_exit(request).unwrap());
    }
    vault.end_exit(exit(3, 8)).unwrap();
    drop(vault);
    let vault = open(folder.path());
    assert_eq!(vault.pending_exits().unwrap(), [exit(1, 7), exit(2, 9)]);
    vault.end_exit(exit(1, 7)).unwrap();
    vault.end_exit(exit(1, 7)).unwrap();
    assert_eq!(vault.pending_exits().unwrap(), [exit(2, 9)]);
}

#[test]
fn the_newest_request_of_a_validator_counts() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    assert!(vault.put_exit(exit(1, 7)).unwrap());
    let generation = vault.history_mark().generation;
    assert!(!vault.put_exit(exit(1, 7)).unwrap(), "the event was read again");
    assert!(!vault.put_exit(exit(1, 6)).unwrap());
    assert_eq!(vault.history_mark().generation, generation, "nothing was written");
    assert!(vault.put_exit(exit(1, 9)).unwrap());
    vault.end_exit(exit(1, 7)).unwrap();
    assert_eq!(vault.pending_exits().unwrap(), [exit(1, 9)], "the end of the old one leaves the new one");
}

#[test]
fn beyond_the_bound_a_request_is_refused_until_another_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    for number in [1, 2] {
        assert!(vault.put_exit_within(exit(number, 7), 2).unwrap());
    }
    assert!(matches!(vault.put_exit_within(exit(3, 7), 2), Err(ExitError::TooMany)));
    assert!(
        vault.put_exit_within(exit(2, 9), 2).unwrap(),
        "a newer request takes the place of the older one"
    );
    vault.end_exit(exit(1, 7)).unwrap();
    assert!(vault.put_exit_within(exit(3, 7), 2).unwrap());
}

#[test]
fn an_exit_is_signed_for_its_request_alone() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 2);
    assert_eq!(sign(&vault, 1, 11), Err(Refused::NotRequested));
    vault.put_exit(exit(1, 11 * 32 + 5)).unwrap();
    assert!(sign(&vault, 1, 11).is_ok());
    assert_eq!(sign(&vault, 1, 12), Err(Refused::NotRequested), "of another epoch");
    assert_eq!(sign(&vault, 2, 11), Err(Refused::NotRequested), "of another validator");
    assert_eq!(sign(&vault, 9, 11), Err(Refused::NotArmed));
    vault.end_exit(exit(1, 11 * 32 + 5)).unwrap();
    assert_eq!(sign(&vault, 1, 11), Err(Refused::NotRequested), "nobody asks for it any more");
}

#[test]
fn a_request_that_is_not_on_disk_is_not_held() {
    let (disk, broken) = FaultyDisk::new();
    let vault = Vault::open(HistoryDb::open_on(disk).unwrap(), chain(7)).unwrap();
    vault.put_exit(exit(1, 7)).unwrap();
    broken.store(true, Ordering::SeqCst);
    assert!(matches!(vault.put_exit(exit(2, 7)), Err(ExitError::History(_))));
    assert!(vault.end_exit(exit(1, 7)).is_err());
    broken.store(false, Ordering::SeqCst);
    assert!(
        matches!(vault.put_exit(exit(2, 7)), Err(ExitError::History(_))),
        "a history that failed is stopped"
    );
    assert_eq!(vault.pending_exits().unwrap(), [exit(1, 7)]);
}

#[test]
fn rows_of_another_layout_are_refused() {
    assert!(crate::exits::pending(&[1; 47], &[0; 8]).is_err());
    assert!(crate::exits::pending(&[1; 48], &[0; 7]).is_err());
    let row = crate::exits::pending(&[1; 48], &7_u64.to_le_bytes()).unwrap();
    assert_eq!(row, PendingExit { slot: Slot(7), validator: PublicKeyBytes([1; 48]) });
}

//! A history that cannot be written stops the shares that needed it. It is never a log line only.

use std::sync::atomic::Ordering;

use store::HistoryDb;
use store::faulty_disk::FaultyDisk;
use types::{CommitteeId, Epoch, Root, RunnerRole, Slot};

use super::{LATE, chain, floor, share, signer, vote};
use crate::{ArmError, Arming, HistoryError, Object, ObjectRequest, Refused, Vault};

#[test]
fn shares_whose_record_failed_sign_nothing_more() {
    let (disk, broken) = FaultyDisk::new();
    let vault = Vault::open(HistoryDb::open_on(disk).unwrap(), chain(7)).unwrap();
    vault.arm(vec![share(1), share(2)], floor(9, 10), Arming::Anew).unwrap();
    let earlier = vault.permit_attestations(LATE, &[vote(1, 9, 11, 1)]).remove(0).unwrap();

    broken.store(true, Ordering::SeqCst);
    let refused = vault.permit_attestations(LATE, &[vote(1, 9, 12, 1)]);
    assert_eq!(refused[0].as_ref().unwrap_err(), &Refused::Stopped);
    assert_eq!(vault.stopped(), [signer(1).share]);
    assert_eq!(vault.ready(), 1);

    broken.store(false, Ordering::SeqCst);
    assert_eq!(vault.sign_many(vec![earlier]), [Err(Refused::Stopped)], "not even what was permitted before");
    assert_eq!(vault.sign_sync_messages(LATE, Root::ZERO, &[signer(1)]), [Err(Refused::Stopped)]);
    let object = Object::Randao(Epoch(1));
    let randao = |number| ObjectRequest { signer: signer(number), slot: LATE, object: object.clone() };
    let signed = vault.sign_objects(&[randao(1), randao(2)]);
    assert_eq!(signed[0], Err(Refused::Stopped), "nor what cannot be slashed for");
    assert!(signed[1].is_ok());
    let again = vault.permit_attestations(LATE, &[vote(1, 9, 12, 1)]);
    assert_eq!(again[0].as_ref().unwrap_err(), &Refused::Stopped, "a disk that healed is not trusted");

    // The other share was not involved, and finds the history stopped when it needs it.
    assert!(vault.sign_sync_messages(LATE, Root::ZERO, &[signer(2)])[0].is_ok());
    let other = vault.permit_attestations(LATE, &[vote(2, 9, 12, 1)]);
    assert_eq!(other[0].as_ref().unwrap_err(), &Refused::Stopped);
    assert_eq!(vault.ready(), 0);
}

#[test]
fn a_stopped_share_does_not_come_back_by_being_armed_again() {
    let (disk, broken) = FaultyDisk::new();
    let vault = Vault::open(HistoryDb::open_on(disk).unwrap(), chain(7)).unwrap();
    vault.arm(vec![share(1)], floor(9, 10), Arming::Anew).unwrap();
    broken.store(true, Ordering::SeqCst);
    assert!(vault.permit_attestations(LATE, &[vote(1, 9, 12, 1)])[0].is_err());
    assert!(vault.disarm(&[signer(1)]).is_err());
    assert!(matches!(
        vault.arm(vec![share(1)], floor(9, 10), Arming::Resume),
        Err(ArmError::History(HistoryError::Store(_)))
    ));
    assert_eq!(vault.sign_sync_messages(LATE, Root::ZERO, &[signer(1)]), [Err(Refused::Stopped)]);
}

#[test]
fn consensus_does_not_begin_on_a_history_that_cannot_be_written() {
    let (disk, broken) = FaultyDisk::new();
    let vault = Vault::open(HistoryDb::open_on(disk).unwrap(), chain(7)).unwrap();
    broken.store(true, Ordering::SeqCst);
    let committee = [(CommitteeId([1; 32]), RunnerRole::Committee)];
    assert!(vault.begin_consensus(&committee, Slot(5)).is_err());
    broken.store(false, Ordering::SeqCst);
    assert!(vault.begin_consensus(&committee, Slot(5)).is_err());
}

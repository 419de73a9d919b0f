//! Arming is durable, idempotent, and never lowers a mark.

use store::HistoryDb;
use types::{Epoch, PublicKeyBytes};

use super::{LATE, armed, chain, floor, open, share, signer, vote};
use crate::{ArmError, ArmShare, Arming, HistoryError, Marks, Refused, Vault};

fn marks(vault: &Vault, number: u8) -> Marks {
    vault.marks(&[signer(number).share]).unwrap()[0].unwrap()
}

#[test]
fn an_unarmed_share_signs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    assert_eq!(
        vault.permit_attestations(LATE, &[vote(1, 9, 11, 1)])[0].as_ref().unwrap_err(),
        &Refused::NotArmed
    );
    let sync = vault.sign_sync_messages(LATE, types::Root::ZERO, &[signer(1)]);
    assert_eq!(sync, [Err(Refused::NotArmed)]);
    assert_eq!(vault.ready(), 0);
}

#[test]
fn a_fresh_share_signs_above_its_floor_only() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 1);
    assert_eq!(vault.ready(), 1);
    let answers = [vote(1, 8, 11, 1), vote(1, 9, 10, 1), vote(1, 9, 11, 1)]
        .map(|request| vault.permit_attestations(LATE, &[request])[0].is_ok());
    assert_eq!(answers, [false, false, true]);
}

#[test]
fn a_restart_keeps_the_marks_and_needs_the_secret_again() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 1);
    assert!(vault.permit_attestations(LATE, &[vote(1, 9, 12, 1)])[0].is_ok());
    let before = marks(&vault, 1);
    drop(vault);
    let vault = open(folder.path());
    assert!(vault.permit_attestations(LATE, &[vote(1, 9, 13, 1)])[0].is_err(), "the secret is not on disk");
    vault.arm(vec![share(1)], floor(40, 41), Arming::Resume).unwrap();
    assert_eq!(marks(&vault, 1), before, "a restart costs no duty");
    assert!(vault.permit_attestations(LATE, &[vote(1, 9, 13, 1)])[0].is_ok());
}

#[test]
fn arming_twice_writes_once() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 2);
    let mark = vault.history_mark();
    vault.arm(vec![share(1), share(2)], floor(9, 10), Arming::Anew).unwrap();
    vault.arm(vec![share(1)], floor(50, 51), Arming::Resume).unwrap();
    assert_eq!(vault.history_mark(), mark);
}

#[test]
fn arming_anew_raises_each_mark_and_lowers_none() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 1);
    vault.arm(vec![share(1)], floor(5, 30), Arming::Anew).unwrap();
    let raised = marks(&vault, 1);
    assert_eq!((raised.source, raised.target), (Epoch(9), Epoch(30)));
    vault.arm(vec![share(1)], floor(1, 2), Arming::Anew).unwrap();
    assert_eq!(marks(&vault, 1), raised);
}

#[test]
fn a_disarmed_share_keeps_its_marks_and_is_raised_when_it_returns() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 1);
    assert!(vault.permit_attestations(LATE, &[vote(1, 15, 20, 1)])[0].is_ok());
    vault.disarm(&[signer(1)]).unwrap();
    assert_eq!(vault.ready(), 0);
    assert_eq!(
        vault.permit_attestations(LATE, &[vote(1, 15, 21, 1)])[0].as_ref().unwrap_err(),
        &Refused::NotArmed
    );
    assert_eq!((marks(&vault, 1).source, marks(&vault, 1).target), (Epoch(15), Epoch(20)));
    drop(vault);
    let vault = open(folder.path());
    vault.arm(vec![share(1)], floor(17, 18), Arming::Resume).unwrap();
    assert_eq!((marks(&vault, 1).source, marks(&vault, 1).target), (Epoch(17), Epoch(20)));
}

#[test]
fn a_share_serves_every_validator_it_was_armed_for() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 1);
    let other = ArmShare { validator: PublicKeyBytes([9; 48]), ..share(1) };
    let other_signer = other.signer();
    vault.arm(vec![other], floor(9, 10), Arming::Resume).unwrap();
    let of_other = |vault: &Vault, target| {
        let request = crate::AttestationRequest { signer: other_signer, ..vote(1, 9, target, 1) };
        vault.permit_attestations(LATE, &[request]).remove(0).is_ok()
    };
    assert!(of_other(&vault, 11));
    assert!(vault.permit_attestations(LATE, &[vote(1, 9, 11, 2)])[0].is_err(), "one share has one history");
    vault.disarm(&[signer(1)]).unwrap();
    assert!(of_other(&vault, 12), "the other validator still needs it");
    assert_eq!(
        vault.permit_attestations(LATE, &[vote(1, 9, 13, 1)])[0].as_ref().unwrap_err(),
        &Refused::NotArmed
    );
}

#[test]
fn a_secret_of_another_share_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let wrong = ArmShare { secret: super::secret(2), ..share(1) };
    let armed = vault.arm(vec![share(3), wrong], floor(9, 10), Arming::Anew);
    assert!(matches!(armed, Err(ArmError::KeyMismatch { share }) if share == signer(1).share));
    assert_eq!(vault.ready(), 0, "nothing was armed");
    assert_eq!(vault.marks(&[signer(3).share]).unwrap(), [None]);
}

#[test]
fn a_history_of_another_chain_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let opened = Vault::open(HistoryDb::open(folder.path()).unwrap(), chain(8));
    let Err(error @ HistoryError::OtherChain { .. }) = opened else { panic!("opened") };
    assert!(error.operator_must_decide());
    assert!(error.to_string().contains("check the network and the data folder"));
}

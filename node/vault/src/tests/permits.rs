//! Check and record: one transaction for a committee, three answers.

use types::beacon::BeaconBlockHeader;
use types::{Epoch, PublicKeyBytes, Root, Slot, ValidatorIndex};

use super::{LATE, armed, data, open, signer, vote};
use crate::rules::Breach;
use crate::{Arming, AttestationRequest, BlockRequest, Permit, Refused, interchange};

fn refusal(answer: &Result<Permit, Refused>) -> Refused {
    *answer.as_ref().unwrap_err()
}

#[test]
fn a_committee_is_recorded_in_one_commit() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 20);
    let before = vault.history_mark().generation;
    let requests: Vec<_> = (1..=20).map(|number| vote(number, 9, 11, 1)).collect();
    let permits = vault.permit_attestations(LATE, &requests);
    assert!(permits.iter().all(Result::is_ok));
    assert_eq!(vault.history_mark().generation.0, before.0 + 1);
}

#[test]
fn one_refusal_does_not_cost_the_others_their_permit() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 3);
    let unknown = AttestationRequest {
        signer: crate::Signer { validator: PublicKeyBytes([1; 48]), share: PublicKeyBytes([2; 48]) },
        data: data(9, 11, 1),
    };
    let requests = [vote(1, 9, 11, 1), vote(2, 8, 11, 1), unknown, vote(3, 9, 11, 1)];
    let permits = vault.permit_attestations(LATE, &requests);
    assert!(permits[0].is_ok() && permits[3].is_ok());
    let below = Breach::SourceBelow { source_epoch: Epoch(8), highest: Epoch(9) };
    assert_eq!(refusal(&permits[1]), Refused::Slashable(below));
    assert_eq!(refusal(&permits[2]), Refused::NotArmed);
}

#[test]
fn the_same_vote_is_permitted_again_without_a_write_another_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 1);
    let first = vault.permit_attestations(LATE, &[vote(1, 9, 11, 1)]).remove(0).unwrap();
    let generation = vault.history_mark().generation;
    let again = vault.permit_attestations(LATE, &[vote(1, 9, 11, 1)]).remove(0).unwrap();
    assert_eq!(first.root(), again.root());
    assert_eq!(vault.history_mark().generation, generation);
    let double = vault.permit_attestations(LATE, &[vote(1, 9, 11, 2)]);
    let breach = Breach::TargetNotAbove { target: Epoch(11), highest: Epoch(11) };
    assert_eq!(refusal(&double[0]), Refused::Slashable(breach));
}

#[test]
fn two_votes_of_one_share_in_one_batch_see_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 1);
    let answers = vault.permit_attestations(LATE, &[vote(1, 9, 11, 1), vote(1, 9, 11, 2), vote(1, 9, 11, 1)]);
    assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
}

#[test]
fn records_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 1);
    assert!(vault.permit_attestations(LATE, &[vote(1, 9, 11, 1)])[0].is_ok());
    drop(vault);
    let vault = open(folder.path());
    vault.arm(vec![super::share(1)], super::floor(0, 0), Arming::Resume).unwrap();
    assert!(vault.permit_attestations(LATE, &[vote(1, 9, 11, 2)])[0].is_err());
    assert!(vault.permit_attestations(LATE, &[vote(1, 9, 11, 1)])[0].is_ok());
}

#[test]
fn surrounding_votes_are_refused_either_way() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 1);
    assert!(vault.permit_attestations(LATE, &[vote(1, 12, 20, 1)])[0].is_ok());
    let answers =
        vault.permit_attestations(LATE, &[vote(1, 11, 21, 1), vote(1, 13, 19, 1), vote(1, 12, 21, 1)]);
    assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, false, true]);
}

#[test]
fn votes_of_the_future_and_of_another_epoch_are_refused_unrecorded() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 1);
    let generation = vault.history_mark().generation;
    let now = Slot(11 * 32 - 1);
    let future = vault.permit_attestations(now, &[vote(1, 9, 11, 1)]);
    assert_eq!(refusal(&future[0]), Refused::Future { slot: Slot(11 * 32), now });
    let mut crooked = vote(1, 9, 11, 1);
    crooked.data.target.epoch = Epoch(12);
    let answer = vault.permit_attestations(LATE, &[crooked]);
    assert_eq!(refusal(&answer[0]), Refused::TargetNotOfSlot { target: Epoch(12), slot: Slot(11 * 32) });
    assert_eq!(vault.history_mark().generation, generation);
}

#[test]
fn old_votes_are_dropped_and_still_refused() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 1);
    let far = 11 + crate::history::KEPT_EPOCHS + 1;
    for target in [11, 12, far] {
        assert!(vault.permit_attestations(LATE, &[vote(1, 9, target, 1)])[0].is_ok());
    }
    let account = interchange::show(vault.history()).unwrap().remove(0);
    let targets: Vec<u64> = account.attestations.iter().map(|vote| vote.target_epoch.get()).collect();
    assert_eq!(targets, [12, far]);
    assert!(vault.permit_attestations(LATE, &[vote(1, 9, 11, 1)])[0].is_err());
}

fn block(slot: u64, body: u8) -> BlockRequest {
    let root = Root::repeat_byte(1);
    let header = BeaconBlockHeader {
        slot: Slot(slot),
        proposer_index: ValidatorIndex(3),
        parent_root: root,
        state_root: root,
        body_root: Root::repeat_byte(body),
    };
    BlockRequest { signer: signer(1), header }
}

#[test]
fn a_slot_has_one_block() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 1);
    let slot = 10 * 32 + 1;
    let requests = [block(slot - 1, 1), block(slot, 1), block(slot, 2), block(slot, 1), block(slot + 1, 2)];
    let answers = vault.permit_blocks(LATE, &requests);
    assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true, false, true, true]);
    let now = Slot(slot);
    assert_eq!(
        refusal(&vault.permit_blocks(now, &[block(slot + 2, 1)])[0]),
        Refused::Future { slot: Slot(slot + 2), now }
    );
}

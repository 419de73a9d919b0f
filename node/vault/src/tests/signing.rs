//! The vault signs what it says it signs, in order, whatever the batch looks like.

use crypto::bls;
use types::signing::{compute_domain, signing_root};
use types::{BeaconDomainType, Root, Slot, TreeHash};

use super::{LATE, armed, data, secret, signer, vote};
use crate::{Permit, Refused, Signed, Vault};

fn permits(vault: &Vault, requests: &[crate::AttestationRequest]) -> Vec<Permit> {
    vault.permit_attestations(LATE, requests).into_iter().map(Result::unwrap).collect()
}

/// What share `number` should sign, computed apart from the vault; epoch 11 is in the first fork.
fn expected(number: u8, object: Root, kind: BeaconDomainType) -> Signed {
    let version = "0x00000000".parse().unwrap();
    let root = signing_root(object, compute_domain(kind, version, Root::repeat_byte(7)));
    Signed { signer: signer(number), root, signature: bls::sign(&secret(number), root) }
}

#[test]
fn votes_are_signed_in_order_under_the_attester_domain() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 5);
    // Two share a vote, one has its own, two share another, interleaved.
    let requests =
        [vote(1, 9, 11, 1), vote(2, 9, 11, 2), vote(3, 9, 11, 1), vote(4, 9, 11, 3), vote(5, 9, 11, 2)];
    let signed = vault.sign_many(permits(&vault, &requests));
    let wanted: Vec<_> = (1..)
        .zip(&requests)
        .map(|(number, request)| {
            Ok(expected(number, request.data.tree_hash_root(), BeaconDomainType::Attester))
        })
        .collect();
    assert_eq!(signed, wanted);
}

#[test]
fn sync_messages_are_signed_over_the_block_root() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 3);
    let generation = vault.history_mark().generation;
    let root = Root::repeat_byte(5);
    let signed = vault.sign_sync_messages(Slot(352), root, &[signer(1), signer(9), signer(3)]);
    let domain = BeaconDomainType::SyncCommittee;
    assert_eq!(
        signed,
        [Ok(expected(1, root, domain)), Err(Refused::NotArmed), Ok(expected(3, root, domain))]
    );
    assert_eq!(vault.history_mark().generation, generation, "nothing to record");
}

#[test]
fn the_domain_is_that_of_the_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 1);
    let root = Root::repeat_byte(5);
    let before = vault.sign_sync_messages(Slot(1000 * 32 - 1), root, &[signer(1)]);
    let after = vault.sign_sync_messages(Slot(1000 * 32), root, &[signer(1)]);
    assert_ne!(before[0].unwrap().root, after[0].unwrap().root);
}

#[test]
fn a_share_disarmed_after_the_permit_does_not_sign() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 2);
    let granted = permits(&vault, &[vote(1, 9, 11, 1), vote(2, 9, 11, 1)]);
    vault.disarm(&[signer(1)]).unwrap();
    let signed = vault.sign_many(granted);
    assert_eq!(signed[0], Err(Refused::NotArmed));
    assert_eq!(signed[1], Ok(expected(2, data(9, 11, 1).tree_hash_root(), BeaconDomainType::Attester)));
}

#[test]
fn an_empty_batch_is_empty() {
    let folder = tempfile::tempdir().unwrap();
    let vault = armed(folder.path(), 1);
    assert!(vault.permit_attestations(LATE, &[]).is_empty());
    assert!(vault.sign_many(Vec::new()).is_empty());
}

//! Every rule for every event, on the pure function.

use contracts_abi::{Cluster, RegistryEvent};
use crypto::owner_nonce;
use types::{Address, OperatorId};

use super::*;
use crate::apply::{Judge, Malformed, Outcome, apply};
use crate::state::State;

/// A state and the operator whose view it is.
struct World {
    state: State,
    own: u64,
}

impl World {
    /// With operators 1 to 14; the view is that of operator 1.
    fn new() -> Self {
        let mut world = Self { state: State::default(), own: 1 };
        for event in operators(14) {
            assert_eq!(world.tell(&event), Outcome::Applied);
        }
        world
    }

    fn tell(&mut self, event: &RegistryEvent) -> Outcome {
        let text = operator_text(self.own);
        let opener = Opener(OperatorId(self.own));
        let owner_nonce = |key: &_, signature: &_, owner: &_, nonce: u16| {
            owner_nonce::verify(key, signature, owner, u64::from(nonce))
        };
        let judge = Judge { own_text: text.as_bytes(), decryptor: &opener, owner_nonce: &owner_nonce };
        let applied = apply(&self.state, event, &judge);
        let before = self.state.clone();
        applied.changes.iter().for_each(|change| self.state.absorb(change));
        // Whatever it did can be taken back.
        let mut back = self.state.clone();
        applied.changes.into_iter().rev().for_each(|change| back.revert(change));
        assert!(same(&back, &before));
        applied.outcome
    }

    fn skips(&mut self, event: &RegistryEvent, reason: Malformed) {
        assert_eq!(self.tell(event), Outcome::Skipped(reason));
    }

    fn nonce(&self, owner: Address) -> u16 {
        self.state.next_nonce(&owner)
    }
}

fn same(one: &State, other: &State) -> bool {
    one.operators == other.operators
        && one.validators == other.validators
        && one.shares == other.shares
        && one.owners == other.owners
}

#[test]
fn an_operator_has_one_id_and_one_key() {
    let mut world = World::new();
    world.skips(&operator_added(3), Malformed::OperatorExists);
    let RegistryEvent::OperatorAdded { owner, public_key, fee, .. } = operator_added(3) else {
        unreachable!()
    };
    let same_key = RegistryEvent::OperatorAdded { operator_id: 20, owner, public_key, fee };
    world.skips(&same_key, Malformed::OperatorKeyTaken);
    assert_eq!(world.state.operator_with(b"key of operator 3"), Some(OperatorId(3)));
    let anything = RegistryEvent::OperatorAdded { operator_id: 20, owner, public_key: vec![0xff], fee };
    assert_eq!(world.tell(&anything), Outcome::Applied, "nobody checks that the key is one");
}

#[test]
fn a_removed_operator_cannot_be_registered_with_and_frees_its_key() {
    let mut world = World::new();
    let removed = RegistryEvent::OperatorRemoved { operator_id: 3 };
    assert_eq!(world.tell(&registration(owner(1), 0, &FOUR, 50)), Outcome::Applied);
    assert_eq!(world.tell(&removed), Outcome::Applied);
    world.skips(&removed, Malformed::OperatorUnknown);
    world.skips(&registration(owner(1), 1, &FOUR, 51), Malformed::CommitteeUnknown);
    assert_eq!(world.state.validators.len(), 1, "existing validators are not touched");
    assert_eq!(world.state.operator_with(operator_text(3).as_bytes()), None);
}

#[test]
fn a_registration_stores_validator_share_and_owner() {
    let mut world = World::new();
    assert_eq!(world.tell(&registration(owner(1), 0, &FOUR, 50)), Outcome::Applied);
    let row = &world.state.validators[&key(50)];
    assert_eq!((row.owner, row.liquidated), (owner(1), false));
    assert_eq!(row.operators(), FOUR.map(OperatorId));
    assert_eq!(row.share_of(OperatorId(3)), Some(place(50, 3).share));
    assert!(world.state.shares[&key(50)].usable);
    let account = world.state.owners[&owner(1)];
    assert_eq!((account.fee_recipient, account.next_nonce), (owner(1), 1));

    world.own = 9;
    assert_eq!(world.tell(&registration(owner(1), 1, &FOUR, 51)), Outcome::Applied);
    assert!(!world.state.shares.contains_key(&key(51)), "operator 9 has no share of it");
}

#[test]
fn committees_of_all_sizes_are_accepted_in_any_order_of_ids() {
    let mut world = World::new();
    for (nonce, size) in [4, 7, 10, 13].into_iter().enumerate() {
        let ids: Vec<u64> = (1..=size).rev().collect();
        let number = 50 + u8::try_from(size).unwrap();
        assert_eq!(world.tell(&registration(owner(1), nonce as u64, &ids, number)), Outcome::Applied);
    }
}

#[test]
fn every_refused_registration_uses_up_a_nonce() {
    let mut world = World::new();
    let sized = |count: u64, nonce| {
        let ids: Vec<u64> = (1..=count).collect();
        registration(owner(1), nonce, &ids, 50)
    };
    let flipped = |byte: usize, event| with_shares(event, |shares| shares[byte] ^= 1);
    let short_key = |event| {
        let RegistryEvent::ValidatorAdded { owner, operator_ids, shares, cluster, .. } = event else {
            panic!()
        };
        RegistryEvent::ValidatorAdded { owner, operator_ids, public_key: vec![1; 47], shares, cluster }
    };
    let cases = [
        (sized(0, 0), Malformed::CommitteeEmpty),
        (sized(14, 1), Malformed::CommitteeTooLarge),
        (sized(5, 2), Malformed::CommitteeSize),
        (sized(3, 3), Malformed::CommitteeSize),
        (registration(owner(1), 4, &[1, 2, 3, 3], 50), Malformed::CommitteeDuplicate),
        (registration(owner(1), 5, &[1, 2, 3, 99], 50), Malformed::CommitteeUnknown),
        (with_shares(sized(4, 6), |shares| shares.truncate(1311)), Malformed::SharesLength),
        (with_shares(sized(4, 7), |shares| shares.push(0)), Malformed::SharesLength),
        (flipped(5, sized(4, 8)), Malformed::Signature),
        (sized(4, 0), Malformed::Signature),
        (short_key(sized(4, 10)), Malformed::Signature),
        (registration(owner(2), 11, &FOUR, 50), Malformed::Signature),
    ];
    let last = cases.len() - 1;
    for (expected, (event, reason)) in (1..).zip(&cases[..last]) {
        world.skips(event, *reason);
        assert_eq!(world.nonce(owner(1)), expected, "{reason:?}");
    }
    // Signed for nonce 11 while it is 0 for this owner.
    world.skips(&cases[last].0, Malformed::Signature);
    assert_eq!(world.nonce(owner(2)), 1);
    assert!(world.state.validators.is_empty());
    assert_eq!(world.tell(&sized(4, 11)), Outcome::Applied, "the next nonce is the one after all of them");
}

#[test]
fn share_keys_and_foreign_ciphertexts_are_nobodys_business() {
    let mut world = World::new();
    // The third operator's share key is no point, its ciphertext opens for nobody.
    let event = with_shares(registration(owner(1), 0, &FOUR, 50), |shares| {
        shares[96 + 2 * 48..96 + 3 * 48].fill(0xff);
        shares[96 + 4 * 48 + 2 * 256..96 + 4 * 48 + 3 * 256].fill(0xff);
    });
    assert_eq!(world.tell(&event), Outcome::Applied);
    assert!(world.state.shares[&key(50)].usable);
}

#[test]
fn a_share_that_does_not_open_is_malformed_for_its_operator_alone() {
    let event = with_bad_ciphertext(registration(owner(1), 0, &FOUR, 50), 0);
    let mut concerned = World::new();
    concerned.skips(&event, Malformed::OwnShare);
    assert_eq!(concerned.nonce(owner(1)), 1);
    assert!(!concerned.state.shares[&key(50)].usable);

    let mut other = World { own: 2, ..World::new() };
    assert_eq!(other.tell(&event), Outcome::Applied);
    let digest = |world: &World| crate::digest::RowsDigest::of(&world.state).at(7);
    assert_eq!(digest(&concerned), digest(&other));

    // A share of another key than the registered one is not usable either.
    let swapped = with_shares(registration(owner(1), 1, &FOUR, 51), |shares| {
        shares[96 + 4 * 48..][..32].copy_from_slice(&share_bytes(52, 1));
    });
    concerned.skips(&swapped, Malformed::OwnShare);
}

#[test]
fn the_first_owner_of_a_key_keeps_it_until_removal() {
    let mut world = World::new();
    assert_eq!(world.tell(&registration(owner(1), 0, &FOUR, 50)), Outcome::Applied);
    world.skips(&registration(owner(2), 0, &FOUR, 50), Malformed::OtherOwner);
    assert_eq!(world.nonce(owner(2)), 1);
    let again = registration(owner(1), 1, &[5, 6, 7, 8], 50);
    assert_eq!(world.tell(&again), Outcome::Unchanged);
    assert_eq!(world.state.validators[&key(50)].operators(), FOUR.map(OperatorId), "the committee stays");
    assert_eq!(world.nonce(owner(1)), 2);
    world.skips(&removal(owner(2), &FOUR, 50), Malformed::OtherOwner);
    assert_eq!(world.tell(&removal(owner(1), &[9, 9], 50)), Outcome::Applied, "the ids are not compared");
    assert!(world.state.shares.is_empty());
    world.skips(&removal(owner(1), &FOUR, 50), Malformed::ValidatorUnknown);
    assert_eq!(world.tell(&registration(owner(2), 1, &FOUR, 50)), Outcome::Applied);
}

#[test]
fn nonces_wrap_after_sixteen_bits() {
    let mut world = World::new();
    let mut owners = std::collections::BTreeMap::clone(&world.state.owners);
    let row = crate::OwnerRow { owner: owner(1), fee_recipient: owner(1), next_nonce: u16::MAX };
    owners.insert(owner(1), row);
    world.state.owners = Arc::new(owners);
    assert_eq!(world.tell(&registration(owner(1), 65535, &FOUR, 50)), Outcome::Applied);
    assert_eq!(world.tell(&registration(owner(1), 0, &FOUR, 51)), Outcome::Applied);
}

#[test]
fn a_fee_recipient_may_come_before_the_first_validator() {
    let mut world = World::new();
    let update = |recipient| RegistryEvent::FeeRecipientAddressUpdated { owner: owner(1), recipient };
    assert_eq!(world.tell(&update(owner(7))), Outcome::Applied);
    assert_eq!(world.nonce(owner(1)), 0);
    assert_eq!(world.tell(&registration(owner(1), 0, &FOUR, 50)), Outcome::Applied);
    let account = world.state.owners[&owner(1)];
    assert_eq!((account.fee_recipient, account.next_nonce), (owner(7), 1));
    assert_eq!(world.tell(&update(owner(7))), Outcome::Unchanged);
    assert_eq!(world.tell(&update(owner(8))), Outcome::Applied);
    assert_eq!(world.state.owners[&owner(1)].next_nonce, 1, "the nonce is not touched");
}

#[test]
fn liquidation_concerns_a_cluster_whatever_the_order_of_its_ids() {
    let mut world = World::new();
    for (nonce, number) in [(0, 50), (1, 51)] {
        assert_eq!(world.tell(&registration(owner(1), nonce, &FOUR, number)), Outcome::Applied);
    }
    assert_eq!(world.tell(&registration(owner(1), 2, &[1, 2, 3, 5], 52)), Outcome::Applied);
    assert_eq!(world.tell(&registration(owner(2), 0, &FOUR, 53)), Outcome::Applied);
    let liquidated =
        |world: &World| [50, 51, 52, 53].map(|number| world.state.validators[&key(number)].liquidated);
    assert_eq!(world.tell(&liquidation(owner(1), &[4, 3, 2, 1])), Outcome::Applied);
    assert_eq!(liquidated(&world), [true, true, false, false]);
    assert_eq!(world.tell(&liquidation(owner(1), &FOUR)), Outcome::Unchanged);
    assert_eq!(world.tell(&removal(owner(1), &FOUR, 50)), Outcome::Applied, "also while liquidated");
    assert_eq!(world.tell(&reactivation(owner(1), &FOUR)), Outcome::Applied);
    assert!(!world.state.validators[&key(51)].liquidated);
    assert_eq!(world.tell(&liquidation(owner(9), &FOUR)), Outcome::Unchanged, "none is no error");
}

#[test]
fn an_exit_is_asked_for_by_the_owner() {
    let mut world = World::new();
    assert_eq!(world.tell(&registration(owner(1), 0, &FOUR, 50)), Outcome::Applied);
    world.skips(&exit(owner(1), &FOUR, 51), Malformed::ValidatorUnknown);
    world.skips(&exit(owner(2), &FOUR, 50), Malformed::OtherOwner);
    for _ in 0..2 {
        assert_eq!(world.tell(&exit(owner(1), &FOUR, 50)), Outcome::Exit { validator: key(50) });
    }
}

#[test]
fn other_events_have_no_effect() {
    let mut world = World::new();
    let before = world.state.clone();
    let (owner, operator_ids, cluster) = (owner(1), FOUR.to_vec(), Cluster::NEW);
    let events = [
        RegistryEvent::ClusterDeposited { owner, operator_ids: operator_ids.clone(), cluster },
        RegistryEvent::ClusterMigratedToEth { owner, operator_ids, cluster },
        RegistryEvent::Ignored { name: "NetworkFeeUpdated" },
    ];
    for event in events {
        assert_eq!(world.tell(&event), Outcome::Ignored);
    }
    assert!(same(&before, &world.state));
}

//! A long history: the work for an event does not grow with what is there already.

use std::time::Instant;

use contracts_abi::{Cluster, RegistryEvent};

use super::*;
use crate::apply::{Judge, Outcome, apply};
use crate::set::{BlockRef, ValidatorSet};
use crate::state::State;

const HISTORY: u32 = 50_000;

/// Validator `number` of an owner of its own, so that there are as many clusters; no signature or share in it is real.
fn synthetic(number: u32) -> (Address, PublicKeyBytes) {
    let (mut owner, mut key) = ([0; 20], [0xab; 48]);
    owner[..4].copy_from_slice(&number.to_be_bytes());
    key[..4].copy_from_slice(&number.to_be_bytes());
    (Address::from(owner), PublicKeyBytes(key))
}

fn added(number: u32) -> RegistryEvent {
    let (owner, key) = synthetic(number);
    let (public_key, shares) = (key.0.to_vec(), vec![7; 96 + 4 * (48 + 256)]);
    RegistryEvent::ValidatorAdded {
        owner,
        operator_ids: FOUR.to_vec(),
        public_key,
        shares,
        cluster: Cluster::NEW,
    }
}

fn removed(number: u32) -> RegistryEvent {
    let (owner, key) = synthetic(number);
    let public_key = key.0.to_vec();
    RegistryEvent::ValidatorRemoved { owner, operator_ids: FOUR.to_vec(), public_key, cluster: Cluster::NEW }
}

fn tell(state: &mut State, event: &RegistryEvent) {
    let judge = Judge {
        own_text: b"nobody of these",
        decryptor: &Opener(OperatorId(99)),
        owner_nonce: &|_, _, _, _| true,
    };
    let applied = apply(state, event, &judge);
    assert_eq!(applied.outcome, Outcome::Applied);
    applied.changes.iter().for_each(|change| state.absorb(change));
}

fn with_operators() -> State {
    let mut state = State::default();
    operators(4).iter().for_each(|event| tell(&mut state, event));
    state
}

/// Prints what it takes (`--nocapture`); a step per event that grows with the number of clusters makes it take minutes.
#[test]
fn a_long_history_is_replayed_and_taken_back() {
    let mut state = with_operators();
    let start = Instant::now();
    (0..HISTORY).for_each(|number| tell(&mut state, &added(number)));
    let (replayed, start) = (start.elapsed(), Instant::now());
    assert_eq!(state.validators.len(), usize::try_from(HISTORY).unwrap());
    (0..HISTORY).for_each(|number| tell(&mut state, &removed(number)));
    println!("{HISTORY} added in {replayed:?}, removed in {:?}", start.elapsed());
    assert!(state.validators.is_empty());
    assert_eq!(state.clusters(), 0, "an empty cluster is forgotten");
}

/// While a set is published, the first change copies the map it touches, and the next ones do not.
#[test]
fn a_published_set_costs_one_copy_and_not_one_for_each_event() {
    let mut state = with_operators();
    (0..100).for_each(|number| tell(&mut state, &added(number)));
    let block = BlockRef { number: 1, hash: types::Root::ZERO };
    let published = ValidatorSet::of(&state, block, b"");
    let place = |state: &State| Arc::as_ptr(&state.validators);
    let shared = place(&state);
    tell(&mut state, &added(100));
    let own = place(&state);
    assert_ne!(own, shared);
    for number in 101..1000 {
        tell(&mut state, &added(number));
        // What the keeper looks at between two ranges is let go again.
        drop(ValidatorSet::of(&state, block, b""));
        assert_eq!(place(&state), own);
    }
    assert_eq!((published.validators().len(), state.validators.len()), (100, 1000));
}

//! What stakers do: scenarios 1 to 6, 9 and 10.

use alloy_primitives::{Address, U256};
use contracts_abi::call::{cluster, validator};
use contracts_abi::{Cluster, ClusterRef, Generation, RegistryEvent, view};

use crate::calls::{FOUR, NOTHING, assignment, error, error_with_bytes, key};
use crate::dev_tools::set_minimum_collateral;
use crate::support::registry::{Registry, account};

const V1: Generation = Generation::V1;
const V2: Generation = Generation::V2;
const ETHER: u64 = 1_000_000_000_000_000_000;

/// Scenario 1: register one and several; remove; register the same key again with the next nonce.
#[test]
fn registers_removes_and_registers_again() {
    let Some(registry) = Registry::with_operators(4) else { return };
    let staker = account(1);
    let owner = staker.address();
    let at = || registry.cluster(owner, &FOUR);
    let receipt = registry.send(&staker, validator::register(V2, assignment(1), at(), U256::from(5)));
    let cluster = Cluster { validator_count: 1, balance: U256::from(5), ..Cluster::NEW };
    let expected = RegistryEvent::ValidatorAdded {
        owner,
        operator_ids: FOUR.to_vec(),
        public_key: key(1),
        shares: vec![1; 1312],
        cluster,
    };
    assert_eq!(receipt.events(), [expected]);
    registry.send(&staker, validator::register(V2, assignment(2), at(), NOTHING));
    assert_eq!(registry.owner_nonce(owner), 2);

    let removed = registry.send(&staker, validator::remove(key(1), at()));
    let cluster = Cluster { validator_count: 1, ..cluster };
    let expected =
        RegistryEvent::ValidatorRemoved { owner, operator_ids: FOUR.to_vec(), public_key: key(1), cluster };
    assert_eq!(removed.events(), [expected]);
    assert!(!view::read_validator(&registry.view(view::validator_call(owner, &key(1)))).unwrap());

    registry.send(&staker, validator::register(V2, assignment(1), at(), NOTHING));
    assert!(view::read_validator(&registry.view(view::validator_call(owner, &key(1)))).unwrap());
    assert_eq!(registry.owner_nonce(owner), 3, "a removal gives no nonce back");
}

/// Scenario 2: bulk calls; nonces follow the log order, and all events carry the final tuple.
#[test]
fn bulk_calls_emit_one_event_each_in_order() {
    let Some(registry) = Registry::with_operators(4) else { return };
    let staker = account(1);
    let at = || registry.cluster(staker.address(), &FOUR);
    let keys = [3u8, 1, 2];
    let validators = keys.map(assignment).to_vec();
    let receipt = registry.send(&staker, validator::bulk_register(V2, validators, at(), NOTHING));
    let in_order: Vec<u64> = receipt.logs.iter().map(|log| log.index).collect();
    assert_eq!(in_order, [0, 1, 2]);
    for (event, expected) in receipt.events().iter().zip(keys) {
        let RegistryEvent::ValidatorAdded { public_key, cluster, .. } = event else { panic!("{event:?}") };
        assert_eq!((public_key, cluster.validator_count), (&key(expected), 3));
    }

    let exits = registry.send(&staker, validator::bulk_exit(vec![key(1), key(2)], FOUR.to_vec()));
    let expected = [1, 2].map(|i| RegistryEvent::ValidatorExited {
        owner: staker.address(),
        operator_ids: FOUR.to_vec(),
        public_key: key(i),
    });
    assert_eq!(exits.events(), expected);

    let removed = registry.send(&staker, validator::bulk_remove(vec![key(3), key(2)], at()));
    assert_eq!(removed.events().len(), 2);
    assert_eq!(removed.cluster().validator_count, 1);
    let empty = error("ValidatorDoesNotExist()", &[]);
    assert_eq!(registry.refusal(&staker, &validator::bulk_remove(vec![], at())), empty);
    assert_eq!(registry.refusal(&staker, &validator::bulk_exit(vec![], FOUR.to_vec())), empty);
}

/// Scenario 3: each refusal with its exact data, in the order of the checks.
#[test]
fn refuses_wrong_registrations_with_the_exact_error() {
    let Some(registry) = Registry::with_operators(5) else { return };
    let staker = account(1);
    let new = |ids: &[u64]| ClusterRef { operator_ids: ids.to_vec(), cluster: Cluster::NEW };
    let at = || registry.cluster(staker.address(), &FOUR);
    registry.send(&staker, validator::register(V2, assignment(1), at(), NOTHING));
    let register = |i, at| validator::register(V2, assignment(i), at, NOTHING);
    let mut wrong_tuple = at();
    wrong_tuple.cluster.validator_count += 1;
    let mut not_new = new(&[1, 2, 3, 5]);
    not_new.cluster.active = false;
    let mut short = assignment(2);
    short.public_key.pop();
    let known = || error_with_bytes("ValidatorAlreadyExistsWithData(bytes)", &key(1));
    let cases = [
        ("wrong tuple", register(2, wrong_tuple), error("IncorrectClusterState()", &[])),
        ("tuple of a cluster that is not new", register(2, not_new), error("IncorrectClusterState()", &[])),
        ("wrong order", register(2, new(&[2, 1, 3, 4])), error("UnsortedOperatorsList()", &[])),
        ("twice the same", register(2, new(&[1, 2, 2, 4])), error("OperatorsListNotUnique()", &[])),
        ("unknown operator", register(2, new(&[1, 2, 3, 9])), error("OperatorDoesNotExist()", &[])),
        ("duplicate key", register(1, at()), known()),
        ("duplicate key, other cluster", register(1, new(&[1, 2, 3, 5])), known()),
        ("five operators", register(2, new(&[1, 2, 3, 4, 5])), error("InvalidOperatorIdsLength()", &[])),
        ("one operator", register(2, new(&[1])), error("InvalidOperatorIdsLength()", &[])),
        (
            "47 bytes of key",
            validator::register(V2, short, at(), NOTHING),
            error("InvalidPublicKeyLength()", &[]),
        ),
        ("no keys", validator::bulk_register(V2, vec![], at(), NOTHING), error("EmptyPublicKeysList()", &[])),
        (
            "the same key twice in one call",
            validator::bulk_register(V2, vec![assignment(2), assignment(2)], at(), NOTHING),
            error_with_bytes("ValidatorAlreadyExistsWithData(bytes)", &key(2)),
        ),
        (
            "removal with other operators",
            validator::remove(key(1), new(&[1, 2, 3, 5])),
            error("ClusterDoesNotExist()", &[]),
        ),
        (
            "removal of an unknown key",
            validator::remove(key(9), at()),
            error_with_bytes("IncorrectValidatorStateWithData(bytes)", &key(9)),
        ),
        (
            "exit with other operators",
            validator::exit(key(1), vec![1, 2, 3, 5]),
            error_with_bytes("IncorrectValidatorStateWithData(bytes)", &key(1)),
        ),
    ];
    for (what, call, expected) in cases {
        assert_eq!(registry.refusal(&staker, &call), expected, "{what}");
    }
    assert_eq!(registry.owner_nonce(staker.address()), 1, "a refused call leaves nothing");
}

/// Scenario 4: what only nodes refuse, the chain accepts: shares of any length and content.
#[test]
fn accepts_any_shares() {
    let Some(registry) = Registry::with_operators(4) else { return };
    let staker = account(1);
    for (i, len) in [(1, 0), (2, 1311), (3, 5000)] {
        let assignment = validator::Assignment { public_key: key(i), shares: vec![0xee; len] };
        let at = registry.cluster(staker.address(), &FOUR);
        let events = registry.send(&staker, validator::register(V2, assignment, at, NOTHING)).events();
        assert!(matches!(&events[..], [RegistryEvent::ValidatorAdded { shares, .. }] if shares.len() == len));
    }
    assert_eq!(registry.owner_nonce(staker.address()), 3);
}

/// Scenario 5: the same key by two owners; the chain keeps both.
#[test]
fn two_owners_may_register_the_same_key() {
    let Some(registry) = Registry::with_operators(4) else { return };
    for staker in [account(1), account(2)] {
        let at = registry.cluster(staker.address(), &FOUR);
        registry.send(&staker, validator::register(V2, assignment(1), at, NOTHING));
    }
    for staker in [account(1), account(2)] {
        registry.send(&staker, validator::exit(key(1), FOUR.to_vec()));
    }
}

/// Scenario 6: liquidate, remove one while liquidated, reactivate, exit.
#[test]
fn a_liquidated_cluster_can_shrink_and_come_back() {
    let Some(registry) = Registry::with_operators(4) else { return };
    let staker = account(1);
    let owner = staker.address();
    let at = || registry.cluster(owner, &FOUR);
    let validators_of_1 =
        || view::read_operator(&registry.view(view::operator_call(1))).unwrap().validator_count;
    registry
        .send(&staker, validator::bulk_register(V2, vec![assignment(1), assignment(2)], at(), U256::from(7)));
    assert_eq!(validators_of_1(), 2);
    let again = error("ClusterAlreadyEnabled()", &[]);
    assert_eq!(registry.refusal(&staker, &cluster::reactivate(V2, at(), NOTHING)), again);

    let liquidated = registry.send(&staker, cluster::liquidate(owner, at()));
    let state = Cluster { validator_count: 2, active: false, ..Cluster::NEW };
    let expected = RegistryEvent::ClusterLiquidated { owner, operator_ids: FOUR.to_vec(), cluster: state };
    assert_eq!(liquidated.events(), [expected]);
    assert_eq!(validators_of_1(), 0);
    assert_eq!(
        registry.refusal(&staker, &cluster::liquidate(owner, at())),
        error("ClusterIsLiquidated()", &[])
    );
    let more = validator::register(V2, assignment(3), at(), NOTHING);
    assert_eq!(registry.refusal(&staker, &more), error("ClusterIsLiquidated()", &[]));

    registry.send(&staker, validator::exit(key(2), FOUR.to_vec()));
    registry.send(&staker, validator::remove(key(1), at()));
    let back = registry.send(&staker, cluster::reactivate(V2, at(), U256::from(3)));
    let state = Cluster { validator_count: 1, balance: U256::from(3), ..Cluster::NEW };
    let expected = RegistryEvent::ClusterReactivated { owner, operator_ids: FOUR.to_vec(), cluster: state };
    assert_eq!(back.events(), [expected]);
    assert_eq!(validators_of_1(), 1);
    registry.send(&staker, validator::exit(key(2), FOUR.to_vec()));
}

/// Scenario 9: the fee recipient, before and after a registration.
#[test]
fn the_fee_recipient_is_told_at_any_time() {
    let Some(registry) = Registry::with_operators(4) else { return };
    let staker = account(1);
    let owner = staker.address();
    let told = |recipient| {
        let events = registry.send(&staker, validator::set_fee_recipient(recipient)).events();
        assert_eq!(events, [RegistryEvent::FeeRecipientAddressUpdated { owner, recipient }]);
    };
    told(Address::repeat_byte(1));
    registry.send(&staker, validator::register(V2, assignment(1), registry.cluster(owner, &FOUR), NOTHING));
    told(Address::repeat_byte(2));
    told(Address::ZERO);
}

/// Scenario 10: a stranger deposits, the owner withdraws to zero, and anyone liquidates once the collateral is raised.
#[test]
fn money_goes_in_and_out() {
    let Some(registry) = Registry::with_operators(4) else { return };
    let (staker, stranger) = (account(1), account(2));
    let owner = staker.address();
    let at = || registry.cluster(owner, &FOUR);
    let ether = U256::from(ETHER);
    let unknown = cluster::deposit(V2, owner, at(), ether);
    assert_eq!(registry.refusal(&stranger, &unknown), error("ClusterDoesNotExist()", &[]));
    registry.send(&staker, validator::register(V2, assignment(1), at(), ether));
    let deposited = registry.send(&stranger, cluster::deposit(V2, owner, at(), ether));
    assert_eq!(deposited.cluster().balance, ether * U256::from(2));
    assert_eq!(registry.balance(registry.address), ether * U256::from(2));

    let too_much = cluster::withdraw(at(), ether * U256::from(3));
    assert_eq!(registry.refusal(&staker, &too_much), error("InsufficientBalance()", &[]));
    let theirs = cluster::withdraw(at(), ether);
    assert_eq!(registry.refusal(&stranger, &theirs), error("ClusterDoesNotExist()", &[]));
    let withdrawn = registry.send(&staker, theirs);
    assert_eq!(withdrawn.cluster().balance, ether);

    let liquidate = || cluster::liquidate(owner, at());
    assert_eq!(registry.refusal(&stranger, &liquidate()), error("ClusterNotLiquidatable()", &[]));
    registry.send(&staker, set_minimum_collateral(ETHER));
    let below = cluster::withdraw(at(), U256::from(1));
    assert_eq!(registry.refusal(&staker, &below), error("InsufficientBalance()", &[]));
    registry.send(&staker, set_minimum_collateral(ETHER + 1));
    let before = registry.balance(stranger.address());
    registry.send(&stranger, liquidate());
    assert!(registry.balance(stranger.address()) > before, "what is left goes to the liquidator");
    assert_eq!(registry.balance(registry.address), NOTHING);

    let poor = cluster::reactivate(V2, at(), ether);
    assert_eq!(registry.refusal(&staker, &poor), error("InsufficientBalance()", &[]));
    registry.send(&staker, set_minimum_collateral(0));
    registry.send(&staker, cluster::reactivate(V2, at(), ether));
    registry.send(&staker, cluster::withdraw(at(), ether));
    assert_eq!(at().cluster.balance, NOTHING);
}

/// The calls of v1.2.0 beside those of v2.0.0, on the same clusters: the amount is credited as if paid.
#[test]
fn both_generations_of_calls_are_accepted() {
    let Some(registry) = Registry::with_operators(4) else { return };
    let staker = account(1);
    let owner = staker.address();
    let at = || registry.cluster(owner, &FOUR);
    let amount = U256::from(1000);
    let balance = |receipt: crate::support::registry::Receipt| receipt.cluster().balance;
    let sent = registry.send(&staker, validator::register(V1, assignment(1), at(), amount));
    assert_eq!(balance(sent), amount);
    let sent = registry.send(&staker, validator::bulk_register(V1, vec![assignment(2)], at(), amount));
    assert_eq!(balance(sent), U256::from(2000));
    let sent = registry.send(&staker, cluster::deposit(V1, owner, at(), amount));
    assert_eq!(balance(sent), U256::from(3000));
    registry.send(&staker, cluster::liquidate(owner, at()));
    let sent = registry.send(&staker, cluster::reactivate(V1, at(), amount));
    assert_eq!(balance(sent), amount);
    assert_eq!(registry.balance(registry.address), NOTHING, "these amounts are not backed by ether");
}

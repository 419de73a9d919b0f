//! What operators do: scenarios 7 and 8, ownership, fees, limits.

use alloy_primitives::{U256, keccak256};
use contracts_abi::call::{cluster, operator, validator};
use contracts_abi::{Cluster, ClusterRef, Generation, RegistryEvent, view};

use crate::calls::{FOUR, NOTHING, assignment, error, key};
use crate::support::registry::{Registry, account, key_text};

const V2: Generation = Generation::V2;

#[test]
fn operators_get_ids_in_order_and_keys_register_once() {
    let Some(registry) = Registry::with_operators(2) else { return };
    let owner = account(0);
    let expected = |operator_id: u64| RegistryEvent::OperatorAdded {
        operator_id,
        owner: owner.address(),
        public_key: key_text(usize::try_from(operator_id).unwrap()).into_bytes(),
        fee: U256::ZERO,
    };
    let private = || RegistryEvent::Ignored { name: "OperatorPrivacyStatusUpdated" };
    assert_eq!(registry.events(), [expected(1), private(), expected(2), private()]);

    let again = operator::register(&key_text(1), U256::ZERO, false);
    assert_eq!(registry.refusal(&account(1), &again), error("OperatorAlreadyExists()", &[]));
    registry.send(&owner, operator::remove(1));
    assert_eq!(registry.refusal(&account(1), &again), error("OperatorAlreadyExists()", &[]));
}

#[test]
fn only_the_owner_changes_an_operator() {
    let Some(registry) = Registry::with_operators(1) else { return };
    let (owner, stranger) = (account(0), account(1));
    let mut not_owner = keccak256("CallerNotOwnerWithData(address,address)")[..4].to_vec();
    not_owner.extend_from_slice(stranger.address().into_word().as_slice());
    not_owner.extend_from_slice(owner.address().into_word().as_slice());
    let calls = |id| {
        [
            operator::remove(id),
            operator::declare_fee(id, U256::from(1)),
            operator::execute_fee(id),
            operator::cancel_fee(id),
            operator::reduce_fee(id, U256::ZERO),
            operator::withdraw_earnings(id, None),
            operator::set_privacy(vec![id], true),
            operator::set_whitelists(vec![id], &[owner.address()]),
        ]
    };
    for (known, unknown) in calls(1).iter().zip(calls(2)) {
        assert_eq!(registry.refusal(&stranger, known), not_owner);
        assert_eq!(registry.refusal(&stranger, &unknown), error("OperatorDoesNotExist()", &[]));
    }
}

#[test]
fn fees_are_declared_executed_and_reduced() {
    let Some(registry) = Registry::with_operators(1) else { return };
    let owner = account(0);
    let fee = || view::read_operator(&registry.view(view::operator_call(1))).unwrap().fee;
    let none = error("NoFeeDeclared()", &[]);
    assert_eq!(registry.refusal(&owner, &operator::execute_fee(1)), none);
    registry.send(&owner, operator::declare_fee(1, U256::from(70)));
    registry.send(&owner, operator::cancel_fee(1));
    assert_eq!(registry.refusal(&owner, &operator::cancel_fee(1)), none);
    registry.send(&owner, operator::declare_fee(1, U256::from(70)));
    assert_eq!(fee(), U256::ZERO);
    registry.send(&owner, operator::execute_fee(1));
    assert_eq!(fee(), U256::from(70));
    let raise = operator::reduce_fee(1, U256::from(70));
    assert_eq!(registry.refusal(&owner, &raise), error("FeeIncreaseNotAllowed()", &[]));
    registry.send(&owner, operator::reduce_fee(1, U256::from(69)));
    assert_eq!(fee(), U256::from(69));
    let earnings = operator::withdraw_earnings(1, Some(U256::from(1)));
    assert_eq!(registry.refusal(&owner, &earnings), error("InsufficientBalance()", &[]));
}

/// Scenario 7: a removed operator; its clusters live on, new registrations fail.
#[test]
fn a_removed_operator_leaves_its_clusters_usable() {
    let Some(registry) = Registry::with_operators(4) else { return };
    let staker = account(1);
    let at = || registry.cluster(staker.address(), &FOUR);
    registry.send(&staker, validator::bulk_register(V2, vec![assignment(1), assignment(2)], at(), NOTHING));
    registry.send(&account(0), operator::remove(3));

    let more = validator::register(V2, assignment(3), at(), NOTHING);
    assert_eq!(registry.refusal(&staker, &more), error("OperatorDoesNotExist()", &[]));
    registry.send(&staker, validator::remove(key(1), at()));
    registry.send(&staker, cluster::liquidate(staker.address(), at()));
    registry.send(&staker, cluster::reactivate(V2, at(), NOTHING));

    let of = |id| view::read_operator(&registry.view(view::operator_call(id))).unwrap();
    assert_eq!((of(3).is_active, of(3).validator_count, of(3).owner), (false, 0, account(0).address()));
    assert_eq!((of(2).is_active, of(2).validator_count), (true, 1));
    assert_eq!(of(9).owner, alloy_primitives::Address::ZERO);
}

/// Scenario 8: a private operator refuses, whitelists, admits.
#[test]
fn a_private_operator_admits_whitelisted_accounts_only() {
    let Some(registry) = Registry::with_operators(4) else { return };
    let (owner, staker) = (account(0), account(1));
    let register =
        || validator::register(V2, assignment(1), registry.cluster(staker.address(), &FOUR), NOTHING);
    registry.send(&owner, operator::set_privacy(vec![2, 3], true));
    assert_eq!(registry.refusal(&staker, &register()), error("CallerNotWhitelistedWithData(uint64)", &[2]));
    registry.send(&owner, operator::set_whitelists(vec![2], &[staker.address()]));
    assert_eq!(registry.refusal(&staker, &register()), error("CallerNotWhitelistedWithData(uint64)", &[3]));
    registry.send(&owner, operator::set_whitelists(vec![2, 3], &[staker.address()]));
    registry.send(&owner, operator::remove_whitelists(vec![2], &[staker.address()]));
    assert_eq!(registry.refusal(&staker, &register()), error("CallerNotWhitelistedWithData(uint64)", &[2]));
    registry.send(&owner, operator::set_privacy(vec![2], false));
    registry.send(&staker, register());
}

#[test]
fn whitelists_are_checked_as_the_real_registry_does() {
    let Some(registry) = Registry::with_operators(3) else { return };
    let (owner, someone) = (account(0), [account(1).address()]);
    let cases = [
        (operator::set_privacy(vec![], true), "InvalidOperatorIdsLength()"),
        (operator::set_whitelists(vec![1], &[]), "InvalidWhitelistAddressesLength()"),
        (operator::set_whitelists(vec![], &someone), "InvalidOperatorIdsLength()"),
        (operator::set_whitelists(vec![2, 1], &someone), "UnsortedOperatorsList()"),
        (operator::set_whitelists(vec![2, 2], &someone), "OperatorsListNotUnique()"),
        (operator::set_whitelists(vec![1, 9], &someone), "OperatorDoesNotExist()"),
        (operator::set_whitelists(vec![1], &[alloy_primitives::Address::ZERO]), "ZeroAddressNotAllowed()"),
    ];
    for (call, signature) in cases {
        assert_eq!(registry.refusal(&owner, &call), error(signature, &[]), "{signature}");
    }
}

#[test]
fn an_operator_takes_no_more_validators_than_the_limit() {
    let Some(registry) = Registry::with_operators(4) else { return };
    let staker = account(1);
    registry.send(&staker, crate::dev_tools::set_validators_per_operator_limit(2));
    let bulk = |keys: &[u8]| {
        let validators = keys.iter().copied().map(assignment).collect();
        validator::bulk_register(V2, validators, registry.cluster(staker.address(), &FOUR), NOTHING)
    };
    let full = error("ExceedValidatorLimitWithData(uint64)", &[1]);
    assert_eq!(registry.refusal(&staker, &bulk(&[1, 2, 3])), full);
    registry.send(&staker, bulk(&[1, 2]));
    assert_eq!(registry.refusal(&staker, &bulk(&[3])), full);
    registry.send(&staker, cluster::liquidate(staker.address(), registry.cluster(staker.address(), &FOUR)));
    registry.send(
        &account(2),
        validator::register(
            V2,
            assignment(3),
            ClusterRef { operator_ids: FOUR.to_vec(), cluster: Cluster::NEW },
            NOTHING,
        ),
    );
    let back = cluster::reactivate(V2, registry.cluster(staker.address(), &FOUR), NOTHING);
    assert_eq!(registry.refusal(&staker, &back), full);
}

use alloy_primitives::{Address, hex};

use super::*;

fn at(cluster: Cluster) -> ClusterRef {
    ClusterRef { operator_ids: vec![1, 2, 3, 4], cluster }
}

fn assignment() -> validator::Assignment {
    validator::Assignment { public_key: vec![7; 48], shares: vec![9; 1312] }
}

/// Selectors of the deployed contract, computed from its ABIs apart from this code.
#[test]
fn every_call_has_the_selector_of_the_contract() {
    use Generation::{V1, V2};
    let (amount, new) = (U256::from(5), || at(Cluster::NEW));
    let calls = [
        ("c9bbc9fa", operator::register("text", U256::ZERO, false)),
        ("2e168e0e", operator::remove(1)),
        ("b317c35f", operator::declare_fee(1, amount)),
        ("8932cee0", operator::execute_fee(1)),
        ("23d68a6d", operator::cancel_fee(1)),
        ("190d82e4", operator::reduce_fee(1, amount)),
        ("35f63767", operator::withdraw_earnings(1, Some(amount))),
        ("4bc93b64", operator::withdraw_earnings(1, None)),
        ("822124c1", operator::set_privacy(vec![1], true)),
        ("4ad00e54", operator::set_privacy(vec![1], false)),
        ("5d06ecb4", operator::set_whitelists(vec![1], &[Address::ZERO])),
        ("4b2fd45e", operator::remove_whitelists(vec![1], &[Address::ZERO])),
        ("06e8fb9c", validator::register(V1, assignment(), new(), amount)),
        ("b84319fd", validator::register(V2, assignment(), new(), amount)),
        ("22f18bf5", validator::bulk_register(V1, vec![assignment()], new(), amount)),
        ("a1b483ca", validator::bulk_register(V2, vec![assignment()], new(), amount)),
        ("12b3fc19", validator::remove(vec![7; 48], new())),
        ("5aed1142", validator::bulk_remove(vec![vec![7; 48]], new())),
        ("3877322b", validator::exit(vec![7; 48], vec![1, 2, 3, 4])),
        ("32afd02f", validator::bulk_exit(vec![vec![7; 48]], vec![1, 2, 3, 4])),
        ("dbcdc2cc", validator::set_fee_recipient(Address::ZERO)),
        ("bc26e7e5", cluster::deposit(V1, Address::ZERO, new(), amount)),
        ("45f47188", cluster::deposit(V2, Address::ZERO, new(), amount)),
        ("686e682c", cluster::withdraw(new(), amount)),
        ("bf0f2fb2", cluster::liquidate(Address::ZERO, new())),
        ("5fec6dd0", cluster::reactivate(V1, new(), amount)),
        ("ea7844ff", cluster::reactivate(V2, new(), amount)),
    ];
    for (selector, call) in calls {
        assert_eq!(hex::encode(&call.calldata[..4]), selector);
    }
}

#[test]
fn a_deposit_is_an_argument_in_v1_and_the_value_in_v2() {
    let amount = U256::from(0x0102_0304u32);
    let first = validator::register(Generation::V1, assignment(), at(Cluster::NEW), amount);
    assert_eq!(first.value, U256::ZERO);
    assert_eq!(first.calldata[4 + 3 * 32..4 + 4 * 32], amount.to_be_bytes::<32>());
    let second = validator::register(Generation::V2, assignment(), at(Cluster::NEW), amount);
    assert_eq!(second.value, amount);
    assert_eq!(second.calldata.len() + 32, first.calldata.len());
}

#[test]
fn versions_name_their_generation() {
    assert_eq!(Generation::from_version("v1.2.0"), Some(Generation::V1));
    assert_eq!(Generation::from_version("v2.0.0-dev"), Some(Generation::V2));
    assert_eq!(Generation::from_version("v12.0"), None);
    assert_eq!(Generation::from_version(""), None);
}

use alloy_primitives::{Address, address, hex, keccak256};

use super::*;

fn at(cluster: Cluster) -> ClusterRef {
    ClusterRef { operator_ids: vec![1, 2, 3, 4], cluster }
}

fn assignment() -> validator::Assignment {
    validator::Assignment { public_key: vec![7; 48], shares: vec![9; 1312] }
}

/// Selectors of the contract reference, sections 5.2, 5.3 and 6.1.
#[test]
fn every_call_has_the_selector_of_the_reference() {
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

/// The worked calldata of the local registry's specification, section 7, for a published ceremony.
#[test]
fn calldata_is_that_of_the_worked_examples() {
    let Some(ceremony) = ceremony() else { return };
    let owner = address!("0xDCc846fA10C7CfCE9e6Eb37e06eD93b666cFC5E9");
    let ether = U256::from(1_000_000_000_000_000_000u64);
    let assignment =
        || validator::Assignment { public_key: ceremony.key.clone(), shares: ceremony.shares.clone() };
    let at = |cluster| ClusterRef { operator_ids: vec![11, 22, 33, 44], cluster };
    let new = || at(Cluster::NEW);
    let one = || at(Cluster { validator_count: 1, balance: ether, ..Cluster::NEW });
    let liquidated = at(Cluster { validator_count: 1, active: false, ..Cluster::NEW });
    let (v1, v2) = (Generation::V1, Generation::V2);
    let examples = [
        (
            validator::register(v2, assignment(), new(), U256::ZERO),
            1860,
            "a46a32ee6d4faf30e00a2320cd14a854390282e1ad6c1088be8aea1bc30d8e37",
        ),
        (
            validator::register(v1, assignment(), new(), ether),
            1892,
            "a9b9de9a3b25fd09f9a2deb8670cfae8405e8b6bcd7c63dc19e87ad66d1a1902",
        ),
        (
            validator::bulk_register(v2, vec![assignment()], new(), U256::ZERO),
            1988,
            "c2563233d692533532c9d7b11dcd6f45f798d0fd265ed22aa0cbb96f73e8d2df",
        ),
        (
            validator::remove(ceremony.key.clone(), one()),
            484,
            "62499a0a1d641e7e6a09ef14d9e8bb409dbc47c336b10cd4e0a857fb87fdb5c7",
        ),
        (
            cluster::liquidate(owner, one()),
            388,
            "ba6be00b3cfadf86dc7bec964bd475ecaf0bcad14981ac07a3e2d8f342e3df78",
        ),
        (
            cluster::reactivate(v2, liquidated, U256::ZERO),
            356,
            "198bbc42e167ab508aa5096e8f5a3aef51ffbe7c617d6e6b1d1d85a04bf86d51",
        ),
        (
            validator::exit(ceremony.key.clone(), vec![11, 22, 33, 44]),
            324,
            "7566f1cabcbe062bb6868143ae45c7490b8b7202155bb33aa438a31f946030d9",
        ),
        (
            validator::set_fee_recipient(owner),
            36,
            "ad28166e927088bd7bf3710ca5b8ffcb15de01754e20dafbb8799ccca18abcf9",
        ),
        (
            operator::register(&ceremony.operator_11, U256::ZERO, false),
            836,
            "68627a3ac24acf54b7faa69579c0b2e41eead708f2e11fe61081345bc0f2ba37",
        ),
    ];
    for (call, len, hash) in examples {
        assert_eq!((call.calldata.len(), hex::encode(keccak256(&call.calldata))), (len, hash.to_owned()));
    }
}

struct Ceremony {
    key: Vec<u8>,
    shares: Vec<u8>,
    operator_11: String,
}

/// The published ceremony, when the reference vectors are there (`CAPSTAN_VECTORS`, else beside the repository).
fn ceremony() -> Option<Ceremony> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/vectors");
    let root = std::env::var("CAPSTAN_VECTORS").unwrap_or_else(|_| beside.to_owned());
    let path = format!("{root}/keyshares/ssv-dkg/ceremony-4/keyshares.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("not checked: no reference vectors at {path}; CAPSTAN_VECTORS names their folder");
        return None;
    };
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let share = &file["shares"][0];
    let bytes = |value: &serde_json::Value| hex::decode(value.as_str().unwrap()).unwrap();
    Some(Ceremony {
        key: bytes(&share["payload"]["publicKey"]),
        shares: bytes(&share["payload"]["sharesData"]),
        operator_11: share["data"]["operators"][0]["operatorKey"].as_str().unwrap().to_owned(),
    })
}

//! The functions of the local registry that only development chains have, scenario 11, and what depends on no
//! constructor.

use alloy_primitives::{Address, B256, U256, hex};
use contracts_abi::call::{cluster, operator, validator};
use contracts_abi::{Call, Fault, Generation, RegistryEvent, cluster_id, decode, dev_registry, topic, view};
use ethers_core::abi::{Abi, Token};
use serde_json::json;

use crate::calls::{FOUR, NOTHING, assignment, error};
use crate::support::registry::{Registry, account};

/// Calldata of any function of the artifact.
fn dev_call(name: &str, arguments: &[Token]) -> Call {
    let artifact: serde_json::Value = serde_json::from_str(dev_registry::ARTIFACT).unwrap();
    let abi: Abi = serde_json::from_value(artifact["abi"].clone()).unwrap();
    let calldata = abi.function(name).unwrap().encode_input(arguments).unwrap();
    Call { calldata, value: U256::ZERO }
}

pub fn set_validators_per_operator_limit(limit: u32) -> Call {
    dev_call("setValidatorsPerOperatorLimit", &[Token::Uint(limit.into())])
}

pub fn set_minimum_collateral(amount: u64) -> Call {
    dev_call("updateMinimumLiquidationCollateral", &[Token::Uint(amount.into())])
}

fn emit_raw(topics: &[B256], data: &[u8]) -> Call {
    let topics = topics.iter().map(|topic| Token::FixedBytes(topic.to_vec())).collect();
    dev_call("emitRaw", &[Token::Array(topics), Token::Bytes(data.to_vec())])
}

fn owner_topic(owner: Address) -> B256 {
    owner.into_word()
}

fn validator_added(operator_ids: &[u64], key_len: usize, shares_len: usize) -> Vec<u8> {
    let cluster = [0u64, 0, 0].map(|n| Token::Uint(n.into())).into_iter();
    ethers_core::abi::encode(&[
        Token::Array(operator_ids.iter().map(|id| Token::Uint((*id).into())).collect()),
        Token::Bytes(vec![1; key_len]),
        Token::Bytes(vec![2; shares_len]),
        Token::Tuple(cluster.chain([Token::Bool(true), Token::Uint(0.into())]).collect()),
    ])
}

/// Scenario 11, first half: logs that the real registry cannot emit, but that are well-formed. The checks of whoever
/// applies them must catch them; here they decode as they are.
#[test]
fn emits_events_that_the_checks_would_prevent() {
    let Some(registry) = Registry::deploy() else { return };
    let owner = account(1).address();
    let topics = [topic("ValidatorAdded").unwrap(), owner_topic(owner)];
    let cases: [(&[u64], usize, usize); 6] = [
        (&[4, 3, 2, 1], 48, 1312),
        (&[1, 1, 2, 3], 48, 1312),
        (&[77, 78, 79, 80], 48, 1312),
        (&[1, 2, 3, 4, 5], 48, 1616),
        (&FOUR, 48, 1311),
        (&FOUR, 47, 0),
    ];
    for (ids, key_len, shares_len) in cases {
        let call = emit_raw(&topics, &validator_added(ids, key_len, shares_len));
        let events = registry.send(&account(3), call).events();
        let [RegistryEvent::ValidatorAdded { owner: found, operator_ids, public_key, shares, .. }] =
            &events[..]
        else {
            panic!("{events:?}");
        };
        assert_eq!((*found, operator_ids.as_slice()), (owner, ids));
        assert_eq!((public_key.len(), shares.len()), (key_len, shares_len));
    }
    // Nothing of it is in the contract's state.
    assert!(!view::read_validator(&registry.view(view::validator_call(owner, &[1; 48]))).unwrap());
}

/// Scenario 11, second half: logs that do not decode, or are none of the registry's.
#[test]
fn emits_logs_that_do_not_decode() {
    let Some(registry) = Registry::deploy() else { return };
    let owner = owner_topic(account(1).address());
    let (added, operator_added) = (topic("ValidatorAdded").unwrap(), topic("OperatorAdded").unwrap());
    let data = validator_added(&FOUR, 48, 1312);
    let unwrapped = ethers_core::abi::encode(&[Token::Bytes(b"not wrapped".to_vec()), Token::Uint(0.into())]);
    let one = B256::with_last_byte(1);
    let emitted = |topics: &[B256], data: &[u8]| {
        let receipt = registry.send(&account(3), emit_raw(topics, data));
        assert_eq!((receipt.logs[0].topics.as_slice(), receipt.logs[0].data.as_slice()), (topics, data));
        decode(&receipt.logs[0].topics, &receipt.logs[0].data)
    };
    let fault = |result: Result<Option<RegistryEvent>, contracts_abi::DecodeError>| result.unwrap_err().fault;

    assert_eq!(emitted(&[], &data), Ok(None), "log0");
    assert_eq!(emitted(&[one, one, one, one], &[]), Ok(None), "an unknown topic");
    assert_eq!(fault(emitted(&[added], &data)), Fault::TopicCount { expected: 2, found: 1 });
    assert_eq!(fault(emitted(&[added, owner, one], &data)), Fault::TopicCount { expected: 2, found: 3 });
    assert_eq!(fault(emitted(&[added, owner], &data[..100])), Fault::TooShort { at: 288, len: 100 });
    assert_eq!(fault(emitted(&[added, owner], &[])), Fault::TooShort { at: 32, len: 0 });
    assert!(matches!(fault(emitted(&[operator_added, one, owner], &unwrapped)), Fault::TooShort { .. }));
    assert_eq!(
        registry.refusal(&account(3), &emit_raw(&[one; 5], &[])),
        error("TooManyTopics()", &[]),
        "a log has four topics at most"
    );
}

/// With accounting on, tuples carry indices and shrinking balances: whoever guesses a tuple fails.
#[test]
fn accounting_moves_the_tuple() {
    let Some(registry) = Registry::deploy() else { return };
    let staker = account(1);
    for i in 1..=4u64 {
        let call = operator::register(&format!("key {i}"), U256::from(20_000_000), false);
        registry.send(&account(0), call);
    }
    registry.send(&staker, dev_call("setAccounting", &[Token::Bool(true)]));
    registry.send(&staker, dev_call("updateNetworkFee", &[Token::Uint(10_000_000.into())]));
    let deposit = U256::from(1_000_000_000_000u64);
    let at = || registry.cluster(staker.address(), &FOUR);
    let first = registry.send(&staker, validator::register(Generation::V2, assignment(1), at(), deposit));
    assert_eq!(first.cluster().balance, deposit, "nothing is owed before the first validator");
    registry.rpc.call("anvil_mine", &json!(["0x9"]));
    let second = registry.send(&staker, validator::register(Generation::V2, assignment(2), at(), NOTHING));
    // Ten blocks, one validator, four operators at 2 units each and the network at 1, of 10^7 base units.
    let owed = U256::from(10 * (4 * 2 + 1) * 10_000_000u64);
    assert_eq!(second.block - first.block, 10);
    assert_eq!(second.cluster().balance, deposit - owed);
    assert_eq!(second.cluster().index - first.cluster().index, 10 * 4 * 2);
    assert_eq!(second.cluster().network_fee_index - first.cluster().network_fee_index, 10);

    let mut guessed = at();
    guessed.cluster = first.cluster();
    let call = cluster::withdraw(guessed, U256::from(1));
    assert_eq!(registry.refusal(&staker, &call), error("IncorrectClusterState()", &[]));

    // A liquidation threshold above what is left lets anyone liquidate.
    let stranger = account(2);
    let liquidate = cluster::liquidate(staker.address(), at());
    assert_eq!(registry.refusal(&stranger, &liquidate), error("ClusterNotLiquidatable()", &[]));
    registry.send(&stranger, dev_call("updateLiquidationThresholdPeriod", &[Token::Uint(1_000_000.into())]));
    registry.send(&stranger, liquidate);
}

/// The runtime code alone, as a genesis allocation places it, is a whole registry.
#[test]
fn works_without_a_constructor() {
    let Some(mut placed) = Registry::deploy() else { return };
    let place: Address = "0x00000000000000000000000000000000000ca957".parse().unwrap();
    let code = hex::encode_prefixed(dev_registry::runtime_bytecode().unwrap());
    placed.rpc.call("anvil_setCode", &json!([place, code]));
    placed.address = place;
    placed.send(&account(0), operator::register("a key", U256::ZERO, true));
    let operator = view::read_operator(&placed.view(view::operator_call(1))).unwrap();
    assert!(operator.is_active && operator.is_private);
    assert_eq!(view::read_version(&placed.view(view::version_call())).unwrap(), "v2.0.0-dev");
}

#[test]
fn the_contract_takes_no_plain_ether() {
    let Some(registry) = Registry::deploy() else { return };
    let transfer = Call { calldata: vec![], value: U256::from(1) };
    assert_eq!(registry.refusal(&account(1), &transfer), Vec::<u8>::new());
}

/// Scenario 12: several transactions on one cluster in one block, each with the tuple of the one before.
#[test]
fn one_block_can_hold_a_chain_of_tuples() {
    let Some(registry) = Registry::with_operators(4) else { return };
    let staker = account(1);
    let at = |validator_count| {
        let mut at = registry.cluster(staker.address(), &FOUR);
        at.cluster.validator_count = validator_count;
        at
    };
    let nonce = registry.nonce(&staker);
    let submit = |i: u8, validator_count| {
        let call = validator::register(Generation::V2, assignment(i), at(validator_count), NOTHING);
        registry.submit(&staker, Some(registry.address), call, nonce + u64::from(i))
    };
    let hashes = [submit(0, 0), submit(1, 1), submit(2, 1), submit(3, 2)];
    registry.mine();
    let receipts = hashes.map(|hash| registry.receipt(hash));
    assert!(receipts.iter().all(|receipt| receipt.block == receipts[0].block), "{receipts:?}");
    let outcome = receipts.each_ref().map(|receipt| receipt.succeeded);
    assert_eq!(outcome, [true, true, false, true], "the third repeats the tuple that the second has used up");
    assert_eq!(receipts[3].cluster().validator_count, 3);
    assert_eq!(cluster_id(staker.address(), &FOUR), cluster_id(staker.address(), &at(0).operator_ids));
}

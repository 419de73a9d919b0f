use alloy_primitives::{Address, U256, address, keccak256};
use ethers_core::abi::{self as ethabi, Token};

use super::*;
use crate::Cluster;

const OWNER: Address = address!("0xDCc846fA10C7CfCE9e6Eb37e06eD93b666cFC5E9");

fn address_topic(address: Address) -> B256 {
    B256::left_padding_from(address.as_slice())
}

fn number_topic(number: u64) -> B256 {
    B256::left_padding_from(&number.to_be_bytes())
}

fn ids(ids: &[u64]) -> Token {
    Token::Array(ids.iter().map(|id| Token::Uint((*id).into())).collect())
}

fn cluster_token(active: bool) -> Token {
    let number = |n: u64| Token::Uint(n.into());
    Token::Tuple(vec![number(1), number(2), number(3), Token::Bool(active), number(4)])
}

const CLUSTER: Cluster = Cluster {
    validator_count: 1,
    network_fee_index: 2,
    index: 3,
    active: true,
    balance: U256::from_limbs([4, 0, 0, 0]),
};

fn validator_added_data() -> Vec<u8> {
    ethabi::encode(&[
        ids(&[1, 2, 3, 4]),
        Token::Bytes(vec![7; 48]),
        Token::Bytes(vec![9; 1312]),
        cluster_token(true),
    ])
}

fn validator_added_topics() -> Vec<B256> {
    vec![topic("ValidatorAdded").unwrap(), address_topic(OWNER)]
}

#[test]
fn reads_a_validator_added() {
    let event = decode(&validator_added_topics(), &validator_added_data()).unwrap().unwrap();
    assert_eq!(event.cluster(), Some((OWNER, &[1, 2, 3, 4][..], CLUSTER)));
    let expected = RegistryEvent::ValidatorAdded {
        owner: OWNER,
        operator_ids: vec![1, 2, 3, 4],
        public_key: vec![7; 48],
        shares: vec![9; 1312],
        cluster: CLUSTER,
    };
    assert_eq!(event, expected);
}

/// The layout that the reference describes, with the head it gives for four operators.
#[test]
fn the_layout_of_validator_added_is_that_of_the_reference() {
    let data = validator_added_data();
    assert_eq!(data.len(), 1856);
    let words: Vec<_> = data.chunks(32).take(3).map(U256::from_be_slice).collect();
    assert_eq!(words, [U256::from(0x100), U256::from(0x1a0), U256::from(0x200)]);
}

#[test]
fn reads_every_event_of_a_node() {
    let key = || Token::Bytes(vec![7; 48]);
    let owner = address_topic(OWNER);
    let recipient = address!("0x00000000000000000000000000000000000000aa");
    let operator_ids = vec![1, 2, 3, 4];
    let public_key = vec![7; 48];
    let cases = [
        (
            "OperatorAdded",
            vec![number_topic(5), owner],
            vec![Token::Bytes(operator_key::wrap("text")), Token::Uint(6.into())],
            RegistryEvent::OperatorAdded {
                operator_id: 5,
                owner: OWNER,
                public_key: b"text".to_vec(),
                fee: U256::from(6),
            },
        ),
        ("OperatorRemoved", vec![number_topic(5)], vec![], RegistryEvent::OperatorRemoved { operator_id: 5 }),
        (
            "ValidatorRemoved",
            vec![owner],
            vec![ids(&operator_ids), key(), cluster_token(true)],
            RegistryEvent::ValidatorRemoved {
                owner: OWNER,
                operator_ids: operator_ids.clone(),
                public_key: public_key.clone(),
                cluster: CLUSTER,
            },
        ),
        (
            "ValidatorExited",
            vec![owner],
            vec![ids(&operator_ids), key()],
            RegistryEvent::ValidatorExited { owner: OWNER, operator_ids: operator_ids.clone(), public_key },
        ),
        (
            "ClusterLiquidated",
            vec![owner],
            vec![ids(&operator_ids), cluster_token(false)],
            RegistryEvent::ClusterLiquidated {
                owner: OWNER,
                operator_ids: operator_ids.clone(),
                cluster: Cluster { active: false, ..CLUSTER },
            },
        ),
        (
            "ClusterReactivated",
            vec![owner],
            vec![ids(&operator_ids), cluster_token(true)],
            RegistryEvent::ClusterReactivated { owner: OWNER, operator_ids, cluster: CLUSTER },
        ),
        (
            "FeeRecipientAddressUpdated",
            vec![owner],
            vec![Token::Address(recipient.into_array().into())],
            RegistryEvent::FeeRecipientAddressUpdated { owner: OWNER, recipient },
        ),
    ];
    for (name, indexed, fields, expected) in cases {
        let topics = [vec![topic(name).unwrap()], indexed].concat();
        assert_eq!(decode(&topics, &ethabi::encode(&fields)), Ok(Some(expected)), "{name}");
    }
}

/// The tuple is found in every event that carries one, wherever the signature puts it.
#[test]
fn reads_the_cluster_of_the_events_a_node_ignores() {
    let number = |n: u64| Token::Uint(n.into());
    let four = || ids(&[1, 2, 3, 4]);
    let cases = [
        ("ClusterDeposited", vec![], vec![four(), number(9), cluster_token(true)]),
        ("ClusterWithdrawn", vec![], vec![four(), number(9), cluster_token(true)]),
        ("ClusterMigratedToETH", vec![], vec![four(), number(9), number(8), number(32), cluster_token(true)]),
        ("ClusterBalanceUpdated", vec![number_topic(77)], vec![four(), number(32), cluster_token(true)]),
    ];
    for (name, more_topics, fields) in cases {
        let topics = [vec![topic(name).unwrap(), address_topic(OWNER)], more_topics].concat();
        let event = decode(&topics, &ethabi::encode(&fields)).unwrap().unwrap();
        assert_eq!(event.cluster(), Some((OWNER, &[1, 2, 3, 4][..], CLUSTER)), "{name}");
    }
    assert_eq!(topics_with_cluster().len(), 8);
}

#[test]
fn what_is_not_of_the_registry_is_none() {
    assert_eq!(decode(&[], &[]), Ok(None));
    assert_eq!(decode(&[keccak256("Transfer(address,address,uint256)")], &[]), Ok(None));
}

#[test]
fn events_without_a_handler_are_named_and_not_looked_into() {
    let topics = [topic("OperatorFeeDeclared").unwrap()];
    assert_eq!(decode(&topics, &[1, 2, 3]), Ok(Some(RegistryEvent::Ignored { name: "OperatorFeeDeclared" })));
    assert_eq!(topic("OperatorMaximumFeeUpdated"), None, "the generations disagree");
}

#[test]
fn topics_must_be_as_many_as_the_event_has() {
    let data = validator_added_data();
    for topics in [&validator_added_topics()[..1], &[validator_added_topics(), vec![B256::ZERO]].concat()] {
        let fault = Fault::TopicCount { expected: 2, found: topics.len() };
        assert_eq!(decode(topics, &data), Err(DecodeError { event: "ValidatorAdded", fault }));
    }
}

#[test]
fn a_topic_must_fit_its_type() {
    let mut id = number_topic(1);
    id.0[23] = 1;
    let fault = Fault::NumberTooBig { at: 0, bits: 64 };
    let topics = [topic("OperatorRemoved").unwrap(), id];
    assert_eq!(decode(&topics, &[]), Err(DecodeError { event: "OperatorRemoved", fault }));
}

#[test]
fn damaged_data_is_an_error_at_every_cut() {
    let data = validator_added_data();
    for len in 0..data.len() {
        assert!(decode(&validator_added_topics(), &data[..len]).is_err(), "{len}");
    }
    let mut boolean = data;
    boolean[6 * 32 + 31] = 2;
    let fault = Fault::NotABoolean { at: 192 };
    assert_eq!(
        decode(&validator_added_topics(), &boolean),
        Err(DecodeError { event: "ValidatorAdded", fault })
    );
}

#[test]
fn an_operator_key_that_is_not_wrapped_is_undecodable() {
    let topics = [topic("OperatorAdded").unwrap(), number_topic(1), address_topic(OWNER)];
    let data = ethabi::encode(&[Token::Bytes(b"LS0tLS1CRUdJTi".to_vec()), Token::Uint(0.into())]);
    let error = decode(&topics, &data).unwrap_err();
    assert_eq!(error.to_string(), "undecodable OperatorAdded: byte 32 is needed, the data has 14");
}

/// A public key of the wrong length is malformed for whoever applies the event, not undecodable: it takes a nonce.
#[test]
fn lengths_are_not_judged_here() {
    let data = ethabi::encode(&[ids(&[]), Token::Bytes(vec![]), Token::Bytes(vec![1]), cluster_token(true)]);
    assert!(matches!(
        decode(&validator_added_topics(), &data),
        Ok(Some(RegistryEvent::ValidatorAdded { public_key, .. })) if public_key.is_empty()
    ));
}

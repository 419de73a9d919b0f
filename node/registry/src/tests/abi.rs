//! Events as a contract logs them, written by hand from the signatures.

use alloy_primitives::U256;
use contracts_abi::{Cluster, RegistryEvent, operator_key, topic};
use types::{Address, Root};

fn word(number: u64) -> Vec<u8> {
    U256::from(number).to_be_bytes_vec()
}

fn address(address: &Address) -> Vec<u8> {
    Root::left_padding_from(address.as_slice()).to_vec()
}

fn bytes(content: &[u8]) -> Vec<u8> {
    let mut encoded = [word(content.len() as u64), content.to_vec()].concat();
    encoded.resize(encoded.len().next_multiple_of(32), 0);
    encoded
}

fn numbers(content: &[u64]) -> Vec<u8> {
    let mut encoded = word(content.len() as u64);
    content.iter().for_each(|number| encoded.extend(word(*number)));
    encoded
}

fn cluster(cluster: &Cluster) -> Vec<u8> {
    let head = [
        u64::from(cluster.validator_count),
        cluster.network_fee_index,
        cluster.index,
        u64::from(cluster.active),
    ];
    [head.map(word).concat(), cluster.balance.to_be_bytes_vec()].concat()
}

/// Dynamic values with their offsets in front, then the static words.
fn data(dynamic: &[Vec<u8>], fixed: &[u8]) -> Vec<u8> {
    let mut offset = dynamic.len() * 32 + fixed.len();
    let mut head = Vec::new();
    for value in dynamic {
        head.extend(word(offset as u64));
        offset += value.len();
    }
    [head, fixed.to_vec(), dynamic.concat()].concat()
}

fn topics(name: &str, indexed: &[Vec<u8>]) -> Vec<Root> {
    let mut topics = vec![topic(name).unwrap()];
    topics.extend(indexed.iter().map(|value| Root::from_slice(value)));
    topics
}

/// Topics and data of an event.
pub(super) fn encode(event: &RegistryEvent) -> (Vec<Root>, Vec<u8>) {
    match event {
        RegistryEvent::OperatorAdded { operator_id, owner, public_key, fee } => {
            let wrapped = operator_key::wrap(std::str::from_utf8(public_key).unwrap());
            let indexed = [word(*operator_id), address(owner)];
            (topics("OperatorAdded", &indexed), data(&[bytes(&wrapped)], &fee.to_be_bytes_vec()))
        }
        RegistryEvent::OperatorRemoved { operator_id } => {
            (topics("OperatorRemoved", &[word(*operator_id)]), Vec::new())
        }
        RegistryEvent::ValidatorAdded { owner, operator_ids, public_key, shares, cluster: of } => {
            let dynamic = [numbers(operator_ids), bytes(public_key), bytes(shares)];
            (topics("ValidatorAdded", &[address(owner)]), data(&dynamic, &cluster(of)))
        }
        RegistryEvent::ValidatorRemoved { owner, operator_ids, public_key, cluster: of } => {
            let dynamic = [numbers(operator_ids), bytes(public_key)];
            (topics("ValidatorRemoved", &[address(owner)]), data(&dynamic, &cluster(of)))
        }
        RegistryEvent::ValidatorExited { owner, operator_ids, public_key } => {
            let dynamic = [numbers(operator_ids), bytes(public_key)];
            (topics("ValidatorExited", &[address(owner)]), data(&dynamic, &[]))
        }
        RegistryEvent::ClusterLiquidated { owner, operator_ids, cluster: of } => {
            (topics("ClusterLiquidated", &[address(owner)]), data(&[numbers(operator_ids)], &cluster(of)))
        }
        RegistryEvent::ClusterReactivated { owner, operator_ids, cluster: of } => {
            (topics("ClusterReactivated", &[address(owner)]), data(&[numbers(operator_ids)], &cluster(of)))
        }
        RegistryEvent::FeeRecipientAddressUpdated { owner, recipient } => {
            (topics("FeeRecipientAddressUpdated", &[address(owner)]), address(recipient))
        }
        RegistryEvent::ClusterDeposited { .. }
        | RegistryEvent::ClusterWithdrawn { .. }
        | RegistryEvent::ClusterMigratedToEth { .. }
        | RegistryEvent::ClusterBalanceUpdated { .. }
        | RegistryEvent::Ignored { .. } => panic!("{event:?} is not needed here"),
    }
}

#[test]
fn what_is_encoded_decodes_to_itself() {
    let events = [
        super::operator_added(3),
        RegistryEvent::OperatorRemoved { operator_id: 3 },
        super::registration(super::owner(1), 0, &super::FOUR, 50),
        super::removal(super::owner(1), &super::FOUR, 50),
        super::exit(super::owner(1), &super::FOUR, 50),
        super::liquidation(super::owner(1), &super::FOUR),
        super::reactivation(super::owner(1), &super::FOUR),
        RegistryEvent::FeeRecipientAddressUpdated { owner: super::owner(1), recipient: super::owner(2) },
    ];
    for event in events {
        let (topics, data) = encode(&event);
        assert_eq!(contracts_abi::decode(&topics, &data), Ok(Some(event)));
    }
}

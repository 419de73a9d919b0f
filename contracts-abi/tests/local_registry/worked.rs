//! Calls and events whose hashes were computed apart from this code, built from a published ceremony (ssv-dkg) with operators
//! 11, 22, 33 and 44.

#[path = "../../../node/conformance/src/vectors.rs"]
mod vectors;

use alloy_primitives::{U256, address, b256, hex, keccak256};
use contracts_abi::call::{cluster, operator, validator};
use contracts_abi::{Cluster, ClusterRef, Generation};

use crate::support::registry::{Registry, account};

fn ether() -> U256 {
    U256::from(1_000_000_000_000_000_000u64)
}

#[test]
fn calldata_is_that_of_the_worked_examples() {
    let Some(ceremony) = Ceremony::read() else { return };
    let owner = address!("0xDCc846fA10C7CfCE9e6Eb37e06eD93b666cFC5E9");
    let assignment = || ceremony.assignment();
    let at = |cluster| ClusterRef { operator_ids: vec![11, 22, 33, 44], cluster };
    let new = || at(Cluster::NEW);
    let one = || at(Cluster { validator_count: 1, balance: ether(), ..Cluster::NEW });
    let liquidated = at(Cluster { validator_count: 1, active: false, ..Cluster::NEW });
    let (v1, v2) = (Generation::V1, Generation::V2);
    let examples = [
        (
            validator::register(v2, assignment(), new(), U256::ZERO),
            1860,
            "a46a32ee6d4faf30e00a2320cd14a854390282e1ad6c1088be8aea1bc30d8e37",
        ),
        (
            validator::register(v1, assignment(), new(), ether()),
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

/// The worked event of the reference: what the contract emits is byte for byte what the real one would.
#[test]
fn the_event_is_that_of_the_worked_example() {
    let Some(ceremony) = Ceremony::read() else { return };
    let Some(registry) = Registry::with_operators(44) else { return };
    let staker = account(1);
    let to = registry.cluster(staker.address(), &[11, 22, 33, 44]);
    let receipt =
        registry.send(&staker, validator::register(Generation::V2, ceremony.assignment(), to, ether()));
    let data = &receipt.logs[0].data;
    let expected = b256!("0xfb913ed68e29f810fadb6bb07ba3c7daca49126566bfdc0c452a547e3872c3fa");
    assert_eq!((data.len(), keccak256(data)), (1856, expected));
}

struct Ceremony {
    key: Vec<u8>,
    shares: Vec<u8>,
    operator_11: String,
}

impl Ceremony {
    /// When the reference vectors are there.
    fn read() -> Option<Self> {
        let path = vectors::find("keyshares/ssv-dkg/ceremony-4/keyshares.json")?;
        let file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let share = &file["shares"][0];
        let bytes = |value: &serde_json::Value| hex::decode(value.as_str().unwrap()).unwrap();
        Some(Self {
            key: bytes(&share["payload"]["publicKey"]),
            shares: bytes(&share["payload"]["sharesData"]),
            operator_11: share["data"]["operators"][0]["operatorKey"].as_str().unwrap().to_owned(),
        })
    }

    fn assignment(&self) -> validator::Assignment {
        validator::Assignment { public_key: self.key.clone(), shares: self.shares.clone() }
    }
}

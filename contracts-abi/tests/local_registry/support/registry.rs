//! The local registry, deployed on an [`Anvil`], and accounts that call it.

use alloy_primitives::{Address, B256, U256, hex};
use contracts_abi::{
    Call, Cluster, ClusterRef, Fees, RegistryEvent, Signer, Transaction, call, cluster_id, decode,
    dev_registry,
};
use serde_json::json;

use super::anvil::{Anvil, KEYS};
use super::rpc::{self, Log, Rpc, RpcError};

const CHAIN_ID: u64 = 31337;
const GAS_LIMIT: u64 = 25_000_000;

pub struct Registry {
    _anvil: Anvil,
    pub rpc: Rpc,
    pub address: Address,
}

/// What a mined transaction did.
#[derive(Debug)]
pub struct Receipt {
    pub succeeded: bool,
    pub block: u64,
    pub logs: Vec<Log>,
    pub contract: Option<Address>,
}

impl Receipt {
    /// The events, all of which must be the registry's and decodable.
    pub fn events(&self) -> Vec<RegistryEvent> {
        self.logs.iter().map(|log| decode(&log.topics, &log.data).unwrap().unwrap()).collect()
    }

    /// The tuple of the last event that carries one.
    pub fn cluster(&self) -> Cluster {
        self.events().iter().rev().find_map(|event| event.cluster().map(|(_, _, cluster)| cluster)).unwrap()
    }
}

/// The `i`-th funded account.
pub fn account(i: usize) -> Signer {
    Signer::from_key(&hex::decode(KEYS[i]).unwrap().try_into().unwrap()).unwrap()
}

/// The text of the key of the `i`-th operator that [`Registry::with_operators`] registers.
pub fn key_text(i: usize) -> String {
    format!("key of operator {i}")
}

impl Registry {
    /// Deploys the committed code with the first account. `None` where no anvil can run.
    pub fn deploy() -> Option<Self> {
        let anvil = Anvil::start(&["--no-mining"])?;
        let registry = Self { rpc: Rpc::new(anvil.port), _anvil: anvil, address: Address::ZERO };
        let code = Call { calldata: dev_registry::bytecode().unwrap(), value: U256::ZERO };
        let address = registry.send_to(&account(0), None, code).contract.unwrap();
        Some(Self { address, ..registry })
    }

    /// With operators 1 to `count`, public, free of charge, owned by the first account.
    pub fn with_operators(count: usize) -> Option<Self> {
        let registry = Self::deploy()?;
        for i in 1..=count {
            registry.send(&account(0), call::operator::register(&key_text(i), U256::ZERO, false));
        }
        Some(registry)
    }

    /// Signs, sends and mines; it must succeed.
    pub fn send(&self, from: &Signer, call: Call) -> Receipt {
        self.send_to(from, Some(self.address), call)
    }

    pub fn send_to(&self, from: &Signer, to: Option<Address>, call: Call) -> Receipt {
        let hash = self.submit(from, to, call, self.nonce(from));
        self.mine();
        let receipt = self.receipt(hash);
        assert!(receipt.succeeded, "{hash} was reverted");
        receipt
    }

    /// Hands a signed transaction to the client, for the next block.
    pub fn submit(&self, from: &Signer, to: Option<Address>, call: Call, nonce: u64) -> B256 {
        let fees = Fees::Dynamic { max_fee_wei: 100_000_000_000, max_priority_fee_wei: 1 };
        let transaction = Transaction { chain_id: CHAIN_ID, nonce, to, call, gas_limit: GAS_LIMIT, fees };
        let signed = from.sign(&transaction).unwrap();
        let hash = self.rpc.call("eth_sendRawTransaction", &json!([hex::encode_prefixed(&signed.raw)]));
        assert_eq!(hash, json!(signed.hash), "the hash is known before it is sent");
        signed.hash
    }

    /// Mines one block with what was submitted.
    pub fn mine(&self) {
        self.rpc.call("evm_mine", &json!([]));
    }

    pub fn nonce(&self, of: &Signer) -> u64 {
        self.rpc.number("eth_getTransactionCount", &json!([of.address(), "latest"]))
    }

    pub fn receipt(&self, hash: B256) -> Receipt {
        let receipt = self.rpc.call("eth_getTransactionReceipt", &json!([hash]));
        Receipt {
            succeeded: receipt["status"] == "0x1",
            block: rpc::number(&receipt["blockNumber"]),
            logs: receipt["logs"].as_array().unwrap().iter().map(rpc::log).collect(),
            contract: serde_json::from_value(receipt["contractAddress"].clone()).unwrap(),
        }
    }

    /// What the call would return or why it would be refused, without sending it.
    pub fn try_call(&self, from: &Signer, call: &Call) -> Result<Vec<u8>, RpcError> {
        let request = json!([{
            "from": from.address(),
            "to": self.address,
            "data": hex::encode_prefixed(&call.calldata),
            "value": format!("{:#x}", call.value),
        }, "latest"]);
        self.rpc.ask("eth_call", &request).map(|answer| hex::decode(answer.as_str().unwrap()).unwrap())
    }

    /// The data with which the contract refuses the call.
    pub fn refusal(&self, from: &Signer, call: &Call) -> Vec<u8> {
        let error = self.try_call(from, call).expect_err("the contract must refuse");
        error.data.unwrap_or_default()
    }

    /// The answer of a view.
    pub fn view(&self, calldata: Vec<u8>) -> Vec<u8> {
        self.try_call(&account(0), &Call { calldata, value: U256::ZERO }).unwrap()
    }

    /// Every event so far.
    pub fn events(&self) -> Vec<RegistryEvent> {
        let logs = self.rpc.logs(self.address);
        logs.iter().filter_map(|log| decode(&log.topics, &log.data).ok().flatten()).collect()
    }

    /// The cluster as its latest event left it, for the next call.
    pub fn cluster(&self, owner: Address, operator_ids: &[u64]) -> ClusterRef {
        let wanted = cluster_id(owner, operator_ids);
        let latest = self.events().iter().rev().find_map(|event| {
            event
                .cluster()
                .filter(|(owner, ids, _)| cluster_id(*owner, ids) == wanted)
                .map(|(_, _, cluster)| cluster)
        });
        ClusterRef { operator_ids: operator_ids.to_vec(), cluster: latest.unwrap_or(Cluster::NEW) }
    }

    /// The owner's next nonce: ValidatorAdded events so far.
    pub fn owner_nonce(&self, owner: Address) -> usize {
        let is_ours = |event: &&RegistryEvent| matches!(event, RegistryEvent::ValidatorAdded { owner: found, .. } if *found == owner);
        self.events().iter().filter(is_ours).count()
    }

    pub fn balance(&self, of: Address) -> U256 {
        serde_json::from_value(self.rpc.call("eth_getBalance", &json!([of, "latest"]))).unwrap()
    }
}

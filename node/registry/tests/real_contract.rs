//! The registry against a real execution client and the real contract code of local networks: two operators with real keys,
//! registrations by contract call, a reorganisation, a restart.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

#[path = "../../../contracts-abi/tests/local_registry/support/anvil.rs"]
mod anvil;
#[path = "../../../contracts-abi/tests/local_registry/support/npm.rs"]
mod npm;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::{U64, U256, hex};
use anvil::{Anvil, KEYS};
use contracts_abi::call::{operator, validator};
use contracts_abi::{
    Call, Cluster, ClusterRef, Fees, Generation, RegistryEvent, Signer, Transaction, dev_registry,
};
use crypto::bls::SecretKey;
use crypto::owner_nonce;
use crypto::rsa::{OperatorPrivateKey, encrypt_share};
use jsonrpsee::core::client::ClientT;
use jsonrpsee::http_client::{HttpClient, HttpClientBuilder};
use jsonrpsee::rpc_params;
use registry::{
    ArmFailed, Armer, Arming, ExitRequest, HistoryMark, Registry, RegistryConfig, SharePlace, ShareToArm,
    Timing,
};
use serde_json::{Value, json};
use store::{FileId, Generation as Commit};
use tokio::task::JoinHandle;
use types::rules::NetworkRules;
use types::{Address, OperatorId, Root};

const CHAIN_ID: u64 = 31337;
const FOUR: [u64; 4] = [1, 2, 3, 4];

/// Arms everything and remembers nothing.
struct Willing;

impl Armer for Willing {
    fn arm(&self, shares: Vec<ShareToArm>, _arming: Arming) -> Result<(), ArmFailed> {
        assert!(shares.iter().all(|share| share.secret.public_key().to_bytes() == share.place.share));
        Ok(())
    }

    fn disarm(&self, _places: &[SharePlace]) -> Result<(), ArmFailed> {
        Ok(())
    }

    fn keep_exits(&self, _requests: &[ExitRequest]) -> Result<(), ArmFailed> {
        Ok(())
    }

    fn mark(&self) -> HistoryMark {
        HistoryMark { id: FileId([0; 16]), generation: Commit(0) }
    }
}

/// The chain with its contract and one account that calls it.
struct Chain {
    anvil: Anvil,
    rpc: HttpClient,
    account: Signer,
    contract: Address,
}

impl Chain {
    /// `None`, with a word about it, where no anvil can run.
    async fn deploy() -> Option<Self> {
        let anvil = Anvil::start(&["--no-mining"])?;
        let rpc = HttpClientBuilder::default().build(format!("http://127.0.0.1:{}", anvil.port)).unwrap();
        let account = Signer::from_key(&hex::decode(KEYS[0]).unwrap().try_into().unwrap()).unwrap();
        let chain = Self { anvil, rpc, account, contract: Address::ZERO };
        let code = Call { calldata: dev_registry::bytecode().unwrap(), value: U256::ZERO };
        let receipt = chain.send_to(None, code).await;
        let contract = serde_json::from_value(receipt["contractAddress"].clone()).unwrap();
        Some(Self { contract, ..chain })
    }

    async fn ask(&self, method: &str, parameters: Value) -> Value {
        let parameters = parameters.as_array().unwrap().clone();
        let mut builder = rpc_params![];
        parameters.into_iter().for_each(|parameter| builder.insert(parameter).unwrap());
        self.rpc.request(method, builder).await.unwrap()
    }

    /// Signs, sends and mines a call of the contract; it must succeed. Returns the events.
    async fn send(&self, call: Call) -> Vec<RegistryEvent> {
        let receipt = self.send_to(Some(self.contract), call).await;
        let logs = receipt["logs"].as_array().unwrap().clone();
        let event = |log: Value| {
            let topics: Vec<Root> = serde_json::from_value(log["topics"].clone()).unwrap();
            let data = hex::decode(log["data"].as_str().unwrap()).unwrap();
            contracts_abi::decode(&topics, &data).unwrap().unwrap()
        };
        logs.into_iter().map(event).collect()
    }

    async fn send_to(&self, to: Option<Address>, call: Call) -> Value {
        let count = self.ask("eth_getTransactionCount", json!([self.account.address(), "latest"])).await;
        let nonce = count.as_str().unwrap().parse::<U64>().unwrap().to();
        let fees = Fees::Dynamic { max_fee_wei: 100_000_000_000, max_priority_fee_wei: 1 };
        let transaction = Transaction { chain_id: CHAIN_ID, nonce, to, call, gas_limit: 25_000_000, fees };
        let signed = self.account.sign(&transaction).unwrap();
        self.ask("eth_sendRawTransaction", json!([hex::encode_prefixed(&signed.raw)])).await;
        self.ask("evm_mine", json!([])).await;
        let receipt = self.ask("eth_getTransactionReceipt", json!([signed.hash])).await;
        assert_eq!(receipt["status"], "0x1", "{receipt}");
        receipt
    }

    async fn head(&self) -> (u64, Root) {
        let header = self.ask("eth_getBlockByNumber", json!(["latest", false])).await;
        let number = header["number"].as_str().unwrap().parse::<U64>().unwrap().to();
        (number, serde_json::from_value(header["hash"].clone()).unwrap())
    }

    fn rules(&self) -> Arc<NetworkRules> {
        let mut rules = NetworkRules::from_toml(include_str!("../../types/samples/local.toml")).unwrap();
        rules.contract = self.contract;
        Arc::new(rules)
    }
}

/// Four operators of one owner, and the cluster's tuple as the latest event left it.
struct Cluster4 {
    keys: Vec<Arc<OperatorPrivateKey>>,
    owner: Address,
    nonce: u64,
    tuple: Cluster,
}

impl Cluster4 {
    fn reference(&self) -> ClusterRef {
        ClusterRef { operator_ids: FOUR.to_vec(), cluster: self.tuple }
    }

    fn follow(&mut self, events: &[RegistryEvent]) {
        self.tuple =
            events.iter().rev().find_map(|event| event.cluster().map(|(_, _, tuple)| tuple)).unwrap();
    }

    /// A validator signed for `nonce`, its shares sealed with the operators' real keys.
    fn assignment(&self, number: u8, nonce: u64) -> validator::Assignment {
        let secret = |bytes: [u8; 32]| SecretKey::from_be_bytes(&bytes).unwrap();
        let key = secret([number; 32]);
        let shares: Vec<SecretKey> = FOUR
            .map(|id| {
                let mut bytes = [number; 32];
                bytes[31] = u8::try_from(id).unwrap();
                secret(bytes)
            })
            .into();
        let mut data = owner_nonce::sign(&key, &self.owner, nonce).0.to_vec();
        shares.iter().for_each(|share| data.extend(share.public_key().to_bytes().0));
        for (key, share) in self.keys.iter().zip(&shares) {
            data.extend(encrypt_share(key.public_key(), share).unwrap());
        }
        validator::Assignment { public_key: key.public_key().to_bytes().0.to_vec(), shares: data }
    }

    async fn register(&mut self, chain: &Chain, numbers: &[u8]) {
        let list =
            (self.nonce..).zip(numbers).map(|(nonce, number)| self.assignment(*number, nonce)).collect();
        let events =
            chain.send(validator::bulk_register(Generation::V2, list, self.reference(), U256::ZERO)).await;
        self.nonce += numbers.len() as u64;
        self.follow(&events);
    }
}

struct Node {
    registry: Registry,
    task: JoinHandle<Result<(), registry::RegistryError>>,
}

impl Node {
    fn start(folder: &Path, chain: &Chain, scheme: &str, key: &Arc<OperatorPrivateKey>) -> Self {
        let rules = chain.rules();
        let mut timing = Timing::of(&rules);
        timing.backoff_least = Duration::from_millis(50);
        let config = RegistryConfig {
            folder: folder.to_owned(),
            rules,
            urls: vec![format!("{scheme}://127.0.0.1:{}", chain.anvil.port).parse().unwrap()],
            operator_key_text: key.public_key().to_base64(),
            timing,
        };
        let decryptor = Arc::<OperatorPrivateKey>::clone(key);
        let (registry, follower) = Registry::open(config, decryptor, Arc::new(Willing)).unwrap();
        Self { registry, task: tokio::spawn(follower.run()) }
    }

    /// Waits for the chain's head and returns the digest there.
    async fn digest_at_head(&self, chain: &Chain) -> Root {
        let head = chain.head().await;
        let mut statuses = self.registry.statuses();
        let reached = statuses.wait_for(|status| {
            let block = status.block.map(|block| (block.number, block.hash));
            block == Some(head) && status.digest.is_some()
        });
        let status = tokio::time::timeout(Duration::from_secs(120), reached).await;
        let status = status.unwrap_or_else(|_| panic!("{:?} at {head:?}", self.registry.status())).unwrap();
        status.digest.unwrap()
    }

    fn active(&self) -> Vec<u8> {
        let set = self.registry.set();
        let number = |key| {
            (1..=250).find(|number| {
                SecretKey::from_be_bytes(&[*number; 32]).unwrap().public_key().to_bytes() == key
            })
        };
        set.own_active()
            .map(|(row, _)| number(row.key).unwrap())
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect()
    }

    async fn kill(self) {
        self.task.abort();
        let _cancelled = self.task.await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_operators_follow_one_contract() {
    let Some(chain) = Chain::deploy().await else { return };
    let keys: Vec<_> = (0..4).map(|_| Arc::new(OperatorPrivateKey::generate().unwrap())).collect();
    for key in &keys {
        chain.send(operator::register(&key.public_key().to_base64(), U256::ZERO, false)).await;
    }
    let mut cluster = Cluster4 { keys, owner: chain.account.address(), nonce: 0, tuple: Cluster::NEW };
    cluster.register(&chain, &[50, 51]).await;

    // History: one by WebSocket, one by polling.
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let first = Node::start(folders[0].path(), &chain, "ws", &cluster.keys[0]);
    let second = Node::start(folders[1].path(), &chain, "http", &cluster.keys[3]);
    assert_eq!(first.digest_at_head(&chain).await, second.digest_at_head(&chain).await);
    assert_eq!((first.active(), second.active()), (vec![50, 51], vec![50, 51]));
    assert_eq!(first.registry.set().own_operator, Some(OperatorId(1)));
    assert_eq!(second.registry.set().own_operator, Some(OperatorId(4)));

    // Live: a registration for a used nonce is refused by the nodes, the next one takes the nonce after it.
    let stale = cluster.assignment(52, 0);
    let events =
        chain.send(validator::register(Generation::V2, stale, cluster.reference(), U256::ZERO)).await;
    cluster.follow(&events);
    cluster.nonce += 1;
    cluster.register(&chain, &[53]).await;
    let removed = cluster.assignment(50, 0).public_key;
    let events = chain.send(validator::remove(removed, cluster.reference())).await;
    cluster.follow(&events);
    let live = first.digest_at_head(&chain).await;
    assert_eq!(live, second.digest_at_head(&chain).await);
    assert_eq!(first.active(), [51, 53]);
    assert_eq!(first.registry.status().skipped, 1);

    // Liquidated validators have no duties; their rows stay.
    let liquidation = contracts_abi::call::cluster::liquidate(cluster.owner, cluster.reference());
    let events = chain.send(liquidation).await;
    cluster.follow(&events);
    first.digest_at_head(&chain).await;
    assert!(first.active().is_empty() && first.registry.set().validators().len() == 2);

    // The chain goes another way: the liquidation is in no block any more.
    chain.ask("anvil_reorg", json!([1, []])).await;
    chain.ask("evm_mine", json!([])).await;
    let digests = [first.digest_at_head(&chain).await, second.digest_at_head(&chain).await];
    assert_eq!(digests[0], digests[1]);
    assert_eq!(first.active(), [51, 53]);

    // A restart, and a node that begins now, see the same.
    first.kill().await;
    let first = Node::start(folders[0].path(), &chain, "http", &cluster.keys[0]);
    let fresh = tempfile::tempdir().unwrap();
    let third = Node::start(fresh.path(), &chain, "ws", &cluster.keys[1]);
    assert_eq!([first.digest_at_head(&chain).await, third.digest_at_head(&chain).await], digests);
    assert_eq!(first.active(), [51, 53]);
}

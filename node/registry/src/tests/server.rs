//! A scripted execution client on a real socket, HTTP and WebSocket.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use alloy_primitives::{U64, hex};
use jsonrpsee::server::{Server, ServerHandle};
use jsonrpsee::types::ErrorObjectOwned;
use jsonrpsee::{RpcModule, SubscriptionMessage};
use serde_json::{Value, json, value::to_raw_value};
use tokio::sync::broadcast;
use types::Root;
use url::Url;

use super::chain::Chain;

/// What the client answers.
pub(super) struct Script {
    pub chain: Chain,
    pub chain_id: u64,
    pub code: bool,
    /// Blocks per request of logs; more is refused as too many.
    pub most_blocks: u64,
    /// Blocks it says it is behind.
    pub behind: u64,
    /// What is shown of the chain ends this many blocks early.
    pub hidden: u64,
    /// Logs asked for by range leave this block out.
    pub omitted: Option<u64>,
    /// Logs asked for by range say that this block has another hash.
    pub renamed: Option<u64>,
}

pub(super) struct Backend {
    script: Mutex<Script>,
    bell: broadcast::Sender<()>,
    pub log_calls: AtomicU64,
}

impl Backend {
    pub(super) fn new(chain: Chain) -> Arc<Self> {
        let script = Script {
            chain,
            chain_id: 31337,
            code: true,
            most_blocks: u64::MAX,
            behind: 0,
            hidden: 0,
            omitted: None,
            renamed: None,
        };
        let (bell, _) = broadcast::channel(16);
        Arc::new(Self { script: Mutex::new(script), bell, log_calls: AtomicU64::new(0) })
    }

    pub(super) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    /// Changes the chain and rings the bell.
    pub(super) fn change<R>(&self, work: impl FnOnce(&mut Chain) -> R) -> R {
        let answer = work(&mut self.script().chain);
        let _nobody = self.bell.send(());
        answer
    }
}

impl Script {
    fn head(&self) -> u64 {
        self.chain.head() - self.hidden
    }

    fn block(&self, parameters: &Value) -> Value {
        let number = match parameters[0].as_str().unwrap() {
            "latest" => self.head(),
            number => number.parse::<U64>().unwrap().to(),
        };
        if number > self.head() { Value::Null } else { self.chain.header(number) }
    }

    fn logs(&self, parameters: &Value) -> Result<Value, ErrorObjectOwned> {
        let filter = &parameters[0];
        assert_eq!(filter["address"], json!(super::contract()));
        if let Some(hash) = filter["blockHash"].as_str() {
            let number = self.chain.number_of(hash.parse::<Root>().unwrap());
            let unknown = || ErrorObjectOwned::owned(-32000, "unknown block", None::<()>);
            return Ok(Value::Array(self.chain.logs(number.ok_or_else(unknown)?)));
        }
        let bound = |name: &str| filter[name].as_str().unwrap().parse::<U64>().unwrap().to::<u64>();
        let (from, to) = (bound("fromBlock"), bound("toBlock"));
        if to > self.head() {
            return Err(ErrorObjectOwned::owned(-32602, "the range ends beyond the head", None::<()>));
        }
        if to - from >= self.most_blocks {
            return Err(ErrorObjectOwned::owned(
                -32005,
                "query returned more than 10000 results",
                None::<()>,
            ));
        }
        let shown = (from..=to).filter(|number| Some(*number) != self.omitted);
        let mut logs: Vec<Value> = shown.rev().flat_map(|number| self.chain.logs(number)).collect();
        for log in &mut logs {
            if self.renamed.is_some_and(|number| log["blockNumber"] == json!(U64::from(number))) {
                log["blockHash"] = json!(Root::repeat_byte(0xab));
            }
        }
        Ok(Value::Array(logs))
    }
}

fn module(backend: Arc<Backend>) -> RpcModule<Arc<Backend>> {
    let mut module = RpcModule::new(backend);
    module
        .register_method("eth_chainId", |_, backend, _| json!(U64::from(backend.script().chain_id)))
        .unwrap();
    module
        .register_method("eth_syncing", |_, backend, _| match backend.script().behind {
            0 => json!(false),
            behind => json!({ "currentBlock": "0x0", "highestBlock": U64::from(behind) }),
        })
        .unwrap();
    module
        .register_method("eth_getCode", |_, backend, _| {
            hex::encode_prefixed(if backend.script().code { &[1][..] } else { &[] })
        })
        .unwrap();
    module
        .register_method("eth_getBlockByNumber", |parameters, backend, _| {
            backend.script().block(&parameters.parse().unwrap())
        })
        .unwrap();
    module
        .register_method("eth_getLogs", |parameters, backend, _| {
            backend.log_calls.fetch_add(1, Ordering::SeqCst);
            backend.script().logs(&parameters.parse().unwrap())
        })
        .unwrap();
    module
        .register_subscription(
            "eth_subscribe",
            "eth_subscription",
            "eth_unsubscribe",
            |_, pending, backend, _| async move {
                let mut bell = backend.bell.subscribe();
                let sink = pending.accept().await?;
                while bell.recv().await.is_ok() {
                    let header = { backend.script().chain.header(0) };
                    sink.send(SubscriptionMessage::from(to_raw_value(&header)?)).await?;
                }
                Ok(())
            },
        )
        .unwrap();
    module
}

/// A running server; [`Running::stop`] drops its connections.
pub(super) struct Running {
    handle: ServerHandle,
    pub address: SocketAddr,
}

impl Running {
    pub(super) async fn start(backend: &Arc<Backend>) -> Self {
        Self::start_at(backend, "127.0.0.1:0".parse().unwrap()).await
    }

    pub(super) async fn start_at(backend: &Arc<Backend>, address: SocketAddr) -> Self {
        let server = Server::builder().build(address).await.unwrap();
        let address = server.local_addr().unwrap();
        Self { handle: server.start(module(Arc::clone(backend))), address }
    }

    pub(super) async fn stop(self) -> SocketAddr {
        self.handle.stop().unwrap();
        self.handle.stopped().await;
        self.address
    }

    pub(super) fn http(&self) -> Url {
        format!("http://{}", self.address).parse().unwrap()
    }

    pub(super) fn ws(&self) -> Url {
        format!("ws://{}", self.address).parse().unwrap()
    }
}

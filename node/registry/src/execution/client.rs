//! One connection to one execution client.

use std::time::Duration;

use alloy_primitives::{Bytes, U64};
use jsonrpsee::core::client::{ClientT, Error as RpcError, Subscription, SubscriptionClientT};
use jsonrpsee::core::traits::ToRpcParams;
use jsonrpsee::http_client::{HttpClient, HttpClientBuilder};
use jsonrpsee::rpc_params;
use jsonrpsee::ws_client::{WsClient, WsClientBuilder};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use types::{Address, Root};
use url::Url;

use super::wire::{Header, RawLog, SyncProgress};

/// The largest answer that is read, bytes: the logs of a range.
const MAX_RESPONSE_BYTES: u32 = 64 * 1024 * 1024;
/// New heads that may wait unread; beyond it the subscription ends, which is noticed and answered by a reconnect.
const HEADS_WAITING: usize = 256;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The client answered with an error.
    #[error("it answered with error {code}: {message}")]
    Refused {
        /// JSON-RPC error code.
        code: i32,
        /// Its words.
        message: String,
    },
    /// No answer in time.
    #[error("it did not answer in time")]
    Timeout,
    /// The answer cannot be understood.
    #[error("its answer cannot be understood: {0}")]
    Unreadable(String),
    /// No connection.
    #[error("{0}")]
    Lost(String),
}

impl From<RpcError> for CallError {
    fn from(error: RpcError) -> Self {
        match error {
            RpcError::Call(error) => {
                Self::Refused { code: error.code(), message: error.message().to_owned() }
            }
            RpcError::RequestTimeout => Self::Timeout,
            RpcError::ParseError(error) => Self::Unreadable(error.to_string()),
            error @ (RpcError::Transport(_)
            | RpcError::RestartNeeded(_)
            | RpcError::InvalidSubscriptionId
            | RpcError::InvalidRequestId(_)
            | RpcError::Custom(_)
            | RpcError::HttpNotImplemented
            | RpcError::EmptyBatchRequest(_)
            | RpcError::RegisterMethod(_)
            | RpcError::ServiceDisconnect) => Self::Lost(in_full(&error)),
        }
    }
}

/// An error with its causes: the first one alone mostly says "transport".
fn in_full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

/// A URL without user, password, path and query, any of which may hold a key.
pub(crate) fn redacted(url: &Url) -> String {
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
}

enum Transport {
    Http(HttpClient),
    Ws(WsClient),
}

/// A bell that rings with each new head.
pub(crate) struct Heads(Subscription<Value>);

impl Heads {
    /// Waits for a new head; `None` when the subscription ended.
    pub(crate) async fn next(&mut self) -> Option<()> {
        self.0.next().await?.ok().map(|_| ())
    }
}

/// A connected client.
pub(crate) struct Client {
    transport: Transport,
    /// For messages.
    pub name: String,
}

impl Client {
    /// Connects; over HTTP the first call does.
    pub(crate) async fn connect(url: &Url, timeout: Duration) -> Result<Self, CallError> {
        let transport = if matches!(url.scheme(), "ws" | "wss") {
            let builder = WsClientBuilder::default()
                .request_timeout(timeout)
                .connection_timeout(timeout)
                .max_response_size(MAX_RESPONSE_BYTES)
                .max_buffer_capacity_per_subscription(HEADS_WAITING);
            Transport::Ws(builder.build(url.as_str()).await?)
        } else {
            let builder =
                HttpClientBuilder::default().request_timeout(timeout).max_response_size(MAX_RESPONSE_BYTES);
            Transport::Http(builder.build(url.as_str())?)
        };
        Ok(Self { transport, name: redacted(url) })
    }

    async fn call<R: DeserializeOwned>(
        &self,
        method: &str,
        parameters: impl ToRpcParams + Send,
    ) -> Result<R, CallError> {
        Ok(match &self.transport {
            Transport::Http(client) => client.request(method, parameters).await?,
            Transport::Ws(client) => client.request(method, parameters).await?,
        })
    }

    /// The chain it serves.
    pub(crate) async fn chain_id(&self) -> Result<u64, CallError> {
        let id: U64 = self.call("eth_chainId", rpc_params![]).await?;
        Ok(id.to())
    }

    /// Blocks it is behind, by its own account.
    pub(crate) async fn behind(&self) -> Result<u64, CallError> {
        let answer: Value = self.call("eth_syncing", rpc_params![]).await?;
        if answer == Value::Bool(false) {
            return Ok(0);
        }
        let progress: SyncProgress =
            serde_json::from_value(answer).map_err(|error| CallError::Unreadable(error.to_string()))?;
        Ok(progress.behind())
    }

    /// Whether there is code at an address.
    pub(crate) async fn has_code(&self, address: Address) -> Result<bool, CallError> {
        let code: Bytes = self.call("eth_getCode", rpc_params![address, "latest"]).await?;
        Ok(!code.is_empty())
    }

    /// The newest block.
    pub(crate) async fn head(&self) -> Result<Header, CallError> {
        let header: Option<Header> = self.call("eth_getBlockByNumber", rpc_params!["latest", false]).await?;
        header.ok_or_else(|| CallError::Unreadable("it has no newest block".to_owned()))
    }

    /// A block by number; `None` when there is none yet.
    pub(crate) async fn header(&self, number: u64) -> Result<Option<Header>, CallError> {
        self.call("eth_getBlockByNumber", rpc_params![U64::from(number), false]).await
    }

    /// The contract's logs of blocks `from` to `to`.
    pub(crate) async fn logs(&self, contract: Address, from: u64, to: u64) -> Result<Vec<RawLog>, CallError> {
        let filter = json!({ "address": contract, "fromBlock": U64::from(from), "toBlock": U64::from(to) });
        self.call("eth_getLogs", rpc_params![filter]).await
    }

    /// The contract's logs of one block, whatever happens to the chain meanwhile.
    pub(crate) async fn logs_at(&self, contract: Address, block: Root) -> Result<Vec<RawLog>, CallError> {
        let filter = json!({ "address": contract, "blockHash": block });
        self.call("eth_getLogs", rpc_params![filter]).await
    }

    /// The bell, where the transport can ring one.
    pub(crate) async fn heads(&self) -> Result<Option<Heads>, CallError> {
        match &self.transport {
            Transport::Http(_) => Ok(None),
            Transport::Ws(client) => {
                let heads = client.subscribe("eth_subscribe", rpc_params!["newHeads"], "eth_unsubscribe");
                Ok(Some(Heads(heads.await?)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn a_url_is_shown_without_its_secrets() {
        let shown = |url: &str| redacted(&url.parse().unwrap());
        assert_eq!(shown("https://user:word@node.example/v3/0123456789abcdef?key=1"), "https://node.example");
        assert_eq!(shown("ws://127.0.0.1:8546"), "ws://127.0.0.1:8546");
    }
}

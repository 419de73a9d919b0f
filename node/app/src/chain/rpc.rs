//! JSON-RPC to an execution client, over HTTP or WebSocket.

use std::time::Duration;

use contracts_abi::Revert;
use jsonrpsee::core::ClientError;
use jsonrpsee::core::client::ClientT;
use jsonrpsee::core::params::ArrayParams;
use jsonrpsee::http_client::{HttpClient, HttpClientBuilder};
use jsonrpsee::types::ErrorObjectOwned;
use jsonrpsee::ws_client::{WsClient, WsClientBuilder};
use serde::de::DeserializeOwned;

use super::error::ChainError;

/// A request that takes longer is given up.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// The largest answer that is read: 20,000 logs of a registration have about 80 MB.
const MAX_ANSWER_BYTES: u32 = 128 * 1024 * 1024;
/// JSON-RPC code of a reverted call (geth and most others).
const REVERTED: i32 = 3;

enum Transport {
    Http(HttpClient),
    Ws(WsClient),
}

/// A connection to one execution client.
pub struct Rpc {
    transport: Transport,
    /// Scheme and host, for messages: a path may hold a key.
    shown: String,
}

impl Rpc {
    /// Prepares the connection; a WebSocket is opened at once.
    pub async fn connect(url: &str) -> Result<Self, ChainError> {
        let shown = without_path(url);
        let unreachable = |source| ChainError::Unreachable {
            url: without_path(url),
            method: "connect",
            source: Box::new(source),
        };
        let transport = match url.split_once("://") {
            Some(("http" | "https", _)) => HttpClientBuilder::default()
                .request_timeout(REQUEST_TIMEOUT)
                .max_response_size(MAX_ANSWER_BYTES)
                .build(url)
                .map(Transport::Http)
                .map_err(unreachable)?,
            Some(("ws" | "wss", _)) => WsClientBuilder::default()
                .request_timeout(REQUEST_TIMEOUT)
                .max_response_size(MAX_ANSWER_BYTES)
                .build(url)
                .await
                .map(Transport::Ws)
                .map_err(unreachable)?,
            _ => return Err(ChainError::Url { url: shown }),
        };
        Ok(Self { transport, shown })
    }

    /// Asks one question.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: ArrayParams,
    ) -> Result<T, ChainError> {
        let answer = match &self.transport {
            Transport::Http(client) => client.request(method, params).await,
            Transport::Ws(client) => client.request(method, params).await,
        };
        answer.map_err(|error| self.explain(method, error))
    }

    fn explain(&self, method: &'static str, error: ClientError) -> ChainError {
        let ClientError::Call(error) = error else {
            return ChainError::Unreachable { url: self.shown.clone(), method, source: Box::new(error) };
        };
        revert_of(&error).map_or_else(
            || ChainError::Refused { method, code: error.code(), message: error.message().to_owned() },
            ChainError::Reverted,
        )
    }
}

/// The reason of a revert, where the error is one: the data is hex text, or wrapped in an object by some clients.
fn revert_of(error: &ErrorObjectOwned) -> Option<Revert> {
    let data = error.data().and_then(|data| serde_json::from_str::<serde_json::Value>(data.get()).ok());
    let text = data.as_ref().and_then(|data| data.as_str().or_else(|| data.get("data")?.as_str()));
    let bytes = text.and_then(|text| hex::decode(text.strip_prefix("0x")?).ok());
    match bytes {
        Some(bytes) => Some(Revert::decode(&bytes)),
        None => (error.code() == REVERTED || error.message().contains("revert")).then(|| Revert::decode(&[])),
    }
}

/// Scheme, host and port of an address.
fn without_path(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return "(an address without a scheme)".to_owned();
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_do_not_show_keys_in_addresses() {
        assert_eq!(
            without_path("https://user:secret@node.example:8545/v3/secret?key=secret"),
            "https://node.example:8545"
        );
        assert_eq!(without_path("ws://127.0.0.1:1"), "ws://127.0.0.1:1");
        assert!(!without_path("secret").contains("secret"));
    }

    #[test]
    fn finds_the_reason_of_a_revert_wherever_clients_put_it() {
        let reason = || Revert::Registry { name: "OperatorDoesNotExist", arguments: vec![] };
        let error = |code, message: &str, data: serde_json::Value| {
            revert_of(&ErrorObjectOwned::owned(code, message.to_owned(), Some(data)))
        };
        assert_eq!(error(3, "execution reverted", "0x961e3e8c".into()), Some(reason()));
        assert_eq!(error(-32000, "reverted", serde_json::json!({ "data": "0x961e3e8c" })), Some(reason()));
        assert_eq!(error(3, "execution reverted", serde_json::Value::Null), Some(Revert::Silent));
        assert_eq!(error(-32000, "nonce too low", serde_json::Value::Null), None);
    }
}

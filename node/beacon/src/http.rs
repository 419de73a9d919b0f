//! One node's HTTP connections.
//!
//! One persistent pool per node: keep-alive, no Nagle delay, connections opened ahead of need by [`Http::warm`], so that the
//! POST that publishes a vote never waits for a handshake. No proxy from the environment and no redirects: only the configured
//! address is ever spoken to. Bounds: requests under way ([`MAX_IN_FLIGHT`], a further one waits for its turn within its own
//! deadline and then fails as busy), bytes of an answer, bytes of a message kept.

use crate::error::{CallError, ItemFailure, SettingsError};
use crate::witness::{ClockOffset, Exchange, Witness, unix_micros};
use bytes::{Bytes, BytesMut};
use reqwest::header::{ACCEPT, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use types::BeaconFork;
use url::Url;

/// Requests under way at one node; an operator with 500 committees posts that many batches within a few milliseconds.
pub const MAX_IN_FLIGHT: usize = 256;
/// The longest answer that is read, in bytes (validators of 512 keys have 0.3 MB, duties of 3,000 indices 1 MB, a block with 21
/// blobs in SSZ 3 MB and a few of payload, in JSON twice that).
pub const MAX_BODY: usize = 16 * 1024 * 1024;
/// The longest error message that is kept, in bytes.
pub const MAX_MESSAGE: usize = 300;
/// The most failed items of a batch that are kept.
const MAX_FAILURES: usize = 4_096;
/// The longest error body that is read, in bytes.
const MAX_ERROR_BODY: usize = 1024 * 1024;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const SSZ: HeaderValue = HeaderValue::from_static("application/octet-stream");
const SSZ_PREFERRED: HeaderValue =
    HeaderValue::from_static("application/octet-stream;q=1,application/json;q=0.9");
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
const CONSENSUS_VERSION: HeaderName = HeaderName::from_static("eth-consensus-version");
const PAYLOAD_BLINDED: HeaderName = HeaderName::from_static("eth-execution-payload-blinded");

/// How an answer is encoded, by its own content type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encoding {
    /// `application/json`, also assumed when nothing is said.
    #[default]
    Json,
    /// `application/octet-stream`.
    Ssz,
}

/// A complete successful answer.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// How the body is encoded.
    pub encoding: Encoding,
    /// The body, at most [`MAX_BODY`] bytes.
    pub body: Bytes,
    /// The fork of the object in the body (`Eth-Consensus-Version`), if it is said and known.
    pub version: Option<BeaconFork>,
    /// Whether a produced block is blinded (`Eth-Execution-Payload-Blinded`), if it is said.
    pub blinded: Option<bool>,
    /// Taken, but not acted on in full (202): a block that was sent out and not imported.
    pub merely_accepted: bool,
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct Request {
    path: String,
    body: Option<(Encoding, Bytes)>,
    prefer_ssz: bool,
    consensus_version: Option<&'static str>,
}

impl Request {
    /// A GET of this path (with its query) whose answer is JSON.
    pub const fn get(path: String) -> Self {
        Self { path, body: None, prefer_ssz: false, consensus_version: None }
    }

    /// A POST of a JSON body.
    pub const fn post(path: String, body: Bytes) -> Self {
        Self { path, body: Some((Encoding::Json, body)), prefer_ssz: false, consensus_version: None }
    }

    /// A POST of an SSZ body.
    pub const fn post_ssz(path: String, body: Bytes) -> Self {
        Self { path, body: Some((Encoding::Ssz, body)), prefer_ssz: false, consensus_version: None }
    }

    /// Asks for SSZ where the node has it.
    pub const fn prefer_ssz(mut self) -> Self {
        self.prefer_ssz = true;
        self
    }

    /// Says which fork the body is of (`Eth-Consensus-Version`).
    pub const fn version(mut self, fork: &'static str) -> Self {
        self.consensus_version = Some(fork);
        self
    }
}

/// The connection pool of one node.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    base: String,
    in_flight: Arc<Semaphore>,
    witness: Arc<Mutex<Witness>>,
    /// What the steady clock is read against.
    born: std::time::Instant,
}

impl Http {
    /// A pool for the node at `base`; nothing is opened yet.
    ///
    /// # Errors
    /// The TLS provider of the process is missing, or the client cannot be built.
    pub fn new(base: &Url, connect: Duration, idle: Duration) -> Result<Self, SettingsError> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(SettingsError::Client("no TLS provider is installed in this process".into()));
        }
        let client = Client::builder()
            .connect_timeout(connect)
            .pool_idle_timeout(idle)
            .tcp_nodelay(true)
            .tcp_keepalive(Duration::from_secs(15))
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("capstan/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| SettingsError::Client(root_cause(&error)))?;
        let base = base.as_str().trim_end_matches('/').to_owned();
        Ok(Self {
            client,
            base,
            in_flight: Arc::new(Semaphore::new(MAX_IN_FLIGHT)),
            witness: Arc::default(),
            born: std::time::Instant::now(),
        })
    }

    /// Sends a request and reads the whole answer before `deadline`.
    ///
    /// # Errors
    /// See [`CallError`]; a status outside 200..299 is one.
    pub async fn send(&self, request: &Request, deadline: Instant) -> Result<Reply, CallError> {
        let turn = timeout_at(deadline, self.in_flight.acquire()).await;
        let Ok(Ok(_permit)) = turn else { return Err(CallError::Busy) };
        timeout_at(deadline, self.exchange(request)).await.map_err(|_| CallError::Timeout)?
    }

    /// Opens an event stream; the header must arrive before `deadline`, the body has no end.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn open_stream(&self, path: &str, deadline: Instant) -> Result<Response, CallError> {
        let request = self.client.get(format!("{}{path}", self.base)).header(ACCEPT, EVENT_STREAM);
        let response = timeout_at(deadline, request.send()).await.map_err(|_| CallError::Timeout)?;
        let response = response.map_err(|error| transport(&error))?;
        if response.status().is_success() { Ok(response) } else { Err(refusal(response).await) }
    }

    /// Sends the same small request `count` times at once, so that as many connections lie open in the pool afterwards.
    /// Failures are left to the health probe to notice.
    pub async fn warm(&self, request: &Request, count: usize, deadline: Instant) {
        let calls = (0..count).map(|_| self.send(request, deadline));
        futures::future::join_all(calls).await;
    }

    async fn exchange(&self, request: &Request) -> Result<Reply, CallError> {
        let sent_unix_micros = unix_micros();
        let response = self.build(request).send().await.map_err(|error| transport(&error))?;
        self.note_date(sent_unix_micros, response.headers());
        if !response.status().is_success() {
            return Err(refusal(response).await);
        }
        let headers = response.headers();
        let reply = Reply {
            encoding: encoding(headers),
            version: text(headers, &CONSENSUS_VERSION).and_then(BeaconFork::from_name),
            blinded: text(headers, &PAYLOAD_BLINDED).and_then(|text| text.parse().ok()),
            merely_accepted: response.status() == StatusCode::ACCEPTED,
            body: Bytes::new(),
        };
        Ok(Reply { body: read_body(response, MAX_BODY).await?, ..reply })
    }

    /// How far our clock is ahead of the node's, by the dates of its answers.
    pub fn clock_offset(&self) -> Option<ClockOffset> {
        self.witness().offset(unix_micros())
    }

    /// When to ask next, for the sake of the date: now or within a second, in microseconds since the Unix epoch.
    pub fn telling_moment(&self) -> u64 {
        self.witness().telling_moment(unix_micros())
    }

    fn note_date(&self, sent_unix_micros: u64, headers: &HeaderMap) {
        let (received_unix_micros, steady) = (unix_micros(), self.born.elapsed());
        let date = text(headers, &DATE).and_then(|text| httpdate::parse_http_date(text).ok());
        let Some(date) = date.and_then(|date| date.duration_since(UNIX_EPOCH).ok()) else { return };
        self.witness().note(Exchange {
            sent_unix_micros,
            received_unix_micros,
            steady_micros: u64::try_from(steady.as_micros()).unwrap_or(u64::MAX),
            date_unix_seconds: date.as_secs(),
        });
    }

    // A panic while holding the lock leaves plain data behind, all of which is valid.
    fn witness(&self) -> MutexGuard<'_, Witness> {
        self.witness.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn build(&self, request: &Request) -> RequestBuilder {
        let method = if request.body.is_some() { Method::POST } else { Method::GET };
        let mut builder = self
            .client
            .request(method, format!("{}{}", self.base, request.path))
            .header(ACCEPT, if request.prefer_ssz { SSZ_PREFERRED } else { JSON });
        if let Some((encoding, body)) = &request.body {
            let kind = match encoding {
                Encoding::Json => JSON,
                Encoding::Ssz => SSZ,
            };
            builder = builder.header(CONTENT_TYPE, kind).body(body.clone());
        }
        if let Some(fork) = request.consensus_version {
            builder = builder.header(CONSENSUS_VERSION, fork);
        }
        builder
    }
}

fn encoding(headers: &HeaderMap) -> Encoding {
    let octets = headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(SSZ.as_bytes()));
    if octets { Encoding::Ssz } else { Encoding::Json }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Reads a body of at most `limit` bytes.
async fn read_body(mut response: Response, limit: usize) -> Result<Bytes, CallError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| transport(&error))? {
        if body.len().saturating_add(chunk.len()) > limit {
            return Err(CallError::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Turns an unsuccessful response into its reason.
async fn refusal(response: Response) -> CallError {
    let status = response.status().as_u16();
    // The status alone is an answer; a broken or endless error body does not hide it.
    let body = read_body(response, MAX_ERROR_BODY).await.unwrap_or_default();
    let (message, failures) = read_refusal(&body);
    CallError::Status { status, message, failures }
}

/// The error body of the Beacon API: `{code, message, failures: [{index, message}]}`.
#[derive(Deserialize)]
struct ErrorBody {
    #[serde(default)]
    message: String,
    #[serde(default)]
    failures: Vec<ErrorItem>,
}

#[derive(Deserialize)]
struct ErrorItem {
    index: Index,
    #[serde(default)]
    message: String,
}

/// Nodes send the index as a number or, like other integers of the API, as a string.
#[derive(Deserialize)]
#[serde(untagged)]
enum Index {
    Number(usize),
    Text(String),
}

fn read_refusal(body: &[u8]) -> (String, Vec<ItemFailure>) {
    let Ok(parsed) = serde_json::from_slice::<ErrorBody>(body) else {
        return (shorten(&String::from_utf8_lossy(body)), Vec::new());
    };
    let failures = parsed.failures.into_iter().take(MAX_FAILURES).filter_map(|item| {
        let index = match item.index {
            Index::Number(index) => index,
            Index::Text(text) => text.parse().ok()?,
        };
        Some(ItemFailure { index, message: shorten(&item.message) })
    });
    (shorten(&parsed.message), failures.collect())
}

/// One line of at most [`MAX_MESSAGE`] bytes: answers go into logs.
fn shorten(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.trim();
    let mut end = line.len().min(MAX_MESSAGE);
    while !line.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    line.get(..end).unwrap_or_default().to_owned()
}

/// Sorts a failure of the HTTP client. The address is left out: it may hold a token.
pub(crate) fn transport(error: &reqwest::Error) -> CallError {
    if error.is_timeout() && !error.is_connect() {
        CallError::Timeout
    } else if error.is_connect() {
        CallError::Connect(root_cause(error))
    } else if error.is_decode() {
        CallError::Malformed(root_cause(error))
    } else {
        CallError::Broken(root_cause(error))
    }
}

/// The innermost reason: "connection refused" instead of "error sending request".
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    shorten(&cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexed_failures_are_read_with_numbers_and_strings() {
        let body = br#"{"code":400,"message":"Error processing attestations",
            "failures":[{"index":0,"message":"BAD_SIGNATURE"},{"index":"7","message":"OLD"},{"index":"x","message":"?"}]}"#;
        let (message, failures) = read_refusal(body);
        assert_eq!(message, "Error processing attestations");
        assert_eq!(
            failures,
            [
                ItemFailure { index: 0, message: "BAD_SIGNATURE".into() },
                ItemFailure { index: 7, message: "OLD".into() }
            ]
        );
    }

    #[test]
    fn a_body_that_is_not_json_is_kept_as_one_short_line() {
        let (message, failures) = read_refusal("<html>\n bad gateway \u{1b}[31m é".repeat(100).as_bytes());
        assert!(message.len() <= MAX_MESSAGE && message.starts_with("<html>  bad gateway"), "{message}");
        assert!(!message.chars().any(char::is_control));
        assert!(failures.is_empty());
    }
}

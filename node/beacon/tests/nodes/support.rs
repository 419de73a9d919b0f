//! A beacon node that says what the test tells it to: a real HTTP server, with answers recorded from Lodestar 1.44.0 as defaults.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::serve::ListenerExt;
use beacon::{Budgets, Expectations, Settings};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

pub const GENESIS: &str = include_str!("../answers/genesis.json");
pub const SPEC: &str = include_str!("../answers/spec.json");
pub const VALIDATORS: &str = include_str!("../answers/validators.json");
pub const ATTESTER_DUTIES: &str = include_str!("../answers/attester_duties.json");
pub const SYNC_DUTIES: &str = include_str!("../answers/sync_duties.json");
pub const DATA_JSON: &str = include_str!("../answers/attestation_data.json");
pub const DATA_SSZ: &[u8] = include_bytes!("../answers/attestation_data.ssz");
/// Written with Lodestar 1.44.0's own codecs, minimal preset: block contents of Fulu without blobs, and a blinded block of Electra.
pub const BLOCK_SSZ: &[u8] = include_bytes!("../answers/block_fulu.ssz");
pub const BLOCK_JSON: &str = include_str!("../answers/block_fulu.json");
pub const BLINDED_SSZ: &[u8] = include_bytes!("../answers/block_electra_blinded.ssz");
pub const BLINDED_JSON: &str = include_str!("../answers/block_electra_blinded.json");
/// The same of an aggregate of Fulu and of a contribution.
pub const AGGREGATE_SSZ: &[u8] = include_bytes!("../answers/aggregate.ssz");
pub const AGGREGATE_JSON: &str = include_str!("../answers/aggregate.json");
pub const CONTRIBUTION_SSZ: &[u8] = include_bytes!("../answers/contribution.ssz");
pub const CONTRIBUTION_JSON: &str = include_str!("../answers/contribution.json");
/// The same of a signed blinded block of Fulu.
pub const SIGNED_SSZ: &[u8] = include_bytes!("../answers/signed_blinded_block.ssz");
pub const SIGNED_JSON: &str = include_str!("../answers/signed_blinded_block.json");
pub const REFUSED: &str = include_str!("../answers/attestations_refused.json");

pub const PATH_GENESIS: &str = "/eth/v1/beacon/genesis";
pub const PATH_SPEC: &str = "/eth/v1/config/spec";
pub const PATH_SYNCING: &str = "/eth/v1/node/syncing";
pub const PATH_VERSION: &str = "/eth/v1/node/version";
pub const PATH_FINALITY: &str = "/eth/v1/beacon/states/head/finality_checkpoints";
pub const PATH_VALIDATORS: &str = "/eth/v1/beacon/states/head/validators";
pub const PATH_DATA: &str = "/eth/v1/validator/attestation_data";
pub const PATH_ATTESTATIONS: &str = "/eth/v2/beacon/pool/attestations";
pub const PATH_SYNC_MESSAGES: &str = "/eth/v1/beacon/pool/sync_committees";
pub const PATH_EVENTS: &str = "/eth/v1/events";

/// What to answer.
#[derive(Clone)]
pub enum Answer {
    Json(u16, String),
    Ssz(Vec<u8>),
    /// SSZ, with these headers.
    SszWith(Vec<u8>, &'static [(&'static str, &'static str)]),
    /// The request is read and never answered.
    Never,
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Seen {
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

#[derive(Default)]
struct Script {
    /// Answers by path; the last one of a queue stays.
    answers: HashMap<String, VecDeque<Answer>>,
    streams: Vec<mpsc::UnboundedSender<Result<Bytes, std::io::Error>>>,
}

struct Shared {
    script: Mutex<Script>,
    seen: Mutex<Vec<Seen>>,
    count: watch::Sender<usize>,
    accepted: watch::Sender<usize>,
}

#[derive(Clone)]
pub struct FakeNode {
    pub url: String,
    shared: Arc<Shared>,
}

impl FakeNode {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::serve(listener)
    }

    pub fn serve(listener: TcpListener) -> Self {
        let shared = Arc::new(Shared {
            script: Mutex::default(),
            seen: Mutex::default(),
            count: watch::Sender::new(0),
            accepted: watch::Sender::new(0),
        });
        let node =
            Self { url: format!("http://{}", listener.local_addr().unwrap()), shared: Arc::clone(&shared) };
        for (path, body) in [
            (PATH_GENESIS, GENESIS),
            (PATH_SPEC, SPEC),
            (PATH_SYNCING, include_str!("../answers/syncing.json")),
            (PATH_VERSION, include_str!("../answers/version.json")),
            (PATH_FINALITY, include_str!("../answers/finality_checkpoints.json")),
            (PATH_VALIDATORS, VALIDATORS),
            (PATH_ATTESTATIONS, ""),
            (PATH_SYNC_MESSAGES, ""),
        ] {
            node.on(path, Answer::Json(200, body.into()));
        }
        node.on(PATH_DATA, Answer::Ssz(DATA_SSZ.to_vec()));
        let app = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let listener = listener.tap_io(move |_| shared.accepted.send_modify(|count| *count += 1));
        tokio::spawn(async move {
            axum::serve(listener, app).await.unwrap();
        });
        node
    }

    /// From now on, answer this path so.
    pub fn on(&self, path: &str, answer: Answer) {
        self.shared.script.lock().unwrap().answers.insert(path.into(), VecDeque::from([answer]));
    }

    /// Answer this path with each of these in turn; the last one stays.
    pub fn then(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        self.shared.script.lock().unwrap().answers.insert(path.into(), answers.into_iter().collect());
    }

    pub fn seen(&self, path: &str) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().iter().filter(|seen| seen.path == path).cloned().collect()
    }

    /// Waits until this path was asked `times` times since the start.
    pub async fn wait_for(&self, path: &str, times: usize) -> Vec<Seen> {
        let mut count = self.shared.count.subscribe();
        loop {
            let seen = self.seen(path);
            if seen.len() >= times {
                return seen;
            }
            count.changed().await.unwrap();
        }
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> usize {
        *self.shared.accepted.borrow()
    }

    /// Waits until this many connections were accepted since the start.
    pub async fn wait_for_connections(&self, times: usize) {
        self.shared.accepted.subscribe().wait_for(|count| *count >= times).await.unwrap();
    }

    /// Sends bytes on every open event stream.
    pub fn send_event(&self, bytes: &str) {
        let script = self.shared.script.lock().unwrap();
        assert!(!script.streams.is_empty(), "nobody listens for events");
        for stream in &script.streams {
            let _ = stream.send(Ok(Bytes::copy_from_slice(bytes.as_bytes())));
        }
    }

    /// Waits until the client has closed every event stream.
    pub async fn until_streams_close(&self) {
        let streams = self.shared.script.lock().unwrap().streams.clone();
        for stream in streams {
            stream.closed().await;
        }
    }

    /// Ends every open event stream.
    pub fn end_events(&self) {
        self.shared.script.lock().unwrap().streams.clear();
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let response = if path == PATH_EVENTS { Some(open_stream(&shared)) } else { None };
    shared.seen.lock().unwrap().push(Seen { path: path.clone(), query, headers: parts.headers, body });
    let scripted = next_answer(&shared, &path);
    shared.count.send_modify(|count| *count += 1);
    if let Some(response) = response {
        return response;
    }
    match scripted {
        Some(Answer::Json(status, body)) => reply(status, "application/json", body.into_bytes()),
        Some(Answer::Ssz(bytes)) => reply(200, "application/octet-stream", bytes),
        Some(Answer::SszWith(bytes, headers)) => {
            let mut response = reply(200, "application/octet-stream", bytes);
            for (name, value) in headers {
                response.headers_mut().insert(*name, HeaderValue::from_static(value));
            }
            response
        }
        Some(Answer::Never) => std::future::pending().await,
        None => reply(404, "application/json", br#"{"code":404,"message":"Route not found"}"#.to_vec()),
    }
}

fn next_answer(shared: &Shared, path: &str) -> Option<Answer> {
    let mut script = shared.script.lock().unwrap();
    let queue = script.answers.get_mut(path)?;
    if queue.len() > 1 { queue.pop_front() } else { queue.front().cloned() }
}

fn reply(status: u16, kind: &'static str, body: Vec<u8>) -> Response {
    Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header(header::CONTENT_TYPE, kind)
        .body(Body::from(body))
        .unwrap()
}

#[allow(clippy::disallowed_methods, reason = "a test's own script, as long as the test says")]
fn open_stream(shared: &Shared) -> Response {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    shared.script.lock().unwrap().streams.push(sender);
    let body = futures::stream::poll_fn(move |context| receiver.poll_recv(context));
    Response::builder()
        .header(header::CONTENT_TYPE, "text/event-stream")
        .body(Body::from_stream(body))
        .unwrap()
}

/// Budgets that let a test wait for what matters to it: on a busy machine too, a node that answers is never given up.
pub fn budgets() -> Budgets {
    let mut budgets = Budgets::for_slot(Duration::from_secs(3));
    for budget in [
        &mut budgets.data,
        &mut budgets.block,
        &mut budgets.common,
        &mut budgets.duties,
        &mut budgets.bulk,
        &mut budgets.events_open,
    ] {
        budget.total = Duration::from_secs(60);
        budget.patience = Duration::from_secs(30);
    }
    budgets.choice = Duration::from_secs(50);
    budgets.submit.total = Duration::from_secs(60);
    budgets.submit.patience = Duration::from_millis(20);
    budgets.events_pause = Duration::from_millis(10);
    budgets.retry = Duration::from_millis(10);
    // Probes come only when a call failed: tests count requests.
    budgets.probe = Duration::from_secs(3_600);
    budgets.idle = Duration::from_secs(7_200);
    budgets.events_deaf = Duration::from_secs(3_600);
    budgets.events_look = Duration::from_secs(3_600);
    budgets
}

pub fn settings(nodes: &[&FakeNode]) -> Settings {
    settings_of(nodes.iter().map(|node| node.url.clone()).collect())
}

pub fn settings_of(urls: Vec<String>) -> Settings {
    install_tls();
    Settings { urls, budgets: budgets(), agreement: 1, spare_connections: 4 }
}

pub fn install_tls() {
    // The second test of a process finds it installed.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

pub const ANYTHING: Expectations =
    Expectations { preset: None, seconds_per_slot: None, chain_id: None, genesis_validators_root: None };

/// A recorded JSON answer with one field of its `data` changed.
pub fn changed(recorded: &str, key: &str, value: &str) -> Answer {
    let mut body: serde_json::Value = serde_json::from_str(recorded).unwrap();
    body["data"][key] = value.into();
    Answer::Json(200, body.to_string())
}

/// A head event for the block with this root; its dependent roots are the same.
pub fn head_event(slot: u64, root: &str) -> String {
    format!(
        "event: head\ndata: {{\"slot\":\"{slot}\",\"block\":\"{root}\",\"state\":\"{root}\",\"epoch_transition\":false,\
         \"previous_duty_dependent_root\":\"{root}\",\"current_duty_dependent_root\":\"{root}\",\"execution_optimistic\":false}}\n\n"
    )
}

/// An address where nothing listens.
pub async fn dead_url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

//! A beacon node and an execution client just large enough to say who they are.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use serde_json::{Value, json};

const GENESIS: &str = include_str!("../../../beacon/tests/answers/genesis.json");
const SPEC: &str = include_str!("../../../beacon/tests/answers/spec.json");
const SYNCING: &str = include_str!("../../../beacon/tests/answers/syncing.json");
const VERSION: &str = include_str!("../../../beacon/tests/answers/version.json");

/// What answers a path and a body; `None` is 404.
type Answer = dyn Fn(&str, &[u8]) -> Option<String> + Send + Sync;

/// A synced beacon node. Gives its address.
pub fn start() -> String {
    beacon(SYNCING)
}

/// A beacon node that is catching up.
pub fn start_syncing() -> String {
    let behind = SYNCING.replace("\"is_syncing\":false", "\"is_syncing\":true");
    assert_ne!(behind, SYNCING);
    beacon(&behind.replace("\"sync_distance\":\"0\"", "\"sync_distance\":\"1000\""))
}

fn beacon(syncing: &str) -> String {
    let syncing = syncing.to_owned();
    listen(Arc::new(move |path, _| match path {
        "/eth/v1/beacon/genesis" => Some(GENESIS.to_owned()),
        "/eth/v1/config/spec" => Some(SPEC.to_owned()),
        "/eth/v1/node/syncing" => Some(syncing.clone()),
        "/eth/v1/node/version" => Some(VERSION.to_owned()),
        _ => None,
    }))
}

/// An execution client on this chain, with one block after the deployment and nobody's code anywhere.
pub fn start_execution(chain_id: u64) -> String {
    listen(Arc::new(move |_, body| {
        let question: Value = serde_json::from_slice(body).ok()?;
        let zeros = |bytes| format!("0x{}", "00".repeat(bytes));
        let result = match question["method"].as_str()? {
            "eth_chainId" => json!(format!("{chain_id:#x}")),
            "eth_syncing" => json!(false),
            "eth_getCode" => json!("0x"),
            "eth_getBlockByNumber" => json!({
                "number": "0x2", "hash": zeros(32), "parentHash": zeros(32), "timestamp": "0x1", "logsBloom": zeros(256),
            }),
            _ => return None,
        };
        Some(json!({ "jsonrpc": "2.0", "id": question["id"], "result": result }).to_string())
    }))
}

/// Listens and answers until the test process ends.
fn listen(answer: Arc<Answer>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            let answer = Arc::clone(&answer);
            thread::spawn(move || while serve(&connection, answer.as_ref()).is_some() {});
        }
    });
    url
}

/// One question on this connection; `None` when there are no more.
fn serve(mut connection: &TcpStream, answer: &Answer) -> Option<()> {
    let mut lines = BufReader::new(connection);
    let mut next = || {
        let mut line = String::new();
        lines.read_line(&mut line).ok().filter(|length| *length > 0)?;
        Some(line)
    };
    let first = next()?;
    let mut length = 0;
    loop {
        let header = next()?.to_ascii_lowercase();
        if header.trim().is_empty() {
            break;
        }
        if let Some(number) = header.strip_prefix("content-length:") {
            length = number.trim().parse().ok()?;
        }
    }
    // Nobody sends a second question before the first is answered, so nothing else waits in the buffer.
    let mut body = vec![0; length];
    lines.read_exact(&mut body).ok()?;
    let (status, text) = match answer(first.split(' ').nth(1)?, &body) {
        Some(text) => ("200 OK", text),
        None => ("404 Not Found", "{}".to_owned()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        text.len()
    );
    connection.write_all(head.as_bytes()).and_then(|()| connection.write_all(text.as_bytes())).ok()
}

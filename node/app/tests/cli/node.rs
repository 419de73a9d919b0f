//! A beacon node just large enough to say which chain it is on.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

const GENESIS: &str = include_str!("../../../beacon/tests/answers/genesis.json");
const SPEC: &str = include_str!("../../../beacon/tests/answers/spec.json");
const SYNCING: &str = include_str!("../../../beacon/tests/answers/syncing.json");
const VERSION: &str = include_str!("../../../beacon/tests/answers/version.json");

/// Starts it; it answers until the test process ends. Gives its address.
pub fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || serve(connection));
        }
    });
    url
}

fn serve(connection: TcpStream) {
    let mut lines = BufReader::new(connection.try_clone().unwrap());
    let mut connection = connection;
    loop {
        let mut first = String::new();
        if lines.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        let mut header = String::new();
        while lines.read_line(&mut header).unwrap_or(0) > 2 {
            header.clear();
        }
        let (status, body) = match first.split(' ').nth(1).unwrap_or_default() {
            "/eth/v1/beacon/genesis" => ("200 OK", GENESIS),
            "/eth/v1/config/spec" => ("200 OK", SPEC),
            "/eth/v1/node/syncing" => ("200 OK", SYNCING),
            "/eth/v1/node/version" => ("200 OK", VERSION),
            _ => ("404 Not Found", "{}"),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if connection.write_all(head.as_bytes()).and_then(|()| connection.write_all(body.as_bytes())).is_err()
        {
            return;
        }
    }
}

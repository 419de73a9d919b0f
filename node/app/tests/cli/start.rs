//! The start of a node when something outside is not as it should be: it waits and says so, or ends because an operator must
//! decide.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{self, SyncSender};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::history::signed;
use crate::node;
use crate::run::{place, place_with};
use crate::support::Place;

/// A node that said nothing of what is waited for by then is ended, and the test fails.
const PATIENCE: Duration = Duration::from_secs(60);
const NOWHERE: &str = "http://127.0.0.1:1";

/// A running node.
struct Node<'a> {
    place: &'a Place,
    process: Child,
    lines: BufReader<ChildStderr>,
    _alive: SyncSender<()>,
}

impl<'a> Node<'a> {
    fn start(place: &'a Place) -> Self {
        let mut command = place.command(&["run", "--config", "capstan.toml"]);
        let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap());
        let (alive, ended) = mpsc::sync_channel::<()>(0);
        let pid = process.id();
        thread::spawn(move || {
            if ended.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                signal("-KILL", pid);
            }
        });
        Self { place, process, lines, _alive: alive }
    }

    /// Reads the log until a line holds these words.
    fn until(&mut self, words: &str) -> String {
        let mut log = String::new();
        loop {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "it ended without `{words}`: {log}");
            if line.contains(words) {
                return line;
            }
            log += &line;
        }
    }

    /// What `/v1/status` answers.
    fn status(&self) -> Value {
        let mut connection = TcpStream::connect((self.place.address, 26000)).unwrap();
        connection.write_all(b"GET /v1/status HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    fn why_not_ready(&self) -> String {
        let status = self.status();
        assert_eq!(status["ready"], false);
        status["not_ready_because"].to_string()
    }

    /// Asks it to stop; it must end well.
    fn stop(mut self) {
        signal("-TERM", self.process.id());
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).unwrap();
        assert_eq!(self.process.wait().unwrap().code(), Some(0), "{rest}");
    }

    /// It ends by itself. Gives the code and what it said at last.
    fn end(mut self) -> (i32, String) {
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).unwrap();
        let code = self.process.wait().unwrap().code().unwrap();
        (code, rest)
    }
}

impl Drop for Node<'_> {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
}

fn ended(place: &Place) -> (i32, String) {
    let (code, log) = Node::start(place).end();
    let Some(start) = log.find("error: ") else { panic!("no error at the end: {log}") };
    (code, log[start..].to_owned())
}

#[test]
fn the_interface_answers_while_the_beacon_node_is_waited_for() {
    let place = place(NOWHERE);
    let mut node = Node::start(&place);
    node.until("beacon node is not ready");
    let (status, why) = (node.status(), node.why_not_ready());
    assert!(
        why.contains("http://127.0.0.1:1: genesis: no connection") && why.contains("beacon.urls"),
        "{why}"
    );
    assert_eq!((&status["network"], &status["registry"]["block"]), (&"local".into(), &Value::Null));
    assert_eq!(status["operator"]["public_key_sha256"].as_str().unwrap().len(), 66);
    node.stop();
}

#[test]
fn a_beacon_node_that_syncs_is_no_reason_to_wait() {
    let place = place(&node::start_syncing());
    let mut node = Node::start(&place);
    node.until("the registry lost its execution client");
    let (status, why) = (node.status(), node.why_not_ready());
    assert!(why.contains("syncing: head slot 18, 1000 slots behind"), "{why}");
    assert_eq!(status["beacon"]["syncing"], true);
    assert!(!why.contains("not registered"), "nobody knows yet: {why}");
    node.stop();
}

#[test]
fn an_execution_client_that_is_down_is_waited_for() {
    let place = place(&node::start());
    let mut node = Node::start(&place);
    let line = node.until("the registry lost its execution client");
    let why = node.why_not_ready();
    assert!(why.contains("execution client http://127.0.0.1:1") && why.contains("execution.urls"), "{why}");
    assert!(!line.contains("secret") && !line.contains("token") && !why.contains("secret"), "{line}{why}");
    node.stop();
}

#[test]
fn an_execution_client_of_another_chain_is_for_an_operator_to_decide() {
    let (code, said) = ended(&place_with(&node::start(), &node::start_execution(1)));
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("serves chain 1, this network is on chain 5: check `execution.urls`"), "{said}");
}

#[test]
fn a_contract_without_code_is_for_an_operator_to_decide() {
    let (code, said) = ended(&place_with(&node::start(), &node::start_execution(5)));
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("there is no contract at 0x5FbDB") && said.contains("network file"), "{said}");
}

#[test]
fn a_history_of_another_chain_is_for_an_operator_to_decide() {
    let place = place(&node::start());
    signed(&place.path("data"), 7, &[20]);
    let (code, said) = ended(&place);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("another genesis") && said.contains("another data_dir"), "{said}");
}

#[test]
fn a_damaged_history_is_for_an_operator_to_decide() {
    let place = place(NOWHERE);
    let share = signed(&place.path("data"), 7, &[20]);
    crate::history::damage(&place.path("data"), &share);
    let (code, said) = ended(&place);
    assert_eq!(code, 3, "{said}");
    std::fs::write(place.path("data").join("history.redb"), "something else").unwrap();
    let (also, otherwise) = ended(&place);
    assert!(also == 3 && otherwise.contains("newest copy"), "{otherwise}");
    assert!(said.contains("history database is damaged") && said.contains("newest copy"), "{said}");
}

#[test]
fn two_nodes_never_share_a_folder() {
    let place = place(NOWHERE);
    let mut first = Node::start(&place);
    first.until("answering");
    let (code, said) = ended(&place);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("in use by another process"), "{said}");
    first.stop();
}

#[test]
fn a_taken_port_names_its_setting() {
    let place = place(NOWHERE);
    let _taken = std::net::TcpListener::bind((place.address, 26000)).unwrap();
    let (code, said) = ended(&place);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("api.port"), "{said}");
}

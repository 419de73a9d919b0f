//! The listener as a process: it finds an operator's node, is on the topics of both forks, and writes down what is said there.

#![allow(clippy::unwrap_used, reason = "a failing test panics")]

use std::process::Stdio;
use std::sync::Arc;

use network::{Network, NetworkConfig, NetworkEvent, NetworkHandle, Topic};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc::Receiver;
use types::{NetworkRules, OperatorId, SsvFork, SubnetId};

/// The sample network: it knows both forks.
const NETWORK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../types/samples/local.toml");

async fn joined(events: &mut Receiver<NetworkEvent>, mut wanted: Vec<Topic>) {
    while !wanted.is_empty() {
        if let Some(NetworkEvent::PeerSubscribed { topic, .. }) = events.recv().await {
            wanted.retain(|one| *one != topic);
        }
    }
}

async fn say(operator: &NetworkHandle, topic: Topic, words: &'static [u8]) {
    operator.publish(topic, words).await.unwrap();
}

#[tokio::test]
async fn what_is_said_on_the_topics_of_both_forks_is_written_down() {
    let rules = Arc::new(NetworkRules::from_toml(&std::fs::read_to_string(NETWORK).unwrap()).unwrap());
    let (operator, mut events) = Network::start(NetworkConfig::loopback(), rules).await.unwrap();
    operator.subscribe([]).await.unwrap();
    let mut listener = Command::new(env!("CARGO_BIN_EXE_listener"))
        .args(["--out", "/dev/stdout", "--committee", "1,2,3,4", "--bootnode", &operator.local_enr()])
        .arg("--network")
        .arg(NETWORK)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(listener.stdout.take().unwrap()).lines();
    assert!(lines.next_line().await.unwrap().unwrap().starts_with("listening as "));

    let members = [1, 2, 3, 4].map(OperatorId);
    let topic = |fork| Topic { fork, subnet: SubnetId::of(fork, &members) };
    joined(&mut events, vec![topic(SsvFork::Alan), topic(SsvFork::Boole)]).await;
    say(&operator, topic(SsvFork::Alan), b"nonsense").await;
    assert_eq!(lines.next_line().await.unwrap().unwrap(), r#"{"topic":"ssv.v2.114","unreadable_bytes":8}"#);
    say(&operator, topic(SsvFork::Boole), b"more of it").await;
    let boole = r#"{"topic":"/ssv/local/boole/11","unreadable_bytes":10}"#;
    assert_eq!(lines.next_line().await.unwrap().unwrap(), boole);
    listener.kill().await.unwrap();
}

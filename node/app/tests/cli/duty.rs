//! `capstan duty` and `capstan duties`, from a running node and from the journal of a stopped one.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use api::{NodeView, Peers, Server, Status, ViewError};
use duty::FailureReason;
use outbox::{DutyLog, DutyRecord, Figures, Outcome};
use serde_json::Value;
use tokio::runtime::Runtime;
use types::{
    BeaconRole, CommitteeId, CommitteeIndex, Epoch, List, OperatorId, PublicKeyBytes, Slot, ValidatorDuty,
    ValidatorIndex,
};

use crate::support::Place;

/// An attestation of this validator; those of odd validators failed, since operators 3 and 4 are down.
fn record(slot: Slot, validator: u64) -> DutyRecord {
    let duty = ValidatorDuty {
        role: BeaconRole::Attester,
        public_key: PublicKeyBytes([u8::try_from(validator).unwrap(); 48]),
        slot,
        validator_index: ValidatorIndex(validator),
        committee_index: CommitteeIndex(1),
        committee_length: 4,
        committees_at_slot: 1,
        validator_committee_index: 0,
        validator_sync_committee_indices: List::empty(),
    };
    let mut record = DutyRecord::open(Epoch(slot.get() / 8), CommitteeId([2; 32]), &duty).unwrap();
    record.operators = [1, 2, 3, 4].map(OperatorId).to_vec();
    record.own_operator = Some(OperatorId(1));
    record.micros.start = Some(800_000);
    record.heard.prepares = [(OperatorId(1), 900_000), (OperatorId(2), 910_000)].into();
    record.heard.proposals = [(OperatorId(2), 890_000)].into();
    if validator % 2 == 1 {
        let reason = FailureReason::NotDecided;
        record.outcome = Outcome::Failed;
        record.reason = Some(reason.name().to_owned());
        record.room = Some(reason.room().name().to_owned());
    } else {
        record.outcome = Outcome::Submitted;
        record.micros.submitted = Some(1_200_000);
    }
    record
}

/// A node in slot 70 with two duties in every tenth slot.
struct Node;

impl NodeView for Node {
    async fn status(&self) -> Status {
        Status { slot: 70, ..Status::default() }
    }

    fn duties(&self, slot: Slot) -> Result<Vec<DutyRecord>, ViewError> {
        Ok(if slot.get().is_multiple_of(10) { vec![record(slot, 6), record(slot, 7)] } else { Vec::new() })
    }

    fn figures(&self) -> Figures {
        Figures::default()
    }

    async fn peers(&self) -> Peers {
        Peers::default()
    }
}

/// A running node, until the runtime is dropped.
fn start(address: &str) -> (Runtime, SocketAddr) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(Server::bind(address.parse().unwrap())).unwrap();
    let address = server.address();
    runtime.spawn(server.serve(Arc::new(Node), std::future::pending()));
    (runtime, address)
}

/// The journal of a stopped node, with two duties in slots 40 and 50.
fn journal(folder: &Path) {
    let log = DutyLog::open(folder).unwrap();
    for slot in [40, 50].map(Slot) {
        log.write(&[record(slot, 6), record(slot, 7)]).unwrap();
    }
}

fn config(place: &Place, port: u16) {
    let config = format!(
        "data_dir = \"data\"\n[network]\nname = \"mainnet\"\n[execution]\nurls = [\"http://127.0.0.1:1\"]\n\
         [beacon]\nurls = [\"http://127.0.0.1:1\"]\n[operator]\nkey_file = \"k\"\n[api]\nport = {port}\n"
    );
    place.write("capstan.toml", &config, 0o644);
}

#[test]
fn a_running_node_is_asked() {
    let (place, (_node, address)) = (Place::new(), start("127.0.0.1:0"));
    let url = format!("http://{address}");
    let told = place.run(&["duty", "40", "--api-url", &url]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    for words in [
        "2 duties, 1 submitted and 1 failed",
        "attestation of validator 7 (operators 1, 2, 3 and 4; this node is operator 1): FAILED, not_decided",
        "operators 3 and 4 were not heard at all",
        "0.900 s  sent its prepare",
        FailureReason::NotDecided.advice(),
    ] {
        assert!(told.stdout.contains(words), "{words} in {}", told.stdout);
    }
    let one = place.json(&["duty", "40", "--validator", "7", "--api-url", &url]);
    assert_eq!(one["duties"].as_array().unwrap().len(), 1);
    assert_eq!(one["duties"][0]["account"]["missing"][1]["operator"], 4);

    let recent = place.json(&["duties", "--api-url", &url]);
    assert_eq!(
        (&recent["from_slot"], &recent["to_slot"], &recent["scheduled"]),
        (&7.into(), &70.into(), &14.into())
    );
    let failed = place.json(&[
        "duties",
        "--failed",
        "--from-slot",
        "0",
        "--to-slot",
        "99",
        "--limit",
        "3",
        "--api-url",
        &url,
    ]);
    assert_eq!((&failed["failed"], &failed["left_out"]), (&10.into(), &7.into()));
    assert_eq!(failed["duties"].as_array().unwrap().len(), 3);
    assert_eq!(failed["reasons"][0]["name"], "not_decided");
}

#[test]
fn the_journal_of_a_stopped_node_is_read() {
    let place = Place::new();
    journal(&place.path("data"));
    let told = place.json(&["duty", "50", "--data-dir", "data"]);
    assert_eq!(told["source"], "the journal in data");
    assert_eq!(told["duties"][1]["reason"], "not_decided");
    let sum = place.json(&["duties", "--data-dir", "data"]);
    assert_eq!((&sum["to_slot"], &sum["submitted"], &sum["failed"]), (&50.into(), &2.into(), &2.into()));
}

#[test]
fn with_a_configuration_the_node_is_asked_and_the_journal_read_when_it_does_not_run() {
    let place = Place::new();
    journal(&place.path("data"));
    let (node, address) = start("127.0.0.1:0");
    config(&place, address.port());
    let running = place.json(&["duty", "60", "--config", "capstan.toml"]);
    assert!(running["source"].as_str().unwrap().starts_with("the node at http://127.0.0.1:"));
    drop(node);
    let stopped = place.run(&["duty", "50", "--config", "capstan.toml", "--json"]);
    assert_eq!(stopped.code, 0, "{}", stopped.stderr);
    assert!(
        stopped.stderr.contains("no node answers at") && stopped.stderr.contains("reading the journal"),
        "{}",
        stopped.stderr
    );
    assert!(
        serde_json::from_str::<Value>(&stopped.stdout).unwrap()["source"]
            .as_str()
            .unwrap()
            .starts_with("the journal in")
    );
}

#[test]
fn what_cannot_be_told_says_why() {
    let place = Place::new();
    journal(&place.path("data"));
    let failing = |args: &[&str], code: i32, words: &[&str]| {
        let ended = place.run(args);
        assert_eq!(ended.code, code, "{args:?}: {}", ended.stderr);
        for words in words {
            assert!(ended.stderr.contains(words), "{words} in {}", ended.stderr);
        }
    };
    failing(&["duty", "45", "--data-dir", "data"], 1, &["no duty in slot 45"]);
    failing(&["duty", "51", "--data-dir", "data"], 1, &["the newest slot is 50"]);
    failing(&["duty", "50", "--validator", "9", "--data-dir", "data"], 1, &["none of that validator"]);
    failing(&["duty", "50", "--data-dir", "absent"], 2, &["no duty journal in absent"]);
    assert!(!place.path("absent").exists(), "looking creates nothing");
    failing(&["duty", "50", "--validator", "x", "--data-dir", "data"], 2, &["neither the number"]);
    failing(&["duties", "--role", "x", "--data-dir", "data"], 2, &["sync_committee_contribution"]);
    failing(&["duties", "--from-slot", "51", "--data-dir", "data"], 2, &["after the last slot, 50"]);
    failing(&["duties", "--from-slot", "0", "--to-slot", "9000", "--data-dir", "data"], 2, &["ask in parts"]);
    failing(
        &["duty", "50", "--api-url", "http://127.0.0.1:1"],
        1,
        &["--data-dir", "no node answers at http://127.0.0.1:1"],
    );
    failing(&["duty", "50", "--api-url", "nonsense"], 2, &["is not an address"]);
    let _running = DutyLog::open(&place.path("data")).unwrap();
    failing(&["duty", "50", "--data-dir", "data"], 3, &["a node is running on data"]);
}

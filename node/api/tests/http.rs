//! The interface over a real socket.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use api::{Balance, NodeView, Peers, Server, Status, ViewError};
use outbox::{DutyRecord, DutyRole, Micros, Outcome};
use types::{CommitteeId, CommitteeIndex, Epoch, PublicKeyBytes, Slot, ValidatorIndex};

struct Node;

impl NodeView for Node {
    async fn status(&self) -> Status {
        Status {
            network: "local".to_owned(),
            duties: Balance { scheduled: 3, submitted: 2, failed: 0, running: 1 },
            refused: [("WrongDomain".to_owned(), 4)].into(),
            ..Status::default()
        }
    }

    fn duties(&self, slot: Slot) -> Result<Vec<DutyRecord>, ViewError> {
        if slot == Slot(13) {
            return Err(ViewError("a damaged row".into()));
        }
        let record = DutyRecord {
            slot,
            epoch: Epoch(slot.get() / 8),
            role: DutyRole::Attester,
            validator_index: ValidatorIndex(7),
            public_key: PublicKeyBytes([1; 48]),
            committee_id: CommitteeId([2; 32]),
            committee_index: CommitteeIndex(1),
            outcome: Outcome::Submitted,
            reason: None,
            room: None,
            round: None,
            leader: None,
            micros: Micros { start: Some(5), ..Micros::default() },
            start_cause: None,
            head_event_unix_micros: None,
            bad_partial_signatures: Vec::new(),
        };
        Ok(vec![record])
    }

    async fn peers(&self) -> Peers {
        Peers::default()
    }
}

async fn start() -> String {
    // The client is built without a default; the process chooses, as the binary does.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let server = Server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let base = format!("http://{}", server.address());
    tokio::spawn(server.serve(Arc::new(Node), std::future::pending()));
    base
}

async fn get(url: String) -> (u16, String) {
    let answer = reqwest::get(url).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn the_status_and_its_sums() {
    let base = start().await;
    let (code, body) = get(format!("{base}/v1/status")).await;
    assert_eq!(code, 200);
    let status: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status["network"], "local");
    assert_eq!(status["duties"]["running"], 1);
    let (code, text) = get(format!("{base}/metrics")).await;
    assert_eq!(code, 200);
    assert!(text.contains("capstan_duties{outcome=\"submitted\"} 2"), "{text}");
    assert!(text.contains("capstan_gossip_refused{reason=\"WrongDomain\"} 4"), "{text}");
}

#[tokio::test]
async fn duties_of_a_span_of_slots() {
    let base = start().await;
    let (code, body) = get(format!("{base}/v1/duties?from_slot=40&to_slot=41")).await;
    assert_eq!(code, 200);
    let duties: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(duties["duties"].as_array().unwrap().len(), 2);
    assert_eq!(duties["duties"][1]["slot"], 41);
    assert_eq!(duties["duties"][0]["role"], "attester");
    assert_eq!(duties["duties"][0]["micros"]["start"], 5);
    assert!(duties["duties"][0]["micros"]["submitted"].is_null());
    assert_eq!(duties["balance"]["scheduled"], 3);
}

#[tokio::test]
async fn a_bad_question_is_told_what_is_wrong() {
    let base = start().await;
    for (query, words) in [
        ("", "are needed"),
        ("?from_slot=1", "are needed"),
        ("?from_slot=9&to_slot=8", "is after"),
        ("?from_slot=0&to_slot=64", "at most 64"),
        ("?from_slot=0&to_slot=18446744073709551615", "at most 64"),
        ("?from_slot=x&to_slot=1", "are slot numbers"),
        ("?from_slot=-1&to_slot=1", "are slot numbers"),
        ("?from_slot=1&from_slot=2&to_slot=3", "are slot numbers"),
    ] {
        let (code, body) = get(format!("{base}/v1/duties{query}")).await;
        assert_eq!(code, 400);
        let error: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert!(error["error"].as_str().unwrap().contains(words), "{body}");
    }
    assert_eq!(get(format!("{base}/v1/duties?from_slot=0&to_slot=63")).await.0, 500);
    assert_eq!(get(format!("{base}/v1/duties?from_slot=14&to_slot=77")).await.0, 200);
    assert_eq!(get(format!("{base}/v2/status")).await.0, 404);
    let posted = reqwest::Client::new().post(format!("{base}/v1/status")).send().await.unwrap();
    assert_eq!(posted.status().as_u16(), 405);
    assert!(posted.text().await.unwrap().contains("read with GET"));
}

#[tokio::test]
async fn a_stopped_server_gives_its_port_back_and_a_taken_port_is_named() {
    let server = Server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = server.address();
    let taken = Server::bind(address).await.unwrap_err();
    assert!(taken.to_string().contains("api.port"), "{taken}");

    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(server.serve(Arc::new(Node), async move { drop(stopped.await) }));
    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

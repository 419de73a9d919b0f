//! The interface over a real socket.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use api::{
    Balance, Clock, Doppelganger, NodeView, Peer, Peers, RegistrationDifference, Safety, Server, Status,
    ViewError,
};
use outbox::{DutyRecord, Figures, Micros, Outcome};
use types::{
    BeaconRole, CommitteeId, CommitteeIndex, Epoch, List, OperatorId, PublicKeyBytes, Round, RunnerRole,
    Slot, ValidatorDuty, ValidatorIndex,
};

/// An attestation of validator 7.
fn record(slot: Slot) -> DutyRecord {
    let duty = ValidatorDuty {
        role: BeaconRole::Attester,
        public_key: PublicKeyBytes([1; 48]),
        slot,
        validator_index: ValidatorIndex(7),
        committee_index: CommitteeIndex(1),
        committee_length: 4,
        committees_at_slot: 1,
        validator_committee_index: 0,
        validator_sync_committee_indices: List::empty(),
    };
    DutyRecord::open(Epoch(slot.get() / 8), CommitteeId([2; 32]), &duty).unwrap()
}

/// A clock that is behind, one validator under observation, one operator that registers with another gas limit.
fn safety() -> Safety {
    Safety {
        clock: Clock { ahead_millis: Some(-212), error_millis: 9, is_off: true },
        doppelganger: Some(Doppelganger { under_observation: 1, alive: 0 }),
        registrations_differ: vec![RegistrationDifference {
            operator: 3,
            differs: "gas_limit".to_owned(),
            theirs: "gas limit 30000000".to_owned(),
            validator: "0x07".to_owned(),
            slot: 9,
            count: 2,
        }],
        blocks_with_other_fee_recipient: 5,
    }
}

struct Node;

impl NodeView for Node {
    async fn status(&self) -> Status {
        Status {
            network: "local".to_owned(),
            duties: Balance { scheduled: 3, submitted: 2, failed: 0, running: 1, not_selected: 5 },
            refused: [("WrongDomain".to_owned(), 4)].into(),
            safety: safety(),
            ..Status::default()
        }
    }

    fn duties(&self, slot: Slot) -> Result<Vec<DutyRecord>, ViewError> {
        if slot == Slot(13) {
            return Err(ViewError("a damaged row".into()));
        }
        let mut record = record(slot);
        record.outcome = Outcome::Submitted;
        record.micros.start = Some(5);
        record.heard.prepares.insert(OperatorId(3), 7);
        Ok(vec![record])
    }

    fn figures(&self) -> Figures {
        let (mut figures, mut record) = (Figures::default(), record(Slot(9)));
        record.operators = [1, 2, 3, 4].map(OperatorId).to_vec();
        record.round = Some(Round(2));
        record.micros = Micros {
            start: Some(1_000_000),
            proposal: Some(1_010_000),
            decided: Some(1_050_000),
            submitted: Some(1_100_000),
            ..Micros::default()
        };
        record.heard.prepares = [1, 2, 3].map(|operator| (OperatorId(operator), 1_020_000)).into();
        figures.measure(RunnerRole::Committee, &record);
        record.outcome = Outcome::Failed;
        record.reason = Some("not_decided".to_owned());
        figures.end(&record);
        figures.warn(record.role, "wrong_head");
        figures.include(record.role);
        figures
    }

    async fn peers(&self) -> Peers {
        let peer = Peer {
            id: "16Uiu2HAm4Ms862Gnqafssgvik4JJ1LuqWMcKNipq4nm2UaoLRbeP".into(),
            direction: Some("inbound".into()),
            state: "disconnected: bad_score".into(),
            score: Some(-16_000.0),
            rejected: 20,
            last_rejection: Some("SignatureVerification".into()),
            subnets: vec![36, 114],
            ..Peer::default()
        };
        Peers { peers: vec![peer] }
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
    assert!(text.contains("capstan_duties{outcome=\"not_selected\"} 5"), "{text}");
    assert!(text.contains("capstan_gossip_refused{reason=\"WrongDomain\"} 4"), "{text}");
    assert_eq!(status["duties"]["not_selected"], 5);
}

#[tokio::test]
async fn what_the_guards_found_is_in_the_status_and_the_metrics() {
    let base = start().await;
    let (_, text) = get(format!("{base}/metrics")).await;
    for line in [
        "capstan_clock_ahead_milliseconds -212",
        "capstan_clock_off 1",
        "capstan_blocks_with_other_fee_recipient 5",
        "capstan_validators_under_observation 1",
        "capstan_registrations_differ{operator=\"3\",differs=\"gas_limit\"} 2",
    ] {
        assert!(text.lines().any(|other| other == line), "{line} is missing in {text}");
    }
    let (_, text) = get(format!("{base}/v1/status")).await;
    let status: Status = serde_json::from_str(&text).unwrap();
    assert_eq!(status.safety, safety());
}

/// Names and labels of the reference where it has them (`ssv` observability).
#[tokio::test]
async fn the_figures_of_the_ledger_are_metrics() {
    let (_, text) = get(format!("{}/metrics", start().await)).await;
    for line in [
        "# TYPE capstan_duties_ended counter",
        "capstan_duties_ended_total{role=\"attester\",outcome=\"failed\",reason=\"not_decided\"} 1",
        "capstan_duties_included_total{role=\"attester\"} 1",
        "capstan_duty_warnings_total{role=\"attester\",warning=\"wrong_head\"} 1",
        "# TYPE capstan_duty_station_seconds histogram",
        "capstan_duty_station_seconds_bucket{le=\"1.0\",station=\"start\",ssv_runner_role=\"COMMITTEE\"} 1",
        "capstan_duty_station_seconds_bucket{le=\"0.75\",station=\"start\",ssv_runner_role=\"COMMITTEE\"} 0",
        "ssv_runner_consensus_duration_seconds_sum{ssv_runner_role=\"COMMITTEE\",ssv_validator_duty_round=\"2\"} 0.05",
        "ssv_runner_duty_duration_seconds_bucket{le=\"0.1\",ssv_runner_role=\"COMMITTEE\",ssv_validator_duty_round=\"2\"} 1",
        "ssv_runner_duty_duration_seconds_bucket{le=\"+Inf\",ssv_runner_role=\"COMMITTEE\",ssv_validator_duty_round=\"2\"} 1",
        "ssv_validator_stage_duration_seconds_sum{ssv_validator_stage=\"prepare\",ssv_runner_role=\"COMMITTEE\",ssv_validator_duty_round=\"2\"} 0.01",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
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
    assert_eq!(duties["duties"][0]["heard"]["prepares"]["3"], 7);
    assert!(duties["duties"][0]["included"].is_null());
    assert_eq!(duties["balance"]["scheduled"], 3);
}

#[tokio::test]
async fn a_peer_that_misbehaved_and_the_reason() {
    let (code, body) = get(format!("{}/v1/peers", start().await)).await;
    assert_eq!(code, 200);
    let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
    let peer = &answer["peers"][0];
    assert_eq!(peer["state"], "disconnected: bad_score");
    assert_eq!((&peer["score"], &peer["rejected"]), (&(-16_000.0).into(), &20.into()));
    assert_eq!(peer["last_rejection"], "SignatureVerification");
    assert_eq!(peer["subnets"], serde_json::json!([36, 114]));
    assert_eq!(peer["mesh"], serde_json::json!([]));
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

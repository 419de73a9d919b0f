//! Questions: who is asked, in which order, and what the answers become.

use crate::support::*;
use beacon::{BeaconError, BeaconNodes, CallError, NodeId, ValidatorStatus};
use types::beacon::AttestationData;
use types::{
    BeaconRole, CommitteeIndex, Decode, Epoch, PublicKeyBytes, Root, Slot, ValidatorDuty, ValidatorIndex,
};

async fn connect(nodes: &[&FakeNode]) -> BeaconNodes {
    BeaconNodes::connect(&settings(nodes), ANYTHING).await.unwrap().0
}

/// The question to which the recorded data is the answer.
fn recorded() -> (Slot, AttestationData) {
    let data = AttestationData::from_ssz_bytes(DATA_SSZ).unwrap();
    (data.slot, data)
}

fn server_error() -> Answer {
    Answer::Json(500, r#"{"code":500,"message":"internal"}"#.into())
}

#[tokio::test]
async fn attestation_data_comes_in_ssz_or_json_and_is_fetched_once() {
    let node = FakeNode::start().await;
    let nodes = connect(&[&node]).await;
    let (slot, data) = recorded();
    let (a, b) = tokio::join!(
        nodes.attestation_data(slot, CommitteeIndex(0), None),
        nodes.attestation_data(slot, CommitteeIndex(0), None)
    );
    assert_eq!(a.unwrap().data, data);
    assert_eq!(b.unwrap().data, data);
    let seen = node.seen(PATH_DATA);
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].query, format!("slot={slot}&committee_index=0"));
    assert!(seen[0].headers["accept"].to_str().unwrap().starts_with("application/octet-stream"));

    let json_only = FakeNode::start().await;
    json_only.on(PATH_DATA, Answer::Json(200, DATA_JSON.into()));
    let nodes = connect(&[&json_only]).await;
    assert_eq!(nodes.attestation_data(slot, CommitteeIndex(0), None).await.unwrap().data, data);
}

#[tokio::test]
async fn a_failing_node_hands_over_to_the_next() {
    let (bad, good) = (FakeNode::start().await, FakeNode::start().await);
    bad.on(PATH_DATA, server_error());
    let nodes = connect(&[&bad, &good]).await;
    let (slot, data) = recorded();
    let answer = nodes.attestation_data(slot, CommitteeIndex(0), Some(NodeId(0))).await.unwrap();
    assert_eq!((answer.data, answer.node.as_str()), (data, good.url.as_str()));
    assert_eq!(bad.seen(PATH_DATA).len(), 1);
}

#[tokio::test]
async fn a_silent_node_costs_its_patience_and_not_the_budget() {
    let (silent, good) = (FakeNode::start().await, FakeNode::start().await);
    let path = "/eth/v1/validator/duties/proposer/2";
    silent.on(path, Answer::Never);
    good.on(path, Answer::Json(200, format!(r#"{{"dependent_root":"0x{}","data":[]}}"#, "07".repeat(32))));
    let mut settings = settings(&[&silent, &good]);
    settings.budgets.duties.patience = std::time::Duration::from_millis(20);
    let (nodes, _) = BeaconNodes::connect(&settings, ANYTHING).await.unwrap();
    // The budget is a minute: the answer comes because the second node is asked while the first is still silent.
    nodes.proposer_duties(Epoch(2)).await.unwrap();
    assert_eq!((silent.seen(path).len(), good.seen(path).len()), (1, 1));
}

#[tokio::test]
async fn data_for_another_slot_is_not_believed() {
    let node = FakeNode::start().await;
    let nodes = connect(&[&node]).await;
    let (slot, _) = recorded();
    let error = nodes.attestation_data(Slot(slot.0 + 1), CommitteeIndex(0), None).await.unwrap_err();
    assert!(error.to_string().contains("attestation data for slot"), "{error}");
}

#[tokio::test]
async fn a_refused_question_goes_on_to_the_next_node_without_blame() {
    let (behind, good) = (FakeNode::start().await, FakeNode::start().await);
    behind.on(PATH_DATA, Answer::Json(404, r#"{"code":404,"message":"block not found"}"#.into()));
    let nodes = connect(&[&behind, &good]).await;
    let (slot, _) = recorded();
    let answer = nodes.attestation_data(slot, CommitteeIndex(0), None).await.unwrap();
    assert_eq!(answer.node.as_str(), good.url);
    let status = nodes.status();
    assert!(status.nodes.iter().all(|node| node.not_ready_because.is_none()), "{status:?}");
}

#[tokio::test]
async fn when_all_nodes_fail_each_is_named_and_a_syncing_one_is_recognised() {
    let (a, b) = (FakeNode::start().await, FakeNode::start().await);
    let syncing = r#"{"code":503,"message":"Node is syncing"}"#;
    for node in [&a, &b] {
        node.on("/eth/v1/validator/duties/attester/3", Answer::Json(503, syncing.into()));
    }
    let nodes = connect(&[&a, &b]).await;
    let error = nodes.attester_duties(Epoch(3), &[ValidatorIndex(1)]).await.unwrap_err();
    assert!(error.is_syncing());
    let text = error.to_string();
    assert!(text.contains(&a.url) && text.contains(&b.url) && text.contains("Node is syncing"), "{text}");
}

#[tokio::test]
async fn duties_are_those_recorded() {
    let node = FakeNode::start().await;
    node.on("/eth/v1/validator/duties/attester/2", Answer::Json(200, ATTESTER_DUTIES.into()));
    node.on("/eth/v1/validator/duties/sync/2", Answer::Json(200, SYNC_DUTIES.into()));
    let nodes = connect(&[&node]).await;
    let indices = [ValidatorIndex(0), ValidatorIndex(1), ValidatorIndex(2)];
    let attester = nodes.attester_duties(Epoch(2), &indices).await.unwrap();
    let seen = node.seen("/eth/v1/validator/duties/attester/2");
    assert_eq!(seen[0].body, r#"["0","1","2"]"#);
    assert_eq!(attester.duties.len(), 3);
    assert!(attester.duties.iter().all(|duty| duty.committee_length == 4 && duty.slot.0 / 8 == 2));
    assert_eq!(attester.duties[0].validator_index, ValidatorIndex(0));
    let sync = nodes.sync_duties(Epoch(2), &indices).await.unwrap();
    assert_eq!(sync.duties.len(), 1);
    assert_eq!(sync.duties[0].seats, [26]);
    node.on("/eth/v1/validator/duties/attester/3", Answer::Json(200, ATTESTER_DUTIES.into()));
    let error = nodes.attester_duties(Epoch(3), &indices).await.unwrap_err().to_string();
    assert!(error.contains("where epoch 3 was asked for"), "{error}");
    let error = nodes.sync_duties(Epoch(2), &[]).await.unwrap_err();
    assert!(matches!(error, BeaconError::Unsendable { .. }));
}

#[tokio::test]
async fn the_proposers_of_an_epoch_are_read() {
    let node = FakeNode::start().await;
    let key = format!("0x{}", "ab".repeat(48));
    let root = format!("0x{}", "07".repeat(32));
    // The form of the Beacon API specification (beacon-APIs apis/validator/duties/proposer.yaml).
    let body = serde_json::json!({
        "dependent_root": root, "execution_optimistic": false,
        "data": [{ "pubkey": key, "validator_index": "17", "slot": "23" }],
    });
    let answer = Answer::Json(200, body.to_string());
    node.on("/eth/v1/validator/duties/proposer/2", answer.clone());
    node.on("/eth/v1/validator/duties/proposer/3", answer.clone());
    let nodes = connect(&[&node]).await;
    let error = nodes.proposer_duties(Epoch(3)).await.unwrap_err().to_string();
    assert!(error.contains("a duty in slot 23 where epoch 3 was asked for"), "{error}");
    let duties = nodes.proposer_duties(Epoch(2)).await.unwrap();
    assert_eq!((duties.dependent_root, duties.execution_optimistic), (Root::repeat_byte(7), false));
    let duty = duties.duties[0];
    assert_eq!((duty.validator_index, duty.slot), (ValidatorIndex(17), Slot(23)));
    let duty = ValidatorDuty::from(&duty);
    assert_eq!((duty.role, duty.public_key), (BeaconRole::Proposer, PublicKeyBytes([0xab; 48])));

    let next = FakeNode::start().await;
    next.on("/eth/v2/validator/duties/proposer/2", answer);
    let nodes = connect(&[&next]).await;
    assert_eq!(
        nodes.proposer_duties(Epoch(2)).await.unwrap(),
        duties,
        "a node that has dropped the first form"
    );

    let failing = FakeNode::start().await;
    for form in ["v1", "v2"] {
        failing.on(&format!("/eth/{form}/validator/duties/proposer/2"), server_error());
    }
    let nodes = connect(&[&failing, &next]).await;
    assert_eq!(
        nodes.proposer_duties(Epoch(2)).await.unwrap(),
        duties,
        "another node that fails hides nothing"
    );
}

#[tokio::test]
async fn validators_are_asked_in_batches() {
    let node = FakeNode::start().await;
    node.then(
        PATH_VALIDATORS,
        [Answer::Json(200, VALIDATORS.into()), Answer::Json(200, r#"{"data":[]}"#.into())],
    );
    let nodes = connect(&[&node]).await;
    let keys = vec![PublicKeyBytes([7; 48]); 513];
    let validators = nodes.validators(&keys).await.unwrap();
    let sizes: Vec<usize> = node
        .seen(PATH_VALIDATORS)
        .iter()
        .map(|seen| {
            let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
            body["ids"].as_array().unwrap().len()
        })
        .collect();
    assert_eq!(sizes, [512, 1]);
    assert_eq!(validators.len(), 2);
    assert_eq!(validators[1].index, ValidatorIndex(1));
    assert_eq!(validators[1].status, ValidatorStatus::ActiveOngoing);
    assert!(validators[1].attests_in(Epoch(0)));
    assert!(nodes.validators(&[]).await.unwrap().is_empty());
    assert_eq!(node.seen(PATH_VALIDATORS).len(), 2, "no keys, no call");
}

#[tokio::test]
async fn a_node_that_failed_is_probed_at_once_and_recovers() {
    let node = FakeNode::start().await;
    node.then(
        PATH_FINALITY,
        [server_error(), Answer::Json(200, include_str!("../answers/finality_checkpoints.json").into())],
    );
    let nodes = connect(&[&node]).await;
    let before = node.seen(PATH_SYNCING).len();
    let error = nodes.finality().await.unwrap_err();
    let BeaconError::AllFailed { attempts, .. } = &error else { panic!("{error}") };
    assert!(matches!(attempts[0].1, CallError::Status { status: 500, .. }));
    node.wait_for(PATH_SYNCING, before + 1).await;
    assert_eq!(nodes.finality().await.unwrap().finalized.epoch, Epoch(0));
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let node = FakeNode::start().await;
    node.on(PATH_FINALITY, Answer::Ssz(vec![0; beacon::http::MAX_BODY + 1]));
    let nodes = connect(&[&node]).await;
    let BeaconError::AllFailed { attempts, .. } = nodes.finality().await.unwrap_err() else {
        panic!("too large")
    };
    assert_eq!(attempts[0].1, CallError::TooLarge { limit: beacon::http::MAX_BODY });
}

#[tokio::test]
async fn a_validator_that_any_node_saw_is_live() {
    let (a, b, dead) = (FakeNode::start().await, FakeNode::start().await, FakeNode::start().await);
    let path = "/eth/v1/validator/liveness/3";
    let seen = |live: [(u64, bool); 2]| {
        let items = live
            .map(|(index, is_live)| serde_json::json!({ "index": index.to_string(), "is_live": is_live }));
        Answer::Json(200, serde_json::json!({ "data": items }).to_string())
    };
    a.on(path, seen([(1, true), (2, false)]));
    b.on(path, seen([(2, false), (1, false)]));
    dead.on(path, server_error());
    let nodes = connect(&[&dead, &a, &b]).await;
    let validators = [2, 1, 3].map(ValidatorIndex);
    let live = nodes.liveness(Epoch(3), &validators).await.unwrap();
    assert_eq!(live, [(ValidatorIndex(1), true), (ValidatorIndex(2), false)], "nobody knows 3");
    assert_eq!(b.seen(path)[0].body, r#"["2","1","3"]"#);
    a.on(path, server_error());
    b.on(path, server_error());
    assert!(nodes.liveness(Epoch(3), &validators).await.is_err());
    assert!(nodes.liveness(Epoch(3), &[]).await.unwrap().is_empty());
}

//! Attestation data of several nodes: which are voted for, and who is waited for.

use crate::support::*;
use beacon::{BeaconError, BeaconNodes, CallError, NodeId, Settings, SettingsError};
use std::time::Duration;
use types::beacon::AttestationData;
use types::{Checkpoint, CommitteeIndex, Decode, Encode, Epoch, Root, Slot, ValidatorIndex};

/// The recorded data, with the head whose root is full of `head`.
fn data(head: u8) -> AttestationData {
    let recorded = AttestationData::from_ssz_bytes(DATA_SSZ).unwrap();
    AttestationData { beacon_block_root: Root::repeat_byte(head), ..recorded }
}

fn slot() -> Slot {
    data(0).slot
}

/// The recorded data, with other checkpoints.
fn on_another_chain(head: u8) -> AttestationData {
    let data = data(head);
    let root = Root::repeat_byte(0xee);
    AttestationData { target: Checkpoint { root, ..data.target }, ..data }
}

async fn serving(data: AttestationData) -> FakeNode {
    let node = FakeNode::start().await;
    node.on(PATH_DATA, Answer::Ssz(data.as_ssz_bytes()));
    node
}

fn path_header(head: u8) -> String {
    format!("/eth/v1/beacon/headers/{}", Root::repeat_byte(head))
}

fn header(slot: u64) -> Answer {
    // The form of the Beacon API specification (beacon-APIs apis/beacon/blocks/header.yaml), as far as it is read.
    let body = serde_json::json!({ "data": {
        "root": Root::ZERO, "canonical": true, "header": { "message": { "slot": slot.to_string() } },
    } });
    Answer::Json(200, body.to_string())
}

async fn connect(settings: &Settings) -> BeaconNodes {
    BeaconNodes::connect(settings, ANYTHING).await.unwrap().0
}

/// Who was believed.
async fn believed(nodes: &BeaconNodes) -> String {
    nodes.attestation_data(slot(), CommitteeIndex(0), None).await.unwrap().node.to_string()
}

#[tokio::test]
async fn the_newest_head_is_voted_for_and_its_slot_asked_where_no_event_told_it() {
    let (stale, fresh) = (serving(data(1)).await, serving(data(2)).await);
    stale.on(&path_header(1), header(slot().0 - 2));
    fresh.on(&path_header(2), header(slot().0 - 1));
    let nodes = connect(&settings(&[&stale, &fresh])).await;
    let answer = nodes.attestation_data(slot(), CommitteeIndex(0), Some(NodeId(0))).await.unwrap();
    assert_eq!((answer.data, answer.node.as_str()), (data(2), fresh.url.as_str()));
    assert_eq!((stale.seen(&path_header(1)).len(), fresh.seen(&path_header(2)).len()), (1, 1));
}

#[tokio::test]
async fn equal_heads_need_no_further_question() {
    let (a, b) = (serving(data(1)).await, serving(data(1)).await);
    let nodes = connect(&settings(&[&a, &b])).await;
    believed(&nodes).await;
    for node in [&a, &b] {
        assert_eq!(node.seen(PATH_DATA).len(), 1, "every node is asked");
        assert!(node.seen(&path_header(1)).is_empty());
    }
}

#[tokio::test]
async fn a_head_of_the_slot_ends_the_wait_for_a_silent_node() {
    let (silent, good) = (FakeNode::start().await, serving(data(2)).await);
    silent.on(PATH_DATA, Answer::Never);
    let nodes = connect(&settings(&[&silent, &good])).await;
    let mut events = nodes.subscribe();
    good.wait_for(PATH_EVENTS, 1).await;
    good.send_event(&head_event(slot().0, &Root::repeat_byte(2).to_string()));
    events.recv().await.unwrap();
    // The deadline for the choice is most of a minute here, and it is not waited for.
    assert_eq!(believed(&nodes).await, good.url);
    silent.wait_for(PATH_DATA, 1).await;
}

#[tokio::test]
async fn a_silent_node_is_waited_for_until_the_soft_deadline_and_no_longer() {
    let (silent, good) = (FakeNode::start().await, serving(data(2)).await);
    silent.on(PATH_DATA, Answer::Never);
    let mut settings = settings(&[&silent, &good]);
    settings.budgets.choice = Duration::from_millis(20);
    let nodes = connect(&settings).await;
    assert_eq!(believed(&nodes).await, good.url);
    silent.wait_for(PATH_DATA, 1).await;
}

#[tokio::test]
async fn with_an_agreement_of_two_a_single_node_cannot_decide() {
    let (wrong, a, b) = (serving(on_another_chain(9)).await, serving(data(1)).await, serving(data(1)).await);
    wrong.on(&path_header(9), header(slot().0));
    let mut settings = settings(&[&wrong, &a, &b]);
    settings.agreement = 2;
    let nodes = connect(&settings).await;
    let answer = nodes.attestation_data(slot(), CommitteeIndex(0), Some(NodeId(0))).await.unwrap();
    assert_eq!(answer.data, data(1));
}

#[tokio::test]
async fn without_agreement_there_is_no_vote_and_every_node_is_named() {
    let (a, b) = (serving(data(1)).await, serving(on_another_chain(1)).await);
    let mut settings = settings(&[&a, &b]);
    settings.agreement = 2;
    let nodes = connect(&settings).await;
    let error = nodes.attestation_data(slot(), CommitteeIndex(0), None).await.unwrap_err();
    let BeaconError::AllFailed { attempts, .. } = &error else { panic!("{error}") };
    assert_eq!(attempts.len(), 2);
    assert!(
        attempts.iter().all(|(_, error)| matches!(error, CallError::Outvoted { voices: 1, needed: 2, .. }))
    );
    assert!(
        nodes.status().nodes.iter().all(|node| node.not_ready_because.is_none()),
        "nobody is known to be wrong"
    );
    // When they have come together again, a new question finds it out.
    b.on(PATH_DATA, Answer::Ssz(data(1).as_ssz_bytes()));
    believed(&nodes).await;
}

#[tokio::test]
async fn with_an_agreement_of_two_the_second_voice_is_waited_for() {
    let (a, b) = (serving(data(1)).await, serving(data(1)).await);
    let mut settings = settings(&[&a, &b]);
    settings.agreement = 2;
    settings.budgets.choice = Duration::ZERO;
    let nodes = connect(&settings).await;
    believed(&nodes).await;
    assert_eq!((a.seen(PATH_DATA).len(), b.seen(PATH_DATA).len()), (1, 1));
}

#[tokio::test]
async fn data_of_another_epoch_are_not_believed() {
    let recorded = data(1);
    let target = Checkpoint { epoch: Epoch(recorded.target.epoch.0 + 1), ..recorded.target };
    let (wrong, good) = (serving(AttestationData { target, ..recorded }).await, serving(data(1)).await);
    let nodes = connect(&settings(&[&wrong, &good])).await;
    assert_eq!(believed(&nodes).await, good.url, "a later target would outweigh the right one");
}

#[tokio::test]
async fn a_node_is_not_blamed_for_a_head_that_was_not_waited_for() {
    let (stale, fresh) = (serving(data(1)).await, serving(data(2)).await);
    stale.on(&path_header(1), Answer::Never);
    fresh.on(&path_header(2), header(slot().0 - 1));
    let mut settings = settings(&[&stale, &fresh]);
    settings.budgets.data.patience = Duration::from_millis(20);
    let nodes = connect(&settings).await;
    believed(&nodes).await;
    stale.wait_for(&path_header(1), 1).await;
    for node in nodes.status().nodes {
        assert_eq!((node.not_ready_because, node.failed_permille), (None, 0), "{}", node.name);
    }
}

/// A node that did not answer, and of which nobody knows yet which chain it is on when it answers again.
async fn lost(node: &FakeNode, nodes: &BeaconNodes) {
    let asked = node.seen(PATH_GENESIS).len();
    node.on("/eth/v1/validator/liveness/2", Answer::Json(500, String::new()));
    node.on(PATH_SYNCING, Answer::Json(500, String::new()));
    node.on(PATH_GENESIS, Answer::Never);
    nodes.liveness(Epoch(2), &[ValidatorIndex(1)]).await.unwrap_err();
    // It is asked who it is once it is known to be lost; that question stays open.
    node.wait_for(PATH_GENESIS, asked + 1).await;
}

#[tokio::test]
async fn a_node_that_comes_back_on_another_chain_is_not_believed() {
    let newer = |data: AttestationData| {
        let source = Checkpoint { epoch: Epoch(data.source.epoch.0 + 1), ..data.source };
        AttestationData { source, ..data }
    };
    assert!(newer(data(9)).source.epoch <= data(9).target.epoch);
    let (moved, good) = (serving(newer(on_another_chain(9))).await, serving(data(1)).await);
    let nodes = connect(&settings(&[&moved, &good])).await;
    lost(&moved, &nodes).await;
    let root = Root::repeat_byte(0xcc).to_string();
    moved.on(PATH_GENESIS, changed(GENESIS, "genesis_validators_root", &root));
    assert_eq!(believed(&nodes).await, good.url, "newer checkpoints outweigh the others");
    assert!(moved.seen(PATH_DATA).is_empty());
    nodes.finality().await.unwrap();
    assert!(moved.seen(PATH_FINALITY).is_empty());
}

#[tokio::test]
async fn a_node_that_comes_back_on_its_chain_is_believed_at_once() {
    let node = serving(data(1)).await;
    let nodes = connect(&settings(&[&node])).await;
    lost(&node, &nodes).await;
    node.on(PATH_GENESIS, Answer::Json(200, GENESIS.into()));
    assert_eq!(believed(&nodes).await, node.url);
}

#[tokio::test]
async fn an_agreement_is_from_one_to_the_number_of_nodes() {
    for (needed, works) in [(0, false), (1, true), (2, true), (3, false)] {
        let mut settings = settings_of(vec!["http://127.0.0.1:1".into(), "http://127.0.0.1:2".into()]);
        settings.agreement = needed;
        match BeaconNodes::start(&settings, ANYTHING) {
            Ok(_) => assert!(works),
            Err(error) => {
                assert!(!works && matches!(error, SettingsError::Agreement { nodes: 2, .. }), "{error}");
                assert!(error.to_string().contains("beacon.agreement"));
            }
        }
    }
}

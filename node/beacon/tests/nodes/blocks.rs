//! Blocks: who builds them, what is believed, and how they go out.

use crate::support::*;
use beacon::{BeaconError, BeaconNodes, CallError, NodeId};
use types::beacon::block::bytes::{Blob, KzgProof};
use types::beacon::{AnyProposedBlock, AnySignedProposal, ProposedBlock};
use types::preset::ByPreset;
use types::{BeaconFork, List, PresetName, SignatureBytes, Slot, ValidatorIndex};

const PATH: &str = "/eth/v3/validator/blocks/21";
const PATH_PUBLISH: &str = "/eth/v2/beacon/blocks";
const PATH_PUBLISH_BLINDED: &str = "/eth/v2/beacon/blinded_blocks";
const FULU: &[(&str, &str)] =
    &[("eth-consensus-version", "fulu"), ("eth-execution-payload-blinded", "false")];
const ELECTRA_BLINDED: &[(&str, &str)] =
    &[("eth-consensus-version", "electra"), ("eth-execution-payload-blinded", "true")];
const RANDAO: SignatureBytes = SignatureBytes([3; 96]);

async fn connect(nodes: &[&FakeNode]) -> BeaconNodes {
    BeaconNodes::connect(&settings(nodes), ANYTHING).await.unwrap().0
}

async fn produce(nodes: &BeaconNodes) -> Result<beacon::ProducedBlock, BeaconError> {
    nodes
        .produce_block(
            Slot(21),
            RANDAO,
            *b"capstan\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            100,
            None,
        )
        .await
}

fn full() -> Answer {
    Answer::SszWith(BLOCK_SSZ.to_vec(), FULU)
}

fn syncing(head: u64) -> Answer {
    at_distance(head, 0)
}

fn at_distance(head: u64, distance: u64) -> Answer {
    let body = serde_json::json!({ "data": {
        "head_slot": head.to_string(), "sync_distance": distance.to_string(), "is_syncing": false, "is_optimistic": false, "el_offline": false,
    } });
    Answer::Json(200, body.to_string())
}

/// The recorded full block, with one blob beside it.
fn with_a_blob() -> AnySignedProposal {
    let block = AnyProposedBlock::of_ssz(PresetName::Minimal, BeaconFork::Fulu, false, BLOCK_SSZ).unwrap();
    let ByPreset::Minimal(ProposedBlock::Fulu(mut contents)) = block else { panic!("{block:?}") };
    contents.blobs = List::new(vec![Blob::new(vec![7; Blob::LEN]).unwrap()]).unwrap();
    contents.kzg_proofs = List::new(vec![KzgProof([8; 48]); 128]).unwrap();
    AnyProposedBlock::Minimal(ProposedBlock::Fulu(contents)).sign(SignatureBytes([9; 96]))
}

fn blinded() -> AnySignedProposal {
    let block = AnyProposedBlock::of_ssz(PresetName::Minimal, BeaconFork::Electra, true, BLINDED_SSZ);
    block.unwrap().sign(SignatureBytes([9; 96]))
}

#[tokio::test]
async fn a_full_block_comes_in_ssz_or_json() {
    let node = FakeNode::start().await;
    node.then(PATH, [full(), Answer::Json(200, BLOCK_JSON.into())]);
    let nodes = connect(&[&node]).await;
    let ssz = produce(&nodes).await.unwrap();
    let json = produce(&nodes).await.unwrap();
    assert_eq!(ssz, json);
    assert_eq!(ssz.node.as_str(), node.url);
    assert_eq!((ssz.proposal.fork(), ssz.proposal.is_blinded()), (BeaconFork::Fulu, false));
    assert_eq!((ssz.proposal.slot(), ssz.proposal.proposer_index()), (Slot(21), ValidatorIndex(17)));
    assert_eq!(ssz.proposal.preset(), PresetName::Minimal);
    assert_eq!(ssz.proposal.as_ssz_bytes(), BLOCK_SSZ);
    let seen = &node.seen(PATH)[0];
    let randao = "03".repeat(96);
    let graffiti = format!("{}{}", hex(b"capstan"), "00".repeat(25));
    assert_eq!(
        seen.query,
        format!("randao_reveal=0x{randao}&graffiti=0x{graffiti}&builder_boost_factor=100")
    );
    assert!(seen.headers["accept"].to_str().unwrap().starts_with("application/octet-stream"));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_blinded_block_comes_in_ssz_or_json() {
    let node = FakeNode::start().await;
    node.then(
        PATH,
        [Answer::SszWith(BLINDED_SSZ.to_vec(), ELECTRA_BLINDED), Answer::Json(200, BLINDED_JSON.into())],
    );
    let nodes = connect(&[&node]).await;
    let ssz = produce(&nodes).await.unwrap().proposal;
    assert_eq!(ssz, produce(&nodes).await.unwrap().proposal);
    assert_eq!((ssz.fork(), ssz.is_blinded()), (BeaconFork::Electra, true));
}

#[tokio::test]
async fn a_block_that_answers_another_question_is_not_believed() {
    let (node, good) = (FakeNode::start().await, FakeNode::start().await);
    let nodes = connect(&[&node]).await;
    let other = [
        (Answer::Ssz(BLOCK_SSZ.to_vec()), "Eth-Consensus-Version"),
        (Answer::SszWith(BLOCK_SSZ.to_vec(), &[("eth-consensus-version", "fulu")]), "Payload-Blinded"),
        (Answer::SszWith(BLOCK_SSZ.to_vec(), ELECTRA_BLINDED), "SSZ"),
        (Answer::Json(200, BLOCK_JSON.replace("\"21\"", "\"22\"")), "for slot 22"),
        (Answer::Json(200, BLOCK_JSON.replace(&"03".repeat(96), &"04".repeat(96))), "RANDAO"),
        (Answer::Json(200, BLOCK_JSON.replace("fulu", "gloas")), "gloas"),
        (Answer::Json(200, BLOCK_JSON.replace("fulu", "bellatrix")), "bellatrix"),
    ];
    for (answer, reason) in other {
        node.on(PATH, answer);
        let error = produce(&nodes).await.unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    good.on(PATH, full());
    let nodes = connect(&[&node, &good]).await;
    assert_eq!(produce(&nodes).await.unwrap().node.as_str(), good.url);
}

#[tokio::test]
async fn all_nodes_in_step_are_asked_at_once_and_the_first_block_wins() {
    let (silent, good) = (FakeNode::start().await, FakeNode::start().await);
    silent.on(PATH, Answer::Never);
    good.on(PATH, full());
    // The budgets here are a minute and more: nobody waits for the silent one.
    let nodes = connect(&[&silent, &good]).await;
    assert_eq!(produce(&nodes).await.unwrap().node.as_str(), good.url);
    silent.wait_for(PATH, 1).await;
}

#[tokio::test]
async fn a_node_that_lags_is_asked_only_when_the_others_fail() {
    let (behind, ahead) = (FakeNode::start().await, FakeNode::start().await);
    behind.on(PATH_SYNCING, syncing(19));
    ahead.on(PATH_SYNCING, syncing(20));
    for node in [&behind, &ahead] {
        node.on(PATH, full());
    }
    let nodes = connect(&[&behind, &ahead]).await;
    assert_eq!(produce(&nodes).await.unwrap().node.as_str(), ahead.url);
    assert!(behind.seen(PATH).is_empty());
    let teller = nodes.produce_block(Slot(21), RANDAO, [0; 32], 0, Some(NodeId(0))).await.unwrap();
    assert!([&behind.url, &ahead.url].iter().any(|url| *url == teller.node.as_str()));
    behind.wait_for(PATH, 1).await;
    ahead.on(PATH, Answer::Json(500, "{}".into()));
    assert_eq!(produce(&nodes).await.unwrap().node.as_str(), behind.url);
}

#[tokio::test]
async fn a_node_that_was_cut_off_is_not_among_the_first_before_it_has_kept_up() {
    let (back, steady) = (FakeNode::start().await, FakeNode::start().await);
    back.on(PATH_SYNCING, at_distance(4, 16));
    steady.on(PATH_SYNCING, syncing(20));
    for node in [&back, &steady] {
        node.on(PATH, full());
    }
    let mut settings = settings(&[&back, &steady]);
    settings.budgets.probe = std::time::Duration::from_millis(10);
    let (nodes, _) = BeaconNodes::connect(&settings, ANYTHING).await.unwrap();
    back.on(PATH_SYNCING, syncing(20));
    // The next probe but one comes after the answer to the next was read.
    back.wait_for(PATH_SYNCING, back.seen(PATH_SYNCING).len() + 3).await;
    assert_eq!(produce(&nodes).await.unwrap().node.as_str(), steady.url);
    let of_teller = nodes.produce_block(Slot(21), RANDAO, [0; 32], 0, Some(NodeId(0))).await.unwrap();
    assert_eq!(
        of_teller.node.as_str(),
        steady.url,
        "it told of the newest head, and its pools are empty all the same"
    );
    assert!(back.seen(PATH).is_empty());
    steady.on(PATH, Answer::Json(500, "{}".into()));
    assert_eq!(produce(&nodes).await.unwrap().node.as_str(), back.url);
}

#[tokio::test]
async fn where_all_nodes_were_cut_off_those_in_step_are_asked_at_once() {
    let (silent, good) = (FakeNode::start().await, FakeNode::start().await);
    for node in [&silent, &good] {
        node.on(PATH_SYNCING, at_distance(20, 16));
        node.on(PATH, full());
    }
    silent.on(PATH, Answer::Never);
    let nodes = connect(&[&silent, &good]).await;
    assert_eq!(produce(&nodes).await.unwrap().node.as_str(), good.url);
}

#[tokio::test]
async fn a_full_block_goes_out_in_ssz_with_its_blobs_to_every_node() {
    let (a, b) = (FakeNode::start().await, FakeNode::start().await);
    for node in [&a, &b] {
        node.on(PATH_PUBLISH, Answer::Json(200, String::new()));
    }
    let nodes = connect(&[&a, &b]).await;
    let proposal = with_a_blob();
    nodes.publish_block(&proposal).await.unwrap();
    for node in [&a, &b] {
        let seen = &node.wait_for(PATH_PUBLISH, 1).await[0];
        assert_eq!(seen.body, proposal.as_ssz_bytes());
        assert!(seen.body.len() > Blob::LEN);
        assert_eq!(seen.headers["content-type"], "application/octet-stream");
        assert_eq!(seen.headers["eth-consensus-version"], "fulu");
    }
}

#[tokio::test]
async fn a_node_that_does_not_take_ssz_gets_json() {
    let node = FakeNode::start().await;
    let unsupported = Answer::Json(415, r#"{"code":415,"message":"Unsupported media type"}"#.into());
    node.then(PATH_PUBLISH_BLINDED, [unsupported.clone(), Answer::Json(200, String::new())]);
    let nodes = connect(&[&node]).await;
    let proposal = blinded();
    nodes.publish_block(&proposal).await.unwrap();
    let seen = node.seen(PATH_PUBLISH_BLINDED);
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].headers["content-type"], "application/json");
    assert_eq!(seen[1].headers["eth-consensus-version"], "electra");
    let sent: serde_json::Value = serde_json::from_slice(&seen[1].body).unwrap();
    let recorded: serde_json::Value = serde_json::from_str(BLINDED_JSON).unwrap();
    assert_eq!(sent["message"], recorded["data"]);
    assert_eq!(sent["signature"], format!("0x{}", "09".repeat(96)));

    node.on(PATH_PUBLISH_BLINDED, unsupported);
    let BeaconError::AllFailed { attempts, .. } = nodes.publish_block(&proposal).await.unwrap_err() else {
        panic!("refused twice")
    };
    assert!(matches!(attempts[0].1, CallError::Status { status: 415, .. }));
    assert_eq!(node.seen(PATH_PUBLISH_BLINDED).len(), 4, "JSON is tried once");
}

#[tokio::test]
async fn a_block_that_was_passed_on_counts_and_a_refused_one_does_not() {
    let node = FakeNode::start().await;
    node.then(
        PATH_PUBLISH_BLINDED,
        [Answer::Json(202, String::new()), Answer::Json(400, r#"{"code":400,"message":"bad block"}"#.into())],
    );
    let nodes = connect(&[&node]).await;
    nodes.publish_block(&blinded()).await.unwrap();
    let error = nodes.publish_block(&blinded()).await.unwrap_err().to_string();
    assert!(error.contains("publish_block") && error.contains("bad block"), "{error}");
}

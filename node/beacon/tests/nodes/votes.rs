//! What a block says about duties.

use crate::support::*;
use beacon::{Aggregate, BeaconNodes};
use types::beacon::AnyAttestation;
use types::{BeaconFork, Root, Slot, ValidatorIndex};

const PATH: &str = "/eth/v1/beacon/blinded_blocks/21";
const FULU: &[(&str, &str)] = &[("eth-consensus-version", "fulu")];
/// Of the recorded block, computed by Lodestar.
const ROOT: &str = "0xeca8568e443c712a0cb3ab30c7fad3743eca0ecf73875c76254409b7c18018df";

async fn connect(nodes: &[&FakeNode]) -> BeaconNodes {
    BeaconNodes::connect(&settings(nodes), ANYTHING).await.unwrap().0
}

#[tokio::test]
async fn the_votes_of_a_block_come_in_ssz_or_json() {
    let node = FakeNode::start().await;
    node.then(PATH, [Answer::SszWith(SIGNED_SSZ.to_vec(), FULU), Answer::Json(200, SIGNED_JSON.into())]);
    let nodes = connect(&[&node]).await;
    let votes = nodes.block_votes(Slot(21)).await.unwrap();
    assert_eq!(votes, nodes.block_votes(Slot(21)).await.unwrap());
    assert_eq!(votes.root.to_string(), ROOT);
    assert_eq!((votes.slot, votes.fork, votes.proposer), (Slot(21), BeaconFork::Fulu, ValidatorIndex(17)));
    assert_eq!(votes.parent_root, Root::repeat_byte(1));
    let [Aggregate::Electra(AnyAttestation::Minimal(attestation))] = votes.attestations.as_slice() else {
        panic!("{votes:?}")
    };
    assert_eq!(attestation.data.slot, Slot(20));
    let committees: Vec<bool> = attestation.committee_bits.iter().collect();
    assert_eq!(committees, [true, false, true, false]);
    let signed: Vec<usize> = (0..32).filter(|seat| votes.sync_seats[*seat]).collect();
    assert_eq!(signed, [0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30]);
    assert_eq!((votes.sync_seats.len(), votes.exits), (32, vec![ValidatorIndex(4)]));
}

#[tokio::test]
async fn a_block_asked_for_by_root_is_that_block() {
    let node = FakeNode::start().await;
    let nodes = connect(&[&node]).await;
    let by_root = |root: &str| format!("/eth/v1/beacon/blinded_blocks/{root}");
    node.on(&by_root(ROOT), Answer::SszWith(SIGNED_SSZ.to_vec(), FULU));
    let root: Root = ROOT.parse().unwrap();
    assert_eq!(nodes.block_votes(root).await.unwrap().root, root);
    let other = Root::repeat_byte(9);
    node.on(&by_root(&other.to_string()), Answer::SszWith(SIGNED_SSZ.to_vec(), FULU));
    let error = nodes.block_votes(other).await.unwrap_err().to_string();
    assert!(error.contains("another block than"), "{error}");
    node.on(PATH, Answer::Ssz(SIGNED_SSZ.to_vec()));
    let error = nodes.block_votes(Slot(21)).await.unwrap_err().to_string();
    assert!(error.contains("Eth-Consensus-Version"), "{error}");
}

#[tokio::test]
async fn an_empty_slot_is_not_found() {
    let node = FakeNode::start().await;
    node.on(PATH, Answer::Json(404, r#"{"code":404,"message":"Block not found"}"#.into()));
    let nodes = connect(&[&node]).await;
    assert!(nodes.block_votes(Slot(21)).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn committees_are_ordered_by_their_index() {
    let node = FakeNode::start().await;
    let path = "/eth/v1/beacon/states/head/committees";
    let committee = |index: &str, slot: &str, members: &[&str]| serde_json::json!({ "index": index, "slot": slot, "validators": members });
    let answer = |committees: &[serde_json::Value]| {
        Answer::Json(
            200,
            serde_json::json!({ "execution_optimistic": false, "data": committees }).to_string(),
        )
    };
    let (first, second) = (committee("0", "21", &["4", "9", "2"]), committee("1", "21", &["7", "1"]));
    node.on(path, answer(&[second.clone(), first.clone()]));
    let nodes = connect(&[&node]).await;
    let members = [vec![4, 9, 2], vec![7, 1]]
        .map(|members| members.into_iter().map(ValidatorIndex).collect::<Vec<_>>());
    assert_eq!(nodes.committees(Slot(21)).await.unwrap(), members);
    assert_eq!(node.seen(path)[0].query, "epoch=2&slot=21");
    for wrong in [
        [first.clone(), first.clone()],
        [first, committee("1", "22", &["1"])],
        [second, committee("7", "21", &["1"])],
    ] {
        node.on(path, answer(&wrong));
        assert!(nodes.committees(Slot(21)).await.is_err());
    }
}

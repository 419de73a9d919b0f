//! Aggregates and contributions: what is believed, and how they go out.

use crate::support::*;
use beacon::{Aggregate, BeaconError, BeaconNodes};
use types::beacon::{AggregateAndProofElectra, AnyAggregateAndProof, AnyAttestation, Attestation};
use types::beacon::{AnyContribution, AnyContributionAndProof, ContributionAndProof, SignedAggregate};
use types::preset::ByPreset;
use types::{BeaconFork, CommitteeIndex, Root, SignatureBytes, Slot, TreeHash, ValidatorIndex};

const PATH_AGGREGATE: &str = "/eth/v2/validator/aggregate_attestation";
const PATH_CONTRIBUTION: &str = "/eth/v1/validator/sync_committee_contribution";
const PATH_AGGREGATES: &str = "/eth/v2/validator/aggregate_and_proofs";
const PATH_CONTRIBUTIONS: &str = "/eth/v1/validator/contribution_and_proofs";
const FULU: &[(&str, &str)] = &[("eth-consensus-version", "fulu")];
/// Of the recorded aggregate, computed by Lodestar.
const DATA_ROOT: &str = "0xe5aa6cc39ab9f981d1a073628f41a154c181219c2bc57eda4cf048b3c7623a87";

async fn connect(nodes: &[&FakeNode]) -> BeaconNodes {
    BeaconNodes::connect(&settings(nodes), ANYTHING).await.unwrap().0
}

async fn aggregate(nodes: &BeaconNodes) -> Result<Aggregate, BeaconError> {
    nodes.aggregate(Slot(20), BeaconFork::Fulu, DATA_ROOT.parse().unwrap(), CommitteeIndex(2)).await
}

async fn contribution(nodes: &BeaconNodes) -> Result<AnyContribution, BeaconError> {
    nodes.contribution(Slot(20), 2, Root::repeat_byte(1)).await
}

fn signed_aggregate() -> SignedAggregate {
    let body: serde_json::Value = serde_json::from_str(AGGREGATE_JSON).unwrap();
    let message = AggregateAndProofElectra {
        aggregator_index: ValidatorIndex(5),
        aggregate: serde_json::from_value(body["data"].clone()).unwrap(),
        selection_proof: SignatureBytes([21; 96]),
    };
    AnyAggregateAndProof::Minimal(message).sign(SignatureBytes([22; 96]))
}

#[tokio::test]
async fn an_aggregate_comes_in_ssz_or_json() {
    let node = FakeNode::start().await;
    let answers = [Answer::SszWith(AGGREGATE_SSZ.to_vec(), FULU), Answer::Json(200, AGGREGATE_JSON.into())];
    node.then(PATH_AGGREGATE, answers);
    let nodes = connect(&[&node]).await;
    let ssz = aggregate(&nodes).await.unwrap();
    assert_eq!(ssz, aggregate(&nodes).await.unwrap());
    let Aggregate::Electra(AnyAttestation::Minimal(attestation)) = ssz else { panic!("{ssz:?}") };
    assert_eq!(attestation.aggregation_bits.num_set_bits(), 4);
    let query = format!("attestation_data_root={DATA_ROOT}&slot=20&committee_index=2");
    assert_eq!(node.seen(PATH_AGGREGATE)[0].query, query);
}

#[tokio::test]
async fn an_aggregate_before_electra_has_the_old_layout() {
    let node = FakeNode::start().await;
    let body: serde_json::Value = serde_json::from_str(AGGREGATE_JSON).unwrap();
    let mut data = body["data"].clone();
    data.as_object_mut().unwrap().remove("committee_bits");
    data["data"]["index"] = "2".into();
    let old: Attestation = serde_json::from_value(data.clone()).unwrap();
    let body = serde_json::json!({ "version": "deneb", "data": data });
    node.on(PATH_AGGREGATE, Answer::Json(200, body.to_string()));
    let nodes = connect(&[&node]).await;
    let root = old.data.tree_hash_root();
    let got = nodes.aggregate(Slot(20), BeaconFork::Deneb, root, CommitteeIndex(2)).await.unwrap();
    assert_eq!(got, Aggregate::Phase0(old));
}

#[tokio::test]
async fn answers_to_another_question_are_not_believed() {
    let node = FakeNode::start().await;
    let nodes = connect(&[&node]).await;
    node.on(PATH_AGGREGATE, Answer::Json(200, AGGREGATE_JSON.into()));
    node.on(PATH_CONTRIBUTION, Answer::Json(200, CONTRIBUTION_JSON.into()));
    let root: Root = DATA_ROOT.parse().unwrap();
    let (fulu, two) = (BeaconFork::Fulu, CommitteeIndex(2));
    let other_data = nodes.aggregate(Slot(20), fulu, Root::repeat_byte(7), two).await.unwrap_err();
    assert!(other_data.to_string().contains("other attestation data"), "{other_data}");
    let other_committee = nodes.aggregate(Slot(20), fulu, root, CommitteeIndex(1)).await.unwrap_err();
    assert!(other_committee.to_string().contains("other committees"), "{other_committee}");
    let none = nodes.aggregate(Slot(20), fulu, root, CommitteeIndex(u64::MAX)).await.unwrap_err();
    assert!(none.to_string().contains("other committees"), "{none}");
    node.on(PATH_AGGREGATE, Answer::SszWith(AGGREGATE_SSZ.to_vec(), FULU));
    let old = nodes.aggregate(Slot(20), BeaconFork::Deneb, root, two).await.unwrap_err();
    assert!(old.to_string().contains("an aggregate of fulu in a slot of deneb"), "{old}");
    for (slot, subcommittee, head) in [(21, 2, 1), (20, 1, 1), (20, 2, 2)] {
        let other = nodes.contribution(Slot(slot), subcommittee, Root::repeat_byte(head)).await.unwrap_err();
        assert!(other.to_string().contains("the contribution of another"), "{other}");
    }
}

#[tokio::test]
async fn a_contribution_comes_in_ssz_or_json() {
    let node = FakeNode::start().await;
    let answers = [Answer::Ssz(CONTRIBUTION_SSZ.to_vec()), Answer::Json(200, CONTRIBUTION_JSON.into())];
    node.then(PATH_CONTRIBUTION, answers);
    let nodes = connect(&[&node]).await;
    let ssz = contribution(&nodes).await.unwrap();
    assert_eq!(ssz, contribution(&nodes).await.unwrap());
    assert_eq!(ssz.as_ssz_bytes(), CONTRIBUTION_SSZ);
    let root = format!("0x{}", "01".repeat(32));
    let query = format!("slot=20&subcommittee_index=2&beacon_block_root={root}");
    assert_eq!(node.seen(PATH_CONTRIBUTION)[0].query, query);
}

#[tokio::test]
async fn a_node_without_votes_hands_over_and_nothing_anywhere_is_nobodys_fault() {
    let (empty, good) = (FakeNode::start().await, FakeNode::start().await);
    let nothing = Answer::Json(404, r#"{"code":404,"message":"no attestations"}"#.into());
    empty.on(PATH_AGGREGATE, nothing.clone());
    empty.on(PATH_CONTRIBUTION, nothing.clone());
    good.on(PATH_AGGREGATE, Answer::Json(200, AGGREGATE_JSON.into()));
    good.on(PATH_CONTRIBUTION, nothing);
    let nodes = connect(&[&empty, &good]).await;
    aggregate(&nodes).await.unwrap();
    let error = contribution(&nodes).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert!(nodes.status().nodes.iter().all(|node| node.not_ready_because.is_none()));
    good.on(PATH_CONTRIBUTION, Answer::Json(500, "{}".into()));
    assert!(!contribution(&nodes).await.unwrap_err().is_not_found(), "one of them is at fault");
}

#[tokio::test]
async fn aggregates_go_out_to_every_node_and_refusals_come_item_by_item() {
    let (a, b) = (FakeNode::start().await, FakeNode::start().await);
    let refusal = r#"{"code":400,"message":"some","failures":[{"index":1,"message":"KNOWN"}]}"#;
    for node in [&a, &b] {
        node.on(PATH_AGGREGATES, Answer::Json(400, refusal.into()));
    }
    let nodes = connect(&[&a, &b]).await;
    let batch = [signed_aggregate(), signed_aggregate()];
    let submission = nodes.submit_aggregates(BeaconFork::Fulu, &batch).await.unwrap();
    assert_eq!(submission.refused.iter().map(|item| item.index).collect::<Vec<_>>(), [1]);
    for node in [&a, &b] {
        let seen = &node.wait_for(PATH_AGGREGATES, 1).await[0];
        assert_eq!(seen.headers["eth-consensus-version"], "fulu");
        let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
        assert_eq!(body, serde_json::to_value(&batch).unwrap());
        assert_eq!(body[0]["message"]["aggregator_index"], "5");
    }
    let wrong = nodes.submit_aggregates(BeaconFork::Deneb, &batch).await;
    assert!(matches!(wrong, Err(BeaconError::Unsendable { .. })));
    let empty = nodes.submit_aggregates(BeaconFork::Fulu, &[]).await;
    assert!(matches!(empty, Err(BeaconError::Unsendable { .. })));
    assert_eq!(a.seen(PATH_AGGREGATES).len(), 1);
}

#[tokio::test]
async fn contributions_go_out_to_every_node() {
    let (a, b) = (FakeNode::start().await, FakeNode::start().await);
    for node in [&a, &b] {
        node.on(PATH_CONTRIBUTION, Answer::Ssz(CONTRIBUTION_SSZ.to_vec()));
        node.on(PATH_CONTRIBUTIONS, Answer::Json(200, String::new()));
    }
    let nodes = connect(&[&a, &b]).await;
    let ByPreset::Minimal(contribution) = contribution(&nodes).await.unwrap() else { panic!("minimal") };
    let message = ContributionAndProof {
        aggregator_index: ValidatorIndex(5),
        contribution,
        selection_proof: SignatureBytes([19; 96]),
    };
    let signed = AnyContributionAndProof::Minimal(message).sign(SignatureBytes([20; 96]));
    let submission = nodes.submit_contributions(std::slice::from_ref(&signed)).await.unwrap();
    assert!(submission.refused.is_empty());
    for node in [&a, &b] {
        let seen = &node.wait_for(PATH_CONTRIBUTIONS, 1).await[0];
        let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
        assert_eq!(body, serde_json::json!([signed]));
    }
    assert!(matches!(nodes.submit_contributions(&[]).await, Err(BeaconError::Unsendable { .. })));
}

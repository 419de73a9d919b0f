//! Submissions: to every node, without waiting for the slowest, item by item when a batch is refused in part.

use crate::support::*;
use beacon::{Attestations, BeaconError, BeaconNodes, CallError, CommitteeSubscription, SyncSubscription};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use types::beacon::{AttestationData, SingleAttestation, SyncCommitteeMessage};
use types::{BeaconFork, CommitteeIndex, Decode, Epoch, Root, SignatureBytes, Slot, ValidatorIndex};

async fn connect(nodes: &[&FakeNode]) -> BeaconNodes {
    BeaconNodes::connect(&settings(nodes), ANYTHING).await.unwrap().0
}

fn attestations(count: u64) -> Vec<SingleAttestation> {
    let data = AttestationData::from_ssz_bytes(DATA_SSZ).unwrap();
    let one = |index| SingleAttestation {
        committee_index: CommitteeIndex(1),
        attester_index: ValidatorIndex(index),
        data,
        signature: SignatureBytes([9; 96]),
    };
    (0..count).map(one).collect()
}

fn sync_message() -> SyncCommitteeMessage {
    SyncCommitteeMessage {
        slot: Slot(9),
        beacon_block_root: Root::repeat_byte(3),
        validator_index: ValidatorIndex(4),
        signature: SignatureBytes([9; 96]),
    }
}

fn refusing(items: &[usize]) -> Answer {
    let failures: Vec<_> =
        items.iter().map(|index| serde_json::json!({ "index": index, "message": "BAD" })).collect();
    Answer::Json(
        400,
        serde_json::json!({ "code": 400, "message": "some failed", "failures": failures }).to_string(),
    )
}

#[tokio::test]
async fn attestations_go_out_in_the_form_of_the_api() {
    let node = FakeNode::start().await;
    let nodes = connect(&[&node]).await;
    let batch = attestations(2);
    let submission = nodes.submit_attestations(BeaconFork::Fulu, Attestations::Single(&batch)).await.unwrap();
    assert!(submission.refused.is_empty());
    let seen = &node.seen(PATH_ATTESTATIONS)[0];
    assert_eq!(seen.headers["eth-consensus-version"], "fulu");
    assert_eq!(seen.headers["content-type"], "application/json");
    let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
    let recorded: serde_json::Value = serde_json::from_str(DATA_JSON).unwrap();
    let expected = serde_json::json!({
        "committee_index": "1", "attester_index": "1", "data": recorded["data"],
        "signature": format!("0x{}", "09".repeat(96)),
    });
    assert_eq!(body[1], expected);

    let wrong = nodes.submit_attestations(BeaconFork::Deneb, Attestations::Single(&batch)).await;
    assert!(matches!(wrong, Err(BeaconError::Unsendable { .. })));
    let empty = nodes.submit_attestations(BeaconFork::Fulu, Attestations::Single(&[])).await;
    assert!(matches!(empty, Err(BeaconError::Unsendable { .. })));
    assert_eq!(node.seen(PATH_ATTESTATIONS).len(), 1);
}

#[tokio::test]
async fn every_node_gets_the_batch_and_a_silent_one_is_not_waited_for() {
    let (silent, good) = (FakeNode::start().await, FakeNode::start().await);
    silent.on(PATH_SYNC_MESSAGES, Answer::Never);
    let nodes = connect(&[&silent, &good]).await;
    let submission = nodes.submit_sync_messages(&[sync_message()]).await.unwrap();
    assert_eq!(submission.node.as_str(), good.url);
    let seen = silent.wait_for(PATH_SYNC_MESSAGES, 1).await;
    let body: serde_json::Value = serde_json::from_slice(&seen[0].body).unwrap();
    assert_eq!(body[0]["validator_index"], "4");
    assert_eq!(body[0]["slot"], "9");
}

#[tokio::test]
async fn items_refused_by_every_node_are_reported_one_by_one() {
    let (a, b) = (FakeNode::start().await, FakeNode::start().await);
    a.on(PATH_ATTESTATIONS, refusing(&[0, 2]));
    b.on(PATH_ATTESTATIONS, refusing(&[2]));
    let nodes = connect(&[&a, &b]).await;
    let batch = attestations(3);
    let submission = nodes.submit_attestations(BeaconFork::Fulu, Attestations::Single(&batch)).await.unwrap();
    let indices: Vec<usize> = submission.refused.iter().map(|item| item.index).collect();
    assert_eq!(indices, [2]);
    assert_eq!(submission.refused[0].message, "BAD");
}

#[tokio::test]
async fn a_batch_that_one_node_accepts_whole_is_accepted() {
    let (picky, good) = (FakeNode::start().await, FakeNode::start().await);
    picky.on(PATH_ATTESTATIONS, refusing(&[0]));
    let nodes = connect(&[&picky, &good]).await;
    let submission =
        nodes.submit_attestations(BeaconFork::Fulu, Attestations::Single(&attestations(1))).await;
    let submission = submission.unwrap();
    assert!(submission.refused.is_empty());
    assert_eq!(submission.node.as_str(), good.url);
}

#[tokio::test]
async fn a_recorded_refusal_is_read_and_one_without_items_fails_the_batch() {
    let node = FakeNode::start().await;
    node.then(
        PATH_ATTESTATIONS,
        [
            Answer::Json(400, REFUSED.into()),
            Answer::Json(400, r#"{"code":400,"message":"version header missing"}"#.into()),
        ],
    );
    let nodes = connect(&[&node]).await;
    let batch = attestations(1);
    let submission = nodes.submit_attestations(BeaconFork::Fulu, Attestations::Single(&batch)).await.unwrap();
    assert_eq!(submission.refused[0].message, "ATTESTATION_ERROR_PAST_EPOCH");
    let error = nodes.submit_attestations(BeaconFork::Fulu, Attestations::Single(&batch)).await.unwrap_err();
    let BeaconError::AllFailed { attempts, .. } = &error else { panic!("{error}") };
    assert!(
        matches!(&attempts[0].1, CallError::Status { status: 400, message, .. } if message == "version header missing")
    );
}

#[tokio::test]
async fn the_publishing_post_finds_an_open_connection() {
    let node = FakeNode::start().await;
    let nodes = connect(&[&node]).await;
    // The first probe has opened the spare connections: four, while two will be wanted.
    node.wait_for_connections(4).await;
    let (batch, messages) = (attestations(1), [sync_message()]);
    let (a, b) = tokio::join!(
        nodes.submit_attestations(BeaconFork::Fulu, Attestations::Single(&batch)),
        nodes.submit_sync_messages(&messages)
    );
    assert!(a.unwrap().refused.is_empty() && b.unwrap().refused.is_empty());
    assert_eq!(node.connections(), 4, "none was opened for the submissions");
}

#[tokio::test]
async fn a_connection_that_breaks_is_tried_again() {
    install_tls();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let node = FakeNode::start().await;
    let upstream = node.url.strip_prefix("http://").unwrap().to_owned();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // A proxy that cuts the first connection that carries a submission, after reading it.
    tokio::spawn(async move {
        let mut cut = false;
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 4];
            client.peek(&mut head).await.unwrap();
            if head == *b"POST" && !cut {
                cut = true;
                let _ = client.read(&mut [0; 1024]).await;
                continue;
            }
            let mut server = tokio::net::TcpStream::connect(&upstream).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        }
    });
    let mut settings = settings_of(vec![url]);
    // No connection is kept: the submission opens its own, which is cut.
    settings.budgets.idle = std::time::Duration::ZERO;
    settings.spare_connections = 0;
    let (nodes, _) = BeaconNodes::connect(&settings, ANYTHING).await.unwrap();
    let submission = nodes.submit_sync_messages(&[sync_message()]).await.unwrap();
    assert!(submission.refused.is_empty());
    assert_eq!(node.seen(PATH_SYNC_MESSAGES).len(), 1);
}

#[tokio::test]
async fn announcements_go_to_every_node_and_nothing_is_sent_for_nothing() {
    let (a, b) = (FakeNode::start().await, FakeNode::start().await);
    let committees = "/eth/v1/validator/beacon_committee_subscriptions";
    let syncs = "/eth/v1/validator/sync_committee_subscriptions";
    for node in [&a, &b] {
        node.on(committees, Answer::Json(200, String::new()));
        node.on(syncs, Answer::Json(200, String::new()));
    }
    let nodes = connect(&[&a, &b]).await;
    let subscription = CommitteeSubscription {
        validator_index: ValidatorIndex(1),
        committee_index: CommitteeIndex(0),
        committees_at_slot: 1,
        slot: Slot(9),
        is_aggregator: false,
    };
    nodes.subscribe_committees(&[subscription]).await.unwrap();
    let sync = SyncSubscription { validator_index: ValidatorIndex(1), seats: vec![2], until_epoch: Epoch(8) };
    nodes.subscribe_sync_committees(&[sync]).await.unwrap();
    nodes.subscribe_committees(&[]).await.unwrap();
    for node in [&a, &b] {
        assert_eq!(node.wait_for(committees, 1).await.len(), 1);
        assert_eq!(node.wait_for(syncs, 1).await.len(), 1);
    }
}

#[tokio::test]
async fn silence_everywhere_ends_with_the_budget() {
    let (a, b) = (FakeNode::start().await, FakeNode::start().await);
    let paths = [
        PATH_DATA,
        PATH_SYNC_MESSAGES,
        PATH_FINALITY,
        "/eth/v3/validator/blocks/9",
        "/eth/v1/validator/liveness/1",
        "/eth/v1/validator/duties/proposer/1",
    ];
    for path in paths {
        a.on(path, Answer::Never);
        b.on(path, Answer::Never);
    }
    let mut settings = settings(&[&a, &b]);
    settings.spare_connections = 16;
    let budgets = &mut settings.budgets;
    for budget in [
        &mut budgets.data,
        &mut budgets.block,
        &mut budgets.submit,
        &mut budgets.common,
        &mut budgets.duties,
        &mut budgets.bulk,
    ] {
        budget.patience = std::time::Duration::from_millis(10);
    }
    let (nodes, _) = BeaconNodes::connect(&settings, ANYTHING).await.unwrap();
    for node in [&a, &b] {
        node.wait_for_connections(8).await;
    }
    // From here on time is virtual: it passes when everybody waits, so a minute of budget is over at once, and never early. The
    // connections that are wanted lie open.
    tokio::time::pause();
    let silent = |outcome: Result<(), BeaconError>| {
        let BeaconError::AllFailed { attempts, .. } = outcome.unwrap_err() else { panic!("silence") };
        assert_eq!(attempts.len(), 2, "both were asked");
        assert!(attempts.iter().all(|(_, error)| *error == CallError::Timeout), "{attempts:?}");
    };
    silent(nodes.attestation_data(Slot(9), CommitteeIndex(0), None).await.map(|_| ()));
    silent(nodes.submit_sync_messages(&[sync_message()]).await.map(|_| ()));
    silent(nodes.finality().await.map(|_| ()));
    silent(nodes.produce_block(Slot(9), SignatureBytes([3; 96]), [0; 32], 0, None).await.map(|_| ()));
    silent(nodes.liveness(Epoch(1), &[ValidatorIndex(1)]).await.map(|_| ()));
    silent(nodes.proposer_duties(Epoch(1)).await.map(|_| ()));
}

//! Registrations, fee recipients and exits go to every node, in batches.

use crate::support::*;
use beacon::{BeaconError, BeaconNodes, ITEMS_PER_CALL};
use types::beacon::{ValidatorRegistration, VoluntaryExit};
use types::{Address, Epoch, PublicKeyBytes, SignatureBytes, ValidatorIndex};

const PATH_REGISTER: &str = "/eth/v1/validator/register_validator";
const PATH_PREPARE: &str = "/eth/v1/validator/prepare_beacon_proposer";
const PATH_EXIT: &str = "/eth/v1/beacon/pool/voluntary_exits";

async fn connect(nodes: &[&FakeNode]) -> BeaconNodes {
    BeaconNodes::connect(&settings(nodes), ANYTHING).await.unwrap().0
}

fn taken() -> Answer {
    Answer::Json(200, String::new())
}

fn json(body: &[u8]) -> serde_json::Value {
    serde_json::from_slice(body).unwrap()
}

#[tokio::test]
async fn registrations_go_to_every_node_in_the_form_of_the_api() {
    let (a, b) = (FakeNode::start().await, FakeNode::start().await);
    for node in [&a, &b] {
        node.on(PATH_REGISTER, taken());
    }
    let nodes = connect(&[&a, &b]).await;
    let message = ValidatorRegistration {
        fee_recipient: Address::repeat_byte(5),
        gas_limit: 30_000_000,
        timestamp: 12_345,
        pubkey: PublicKeyBytes([6; 48]),
    };
    nodes.register_validators(&[message.sign(SignatureBytes([7; 96]))]).await.unwrap();
    nodes.register_validators(&[]).await.unwrap();
    let expected = serde_json::json!([{
        "message": {
            "fee_recipient": format!("0x{}", "05".repeat(20)), "gas_limit": "30000000", "timestamp": "12345",
            "pubkey": format!("0x{}", "06".repeat(48)),
        },
        "signature": format!("0x{}", "07".repeat(96)),
    }]);
    for node in [&a, &b] {
        assert_eq!(json(&node.wait_for(PATH_REGISTER, 1).await[0].body), expected);
    }
    assert_eq!(a.seen(PATH_REGISTER).len(), 1, "no registrations, no call");
}

/// A node without a builder answers 500 to registrations: it is as well as before.
#[tokio::test]
async fn a_node_that_takes_no_registrations_is_no_worse_for_it() {
    let node = FakeNode::start().await;
    node.on(
        PATH_REGISTER,
        Answer::Json(500, r#"{"code":500,"message":"External builder not configured"}"#.into()),
    );
    node.on(PATH_PREPARE, Answer::Json(500, "{}".into()));
    let nodes = connect(&[&node]).await;
    let message = ValidatorRegistration {
        fee_recipient: Address::repeat_byte(5),
        gas_limit: 30_000_000,
        timestamp: 12_345,
        pubkey: PublicKeyBytes([6; 48]),
    };
    nodes.register_validators(&[message.sign(SignatureBytes([7; 96]))]).await.unwrap_err();
    assert!(nodes.status().is_ready());
    nodes.prepare_proposers(&[(ValidatorIndex(1), Address::ZERO)]).await.unwrap_err();
    assert!(!nodes.status().is_ready(), "what every node must take is another matter");
}

#[tokio::test]
async fn fee_recipients_are_told_in_batches_and_a_refused_batch_does_not_stop_the_next() {
    let node = FakeNode::start().await;
    node.then(PATH_PREPARE, [Answer::Json(500, "{}".into()), taken()]);
    let nodes = connect(&[&node]).await;
    let count = u64::try_from(ITEMS_PER_CALL).unwrap() + 1;
    let recipients: Vec<_> =
        (0..count).map(|index| (ValidatorIndex(index), Address::repeat_byte(0xab))).collect();
    let error = nodes.prepare_proposers(&recipients).await.unwrap_err();
    assert!(matches!(error, BeaconError::AllFailed { .. }));
    let seen = node.seen(PATH_PREPARE);
    let sizes: Vec<_> = seen.iter().map(|seen| json(&seen.body).as_array().unwrap().len()).collect();
    assert_eq!(sizes, [ITEMS_PER_CALL, 1]);
    let last = serde_json::json!([
        { "validator_index": "500", "fee_recipient": format!("0x{}", "ab".repeat(20)) }
    ]);
    assert_eq!(json(&seen[1].body), last);
}

#[tokio::test]
async fn a_node_that_comes_back_is_told_the_fee_recipients() {
    let (there, back) = (FakeNode::start().await, FakeNode::start().await);
    for node in [&there, &back] {
        node.on(PATH_PREPARE, taken());
    }
    let gone = Answer::Json(503, "{}".into());
    back.on(PATH_GENESIS, gone.clone());
    let nodes = connect(&[&there, &back]).await;
    let recipients = [(ValidatorIndex(7), Address::repeat_byte(0xab))];
    nodes.prepare_proposers(&recipients).await.unwrap();
    assert!(back.seen(PATH_PREPARE).is_empty(), "it is not known to be on our chain");
    back.on(PATH_GENESIS, Answer::Json(200, GENESIS.into()));
    let told = back.wait_for(PATH_PREPARE, 1).await;
    assert_eq!(told[0].body, there.seen(PATH_PREPARE)[0].body);

    // Lost again: the probe that a failed call brings about fails too.
    back.on(PATH_SYNCING, gone.clone());
    back.on(PATH_PREPARE, gone);
    nodes.prepare_proposers(&recipients).await.unwrap();
    let asked = back.seen(PATH_SYNCING).len();
    back.wait_for(PATH_SYNCING, asked + 1).await;
    let failed = back.wait_for(PATH_PREPARE, 2).await.len();
    back.on(PATH_PREPARE, taken());
    back.on(PATH_SYNCING, Answer::Json(200, include_str!("../answers/syncing.json").into()));
    back.wait_for(PATH_PREPARE, failed + 1).await;
    assert_eq!(there.seen(PATH_PREPARE).len(), 2, "the others are not told again");
}

#[tokio::test]
async fn an_exit_goes_to_every_node_and_a_refusal_is_told() {
    let (a, b) = (FakeNode::start().await, FakeNode::start().await);
    for node in [&a, &b] {
        node.then(
            PATH_EXIT,
            [taken(), Answer::Json(400, r#"{"code":400,"message":"already exited"}"#.into())],
        );
    }
    let nodes = connect(&[&a, &b]).await;
    let exit = VoluntaryExit { epoch: Epoch(3), validator_index: ValidatorIndex(4) };
    let exit = exit.sign(SignatureBytes([7; 96]));
    nodes.submit_exit(&exit).await.unwrap();
    let expected = serde_json::json!({
        "message": { "epoch": "3", "validator_index": "4" }, "signature": format!("0x{}", "07".repeat(96)),
    });
    for node in [&a, &b] {
        assert_eq!(json(&node.wait_for(PATH_EXIT, 1).await[0].body), expected);
    }
    let error = nodes.submit_exit(&exit).await.unwrap_err().to_string();
    assert!(error.contains("already exited"), "{error}");
    let items = r#"{"code":400,"message":"refused","failures":[{"index":0,"message":"no"}]}"#;
    a.on(PATH_EXIT, Answer::Json(400, items.into()));
    assert!(nodes.submit_exit(&exit).await.is_err(), "an exit has no items to be accepted one by one");
}

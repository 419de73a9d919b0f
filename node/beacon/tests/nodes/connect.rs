//! Which chain are the nodes on, and what happens when it is not ours.

use crate::support::*;
use beacon::{BeaconNodes, ChainError, ConnectError, Expectations, Score, SettingsError};
use tokio::net::TcpListener;
use types::{PresetName, Root};

const OTHER_ROOT: &str = "0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95";

fn expected() -> Expectations {
    Expectations {
        preset: Some(PresetName::Minimal),
        seconds_per_slot: Some(3),
        chain_id: Some(5),
        genesis_validators_root: Some(
            "0x3e8bd71d9925794b4f5e8623e15094ea6edc0fd206e3551e13dd2d10e08fbaba".parse().unwrap(),
        ),
    }
}

async fn refusal(nodes: &[&FakeNode], expected: Expectations) -> ChainError {
    match BeaconNodes::connect(&settings(nodes), expected).await {
        Err(ConnectError::Chain(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_node_of_the_expected_chain_gives_its_chain() {
    let node = FakeNode::start().await;
    let (nodes, chain) = BeaconNodes::connect(&settings(&[&node]), expected()).await.unwrap();
    assert_eq!(chain.preset, PresetName::Minimal);
    assert_eq!(chain.genesis.genesis_time, 1_795_158_883);
    let status = nodes.status();
    assert!(status.is_ready());
    assert_eq!(status.nodes[0].version.as_deref(), Some("Lodestar/1.44.0"));
}

#[tokio::test]
async fn another_genesis_preset_or_slot_length_says_what_to_do() {
    let node = FakeNode::start().await;
    node.on(PATH_GENESIS, changed(GENESIS, "genesis_validators_root", OTHER_ROOT));
    let error = refusal(&[&node], expected()).await;
    assert!(matches!(error, ChainError::AnotherGenesis { .. }));
    assert!(error.to_string().contains("use another data_dir"), "{error}");

    node.on(PATH_SPEC, changed(SPEC, "DEPOSIT_CHAIN_ID", "1"));
    let error = refusal(&[&node], expected()).await;
    assert!(matches!(error, ChainError::AnotherExecutionChain { found: 1, expected: 5, .. }));

    let other = Expectations { preset: Some(PresetName::Mainnet), ..expected() };
    let error = refusal(&[&node], other).await;
    assert!(matches!(
        error,
        ChainError::AnotherPreset { found: PresetName::Minimal, expected: PresetName::Mainnet, .. }
    ));

    node.on(PATH_SPEC, changed(SPEC, "SECONDS_PER_SLOT", "12"));
    let error = refusal(&[&node], expected()).await;
    assert!(matches!(error, ChainError::AnotherSlotLength { found: 12, expected: 3, .. }));
    assert!(error.to_string().contains("seconds_per_slot"), "{error}");
}

#[tokio::test]
async fn two_nodes_of_different_chains_are_an_operators_decision() {
    let (a, b) = (FakeNode::start().await, FakeNode::start().await);
    b.on(PATH_GENESIS, changed(GENESIS, "genesis_validators_root", OTHER_ROOT));
    let error = refusal(&[&a, &b], ANYTHING).await;
    let ChainError::NodesDisagree { what, .. } = &error else { panic!("{error}") };
    assert_eq!(*what, "the genesis validators root");
}

#[tokio::test]
async fn with_a_stored_root_the_wrong_node_is_left_out_and_shown() {
    let (right, wrong) = (FakeNode::start().await, FakeNode::start().await);
    wrong.on(PATH_GENESIS, changed(GENESIS, "genesis_validators_root", OTHER_ROOT));
    let ahead = include_str!("../answers/syncing.json");
    wrong.on(PATH_SYNCING, changed(ahead, "head_slot", "90000"));
    let (nodes, chain) = BeaconNodes::connect(&settings(&[&wrong, &right]), expected()).await.unwrap();
    assert_eq!(Some(chain.genesis.genesis_validators_root), expected().genesis_validators_root);
    let status = nodes.status();
    assert!(status.is_ready());
    assert_eq!(status.nodes[1].name.as_str(), wrong.url);
    assert!(status.nodes[1].not_ready_because.as_ref().unwrap().contains("another genesis"));
    nodes.finality().await.unwrap();
    assert!(wrong.seen(PATH_FINALITY).is_empty(), "a node of another chain is never asked");
    let score = status.nodes[0].score.unwrap();
    assert!(score < Score(1_000_000), "nor is its head, which is far ahead, a measure: {score}");
    assert_eq!(status.nodes[1].score, None);
}

#[tokio::test]
async fn a_fork_epoch_that_differs_is_a_disagreement_an_unscheduled_one_is_not() {
    let (a, b) = (FakeNode::start().await, FakeNode::start().await);
    b.on(PATH_SPEC, changed(SPEC, "FULU_FORK_EPOCH", "18446744073709551615"));
    BeaconNodes::connect(&settings(&[&a, &b]), ANYTHING).await.unwrap();
    b.on(PATH_SPEC, changed(SPEC, "FULU_FORK_EPOCH", "7"));
    let error = refusal(&[&a, &b], ANYTHING).await;
    assert!(error.to_string().contains("fulu at epoch 7"), "{error}");
}

#[tokio::test]
async fn a_node_that_is_down_is_waited_for() {
    let url = dead_url().await;
    let nodes = BeaconNodes::start(&settings_of(vec![url.clone()]), ANYTHING).unwrap();
    let error = nodes.finality().await.unwrap_err();
    assert!(error.to_string().contains("no beacon node is usable"), "{error}");
    let address = url.strip_prefix("http://").unwrap();
    let node = FakeNode::serve(TcpListener::bind(address).await.unwrap());
    let chain = nodes.chain().await.unwrap();
    assert_ne!(chain.genesis.genesis_validators_root, Root::ZERO);
    nodes.finality().await.unwrap();
    assert_eq!(node.seen(PATH_FINALITY).len(), 1);
}

#[tokio::test]
async fn a_node_that_changes_its_chain_while_running_is_left_out() {
    let node = FakeNode::start().await;
    let mut settings = settings(&[&node]);
    settings.budgets.reverify = std::time::Duration::ZERO;
    settings.budgets.probe = std::time::Duration::from_millis(10);
    let (nodes, _) = BeaconNodes::connect(&settings, ANYTHING).await.unwrap();
    node.on(PATH_GENESIS, changed(GENESIS, "genesis_time", "1"));
    let asked = node.seen(PATH_GENESIS).len();
    // The verdict on the first of these is there when the second is asked.
    node.wait_for(PATH_GENESIS, asked + 2).await;
    let error = nodes.finality().await.unwrap_err().to_string();
    assert!(error.contains("the genesis time was 1795158883 and is 1"), "{error}");
}

#[tokio::test]
async fn a_syncing_node_is_connected_to_and_not_ready() {
    let node = FakeNode::start().await;
    let syncing = r#"{"data":{"head_slot":"5","sync_distance":"90","is_syncing":true,"is_optimistic":false,"el_offline":false}}"#;
    node.on(PATH_SYNCING, Answer::Json(200, syncing.into()));
    let (nodes, _) = BeaconNodes::connect(&settings(&[&node]), ANYTHING).await.unwrap();
    let status = nodes.status();
    assert!(!status.is_ready());
    assert_eq!(status.nodes[0].not_ready_because.as_deref(), Some("syncing: head slot 5, 90 slots behind"));
    assert_eq!(status.nodes[0].syncing, Some(true));
}

#[tokio::test]
async fn a_spec_that_cannot_be_read_is_retried_and_named() {
    let node = FakeNode::start().await;
    node.then(PATH_SPEC, [changed(SPEC, "PRESET_BASE", "gnosis"), Answer::Json(200, SPEC.into())]);
    let (_, chain) = BeaconNodes::connect(&settings(&[&node]), ANYTHING).await.unwrap();
    assert_eq!(chain.preset, PresetName::Minimal);
    assert_eq!(node.seen(PATH_SPEC).len(), 2);
}

#[tokio::test]
async fn addresses_are_checked_and_never_repeated() {
    let start = |urls: &[&str]| {
        let urls = urls.iter().map(|url| (*url).to_owned()).collect();
        BeaconNodes::start(&settings_of(urls), ANYTHING).unwrap_err()
    };
    assert!(matches!(start(&[]), SettingsError::NoUrls));
    let error = start(&["http://127.0.0.1:1", "ftp://user:secret@host"]);
    assert!(matches!(error, SettingsError::BadUrl { position: 1, .. }));
    assert!(!error.to_string().contains("secret"));
    assert!(matches!(start(&["127.0.0.1:5052"]), SettingsError::BadUrl { position: 0, .. }));
    assert!(matches!(start(&["http://h:1"; 17]), SettingsError::TooManyUrls { given: 17, .. }));
}

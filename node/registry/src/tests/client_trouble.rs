//! Execution clients that are ill: the node degrades and says why; it ends only for what an operator must decide.

use super::chain::Chain;
use super::following::{Node, timing};
use super::server::{Backend, Running};
use super::*;
use crate::error::RegistryError;
use crate::registry::{Registry, RegistryConfig};
use crate::status::Problem;

fn chain() -> Chain {
    let mut chain = Chain::new();
    chain.mine(&operators(4));
    chain.mine(&[registration(owner(1), 0, &FOUR, 50)]);
    chain.mine_empty(5);
    chain
}

/// Nobody listens on the port of the ancient multiplexer.
fn nowhere() -> url::Url {
    "http://127.0.0.1:1".parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_another_chain_is_for_the_operator_to_decide() {
    let backend = Backend::new(chain());
    backend.script().chain_id = 5;
    let server = Running::start(&backend).await;
    let folder = tempfile::tempdir().unwrap();
    let error = Node::start(folder.path(), 1, vec![server.http()], &Spy::new()).ended().await;
    assert!(matches!(error, RegistryError::OtherChain { found: 5, expected: 31337, .. }));
    assert!(error.operator_must_decide());
    assert!(error.to_string().contains("`execution.urls`"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_without_code_is_for_the_operator_to_decide() {
    let backend = Backend::new(chain());
    backend.script().code = false;
    let server = Running::start(&backend).await;
    let folder = tempfile::tempdir().unwrap();
    let error = Node::start(folder.path(), 1, vec![server.ws()], &Spy::new()).ended().await;
    assert!(matches!(error, RegistryError::NoContract { .. }) && error.operator_must_decide());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_changes_its_chain_later_is_passed_over() {
    let backend = Backend::new(chain());
    let server = Running::start(&backend).await;
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(folder.path(), 1, vec![server.http()], &Spy::new());
    node.at_head(&backend).await;
    let address = server.stop().await;
    node.until(|status| matches!(status.problem, Some(Problem::Unreachable { .. }))).await;
    backend.script().chain_id = 5;
    let server = Running::start_at(&backend, address).await;
    node.until(|status| matches!(status.problem, Some(Problem::NotUsable { .. }))).await;
    backend.script().chain_id = 31337;
    backend.change(|chain| chain.mine(&[]));
    node.at_head(&backend).await;
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_down_at_the_start_is_waited_for() {
    let backend = Backend::new(chain());
    let address = Running::start(&backend).await.stop().await;
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://{address}").parse().unwrap();
    let node = Node::start(folder.path(), 1, vec![url], &Spy::new());
    node.until(|status| matches!(status.problem, Some(Problem::Unreachable { .. }))).await;
    let _server = Running::start_at(&backend, address).await;
    node.at_head(&backend).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_client_that_can_be_used_is_used() {
    let (ahead, behind) = (Backend::new(chain()), Backend::new(chain()));
    behind.script().behind = 100;
    let (first, second) = (Running::start(&behind).await, Running::start(&ahead).await);
    let folder = tempfile::tempdir().unwrap();
    let urls = vec![nowhere(), first.http(), second.http()];
    let node = Node::start(folder.path(), 1, urls, &Spy::new());
    let status = node.at_head(&ahead).await;
    assert_eq!(status.endpoint, Some(format!("http://{}", second.address)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lone_client_that_is_syncing_is_waited_for() {
    let backend = Backend::new(chain());
    backend.script().behind = 100;
    let server = Running::start(&backend).await;
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(folder.path(), 1, vec![server.http()], &Spy::new());
    node.until(|status| matches!(status.problem, Some(Problem::ClientSyncing { behind: 100, .. }))).await;
    backend.script().behind = 0;
    node.at_head(&backend).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_falls_behind_what_was_read_is_waited_for() {
    let backend = Backend::new(chain());
    let server = Running::start(&backend).await;
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(folder.path(), 1, vec![server.http()], &Spy::new());
    let before = node.at_head(&backend).await;
    backend.script().hidden = 3;
    let behind = node.until(|status| matches!(status.problem, Some(Problem::ClientBehind { .. }))).await;
    assert_eq!((behind.block, behind.digest), (before.block, before.digest), "nothing is taken back");
    backend.script().hidden = 0;
    node.at_head(&backend).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_head_is_no_healthy_one() {
    let backend = Backend::new(chain());
    let server = Running::start(&backend).await;
    let folder = tempfile::tempdir().unwrap();
    let mut timing = timing();
    timing.stale_after = std::time::Duration::ZERO;
    // The blocks of the test chain are from the future by their number of seconds; an hour ago is older than that.
    backend.change(|chain| chain.set_back(3600));
    let node = Node::start_with(folder.path(), 1, vec![server.http()], &Spy::new(), rules(), timing);
    let stale = node.until(|status| matches!(status.problem, Some(Problem::HeadStale { .. }))).await;
    assert!(stale.digest.is_some(), "what it has is read all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_that_a_range_left_out_are_found_by_the_bloom_filter() {
    let backend = Backend::new(chain());
    backend.script().omitted = Some(2);
    let server = Running::start(&backend).await;
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(folder.path(), 1, vec![server.http()], &Spy::new());
    node.at_head(&backend).await;
    assert!(node.registry.set().validator(&key(50)).is_some());

    // Without the filter it would have been lost.
    backend.change(|chain| chain.blind_blooms = true);
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(folder.path(), 1, vec![server.http()], &Spy::new());
    node.at_head(&backend).await;
    assert!(node.registry.set().validator(&key(50)).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_contradict_each_other_are_asked_for_again() {
    // Near the head every header tells, deep in the past the last one of each range does.
    for (depth, most_blocks) in [(5, 2), (100, 1)] {
        let mut chain = chain();
        chain.mine_empty(depth);
        let backend = Backend::new(chain);
        backend.script().renamed = Some(2);
        backend.script().most_blocks = most_blocks;
        let server = Running::start(&backend).await;
        let folder = tempfile::tempdir().unwrap();
        let node = Node::start(folder.path(), 1, vec![server.http()], &Spy::new());
        node.until(|status| matches!(status.problem, Some(Problem::Inconsistent { .. }))).await;
        assert!(node.registry.set().validators().is_empty());
        backend.script().renamed = None;
        node.at_head(&backend).await;
        assert!(node.registry.set().validator(&key(50)).is_some());
    }
}

#[test]
fn urls_are_checked_before_anything_else() {
    let folder = tempfile::tempdir().unwrap();
    let open = |urls: &[&str]| {
        let config = RegistryConfig {
            folder: folder.path().to_owned(),
            rules: rules(),
            urls: urls.iter().map(|url| url.parse().unwrap()).collect(),
            operator_key_text: operator_text(1),
            timing: timing(),
        };
        Registry::open(config, Arc::new(Opener(OperatorId(1))), Spy::new()).err()
    };
    assert!(matches!(open(&[]), Some(RegistryError::Urls(_))));
    assert!(matches!(open(&["ftp://127.0.0.1"]), Some(RegistryError::Urls(_))));
    assert!(open(&["http://127.0.0.1:8545"]).is_none());
}

//! The chain goes another way.

use super::chain::Chain;
use super::following::Node;
use super::server::{Backend, Running};
use super::*;

/// Operators, one validator, and some empty blocks.
fn chain() -> Chain {
    let mut chain = Chain::new();
    chain.mine(&operators(4));
    chain.mine(&[registration(owner(1), 0, &FOUR, 50)]);
    chain.mine_empty(10);
    chain
}

/// The digest of a node that only ever saw the present branch.
async fn digest_of_this_branch(backend: &Arc<Backend>, server: &Running) -> Option<types::Root> {
    let folder = tempfile::tempdir().unwrap();
    Node::start(folder.path(), 3, vec![server.http()], &Spy::new()).at_head(backend).await.digest
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorganised_registration_is_taken_back() {
    for websocket in [false, true] {
        let backend = Backend::new(chain());
        backend.change(|chain| chain.mine(&[registration(owner(1), 1, &FOUR, 51)]));
        backend.change(|chain| chain.mine(&[liquidation(owner(1), &FOUR)]));
        let server = Running::start(&backend).await;
        let folder = tempfile::tempdir().unwrap();
        let url = if websocket { server.ws() } else { server.http() };
        let node = Node::start(folder.path(), 1, vec![url], &Spy::new());
        node.at_head(&backend).await;
        assert_eq!(node.registry.set().own_active().count(), 0);

        backend.change(|chain| {
            chain.fork(2);
            chain.mine(&[]);
            chain.mine(&[registration(owner(1), 1, &FOUR, 52)]);
            chain.mine_empty(1);
        });
        let status = node.at_head(&backend).await;
        let active: Vec<_> = node.registry.set().own_active().map(|(row, _)| row.key).collect();
        assert_eq!(active.len(), 2);
        assert!(active.contains(&key(50)) && active.contains(&key(52)));
        assert_eq!(status.digest, digest_of_this_branch(&backend, &server).await, "websocket: {websocket}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_of_the_same_length_is_noticed() {
    let backend = Backend::new(chain());
    backend.change(|chain| chain.mine(&[registration(owner(1), 1, &FOUR, 51)]));
    let server = Running::start(&backend).await;
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(folder.path(), 1, vec![server.http()], &Spy::new());
    node.at_head(&backend).await;
    backend.change(|chain| {
        chain.fork(1);
        chain.mine(&[registration(owner(1), 1, &FOUR, 52)]);
    });
    node.at_head(&backend).await;
    assert!(node.registry.set().validator(&key(51)).is_none());
    assert!(node.registry.set().validator(&key(52)).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorganisation_while_the_node_was_away_is_noticed_at_its_return() {
    let backend = Backend::new(chain());
    backend.change(|chain| chain.mine(&[removal(owner(1), &FOUR, 50)]));
    let server = Running::start(&backend).await;
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(folder.path(), 1, vec![server.http()], &Spy::new());
    node.at_head(&backend).await;
    node.kill().await;
    backend.change(|chain| {
        chain.fork(1);
        chain.mine_empty(400);
    });
    let spy = Spy::new();
    let node = Node::start(folder.path(), 1, vec![server.http()], &spy);
    let status = node.at_head(&backend).await;
    assert_eq!(spy.asked(), [Asked::Arm(vec![place(50, 1)], Arming::Anew)]);
    assert_eq!(status.digest, digest_of_this_branch(&backend, &server).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_without_any_known_block_is_read_from_the_start() {
    let backend = Backend::new(chain());
    let server = Running::start(&backend).await;
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(folder.path(), 1, vec![server.http()], &Spy::new());
    node.at_head(&backend).await;
    backend.change(|chain| {
        chain.fork(chain.head() + 1);
        chain.mine_empty(2);
        chain.mine(&operators(5));
        chain.mine(&[registration(owner(2), 0, &[1, 2, 3, 5], 60)]);
        chain.mine_empty(20);
    });
    let status = node.at_head(&backend).await;
    let keys: Vec<_> = node.registry.set().validators().keys().copied().collect();
    assert_eq!(keys, [key(60)]);
    assert_eq!(status.digest, digest_of_this_branch(&backend, &server).await);
}

//! History, then live, over real sockets; restarts, dropped connections, equal digests.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use contracts_abi::RegistryEvent;
use tokio::task::JoinHandle;
use types::Root;
use types::rules::NetworkRules;
use url::Url;

use super::chain::Chain;
use super::server::{Backend, Running};
use super::*;
use crate::error::RegistryError;
use crate::follower::Follower;
use crate::registry::{Registry, RegistryConfig, Timing};
use crate::status::RegistryStatus;

/// Quick enough for a test; nothing is asserted about it.
pub(super) fn timing() -> Timing {
    Timing {
        poll: Duration::from_millis(5),
        poll_beside_bell: Duration::from_secs(600),
        request: Duration::from_secs(20),
        backoff_least: Duration::from_millis(5),
        backoff_most: Duration::from_millis(50),
        stale_after: Duration::from_secs(3600),
    }
}

/// A node that follows.
pub(super) struct Node {
    pub registry: Registry,
    task: JoinHandle<Result<(), RegistryError>>,
}

impl Node {
    pub(super) fn start(folder: &Path, own: u64, urls: Vec<Url>, spy: &Arc<Spy>) -> Self {
        Self::start_with(folder, own, urls, spy, rules(), timing())
    }

    pub(super) fn start_with(
        folder: &Path,
        own: u64,
        urls: Vec<Url>,
        spy: &Arc<Spy>,
        rules: Arc<NetworkRules>,
        timing: Timing,
    ) -> Self {
        let (registry, follower) = Self::open(folder, own, urls, spy, rules, timing);
        Self { registry, task: tokio::spawn(follower.run()) }
    }

    fn open(
        folder: &Path,
        own: u64,
        urls: Vec<Url>,
        spy: &Arc<Spy>,
        rules: Arc<NetworkRules>,
        timing: Timing,
    ) -> (Registry, Follower) {
        let folder = folder.to_owned();
        let config = RegistryConfig { folder, rules, urls, operator_key_text: operator_text(own), timing };
        let decryptor = Arc::new(Opener(OperatorId(own)));
        Registry::open(config, decryptor, Arc::<Spy>::clone(spy)).unwrap()
    }

    /// Waits until the status is as asked.
    pub(super) async fn until(&self, wanted: impl FnMut(&RegistryStatus) -> bool) -> RegistryStatus {
        let mut statuses = self.registry.statuses();
        let waited = tokio::time::timeout(Duration::from_secs(120), statuses.wait_for(wanted)).await;
        waited.unwrap_or_else(|_| panic!("still {:?}", self.registry.status())).unwrap().clone()
    }

    /// Waits until everything up to this block is applied and published.
    pub(super) async fn at(&self, number: u64, hash: Root) -> RegistryStatus {
        let reached = |status: &RegistryStatus| {
            let block = status.block.filter(|_| status.digest.is_some() && status.problem.is_none());
            block.is_some_and(|block| (block.number, block.hash) == (number, hash))
        };
        self.until(reached).await
    }

    /// Waits for the head of a backend.
    pub(super) async fn at_head(&self, backend: &Backend) -> RegistryStatus {
        let (number, hash) = {
            let script = backend.script();
            (script.chain.head(), script.chain.hash(script.chain.head()))
        };
        self.at(number, hash).await
    }

    /// Ends it as a crash would, between two commits.
    pub(super) async fn kill(self) {
        self.task.abort();
        let _cancelled = self.task.await;
    }

    /// The error that ended it.
    pub(super) async fn ended(self) -> RegistryError {
        self.task.await.unwrap().unwrap_err()
    }
}

/// A chain with four operators and 5 validators spread over 500 blocks.
fn long_chain() -> Chain {
    let mut chain = Chain::new();
    chain.mine(&operators(4));
    for nonce in 0..5 {
        chain.mine_empty(99);
        chain.mine(&[registration(owner(1), nonce, &FOUR, 50 + u8::try_from(nonce).unwrap())]);
    }
    chain
}

#[tokio::test(flavor = "multi_thread")]
async fn history_then_live_over_http_and_websocket_give_one_digest() {
    let backend = Backend::new(long_chain());
    let server = Running::start(&backend).await;
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (http, ws) = (server.http(), server.ws());
    let first = Node::start(folders[0].path(), 1, vec![http], &Spy::new());
    let second = Node::start(folders[1].path(), 2, vec![ws], &Spy::new());
    let digests = [first.at_head(&backend).await.digest, second.at_head(&backend).await.digest];
    assert_eq!(digests[0], digests[1]);
    assert_eq!(first.registry.set().own_active().count(), 5);

    backend.change(|chain| chain.mine(&[removal(owner(1), &FOUR, 52), operator_added(5)]));
    let live = [first.at_head(&backend).await, second.at_head(&backend).await];
    assert_eq!(live[0].digest, live[1].digest);
    assert_ne!(live[0].digest, digests[0]);
    for node in [&first, &second] {
        assert_eq!(node.registry.set().own_active().count(), 4);
        assert_eq!(node.registry.set().block.number, backend.script().chain.head());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_at_the_cursor() {
    let backend = Backend::new(long_chain());
    let server = Running::start(&backend).await;
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(folder.path(), 1, vec![server.http()], &Spy::new());
    let before = node.at_head(&backend).await;
    node.kill().await;
    backend.change(|chain| chain.mine(&[registration(owner(1), 5, &FOUR, 60)]));
    backend.log_calls.store(0, Ordering::SeqCst);

    let spy = Spy::new();
    let node = Node::start(folder.path(), 1, vec![server.http()], &spy);
    assert_eq!(
        node.registry.status().digest,
        before.digest,
        "what is known is there before anything is asked"
    );
    assert_eq!(node.registry.set().own_active().count(), 5);
    let after = node.at_head(&backend).await;
    assert_eq!(backend.log_calls.load(Ordering::SeqCst), 1, "one new block, one question");
    let armed = spy.asked();
    assert!(matches!(&armed[0], Asked::Arm(places, Arming::Resume) if places.len() == 5));
    assert_eq!(armed[1..], [Asked::Arm(vec![place(60, 1)], Arming::Anew)]);

    let fresh = tempfile::tempdir().unwrap();
    let other = Node::start(fresh.path(), 2, vec![server.http()], &Spy::new());
    assert_eq!(other.at_head(&backend).await.digest, after.digest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_connection_is_made_again_and_nothing_is_lost() {
    for websocket in [false, true] {
        let backend = Backend::new(long_chain());
        let server = Running::start(&backend).await;
        let folder = tempfile::tempdir().unwrap();
        let url = if websocket { server.ws() } else { server.http() };
        let node = Node::start(folder.path(), 1, vec![url], &Spy::new());
        node.at_head(&backend).await;
        let address = server.stop().await;
        let lost =
            node.until(|status| matches!(status.problem, Some(crate::Problem::Unreachable { .. }))).await;
        assert!(
            lost.digest.is_some() && !lost.is_healthy(),
            "it keeps what it knows and says that it is ill"
        );
        backend.change(|chain| chain.mine(&[removal(owner(1), &FOUR, 50)]));
        backend.change(|chain| chain.mine(&[]));
        let _server = Running::start_at(&backend, address).await;
        node.at_head(&backend).await;
        assert_eq!(node.registry.set().own_active().count(), 4, "websocket: {websocket}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_limits_its_answers_is_asked_for_less() {
    let backend = Backend::new(long_chain());
    backend.script().most_blocks = 3;
    let server = Running::start(&backend).await;
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(folder.path(), 1, vec![server.http()], &Spy::new());
    let limited = node.at_head(&backend).await.digest;
    backend.script().most_blocks = u64::MAX;
    let other = tempfile::tempdir().unwrap();
    let node = Node::start(other.path(), 1, vec![server.http()], &Spy::new());
    assert_eq!(node.at_head(&backend).await.digest, limited);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registry_is_read_up_to_the_follow_distance() {
    let backend = Backend::new(long_chain());
    let server = Running::start(&backend).await;
    let folder = tempfile::tempdir().unwrap();
    let rules = rules_with(contract(), 8);
    let node = Node::start_with(folder.path(), 1, vec![server.http()], &Spy::new(), rules, timing());
    let read = backend.script().chain.head() - 8;
    let hash = backend.script().chain.hash(read);
    node.at(read, hash).await;
    assert_eq!(node.registry.set().own_active().count(), 4, "the fifth is in the newest block");
    backend.change(|chain| chain.mine_empty(8));
    let hash = backend.script().chain.hash(read + 8);
    node.at(read + 8, hash).await;
    assert_eq!(node.registry.set().own_active().count(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_are_armed_before_their_validator_is_published() {
    let backend = Backend::new(Chain::new());
    backend.change(|chain| chain.mine(&operators(4)));
    let server = Running::start(&backend).await;
    let folder = tempfile::tempdir().unwrap();
    let spy = Spy::new();
    let node = Node::start(folder.path(), 1, vec![server.ws()], &spy);
    node.at_head(&backend).await;
    let sets = node.registry.sets();
    let published_early = Arc::new(AtomicBool::new(false));
    let noticed = Arc::clone(&published_early);
    *spy.watch.lock().unwrap() = Some(Box::new(move |places| {
        let set = Arc::clone(&sets.borrow());
        let early = places.iter().any(|place| set.validator(&place.validator).is_some());
        noticed.fetch_or(early, Ordering::SeqCst);
    }));
    for nonce in 0..5 {
        let number = 50 + u8::try_from(nonce).unwrap();
        backend.change(|chain| chain.mine(&[registration(owner(1), nonce, &FOUR, number)]));
        node.at_head(&backend).await;
        assert!(node.registry.set().own_share(&key(number)).unwrap().usable);
    }
    assert!(!published_early.load(Ordering::SeqCst));
    assert_eq!(spy.asked().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn exits_are_told_when_they_happen_and_not_from_the_past() {
    let backend = Backend::new(long_chain());
    backend.change(|chain| chain.mine(&[exit(owner(1), &FOUR, 50)]));
    let server = Running::start(&backend).await;
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(folder.path(), 1, vec![server.ws()], &Spy::new());
    let mut exits = node.registry.exits();
    node.at_head(&backend).await;
    backend.change(|chain| chain.mine(&[exit(owner(1), &FOUR, 51)]));
    let told = exits.recv().await.unwrap();
    assert_eq!((told.validator, told.own), (key(51), true));
    assert_eq!(told.block.number, backend.script().chain.head());
    assert!(told.timestamp > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_recipient_is_told_when_it_is_set_and_not_from_the_past() {
    let backend = Backend::new(long_chain());
    backend.change(|chain| chain.mine(&[redirection(owner(1), 7)]));
    let server = Running::start(&backend).await;
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(folder.path(), 1, vec![server.ws()], &Spy::new());
    let mut changes = node.registry.recipient_changes();
    node.at_head(&backend).await;
    backend.change(|chain| chain.mine(&[redirection(owner(1), 8)]));
    let told = changes.recv().await.unwrap();
    let head = backend.script().chain.head();
    assert_eq!((told.owner, told.block.number), (owner(1), head), "not the one of the history");
    assert!(told.timestamp > 0);
    node.at_head(&backend).await;
    node.kill().await;

    backend.change(|chain| chain.mine(&[redirection(owner(1), 9)]));
    let node = Node::start(folder.path(), 1, vec![server.ws()], &Spy::new());
    let mut changes = node.registry.recipient_changes();
    node.at_head(&backend).await;
    backend.change(|chain| chain.mine(&[redirection(owner(1), 10)]));
    let (told, head) = (changes.recv().await.unwrap(), backend.script().chain.head());
    assert_eq!(told.block.number, head, "not the one that was set while the node was away");
}

/// A history that takes no more writes takes them again after a restart only: until then the block waits.
#[tokio::test(flavor = "multi_thread")]
async fn an_exit_that_could_not_be_written_down_is_read_again_after_a_restart() {
    let backend = Backend::new(long_chain());
    let server = Running::start(&backend).await;
    let folder = tempfile::tempdir().unwrap();
    let spy = Spy::new();
    let node = Node::start(folder.path(), 1, vec![server.ws()], &spy);
    node.at_head(&backend).await;
    spy.fail(true);
    backend.change(|chain| chain.mine(&[exit(owner(1), &FOUR, 50)]));
    let ill = node.until(|status| matches!(status.problem, Some(crate::Problem::Internal { .. }))).await;
    assert!(ill.problem.unwrap().to_string().contains("exits that owners ask for"));
    node.kill().await;

    let spy = Spy::new();
    let node = Node::start(folder.path(), 1, vec![server.ws()], &spy);
    node.at_head(&backend).await;
    let kept = spy.asked().into_iter().find_map(|asked| match asked {
        Asked::KeepExits(requests) => Some(requests),
        Asked::Arm(..) | Asked::Disarm(_) => None,
    });
    assert_eq!(kept.unwrap().iter().map(|request| request.validator).collect::<Vec<_>>(), [key(50)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_of_other_shape_are_skipped_and_counted() {
    let backend = Backend::new(Chain::new());
    let added = super::abi::encode(&operator_added(1));
    let truncated = (added.0.clone(), added.1[..40].to_vec());
    let unknown = (vec![Root::repeat_byte(0x55)], Vec::new());
    let anonymous = (Vec::new(), vec![1, 2, 3]);
    backend.change(|chain| chain.mine_logs(vec![truncated, unknown, anonymous, added]));
    let server = Running::start(&backend).await;
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(folder.path(), 1, vec![server.http()], &Spy::new());
    let status = node.at_head(&backend).await;
    assert_eq!(status.skipped, 1, "the truncated one; the others are none of its events");
    assert_eq!(node.registry.set().own_operator, Some(OperatorId(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_that_cannot_be_applied_are_tried_again() {
    let backend = Backend::new(long_chain());
    let server = Running::start(&backend).await;
    let folder = tempfile::tempdir().unwrap();
    let spy = Spy::new();
    spy.fail(true);
    let node = Node::start(folder.path(), 1, vec![server.http()], &spy);
    let ill = node.until(|status| matches!(status.problem, Some(crate::Problem::Internal { .. }))).await;
    assert!(ill.problem.unwrap().to_string().contains("the signing history is stopped"));
    assert!(node.registry.set().validators().is_empty(), "nothing is published that is not committed");
    spy.fail(false);
    node.at_head(&backend).await;
    assert_eq!(node.registry.set().own_active().count(), 5);
}

/// A chain without our operator gives a set without our shares, whatever else is in it.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_that_is_not_registered_has_no_shares() {
    let backend = Backend::new(long_chain());
    let server = Running::start(&backend).await;
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(folder.path(), 9, vec![server.http()], &Spy::new());
    node.at_head(&backend).await;
    let set = node.registry.set();
    assert_eq!((set.own_operator, set.own_active().count(), set.validators().len()), (None, 0, 5));
    backend.change(|chain| chain.mine(&[RegistryEvent::OperatorRemoved { operator_id: 4 }]));
    node.at_head(&backend).await;
    assert_eq!(node.registry.set().operators().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_failed_is_opened_anew() {
    let backend = Backend::new(long_chain());
    let server = Running::start(&backend).await;
    let (folder, sound) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (registry, mut follower) =
        Node::open(folder.path(), 1, vec![server.http()], &Spy::new(), rules(), timing());
    follower.break_disk();
    let mut statuses = registry.statuses();
    let node = Node { registry, task: tokio::spawn(follower.run()) };
    statuses
        .wait_for(|status| matches!(status.problem, Some(crate::Problem::Internal { .. })))
        .await
        .unwrap();
    let recovered = node.at_head(&backend).await;
    assert_eq!(node.registry.set().own_active().count(), 5);
    let other = Node::start(sound.path(), 1, vec![server.http()], &Spy::new());
    assert_eq!(other.at_head(&backend).await.digest, recovered.digest);
}

//! Real nodes on 127.0.0.1 for the tests. Everything waits for events; the deadline only ends a test that has failed.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "a failing test panics; a test waits for one event among many"
)]

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use network::{
    InboundMessage, Network, NetworkConfig, NetworkEvent, NetworkHandle, PeerId, PeerRecord, Topic,
};
use tokio::sync::mpsc;
use types::{NetworkRules, SsvFork, SubnetId};

/// A test that takes longer has failed.
pub const DEADLINE: Duration = Duration::from_secs(120);

const LOCAL: &str = include_str!("../../../types/samples/local.toml");

/// The rules of the local network.
pub fn rules() -> Arc<NetworkRules> {
    Arc::new(NetworkRules::from_toml(LOCAL).unwrap())
}

/// The rules of a network next door: same protocol, another domain.
pub fn other_rules() -> Arc<NetworkRules> {
    Arc::new(NetworkRules::from_toml(&LOCAL.replace("0x00000402", "0x00000902")).unwrap())
}

/// The rules of the local network with one line changed.
pub fn rules_with(line: &str, other: &str) -> Arc<NetworkRules> {
    Arc::new(NetworkRules::from_toml(&LOCAL.replace(line, other)).unwrap())
}

pub fn topic(subnet: u8) -> Topic {
    Topic { fork: SsvFork::Alan, subnet: SubnetId::new(subnet).unwrap() }
}

pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.expect("the deadline passed before what was waited for")
}

pub struct Node {
    pub handle: NetworkHandle,
    pub events: mpsc::Receiver<NetworkEvent>,
}

impl Node {
    pub async fn start(config: NetworkConfig, rules: Arc<NetworkRules>) -> Self {
        let (handle, events) = Network::start(config, rules).await.unwrap();
        Self { handle, events }
    }

    /// A node that knows only this record, on subnet 114.
    pub async fn join(bootnode: Option<&Self>) -> Self {
        let bootnodes = bootnode.map(|node| node.handle.local_enr()).into_iter().collect();
        let node = Self::start(NetworkConfig { bootnodes, ..NetworkConfig::loopback() }, rules()).await;
        node.handle.subscribe([topic(114)]).await.unwrap();
        node
    }

    pub fn id(&self) -> PeerId {
        self.handle.peer_id()
    }

    /// Waits for the first event that `pick` takes; others are skipped.
    pub async fn until<T>(&mut self, mut pick: impl FnMut(NetworkEvent) -> Option<T>) -> T {
        within(async {
            loop {
                let event = self.events.recv().await.expect("the network runs");
                if let Some(picked) = pick(event) {
                    return picked;
                }
            }
        })
        .await
    }

    pub async fn until_subscribed(&mut self, other: PeerId, to: Topic) {
        self.until(|event| match event {
            NetworkEvent::PeerSubscribed { peer, topic } if peer == other && topic == to => Some(()),
            _ => None,
        })
        .await;
    }

    pub async fn until_connected(&mut self, other: PeerId) {
        self.until(|event| match event {
            NetworkEvent::PeerConnected { peer } if peer == other => Some(()),
            _ => None,
        })
        .await;
    }

    pub async fn message(&mut self) -> InboundMessage {
        self.until(|event| match event {
            NetworkEvent::Message(message) => Some(message),
            _ => None,
        })
        .await
    }

    /// Waits until so many peers have finished the handshake.
    pub async fn until_peers(&self, number: usize) {
        within(self.handle.connected().wait_for(|connected| *connected == number)).await.unwrap();
    }

    pub async fn record_of(&self, peer: PeerId) -> PeerRecord {
        let records = self.handle.peers().await.unwrap();
        records.into_iter().find(|record| record.peer == peer).expect("the peer is known")
    }
}

/// Two nodes on subnet 114 that have found each other and see each other's subscription.
pub async fn pair() -> (Node, Node) {
    let mut first = Node::join(None).await;
    let mut second = Node::join(Some(&first)).await;
    first.until_subscribed(second.id(), topic(114)).await;
    second.until_subscribed(first.id(), topic(114)).await;
    first.until_peers(1).await;
    second.until_peers(1).await;
    (first, second)
}

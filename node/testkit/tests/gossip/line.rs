//! Three nodes in a line. The first speaks, the middle one validates and relays, the last one listens.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use network::{
    InboundMessage, Network, NetworkConfig, NetworkEvent, NetworkHandle, PeerId, PublishError, Topic,
};
use tokio::sync::mpsc;
use types::{OperatorId, Slot, SsvFork, SubnetId};
use validation::{Context, Inbound, NoDuties, PeerKey, Refusal, SeenState, Verdict};

use super::messages::Committee;

/// A test that takes longer has failed.
const DEADLINE: Duration = Duration::from_secs(120);

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.expect("the deadline passed before what was waited for")
}

struct Node {
    handle: NetworkHandle,
    events: mpsc::Receiver<NetworkEvent>,
}

impl Node {
    async fn start(committee: &Committee) -> Self {
        let rules = Arc::clone(&committee.rules.network);
        let (handle, events) = Network::start(NetworkConfig::loopback(), rules).await.unwrap();
        let other = Topic { fork: SsvFork::Alan, subnet: SubnetId::new(36).unwrap() };
        handle.subscribe([committee.topic(), other]).await.unwrap();
        Self { handle, events }
    }

    async fn next(&mut self) -> NetworkEvent {
        within(self.events.recv()).await.expect("the network runs")
    }

    /// Waits until the other node is on so many topics.
    async fn until_subscribed(&mut self, other: PeerId, mut topics: usize) {
        while topics > 0 {
            match self.next().await {
                NetworkEvent::PeerSubscribed { peer, .. } if peer == other => topics -= 1,
                _ => {}
            }
        }
    }

    async fn message(&mut self) -> InboundMessage {
        loop {
            if let NetworkEvent::Message(message) = self.next().await {
                return message;
            }
        }
    }
}

type Outcome = Result<(), Refusal>;

pub struct Line {
    first: Node,
    middle: NetworkHandle,
    last: Node,
    outcomes: mpsc::Receiver<(Vec<u8>, Outcome)>,
}

impl Line {
    pub async fn start(committee: &Committee) -> Self {
        let mut first = Node::start(committee).await;
        let mut middle = Node::start(committee).await;
        let mut last = Node::start(committee).await;
        let (middle_id, address) = (middle.handle.peer_id(), middle.handle.address());
        for end in [&mut first, &mut last] {
            end.handle.dial(middle_id, address.clone()).await.unwrap();
            middle.until_subscribed(end.handle.peer_id(), 2).await;
            end.until_subscribed(middle_id, 2).await;
        }
        let (report, outcomes) = mpsc::channel(64);
        let handle = middle.handle.clone();
        tokio::spawn(Validator::new(committee).run(middle, report));
        Self { first, middle: handle, last, outcomes }
    }

    pub async fn try_publish(&self, topic: Topic, data: Vec<u8>) -> Result<[u8; 12], PublishError> {
        self.first.handle.publish(topic, data).await
    }

    pub async fn publish(&self, topic: Topic, data: Vec<u8>) {
        self.try_publish(topic, data).await.unwrap();
    }

    /// What the middle node made of the message; it must be the next one it came to.
    pub async fn outcome_of(&mut self, data: &[u8]) -> Outcome {
        let (judged, outcome) = within(self.outcomes.recv()).await.unwrap();
        assert_eq!(judged, data);
        outcome
    }

    /// The next message that reached the last node.
    pub async fn heard_by_the_last(&mut self) -> Vec<u8> {
        let message = self.last.message().await;
        assert_eq!(message.from, self.middle.peer_id());
        self.last.handle.verdict(message.receipt, network::Verdict::Accept);
        message.data.to_vec()
    }

    pub async fn first_message_reaches_the_last(&mut self, data: Vec<u8>, topic: Topic) {
        self.publish(topic, data.clone()).await;
        assert_eq!(self.outcome_of(&data).await, Ok(()));
        assert_eq!(self.heard_by_the_last().await, data);
    }

    /// What the middle node thinks of the first. Verdicts passed before are included.
    pub async fn score_of_sender(&self) -> f64 {
        let peers = self.middle.peers().await.unwrap();
        peers.iter().find(|record| record.peer == self.first.handle.peer_id()).unwrap().score
    }

    /// No shortcut has made the proof worthless.
    pub async fn is_still_a_line(&self) {
        for end in [&self.first, &self.last] {
            let peers = end.handle.peers().await.unwrap();
            assert_eq!(peers.iter().map(|record| record.peer).collect::<Vec<_>>(), [self.middle.peer_id()]);
        }
    }
}

/// What a node does with what it hears: judge, check the signatures, commit, pass the verdict.
struct Validator {
    committee: Committee,
    seen: SeenState,
}

impl Validator {
    fn new(committee: &Committee) -> Self {
        let seen = SeenState::new(committee.rules.network.slots_per_epoch());
        Self { committee: committee.shared(), seen }
    }

    async fn run(mut self, mut node: Node, report: mpsc::Sender<(Vec<u8>, Outcome)>) {
        while let Some(event) = node.events.recv().await {
            let NetworkEvent::Message(message) = event else { continue };
            let outcome = self.believe(&message);
            let verdict = match outcome.err() {
                None => network::Verdict::Accept,
                Some(refusal) if refusal.verdict() == Verdict::Reject => {
                    network::Verdict::Reject(refusal.name())
                }
                Some(_) => network::Verdict::Ignore,
            };
            let data = message.data.to_vec();
            node.handle.verdict(message.receipt, verdict);
            if report.send((data, outcome)).await.is_err() {
                return;
            }
        }
    }

    fn believe(&mut self, message: &InboundMessage) -> Outcome {
        let since_epoch = message.received_at.duration_since(UNIX_EPOCH).unwrap();
        let received_at_millis = u64::try_from(since_epoch.as_millis()).unwrap();
        let rules = &self.committee.rules;
        let inbound = Inbound {
            data: &message.data,
            topic: validation::Topic { fork: message.topic.fork, subnet: message.topic.subnet },
            forwarder: &PeerKey::new(&message.from.to_bytes()),
            received_at_millis,
        };
        let candidate =
            Context { rules, registry: &self.committee, duties: &NoDuties }.judge(&inbound, &self.seen)?;
        let key = |signer: OperatorId| self.committee.keys[&signer].public_key();
        if !candidate
            .signature_checks()
            .all(|check| key(check.signer).verify_digest(&check.digest, check.signature))
        {
            return Err(Refusal::SignatureVerification);
        }
        self.seen.commit(&candidate.update, rules.slot_at(received_at_millis).unwrap_or(Slot(0)))
    }
}

//! The handle: how the rest of the node talks to the network task. Cheap to clone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use libp2p::{Multiaddr, PeerId};
use tokio::sync::{mpsc, oneshot, watch};
use types::SsvFork;

use crate::drops::{DropCounts, DropReason, Drops};
use crate::event::{Receipt, Verdict};
use crate::gossip::params::MAX_PUBLISH_BYTES;
use crate::gossip::rate::CommitteeLoad;
use crate::peers::table::PeerRecord;
use crate::topic::Topic;

/// Messages waiting to be published. Beyond it [`NetworkHandle::publish`] fails at once.
pub const PUBLISH_QUEUE: usize = 1024;
/// Verdicts and other commands waiting. Beyond it a verdict is dropped and counted; other commands wait.
pub const COMMAND_QUEUE: usize = 8192;
/// Events waiting for the consumer.
pub const EVENT_QUEUE: usize = 4096;

/// Why a message was not published. Nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// No peer is on the topic (yet). The caller may try again when one subscribes.
    #[error("no peer is subscribed to the topic")]
    NoPeers,
    /// The same bytes were published or received within the last 385 s.
    #[error("the network has seen this message already")]
    Duplicate,
    /// The message is larger than the network carries.
    #[error("the message has {0} bytes, the network carries at most {MAX_PUBLISH_BYTES}")]
    TooLarge(usize),
    /// The send queues of all recipients are full.
    #[error("the send queues of all peers are full")]
    PeersBusy,
    /// Our own publish queue is full.
    #[error("the publish queue is full")]
    Busy,
    /// The topic is not of this network.
    #[error("the topic is not of this network")]
    UnknownTopic,
    /// The data could not be prepared for sending.
    #[error("the message could not be prepared for sending")]
    Refused,
    /// The network has been shut down.
    #[error("the network is stopped")]
    Stopped,
}

/// Why a command was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// More topics than one announcement may carry.
    #[error("{0} topics are more than the network lets a node announce (129)")]
    TooManyTopics(usize),
    /// The topic is not of this network.
    #[error("{0:?} is not a topic of this network")]
    UnknownTopic(Topic),
    /// The network has no such fork.
    #[error("the network file gives no domain for the fork {0}; add it under [domains]")]
    UnknownFork(SsvFork),
    /// The network has been shut down.
    #[error("the network is stopped")]
    Stopped,
}

pub(crate) struct Publication {
    pub topic: Topic,
    pub data: Bytes,
    pub reply: oneshot::Sender<Result<[u8; 12], PublishError>>,
}

pub(crate) enum Command {
    Verdict(Receipt, Verdict),
    Subscribe(BTreeSet<Topic>, oneshot::Sender<Result<(), CommandError>>),
    Load(BTreeMap<Topic, Vec<CommitteeLoad>>),
    Fork(SsvFork, oneshot::Sender<Result<(), CommandError>>),
    Dial(PeerId, Multiaddr),
    Peers(oneshot::Sender<Vec<PeerRecord>>),
    Shutdown(oneshot::Sender<()>),
}

/// Talks to the running network.
#[derive(Clone)]
pub struct NetworkHandle {
    pub(crate) peer_id: PeerId,
    pub(crate) address: Multiaddr,
    pub(crate) publications: mpsc::Sender<Publication>,
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) record: watch::Receiver<String>,
    pub(crate) connected: watch::Receiver<usize>,
    pub(crate) drops: Arc<Drops>,
}

impl NetworkHandle {
    /// Publishes to a topic, subscribed or not; returns the message id once the message is in the send queues of its recipients.
    /// The network does not give own messages back for 385 s; those of an earlier run of ours may come from peers.
    ///
    /// # Errors
    /// [`PublishError`]; nothing was sent then.
    pub async fn publish(&self, topic: Topic, data: impl Into<Bytes>) -> Result<[u8; 12], PublishError> {
        let data = data.into();
        if data.len() > MAX_PUBLISH_BYTES {
            return Err(PublishError::TooLarge(data.len()));
        }
        let (reply, answer) = oneshot::channel();
        self.publications.try_send(Publication { topic, data, reply }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                self.drops.count(DropReason::PublishQueueFull);
                PublishError::Busy
            }
            mpsc::error::TrySendError::Closed(_) => PublishError::Stopped,
        })?;
        answer.await.map_err(|_| PublishError::Stopped)?
    }

    /// Passes the verdict on a message. Never waits.
    pub fn verdict(&self, receipt: Receipt, verdict: Verdict) {
        if let Err(mpsc::error::TrySendError::Full(_)) =
            self.commands.try_send(Command::Verdict(receipt, verdict))
        {
            self.drops.count(DropReason::VerdictQueueFull);
        }
    }

    /// Sets the topics we are on: missing ones are joined, others left, record and handshake follow. Discovery dials nobody
    /// before the first call (which may be empty).
    ///
    /// # Errors
    /// [`CommandError`]; nothing has changed then.
    pub async fn subscribe(&self, topics: impl IntoIterator<Item = Topic>) -> Result<(), CommandError> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Subscribe(topics.into_iter().collect(), reply)).await?;
        answer.await.map_err(|_| CommandError::Stopped)?
    }

    /// Tells which committees use the subscribed topics, for the score parameters. Due at start and at every epoch.
    ///
    /// # Errors
    /// [`CommandError::Stopped`].
    pub async fn set_load(&self, load: BTreeMap<Topic, Vec<CommitteeLoad>>) -> Result<(), CommandError> {
        self.send(Command::Load(load)).await
    }

    /// Announces the domain of a fork, in record and handshake, from now on. Topics are the caller's choice.
    ///
    /// # Errors
    /// [`CommandError::UnknownFork`] if the network has no domain for it.
    pub async fn set_fork(&self, fork: SsvFork) -> Result<(), CommandError> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Fork(fork, reply)).await?;
        answer.await.map_err(|_| CommandError::Stopped)?
    }

    /// Dials a peer by hand. Discovery usually makes this needless.
    ///
    /// # Errors
    /// [`CommandError::Stopped`].
    pub async fn dial(&self, peer: PeerId, address: Multiaddr) -> Result<(), CommandError> {
        self.send(Command::Dial(peer, address)).await
    }

    /// Connected peers and the last 256 that left. Verdicts passed before are included in the scores.
    ///
    /// # Errors
    /// [`CommandError::Stopped`].
    pub async fn peers(&self) -> Result<Vec<PeerRecord>, CommandError> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Peers(reply)).await?;
        answer.await.map_err(|_| CommandError::Stopped)
    }

    /// Our identity.
    #[must_use]
    pub const fn peer_id(&self) -> PeerId {
        self.peer_id
    }

    /// Where we listen for peers: the configured address with the port that was taken.
    #[must_use]
    pub fn address(&self) -> Multiaddr {
        self.address.clone()
    }

    /// Our node record, `enr:...`.
    #[must_use]
    pub fn local_enr(&self) -> String {
        self.record.borrow().clone()
    }

    /// How many peers have finished the handshake; can be waited on.
    #[must_use]
    pub fn connected(&self) -> watch::Receiver<usize> {
        self.connected.clone()
    }

    /// What was dropped, by reason; can be waited on.
    #[must_use]
    pub fn drops(&self) -> watch::Receiver<DropCounts> {
        self.drops.watch()
    }

    /// Stops: leaves all topics, closes all connections, ends discovery. Returns when it is done.
    pub async fn shutdown(&self) {
        let (reply, done) = oneshot::channel();
        if self.send(Command::Shutdown(reply)).await.is_ok() {
            // An error means that the task ended before it could answer: stopped all the same.
            let _ = done.await;
        }
    }

    async fn send(&self, command: Command) -> Result<(), CommandError> {
        self.commands.send(command).await.map_err(|_| CommandError::Stopped)
    }
}

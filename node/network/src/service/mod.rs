//! The network task: one loop that owns the swarm and discovery.
//!
//! In order of urgency: publications, upkeep (once a second), verdicts and other commands; then, in turns, what the swarm reports and what
//! discovery finds, so that a flood of messages delays neither deadlines nor dials. Publishing puts the message straight into the send queues of
//! its recipients, whose connection tasks write and flush at once; nothing is batched.

mod commands;
mod gossip;
mod handshake;
mod peers;
mod upkeep;

pub(crate) use upkeep::limits;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use libp2p::identity::Keypair;
use libp2p::swarm::SwarmEvent;
use libp2p::{PeerId, Swarm};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;
use types::DomainType;

use crate::behaviour::{Behaviour, BehaviourEvent};
use crate::discovery::{Discovered, Discovery};
use crate::drops::{DropReason, Drops};
use crate::event::NetworkEvent;
use crate::gossip::rate::CommitteeLoad;
use crate::handle::{Command, EVENT_QUEUE, Publication};
use crate::peers::candidates::{Candidates, Sighting};
use crate::peers::table::PeerTable;
use crate::record::RecordDomains;
use crate::rules::WireRules;
use crate::subnets::SubnetBits;
use crate::topic::Topic;

const UPKEEP_INTERVAL: Duration = Duration::from_secs(1);

/// The ends of the channels that the task keeps.
pub(crate) struct Ports {
    pub publications: mpsc::Receiver<Publication>,
    pub commands: mpsc::Receiver<Command>,
    pub events: mpsc::Sender<NetworkEvent>,
    pub record: watch::Sender<String>,
    pub connected: watch::Sender<usize>,
}

/// What we say of ourselves.
pub(crate) struct Identity {
    pub key: Keypair,
    pub peer_id: PeerId,
    pub version: String,
    /// Domains of the fork we announce.
    pub domains: RecordDomains,
}

pub(crate) struct Service {
    swarm: Swarm<Behaviour>,
    discovery: Discovery,
    rules: WireRules,
    identity: Identity,
    ports: Ports,
    drops: Arc<Drops>,
    peers: PeerTable,
    candidates: Candidates,
    dialing: BTreeSet<PeerId>,
    topics: BTreeSet<Topic>,
    /// Whether our topics are known. Before that nobody is dialled: a handshake without subnets is refused by other nodes.
    topics_known: bool,
    load: BTreeMap<Topic, Vec<CommitteeLoad>>,
    /// Peers wanted, before what our subnets add.
    max_peers: u32,
    upkeeps: u64,
    stopping: Option<oneshot::Sender<()>>,
}

/// What the task starts from.
pub(crate) struct Parts {
    pub swarm: Swarm<Behaviour>,
    pub discovery: Discovery,
    pub rules: WireRules,
    pub identity: Identity,
    pub ports: Ports,
    pub drops: Arc<Drops>,
    pub max_peers: u32,
}

/// What comes in from outside.
#[allow(clippy::large_enum_variant, reason = "it lives for one turn of the loop")]
enum News {
    Swarm(SwarmEvent<BehaviourEvent>),
    Discovered(Discovered),
}

/// The next of either; neither side can keep the other waiting. Cancelling loses nothing.
async fn next_news(swarm: &mut Swarm<Behaviour>, discovery: &mut Discovery) -> News {
    tokio::select! {
        event = swarm.select_next_some() => News::Swarm(event),
        discovered = discovery.next() => News::Discovered(discovered),
    }
}

impl Service {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { swarm, discovery, rules, identity, ports, drops, max_peers } = parts;
        Self {
            swarm,
            discovery,
            rules,
            identity,
            ports,
            drops,
            peers: PeerTable::new(),
            candidates: Candidates::new(),
            dialing: BTreeSet::new(),
            topics: BTreeSet::new(),
            topics_known: false,
            load: BTreeMap::new(),
            max_peers,
            upkeeps: 0,
            stopping: None,
        }
    }

    /// Runs until told to stop, or until every handle is gone.
    pub(crate) async fn run(mut self) {
        let mut upkeep = tokio::time::interval(UPKEEP_INTERVAL);
        upkeep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.stopping.is_none() {
            tokio::select! {
                biased;
                publication = self.ports.publications.recv() => match publication {
                    Some(publication) => self.publish(publication),
                    None => break,
                },
                _ = upkeep.tick() => self.upkeep(),
                command = self.ports.commands.recv() => match command {
                    Some(command) => self.command(command),
                    None => break,
                },
                news = next_news(&mut self.swarm, &mut self.discovery) => match news {
                    News::Swarm(event) => self.swarm_event(event),
                    News::Discovered(discovered) => self.discovered(discovered),
                },
            }
        }
        Box::pin(self.stop()).await;
    }

    fn swarm_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        if let SwarmEvent::Behaviour(event) = event {
            match event {
                BehaviourEvent::Gossip(event) => self.gossip_event(event),
                BehaviourEvent::Handshake(event) => self.handshake_event(event),
                BehaviourEvent::Identify(event) => self.identify_event(event),
                BehaviourEvent::Ping(event) => self.ping_event(&event),
                BehaviourEvent::Gate(never) | BehaviourEvent::Limits(never) => match never {},
            }
        } else {
            self.connection_event(event);
        }
    }

    fn discovered(&mut self, discovered: Discovered) {
        match discovered {
            Discovered::Node(enr) => self.node_found(&enr, Sighting::Told),
            Discovered::Live(enr) => self.node_found(&enr, Sighting::Live),
            Discovered::OwnAddress => self.refresh_record(),
        }
    }

    /// Hands an event up. News of peers take at most half of the queue; the rest is for messages.
    fn report(&self, event: NetworkEvent) {
        let has_room = self.ports.events.capacity() > EVENT_QUEUE / 2;
        if !has_room || self.ports.events.try_send(event).is_err() {
            self.drops.count(DropReason::EventQueueFull);
        }
    }

    /// The subnets we are on, over all forks.
    fn subnets(&self) -> SubnetBits {
        self.topics.iter().map(|topic| topic.subnet).collect()
    }

    const fn domain(&self) -> DomainType {
        self.identity.domains.current
    }

    fn refresh_record(&mut self) {
        let record = self.discovery.record().to_base64();
        self.ports.record.send_if_modified(|known| {
            let changed = *known != record;
            *known = record;
            changed
        });
    }
}

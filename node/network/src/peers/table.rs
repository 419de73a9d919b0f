//! The peer table: one record per connected peer, and the last 256 that left with the reason.

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::time::{Instant, SystemTime};

use libp2p::swarm::ConnectionId;
use libp2p::{Multiaddr, PeerId};
use lru::LruCache;

use super::relevance::SubnetCounts;
use crate::handshake::info::NodeInfo;
use crate::subnets::SubnetBits;
use crate::topic::Topic;

/// Peers that left and are still remembered.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(256).unwrap();

/// Connections that a peer keeps once its handshake is done: two that dial each other at once keep both.
const KEPT: usize = 2;

/// Who opened the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The peer dialled us.
    Inbound,
    /// We dialled the peer.
    Outbound,
}

impl Direction {
    /// The word for it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DisconnectReason {
    /// The peer, or the line between us, closed it.
    Remote,
    /// Its network id is not ours: another network or fork.
    OtherNetwork,
    /// Its handshake was missing, malformed or badly signed.
    HandshakeFailed,
    /// It did not finish a handshake in time.
    HandshakeTimeout,
    /// There is no room, and it shares no subnet with us.
    NoSharedSubnet,
    /// There is no room, and other peers serve us better.
    Trimmed,
    /// Its score reached the graylist threshold.
    BadScore,
    /// It went on bringing more messages than the whole network has to say.
    Flooding,
    /// It stopped answering pings.
    PingTimeout,
    /// It does not speak gossipsub.
    NoGossip,
    /// We are stopping.
    Shutdown,
}

impl DisconnectReason {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::Remote,
        Self::OtherNetwork,
        Self::HandshakeFailed,
        Self::HandshakeTimeout,
        Self::NoSharedSubnet,
        Self::Trimmed,
        Self::BadScore,
        Self::Flooding,
        Self::PingTimeout,
        Self::NoGossip,
        Self::Shutdown,
    ];

    /// The metric label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Remote => "remote",
            Self::OtherNetwork => "other_network",
            Self::HandshakeFailed => "handshake_failed",
            Self::HandshakeTimeout => "handshake_timeout",
            Self::NoSharedSubnet => "no_shared_subnet",
            Self::Trimmed => "trimmed",
            Self::BadScore => "bad_score",
            Self::Flooding => "flooding",
            Self::PingTimeout => "ping_timeout",
            Self::NoGossip => "no_gossip",
            Self::Shutdown => "shutdown",
        }
    }
}

/// Whether a peer is here, or why it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeerState {
    /// Connected, the handshake is not done yet.
    Connecting,
    /// Connected and part of our network.
    Connected,
    /// Gone.
    Disconnected {
        /// Why.
        reason: DisconnectReason,
        /// When.
        at: SystemTime,
    },
}

/// What we know of a peer at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct PeerRecord {
    /// Its identity.
    pub peer: PeerId,
    /// The address of its last connection.
    pub address: Multiaddr,
    /// Who opened that connection.
    pub direction: Direction,
    /// Here or gone.
    pub state: PeerState,
    /// Since when it is, or was, connected.
    pub connected_at: SystemTime,
    /// What it calls itself (identify); at most 128 characters.
    pub agent: Option<String>,
    /// Its version from the handshake; at most 128 characters.
    pub node_version: Option<String>,
    /// Subnets it announced in the handshake.
    pub announced: SubnetBits,
    /// Subnets whose topics it is subscribed to, as observed.
    pub subscribed: SubnetBits,
    /// Subnets in whose mesh it is with us; none for a peer that is gone.
    pub meshed: SubnetBits,
    /// Messages it was the first to forward to us, and that were rejected.
    pub rejected: u64,
    /// The rule that the last of them broke.
    pub last_rejection: Option<&'static str>,
    /// Its gossip score; the last one for a peer that is gone.
    pub score: f64,
}

/// What gossip knows of a peer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct GossipView {
    pub meshed: SubnetBits,
    pub score: f64,
}

/// Handshakes that a peer may begin in a minute; each costs us a signature and a verification, and one is all it needs.
pub(crate) const HANDSHAKES_A_MINUTE: u32 = 8;

/// One connection that stands.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub id: ConnectionId,
    pub address: Multiaddr,
    pub direction: Direction,
}

#[derive(Debug)]
pub(crate) struct Peer {
    /// Its connections, the oldest first; those that we are closing are in `surplus`.
    connections: Vec<ConnectionId>,
    surplus: Vec<ConnectionId>,
    pub address: Multiaddr,
    pub direction: Direction,
    pub connected_at: SystemTime,
    /// The peer must have finished a handshake by then.
    pub handshake_by: Instant,
    pub info: Option<NodeInfo>,
    pub agent: Option<String>,
    /// Topics it is on; at most those of the network's forks.
    pub topics: BTreeSet<Topic>,
    /// Messages it was the first to forward to us, and that were rejected.
    pub rejected: u64,
    /// The rule that the last of them broke.
    pub last_rejection: Option<&'static str>,
    /// Handshakes it may still begin before the next minute.
    pub handshakes_left: u32,
    /// Set when we decide to part; reported once the last connection is closed.
    pub leaving: Option<DisconnectReason>,
    /// Set when the peer has to go, but shall first have time to read our answer to its handshake.
    pub part_at: Option<(Instant, DisconnectReason)>,
}

impl Peer {
    pub(crate) fn announced(&self) -> SubnetBits {
        self.info.as_ref().map_or(SubnetBits::default(), NodeInfo::subnets)
    }

    /// Subnets it is on, over all forks.
    fn subscribed(&self) -> SubnetBits {
        self.topics.iter().map(|topic| topic.subnet).collect()
    }

    /// What it serves: observed subscriptions, or what it announced until the first is seen.
    pub(crate) fn serves(&self) -> SubnetBits {
        if self.topics.is_empty() { self.announced() } else { self.subscribed() }
    }

    fn record(&self, peer: PeerId, state: PeerState, gossip: GossipView) -> PeerRecord {
        let metadata = self.info.as_ref().and_then(|info| info.metadata.as_ref());
        PeerRecord {
            peer,
            address: self.address.clone(),
            direction: self.direction,
            state,
            connected_at: self.connected_at,
            agent: self.agent.as_deref().map(short),
            node_version: metadata.map(|metadata| short(&metadata.node_version)),
            announced: self.announced(),
            subscribed: self.subscribed(),
            meshed: gossip.meshed,
            rejected: self.rejected,
            last_rejection: self.last_rejection,
            score: gossip.score,
        }
    }
}

/// The first 128 characters: what a peer says of itself must not fill our memory or logs.
fn short(text: &str) -> String {
    text.chars().take(128).collect()
}

/// Connected peers (bounded by the connection limits) and the last that left.
#[derive(Debug)]
pub(crate) struct PeerTable {
    connected: HashMap<PeerId, Peer>,
    past: LruCache<PeerId, PeerRecord>,
}

impl PeerTable {
    pub(crate) fn new() -> Self {
        Self { connected: HashMap::new(), past: LruCache::new(REMEMBERED) }
    }

    /// Notes a connection. False if the peer was connected already.
    pub(crate) fn connected(&mut self, peer: PeerId, connection: Connection, handshake_by: Instant) -> bool {
        let Connection { id, address, direction } = connection;
        self.past.pop(&peer);
        if let Some(known) = self.connected.get_mut(&peer) {
            known.connections.push(id);
            known.address = address;
            known.direction = direction;
            return false;
        }
        let fresh = Peer {
            connections: vec![id],
            surplus: Vec::new(),
            address,
            direction,
            connected_at: SystemTime::now(),
            handshake_by,
            info: None,
            agent: None,
            topics: BTreeSet::new(),
            rejected: 0,
            last_rejection: None,
            handshakes_left: HANDSHAKES_A_MINUTE,
            leaving: None,
            part_at: None,
        };
        self.connected.insert(peer, fresh);
        true
    }

    /// Notes that one of several connections is closed. True if it was one of the surplus.
    pub(crate) fn closed(&mut self, peer: &PeerId, id: ConnectionId) -> bool {
        let Some(known) = self.connected.get_mut(peer) else { return false };
        known.connections.retain(|other| *other != id);
        let before = known.surplus.len();
        known.surplus.retain(|other| *other != id);
        known.surplus.len() < before
    }

    /// Connections to close: beyond two of a peer whose handshake is done. The newest stay, for a peer that restarted may have dead ones
    /// that have not timed out yet.
    pub(crate) fn surplus(&mut self) -> Vec<ConnectionId> {
        let settled = self.connected.values_mut().filter(|peer| peer.info.is_some());
        settled
            .flat_map(|peer| {
                let beyond = peer.connections.len().saturating_sub(KEPT);
                let closing: Vec<_> = peer.connections.drain(..beyond).collect();
                peer.surplus.extend(&closing);
                closing
            })
            .collect()
    }

    /// Notes that the last connection is closed, and the peer's last score. Gives the reason, and whether the handshake was done.
    pub(crate) fn disconnected(&mut self, peer: &PeerId, score: f64) -> Option<(DisconnectReason, bool)> {
        let gone = self.connected.remove(peer)?;
        let put_off = gone.part_at.map(|(_, reason)| reason);
        let reason = gone.leaving.or(put_off).unwrap_or(DisconnectReason::Remote);
        let state = PeerState::Disconnected { reason, at: SystemTime::now() };
        let gossip = GossipView { score, ..GossipView::default() };
        self.past.push(*peer, gone.record(*peer, state, gossip));
        Some((reason, gone.info.is_some()))
    }

    pub(crate) fn get(&self, peer: &PeerId) -> Option<&Peer> {
        self.connected.get(peer)
    }

    pub(crate) fn get_mut(&mut self, peer: &PeerId) -> Option<&mut Peer> {
        self.connected.get_mut(peer)
    }

    pub(crate) fn contains(&self, peer: &PeerId) -> bool {
        self.connected.contains_key(peer)
    }

    /// All that have a connection.
    pub(crate) fn len(&self) -> usize {
        self.connected.len()
    }

    /// All peers may begin handshakes again.
    pub(crate) fn renew_handshakes(&mut self) {
        self.connected.values_mut().for_each(|peer| peer.handshakes_left = HANDSHAKES_A_MINUTE);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&PeerId, &Peer)> {
        self.connected.iter()
    }

    /// Those that finished the handshake and are not on their way out.
    pub(crate) fn settled(&self) -> impl Iterator<Item = (&PeerId, &Peer)> {
        self.iter()
            .filter(|(_, peer)| peer.info.is_some() && peer.leaving.is_none() && peer.part_at.is_none())
    }

    pub(crate) fn subnet_counts(&self) -> SubnetCounts {
        SubnetCounts::of(self.settled().map(|(_, peer)| peer.serves()))
    }

    /// All records, the connected first.
    pub(crate) fn records(&self, gossip: impl Fn(&PeerId) -> GossipView) -> Vec<PeerRecord> {
        let here = self.connected.iter().map(|(id, peer)| {
            let state = if peer.info.is_some() { PeerState::Connected } else { PeerState::Connecting };
            peer.record(*id, state, gossip(id))
        });
        here.chain(self.past.iter().map(|(_, record)| record.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(number: usize, direction: Direction) -> Connection {
        let (id, address) = (ConnectionId::new_unchecked(number), "/ip4/127.0.0.1/tcp/1".parse().unwrap());
        Connection { id, address, direction }
    }

    #[test]
    fn a_settled_peer_keeps_its_two_newest_connections() {
        let (mut table, peer, now) = (PeerTable::new(), PeerId::random(), Instant::now());
        for number in 0..4 {
            table.connected(peer, connection(number, Direction::Inbound), now);
        }
        assert_eq!(table.surplus(), [], "its handshake is not done");
        table.get_mut(&peer).unwrap().info =
            Some(NodeInfo { network_id: "0x00000402".into(), metadata: None });
        let surplus = [0, 1].map(ConnectionId::new_unchecked);
        assert_eq!(table.surplus(), surplus);
        assert_eq!(table.surplus(), [], "they are being closed");
        assert!(surplus.into_iter().all(|id| table.closed(&peer, id) && !table.closed(&peer, id)));
        assert!(!table.closed(&peer, ConnectionId::new_unchecked(2)));
        table.connected(peer, connection(4, Direction::Inbound), now);
        assert_eq!(table.surplus(), []);
    }

    #[test]
    fn a_peer_that_leaves_is_remembered_with_its_reason() {
        let (mut table, peer) = (PeerTable::new(), PeerId::random());
        assert!(table.connected(peer, connection(1, Direction::Inbound), Instant::now()));
        assert!(!table.connected(peer, connection(2, Direction::Outbound), Instant::now()));
        table.get_mut(&peer).unwrap().leaving = Some(DisconnectReason::OtherNetwork);
        assert_eq!(table.disconnected(&peer, -7.0), Some((DisconnectReason::OtherNetwork, false)));
        assert_eq!(table.disconnected(&peer, 0.0), None);
        let records = table.records(|_| GossipView::default());
        let [record] = records.as_slice() else { panic!("one record") };
        assert!(matches!(
            record.state,
            PeerState::Disconnected { reason: DisconnectReason::OtherNetwork, .. }
        ));
        assert_eq!(record.score, -7.0);
    }

    #[test]
    fn the_past_is_bounded_and_what_peers_say_is_cut() {
        let mut table = PeerTable::new();
        for _ in 0..300 {
            let peer = PeerId::random();
            table.connected(peer, connection(1, Direction::Inbound), Instant::now());
            table.get_mut(&peer).unwrap().agent = Some("x".repeat(10_000));
            table.disconnected(&peer, 0.0);
        }
        let records = table.records(|_| GossipView::default());
        assert_eq!(records.len(), 256);
        assert!(records.iter().all(|record| record.agent.as_ref().unwrap().len() == 128));
    }
}

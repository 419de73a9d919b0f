//! Connections come and go.

use std::time::{Duration, Instant};

use libp2p::swarm::{ListenError, SwarmEvent};
use libp2p::{PeerId, connection_limits, identify, ping};
use tracing::{debug, warn};

use super::Service;
use crate::behaviour::BehaviourEvent;
use crate::drops::DropReason;
use crate::event::NetworkEvent;
use crate::peers::relevance::relevance;
use crate::peers::table::{Connection, Direction, DisconnectReason};

/// The dialer's handshake must be done by then.
const HANDSHAKE_WAIT: Duration = Duration::from_secs(20);
const ANSWER_GRACE: Duration = Duration::from_secs(1);
/// A peer we trimmed, whose score is bad, or that flooded us, may not come back for this long.
const BARRED: Duration = Duration::from_secs(30 * 60);

impl Service {
    pub(super) fn connection_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        if let SwarmEvent::ConnectionEstablished { peer_id, connection_id: id, endpoint, .. } = event {
            let direction = if endpoint.is_dialer() { Direction::Outbound } else { Direction::Inbound };
            let address = endpoint.get_remote_address().clone();
            self.dialing.remove(&peer_id);
            let connection = Connection { id, address, direction };
            self.peers.connected(peer_id, connection, Instant::now() + HANDSHAKE_WAIT);
            match self.peers.get(&peer_id).and_then(|known| known.leaving) {
                // A dial was under way when we parted: the decision holds for its connection too.
                Some(reason) => self.part(peer_id, reason),
                None if self.is_bad(&peer_id) => self.part(peer_id, DisconnectReason::BadScore),
                None if direction == Direction::Outbound => self.greet(peer_id),
                None => {}
            }
        } else if let SwarmEvent::ConnectionClosed { peer_id, num_established: 0, cause, .. } = event {
            debug!(peer = %peer_id, ?cause, "connection closed");
            self.gone(peer_id);
        } else if let SwarmEvent::ConnectionClosed { peer_id, connection_id, .. } = event {
            if self.peers.closed(&peer_id, connection_id) {
                self.drops.count(DropReason::ConnectionLimit);
            }
        } else if let SwarmEvent::OutgoingConnectionError { peer_id: Some(peer), error, .. } = event {
            debug!(%peer, %error, "dial failed");
            self.dialing.remove(&peer);
            if !self.peers.contains(&peer) {
                self.failed(&peer);
            }
        } else if let SwarmEvent::IncomingConnectionError { error, send_back_addr, .. } = event {
            if let ListenError::Denied { cause } = &error
                && cause.downcast_ref::<connection_limits::Exceeded>().is_some()
            {
                self.drops.count(DropReason::ConnectionLimit);
            }
            debug!(%error, from = %send_back_addr, "incoming connection failed");
        } else if let SwarmEvent::ListenerClosed { reason: Err(error), .. } = event {
            warn!(%error, "the TCP listener is closed; restart the node to be reachable again");
        }
    }

    /// The peer could not be reached, or is gone: the next dial waits.
    fn failed(&mut self, peer: &PeerId) {
        let (ours, counts) = (self.subnets(), self.peers.subnet_counts());
        self.candidates.failed(peer, Instant::now(), |theirs| relevance(ours, theirs, &counts) > 0);
    }

    fn gone(&mut self, peer: PeerId) {
        let score = self.swarm.behaviour().gossip.peer_score(&peer).unwrap_or(0.0);
        let Some((reason, settled)) = self.peers.disconnected(&peer, score) else { return };
        match reason {
            DisconnectReason::BadScore | DisconnectReason::Trimmed | DisconnectReason::Flooding => {
                let until = Instant::now() + BARRED;
                self.swarm.behaviour_mut().gate.bar(peer, until);
                self.candidates.rest(&peer, until);
            }
            DisconnectReason::Remote
            | DisconnectReason::OtherNetwork
            | DisconnectReason::HandshakeFailed
            | DisconnectReason::HandshakeTimeout
            | DisconnectReason::NoSharedSubnet
            | DisconnectReason::PingTimeout
            | DisconnectReason::NoGossip
            | DisconnectReason::Shutdown => self.failed(&peer),
        }
        self.report(if settled {
            NetworkEvent::PeerDisconnected { peer, reason }
        } else {
            NetworkEvent::PeerRefused { peer, reason }
        });
        self.count_connected();
    }

    /// Closes all connections to a peer; the reason is reported when they are closed. The first reason stays.
    pub(super) fn part(&mut self, peer: PeerId, reason: DisconnectReason) {
        if let Some(known) = self.peers.get_mut(&peer) {
            known.leaving.get_or_insert(reason);
        }
        // An error means that it is gone already.
        let _ = self.swarm.disconnect_peer_id(peer);
    }

    /// Closes all connections to a peer in a second: it shall first read our answer to its handshake, and usually leaves by
    /// itself then.
    pub(super) fn part_soon(&mut self, peer: PeerId, reason: DisconnectReason) {
        if let Some(known) = self.peers.get_mut(&peer) {
            known.part_at = Some((Instant::now() + ANSWER_GRACE, reason));
        }
        self.count_connected();
    }

    pub(super) fn count_connected(&mut self) {
        let settled = self.peers.settled().count();
        self.ports.connected.send_if_modified(|known| std::mem::replace(known, settled) != settled);
    }

    pub(super) fn identify_event(&mut self, event: identify::Event) {
        match event {
            identify::Event::Received { peer_id, info, .. } => {
                if let Some(known) = self.peers.get_mut(&peer_id) {
                    known.agent = Some(info.agent_version);
                }
            }
            identify::Event::Error { peer_id, error, .. } => {
                debug!(peer = %peer_id, %error, "the peer did not identify itself");
            }
            identify::Event::Sent { .. } | identify::Event::Pushed { .. } => {}
        }
    }

    pub(super) fn ping_event(&mut self, event: &ping::Event) {
        match &event.result {
            Ok(took) => self.swarm.behaviour_mut().gossip.pong(event.peer, *took, Instant::now()),
            Err(ping::Failure::Timeout) => self.part(event.peer, DisconnectReason::PingTimeout),
            // A peer without ping is not at fault, and a broken stream shows as a closed connection.
            Err(ping::Failure::Unsupported | ping::Failure::Other { .. }) => {}
        }
    }
}

//! The handshake: the dialer speaks first, the listener answers, then both judge.

use std::time::{Duration, Instant};

use libp2p::PeerId;
use libp2p::request_response::{Event, InboundFailure, Message, OutboundFailure, ResponseChannel};
use tracing::{debug, info, warn};

use super::Service;
use crate::drops::DropReason;
use crate::event::NetworkEvent;
use crate::handshake::envelope;
use crate::handshake::info::{Metadata, NodeInfo, network_id};
use crate::peers::table::{Direction, DisconnectReason};

/// A peer of another network is left alone this long.
const OTHER_NETWORK_REST: Duration = Duration::from_secs(5 * 60);
/// A peer that is in another fork of our network is left alone this long: nodes do not change at the same moment.
const OTHER_FORK_REST: Duration = Duration::from_secs(10);

type HandshakeEvent = Event<Vec<u8>, Vec<u8>>;

impl Service {
    /// Our own description, signed, as of now.
    fn sealed(&self) -> Option<Vec<u8>> {
        let info = NodeInfo {
            network_id: network_id(self.domain()),
            metadata: Some(Metadata {
                node_version: self.identity.version.clone(),
                execution_node: String::new(),
                consensus_node: String::new(),
                subnets: self.subnets(),
            }),
        };
        envelope::seal(&self.identity.key, &info)
            .inspect_err(|error| warn!(%error, "our handshake cannot be written"))
            .ok()
    }

    /// The dialer's part, on every new outbound connection.
    pub(super) fn greet(&mut self, peer: PeerId) {
        match self.sealed() {
            Some(bytes) => {
                self.swarm.behaviour_mut().handshake.send_request(&peer, bytes);
            }
            None => self.part(peer, DisconnectReason::HandshakeFailed),
        }
    }

    pub(super) fn handshake_event(&mut self, event: HandshakeEvent) {
        match event {
            Event::Message { peer, message: Message::Request { request, channel, .. }, .. } => {
                self.greeted(peer, &request, channel);
            }
            Event::Message { peer, message: Message::Response { response, .. }, .. } => {
                if response.is_empty() {
                    self.part_unless_settled(peer);
                } else if let Some(reason) = self.judge(peer, &response) {
                    self.part(peer, reason);
                }
            }
            Event::OutboundFailure { peer, error, .. } => {
                debug!(%peer, %error, "the peer did not answer our handshake");
                match error {
                    OutboundFailure::Timeout
                    | OutboundFailure::UnsupportedProtocols
                    | OutboundFailure::Io(_) => {
                        self.part_unless_settled(peer);
                    }
                    // The end of the connection speaks for itself.
                    OutboundFailure::ConnectionClosed | OutboundFailure::DialFailure => {}
                }
            }
            Event::InboundFailure { peer, error, .. } => {
                debug!(%peer, %error, "the peer's handshake failed");
                match error {
                    InboundFailure::Timeout
                    | InboundFailure::UnsupportedProtocols
                    | InboundFailure::ResponseOmission
                    | InboundFailure::Io(_) => self.part_unless_settled(peer),
                    InboundFailure::ConnectionClosed => {}
                }
            }
            Event::ResponseSent { .. } => {}
        }
    }

    /// The listener's part: whoever has a valid envelope gets ours, and only then is judged.
    fn greeted(&mut self, peer: PeerId, request: &[u8], channel: ResponseChannel<Vec<u8>>) {
        let Some(known) = self.peers.get_mut(&peer) else { return };
        let Some(left) = known.handshakes_left.checked_sub(1) else {
            self.drops.count(DropReason::HandshakeTooOften);
            return self.part(peer, DisconnectReason::HandshakeFailed);
        };
        known.handshakes_left = left;
        let verdict = self.judge(peer, request);
        if verdict == Some(DisconnectReason::HandshakeFailed) {
            return self.part(peer, DisconnectReason::HandshakeFailed);
        }
        let sent = self
            .sealed()
            .is_some_and(|bytes| self.swarm.behaviour_mut().handshake.send_response(channel, bytes).is_ok());
        match (verdict, sent) {
            (None, true) => {}
            (Some(reason), true) => self.part_soon(peer, reason),
            (reason, false) => self.part(peer, reason.unwrap_or(DisconnectReason::HandshakeFailed)),
        }
    }

    /// A failed stream ends a connection that has no handshake yet; later ones do no harm.
    fn part_unless_settled(&mut self, peer: PeerId) {
        if self.peers.get(&peer).is_some_and(|known| known.info.is_none() && known.part_at.is_none()) {
            self.part(peer, DisconnectReason::HandshakeFailed);
        }
    }

    /// Reads an envelope and settles the peer, or says why it must go.
    fn judge(&mut self, peer: PeerId, bytes: &[u8]) -> Option<DisconnectReason> {
        let info = match envelope::open(bytes, &peer) {
            Ok(info) => info,
            Err(error) => {
                self.drops.count(DropReason::HandshakeInvalid);
                debug!(%peer, %error, "the handshake is not valid");
                return Some(DisconnectReason::HandshakeFailed);
            }
        };
        let ours = network_id(self.domain());
        if info.network_id != ours {
            let is_other_fork = self.rules.is_of_another_fork(&info.network_id, self.domain());
            let is_settled = self.peers.get(&peer).is_some_and(|known| known.info.is_some());
            if is_other_fork && is_settled {
                // It was of our network a moment ago; one of us changes its fork while a second connection opens.
                return None;
            }
            info!(%peer, theirs = %info.network_id.escape_debug(), %ours, "a peer of another network or fork");
            let rest = if is_other_fork { OTHER_FORK_REST } else { OTHER_NETWORK_REST };
            self.candidates.rest(&peer, Instant::now() + rest);
            return Some(DisconnectReason::OtherNetwork);
        }
        self.settle(peer, info)
    }

    /// The peer is of our network. An inbound one without a shared subnet has to go if there is no room.
    fn settle(&mut self, peer: PeerId, info: NodeInfo) -> Option<DisconnectReason> {
        let (subnets, target) = (self.subnets(), self.target());
        let full = self.peers.len() > target;
        let known = self.peers.get_mut(&peer).filter(|known| known.leaving.is_none())?;
        let useless = !subnets.is_empty() && subnets.shared_with(info.subnets()).is_empty();
        if full && useless && known.direction == Direction::Inbound {
            return Some(DisconnectReason::NoSharedSubnet);
        }
        let first = known.info.is_none();
        known.info = Some(info);
        self.candidates.connected(&peer);
        if first {
            debug!(%peer, "handshake done");
            self.report(NetworkEvent::PeerConnected { peer });
            self.count_connected();
        }
        None
    }
}

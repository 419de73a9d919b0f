//! Once a second: deadlines, dialling; every thirty seconds: who has to go.

use std::time::{Duration, Instant};

use discv5::Enr;
use futures::StreamExt;
use libp2p::PeerId;
use libp2p::connection_limits::ConnectionLimits;
use libp2p::swarm::SwarmEvent;
use tracing::debug;

use super::Service;
use crate::peers::candidates::{Found, Room, Sighting};
use crate::peers::table::{Direction, DisconnectReason, Peer};
use crate::peers::trim::{self, Crowding, Standing};
use crate::record;

/// Ticks between two trims.
const TRIM_EVERY: u64 = 30;
/// Ticks between two occasions on which useful inbound peers are trimmed for newcomers.
const ROTATE_EVERY: u64 = 5 * TRIM_EVERY;
/// Ticks after which peers may begin handshakes again.
const MINUTE: u64 = 60;
/// Peers that each subnet of ours adds to the target, and what it adds up to at most.
const PER_SUBNET: u32 = 3;
const MOST_PEERS: u32 = 150;
/// Peers a subnet should have before discovery slows down: the lower mesh bound.
const ENOUGH_ON_SUBNET: u32 = 6;
/// Dials under way at once.
const MOST_DIALS: usize = 16;
/// Connections of one peer: two that dial each other at once keep both, and a peer that restarted must get in while its old
/// connections have not timed out yet. Two are left of a peer whose handshake is done.
const PER_PEER: u32 = 4;
/// How long a stopping node waits for its connections to close.
const DRAIN: Duration = Duration::from_secs(1);

/// Peers to aim for with this many subnets.
fn target(max_peers: u32, subnets: u32) -> u32 {
    max_peers.saturating_add(subnets.saturating_mul(PER_SUBNET)).min(MOST_PEERS).max(max_peers)
}

/// Connection limits around a target: a tenth more in all, half of it inbound where inbound is limited.
pub(crate) fn limits(target: u32, limit_inbound: bool) -> ConnectionLimits {
    let most = target.saturating_add(target / 10).saturating_add(4);
    ConnectionLimits::default()
        .with_max_pending_incoming(Some(64))
        .with_max_pending_outgoing(Some(64))
        .with_max_established_per_peer(Some(PER_PEER))
        .with_max_established_incoming(limit_inbound.then_some(target / 2))
        .with_max_established(Some(most.saturating_mul(PER_PEER)))
}

impl Service {
    pub(super) fn target(&self) -> usize {
        usize::try_from(target(self.max_peers, self.subnets().len())).unwrap_or(usize::MAX)
    }

    pub(super) fn raise_limits(&mut self) {
        let target = target(self.max_peers, self.subnets().len());
        let limits = limits(target, self.rules.inbound_capacity.is_some());
        *self.swarm.behaviour_mut().limits.limits_mut() = limits;
    }

    pub(super) fn upkeep(&mut self) {
        let now = Instant::now();
        self.upkeeps = self.upkeeps.wrapping_add(1);
        self.expire_handshakes(now);
        for surplus in self.peers.surplus() {
            self.swarm.close_connection(surplus);
        }
        for dead in self.swarm.behaviour().gossip.dead(now) {
            self.part(dead, DisconnectReason::PingTimeout);
        }
        for flooding in self.swarm.behaviour_mut().gossip.flooding() {
            self.part(flooding, DisconnectReason::Flooding);
        }
        self.dial_due();
        let hungry = self.peers.settled().count() == 0
            || self.peers.subnet_counts().lacks(self.subnets(), ENOUGH_ON_SUBNET);
        self.discovery.set_hungry(hungry);
        if self.upkeeps.is_multiple_of(MINUTE) {
            self.peers.renew_handshakes();
        }
        if self.upkeeps.is_multiple_of(TRIM_EVERY) {
            self.candidates.sweep(now);
            self.trim();
        }
    }

    /// Parts with those whose handshake is overdue, or was refused a moment ago.
    fn expire_handshakes(&mut self, now: Instant) {
        let due = |peer: &Peer| match peer.part_at {
            Some((at, reason)) => (at <= now).then_some(reason),
            None => (peer.info.is_none() && peer.handshake_by <= now)
                .then_some(DisconnectReason::HandshakeTimeout),
        };
        let parting: Vec<_> = self
            .peers
            .iter()
            .filter(|(_, peer)| peer.leaving.is_none())
            .filter_map(|(id, peer)| due(peer).map(|reason| (*id, reason)))
            .collect();
        for (peer, reason) in parting {
            self.part(peer, reason);
        }
    }

    /// A node record came in: remember it if it is of our network, and dial if there is room.
    pub(super) fn node_found(&mut self, enr: &Enr, how: Sighting) {
        let entries = record::entries(enr);
        if !entries.ssv || entries.domain != Some(self.domain()) {
            return;
        }
        let (Some(peer), Some(address)) = (record::peer_id(enr), record::tcp_address(enr)) else { return };
        if peer == self.identity.peer_id {
            return;
        }
        let subnets = entries.subnets.unwrap_or_default();
        self.candidates.found(Found { peer, address, subnets, how }, Instant::now());
        self.dial_due();
    }

    /// Bootnodes that are operators themselves are dialled like found nodes; the others (without a domain) speak only discv5.
    pub(crate) fn dial_bootnodes(&mut self, bootnodes: &[Enr]) {
        for bootnode in bootnodes {
            self.node_found(bootnode, Sighting::Bootnode);
        }
    }

    /// Dials whoever is worth it now.
    pub(super) fn dial_due(&mut self) {
        if !self.topics_known {
            return;
        }
        let target = self.target();
        let busy = self.peers.len().saturating_add(self.dialing.len());
        let dials = MOST_DIALS.saturating_sub(self.dialing.len());
        let vacant = target.saturating_sub(busy).min(dials);
        let overflow =
            (target.saturating_add(target / 10)).saturating_sub(busy.max(target)).min(dials - vacant);
        let now = Instant::now();
        let (peers, dialing, gate) = (&self.peers, &self.dialing, &self.swarm.behaviour().gate);
        let chosen = self.candidates.choose(
            now,
            Room { vacant, overflow },
            self.topics.iter().map(|topic| topic.subnet).collect(),
            &peers.subnet_counts(),
            |peer| peers.contains(peer) || dialing.contains(peer) || gate.is_barred(peer, now),
        );
        for (peer, address) in chosen {
            debug!(%peer, %address, "dialling");
            self.dial(peer, address);
        }
    }

    /// Parts with bad peers; if there is no room, with those that serve us least.
    fn trim(&mut self) {
        let bad: Vec<PeerId> = self.peers.iter().map(|(id, _)| *id).filter(|id| self.is_bad(id)).collect();
        if !bad.is_empty() {
            return bad.into_iter().for_each(|peer| self.part(peer, DisconnectReason::BadScore));
        }
        let target = self.target();
        // Connections, as the limit counts them: a peer may have several.
        let inbound = self.swarm.network_info().connection_counters().num_established_incoming();
        let inbound = usize::try_from(inbound).unwrap_or(usize::MAX);
        let crowding = Crowding {
            overall: self.peers.len() > target,
            inbound: self.rules.inbound_capacity.is_some() && inbound >= target / 2,
            rotate: self.upkeeps.is_multiple_of(ROTATE_EVERY),
        };
        let settled: Vec<Standing> = self
            .peers
            .settled()
            .map(|(id, peer)| Standing {
                peer: *id,
                inbound: peer.direction == Direction::Inbound,
                serves: peer.serves(),
            })
            .collect();
        for (peer, reason) in trim::choose(&settled, self.subnets(), &self.peers.subnet_counts(), crowding) {
            self.part(peer, reason);
        }
    }

    /// Lets the connections close, for at most a second.
    pub(super) async fn drain(&mut self) {
        let all_closed = async {
            while self.peers.len() > 0 {
                let event = self.swarm.select_next_some().await;
                if let SwarmEvent::ConnectionClosed { num_established: 0, .. } = &event {
                    self.connection_event(event);
                }
            }
        };
        if tokio::time::timeout(DRAIN, all_closed).await.is_err() {
            debug!("some connections did not close in time");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_grows_with_subnets_up_to_a_hundred_and_fifty() {
        assert_eq!(target(60, 0), 60);
        assert_eq!(target(60, 10), 90);
        assert_eq!(target(60, 128), 150);
        assert_eq!(target(200, 128), 200);
    }
}

//! The gate in front of the swarm: who may open a connection at all.
//!
//! Before the noise handshake: a leaky bucket per address (unless the rules switch it off). After it: peers that are barred
//! for a while, because we trimmed them, because their score is bad, or because they are of another network.
//! Source: ssv `network/peers/connections/conn_gater.go`.

use std::convert::Infallible;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use libp2p::core::{Endpoint, transport::PortUse};
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent,
    ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};
use lru::LruCache;

use crate::drops::{DropReason, Drops};

/// Addresses and barred peers remembered; the least recently used fall out.
const MEMORY: NonZeroUsize = NonZeroUsize::new(4096).unwrap();
/// A bucket loses half its capacity in this time.
const HALF_DRAINED: Duration = Duration::from_secs(30);

/// A leaky bucket per address.
#[derive(Debug)]
struct Buckets {
    capacity: u32,
    levels: LruCache<IpAddr, (u32, Instant)>,
}

impl Buckets {
    fn admit(&mut self, ip: IpAddr, now: Instant) -> bool {
        let (level, since) = self.levels.get(&ip).copied().unwrap_or((0, now));
        let drop_interval = HALF_DRAINED / (self.capacity / 2).max(1);
        let drained = now.saturating_duration_since(since).as_millis() / drop_interval.as_millis().max(1);
        let drained = u32::try_from(drained).unwrap_or(u32::MAX);
        let left = level.saturating_sub(drained);
        // What has not drained a whole drop yet keeps its age.
        let since = if left == 0 { now } else { since + drop_interval.saturating_mul(drained) };
        let admitted = left < self.capacity;
        let level = if admitted { left.saturating_add(1) } else { left };
        self.levels.push(ip, (level, since));
        admitted
    }
}

/// Why a connection was refused at the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GateError {
    #[error("this address opened too many connections in a short time")]
    InboundRate,
    #[error("this peer is barred for a while")]
    Barred,
}

/// The gate. A behaviour that only ever answers yes or no.
#[derive(Debug)]
pub(crate) struct Gate {
    buckets: Option<Buckets>,
    barred: LruCache<PeerId, Instant>,
    drops: Arc<Drops>,
}

impl Gate {
    /// `inbound_capacity`: connections an address may open in a burst; none switches the bucket off.
    pub(crate) fn new(inbound_capacity: Option<u32>, drops: Arc<Drops>) -> Self {
        let buckets = inbound_capacity.map(|capacity| Buckets { capacity, levels: LruCache::new(MEMORY) });
        Self { buckets, barred: LruCache::new(MEMORY), drops }
    }

    /// Refuses the peer until then, in both directions.
    pub(crate) fn bar(&mut self, peer: PeerId, until: Instant) {
        self.barred.push(peer, until);
    }

    pub(crate) fn is_barred(&self, peer: &PeerId, now: Instant) -> bool {
        self.barred.peek(peer).is_some_and(|until| now < *until)
    }

    fn check_peer(&self, peer: &PeerId) -> Result<(), ConnectionDenied> {
        if self.is_barred(peer, Instant::now()) {
            self.drops.count(DropReason::PeerBarred);
            return Err(ConnectionDenied::new(GateError::Barred));
        }
        Ok(())
    }
}

/// The address part of a multiaddr.
fn ip_of(address: &Multiaddr) -> Option<IpAddr> {
    address.iter().find_map(|part| {
        if let Protocol::Ip4(ip) = part {
            Some(IpAddr::V4(ip))
        } else if let Protocol::Ip6(ip) = part {
            Some(IpAddr::V6(ip))
        } else {
            None
        }
    })
}

impl NetworkBehaviour for Gate {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        if let (Some(buckets), Some(ip)) = (&mut self.buckets, ip_of(remote))
            && !buckets.admit(ip, Instant::now())
        {
            self.drops.count(DropReason::InboundRate);
            return Err(ConnectionDenied::new(GateError::InboundRate));
        }
        Ok(())
    }

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.check_peer(&peer).map(|()| dummy::ConnectionHandler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.check_peer(&peer).map(|()| dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, _: FromSwarm<'_>) {}

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn eight_connections_in_a_burst_and_four_every_thirty_seconds() {
        let mut buckets = Buckets { capacity: 8, levels: LruCache::new(MEMORY) };
        let (now, ip) = (Instant::now(), IpAddr::V4(Ipv4Addr::LOCALHOST));
        assert!((0..8).all(|_| buckets.admit(ip, now)));
        assert!(!buckets.admit(ip, now));
        assert!(buckets.admit(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), now));
        let later = now + Duration::from_secs(30);
        assert!((0..4).all(|_| buckets.admit(ip, later)));
        assert!(!buckets.admit(ip, later));
    }

    #[test]
    fn the_gate_counts_whom_it_refuses() {
        let drops = Arc::<Drops>::default();
        let mut gate = Gate::new(Some(1), drops.clone());
        let address: Multiaddr = "/ip4/10.0.0.1/tcp/1".parse().unwrap();
        let mut arrive =
            || gate.handle_pending_inbound_connection(ConnectionId::new_unchecked(1), &address, &address);
        assert!(arrive().is_ok());
        let refused = arrive().unwrap_err();
        assert_eq!(refused.downcast::<GateError>().unwrap(), GateError::InboundRate);
        assert_eq!(drops.get(DropReason::InboundRate), 1);
    }

    #[test]
    fn a_barred_peer_may_come_back_later() {
        let mut gate = Gate::new(None, Arc::default());
        let (now, peer) = (Instant::now(), PeerId::random());
        gate.bar(peer, now + Duration::from_secs(60));
        assert!(gate.is_barred(&peer, now));
        assert!(!gate.is_barred(&peer, now + Duration::from_secs(60)));
        assert!(gate.check_peer(&peer).is_err());
        assert!(gate.check_peer(&PeerId::random()).is_ok());
    }
}

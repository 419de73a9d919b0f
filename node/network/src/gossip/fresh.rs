//! Announcements of messages (IHAVE) are taken only from peers whose line is current.
//!
//! A peer keeps a message for six heartbeats. What it announces is asked for, and what it then does not deliver costs it score; libp2p counts
//! every message, where the Go node counts one of each request. After a line stood still, because the network between us
//! was cut or one of us was stopped, announcements come that were made long ago: each names messages that the peer no longer has, and one of fifty
//! graylists an honest peer for half an hour. So an announcement counts only while pings come back in time: the answer to a ping shows that
//! what comes after it on the line is young. The next announcement is one heartbeat away.

use std::collections::{HashMap, HashSet};
use std::fmt::{self, Write};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::gossipsub::{
    self, IdentTopic, MaxCountSubscriptionFilter, SubscriptionError, WhitelistSubscriptionFilter,
};
use libp2p::swarm::{
    ConnectionClosed, ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};

use super::admission::Admission;
use super::author::AuthorRule;
use super::params::{HEARTBEAT_MILLIS, HISTORY_LENGTH};
use crate::drops::{DropReason, Drops};

/// Pings follow each other this closely, so that one comes back before the last has lost its worth.
pub(crate) const PING_INTERVAL: Duration = Duration::from_secs(2);
/// A ping that came back says this long that the line is current: as long as messages are kept.
const WORTH: Duration = Duration::from_millis(HISTORY_LENGTH as u64 * HEARTBEAT_MILLIS);
/// A ping that took longer says nothing: our request would come too late as well.
const SLOWEST: Duration = Duration::from_millis(2 * HEARTBEAT_MILLIS);
/// A peer that answered pings and then none for so long is gone, whatever its connection says. The library reports timed-out pings only in
/// some cases, and a connection to a dead machine lives for a quarter of an hour.
const DEAD_AFTER: Duration = Duration::from_secs(30);

type Inner = gossipsub::Behaviour<AuthorRule, MaxCountSubscriptionFilter<WhitelistSubscriptionFilter>>;
type FromHandler = THandlerOutEvent<Inner>;

/// When the last pings of a peer came back.
#[derive(Debug, Clone, Copy)]
struct Pongs {
    last: Instant,
    timely: Option<Instant>,
}

/// Gossipsub behind the rule, and behind the [`Admission`] of messages.
pub(crate) struct FreshGossip {
    inner: Inner,
    /// The connected peers that answered a ping.
    pongs: HashMap<PeerId, Pongs>,
    admission: Admission,
    drops: Arc<Drops>,
}

impl FreshGossip {
    /// `limited`: whether peers have an allowance of messages.
    pub(crate) fn new(inner: Inner, limited: bool, drops: Arc<Drops>) -> Self {
        let admission = Admission::new(limited, drops.clone());
        Self { inner, pongs: HashMap::new(), admission, drops }
    }

    pub(crate) fn subscribe(&mut self, topic: &IdentTopic) -> Result<bool, SubscriptionError> {
        let is_new = self.inner.subscribe(topic)?;
        self.admission.joined(topic.hash());
        Ok(is_new)
    }

    pub(crate) fn unsubscribe(&mut self, topic: &IdentTopic) -> bool {
        self.admission.left(&topic.hash());
        self.inner.unsubscribe(topic)
    }

    /// The peers that flooded us since the last call.
    pub(crate) fn flooding(&mut self) -> HashSet<PeerId> {
        self.admission.flooding()
    }

    /// A ping came back.
    pub(crate) fn pong(&mut self, peer: PeerId, took: Duration, now: Instant) {
        let timely =
            if took <= SLOWEST { Some(now) } else { self.pongs.get(&peer).and_then(|known| known.timely) };
        self.pongs.insert(peer, Pongs { last: now, timely });
    }

    fn is_current(&self, peer: &PeerId, now: Instant) -> bool {
        let timely = self.pongs.get(peer).and_then(|known| known.timely);
        timely.is_some_and(|pong| now.saturating_duration_since(pong) <= WORTH)
    }

    /// Peers that answered pings and do so no more.
    pub(crate) fn dead(&self, now: Instant) -> Vec<PeerId> {
        let is_dead = |known: &Pongs| now.saturating_duration_since(known.last) > DEAD_AFTER;
        self.pongs.iter().filter(|(_, known)| is_dead(known)).map(|(peer, _)| *peer).collect()
    }

    /// Takes the announcements out of what a peer sent.
    fn strip(&self, event: &mut FromHandler) {
        if let FromHandler::Message { rpc, .. } = event {
            let before = rpc.control_msgs.len();
            rpc.control_msgs.retain(|action| !is_announcement(action));
            let stripped = before.saturating_sub(rpc.control_msgs.len());
            if stripped > 0 {
                let number = u64::try_from(stripped).unwrap_or(u64::MAX);
                self.drops.count_many(DropReason::StaleAnnouncement, number);
            }
        }
    }
}

/// Whether a control message is an IHAVE. The library does not export the type, so it is known by the name it is printed with.
fn is_announcement(action: &impl fmt::Debug) -> bool {
    let mut start = Start { left: "IHave(" };
    // An error means that the start has been seen, or is another.
    let _ = write!(start, "{action:?}");
    start.left.is_empty()
}

/// Compares the start of what is written with `left`, and refuses the rest.
struct Start {
    left: &'static str,
}

impl Write for Start {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let common = text.len().min(self.left.len());
        match (text.get(..common), self.left.split_at_checked(common)) {
            (Some(head), Some((wanted, left))) if head == wanted && !self.left.is_empty() => {
                self.left = left;
                if left.is_empty() { Err(fmt::Error) } else { Ok(()) }
            }
            _ => Err(fmt::Error),
        }
    }
}

impl Deref for FreshGossip {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl DerefMut for FreshGossip {
    fn deref_mut(&mut self) -> &mut Inner {
        &mut self.inner
    }
}

impl NetworkBehaviour for FreshGossip {
    type ConnectionHandler = THandler<Inner>;
    type ToSwarm = gossipsub::Event;

    fn handle_established_inbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.inner.handle_established_inbound_connection(id, peer, local, remote)
    }

    fn handle_established_outbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port_use: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.inner.handle_established_outbound_connection(id, peer, address, role, port_use)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        if let FromSwarm::ConnectionClosed(ConnectionClosed { peer_id, remaining_established: 0, .. }) = event
        {
            self.pongs.remove(&peer_id);
        }
        self.inner.on_swarm_event(event);
    }

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        mut event: THandlerOutEvent<Self>,
    ) {
        let now = Instant::now();
        if !self.is_current(&peer, now) {
            self.strip(&mut event);
        }
        if let FromHandler::Message { rpc, .. } = &mut event {
            self.admission.admit(peer, &mut rpc.messages, now);
        }
        self.inner.on_connection_handler_event(peer, connection, event);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        self.inner.poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use libp2p::gossipsub::MessageAuthenticity;

    #[derive(Debug)]
    #[allow(dead_code, reason = "they are printed")]
    enum Action {
        IHave(u8),
        IHaveNot(u8),
        I,
    }

    #[test]
    fn an_announcement_is_known_by_its_name() {
        assert!(is_announcement(&Action::IHave(1)));
        assert!(!is_announcement(&Action::IHaveNot(1)));
        assert!(!is_announcement(&Action::I));
        assert!(!is_announcement(&""));
    }

    #[test]
    fn a_line_is_current_for_as_long_as_messages_are_kept() {
        let filter = MaxCountSubscriptionFilter {
            filter: WhitelistSubscriptionFilter(HashSet::new()),
            max_subscribed_topics: 1,
            max_subscriptions_per_request: 1,
        };
        let inner = Inner::new_with_subscription_filter_and_transform(
            MessageAuthenticity::Author(PeerId::random()),
            super::super::params::config().unwrap(),
            filter,
            AuthorRule::new(Arc::default()),
        );
        let mut gossip = FreshGossip::new(inner.unwrap(), true, Arc::default());
        let (peer, now) = (PeerId::random(), Instant::now());
        assert!(!gossip.is_current(&peer, now));
        gossip.pong(peer, SLOWEST, now);
        assert!(gossip.is_current(&peer, now + WORTH));
        assert!(!gossip.is_current(&peer, now + WORTH + Duration::from_millis(1)));
        // The answer to a ping from before the line stood still.
        let later = now + Duration::from_secs(40);
        gossip.pong(peer, Duration::from_secs(40), later);
        assert!(!gossip.is_current(&peer, later));
        assert_eq!(gossip.dead(later), []);
        gossip.pong(peer, Duration::from_millis(600), later);
        assert!(gossip.is_current(&peer, later));
        assert_eq!(gossip.dead(later + DEAD_AFTER), []);
        assert_eq!(gossip.dead(later + DEAD_AFTER + Duration::from_millis(1)), [peer]);
    }
}

//! What gossipsub reports.

use std::collections::HashMap;
use std::time::SystemTime;

use bytes::Bytes;
use libp2p::PeerId;
use libp2p::gossipsub::{Event, Message, MessageAcceptance, MessageId, TopicHash};
use tracing::{debug, warn};

use super::Service;
use crate::drops::DropReason;
use crate::event::{InboundMessage, NetworkEvent, Receipt};
use crate::peers::table::{DisconnectReason, GossipView};
use crate::subnets::SubnetBits;

impl Service {
    pub(super) fn gossip_event(&mut self, event: Event) {
        match event {
            Event::Message { propagation_source, message_id, message } => {
                self.message(propagation_source, message_id, message);
            }
            Event::Subscribed { peer_id, topic } => self.subscription(peer_id, &topic, true),
            Event::Unsubscribed { peer_id, topic } => self.subscription(peer_id, &topic, false),
            Event::GossipsubNotSupported { peer_id } => {
                // A verdict of the handshake says more.
                if self.peers.get(&peer_id).is_some_and(|known| known.part_at.is_none()) {
                    self.part_soon(peer_id, DisconnectReason::NoGossip);
                }
            }
            Event::SlowPeer { peer_id, failed_messages } => {
                let failed = failed_messages.priority.saturating_add(failed_messages.non_priority);
                self.drops.count_many(DropReason::PeerQueueFull, u64::try_from(failed).unwrap_or(u64::MAX));
                debug!(peer = %peer_id, failed, "the peer does not take messages fast enough");
            }
        }
    }

    fn message(&mut self, from: PeerId, id: MessageId, message: Message) {
        let (Some(topic), Some(author)) = (self.rules.topics.topic(&message.topic), message.source) else {
            // Neither gets past the subscription and author rules.
            warn!(%from, topic = %message.topic, "a message without topic or author came through");
            return self.ignore(&from, &id);
        };
        let Ok(slot) = self.ports.events.try_reserve() else {
            self.drops.count(DropReason::EventQueueFull);
            return self.ignore(&from, &id);
        };
        slot.send(NetworkEvent::Message(InboundMessage {
            receipt: Receipt { id, from, topic },
            topic,
            data: Bytes::from(message.data),
            from,
            author,
            received_at: SystemTime::now(),
        }));
    }

    fn ignore(&mut self, from: &PeerId, id: &MessageId) {
        let gossip = &mut self.swarm.behaviour_mut().gossip;
        gossip.report_message_validation_result(id, from, MessageAcceptance::Ignore);
    }

    fn subscription(&mut self, peer: PeerId, hash: &TopicHash, joined: bool) {
        let Some(topic) = self.rules.topics.topic(hash) else { return };
        if let Some(known) = self.peers.get_mut(&peer) {
            if joined {
                known.topics.insert(topic);
            } else {
                known.topics.remove(&topic);
            }
        }
        self.report(if joined {
            NetworkEvent::PeerSubscribed { peer, topic }
        } else {
            NetworkEvent::PeerUnsubscribed { peer, topic }
        });
    }

    /// What gossip knows of its peers now.
    pub(super) fn gossip_view(&self) -> impl Fn(&PeerId) -> GossipView {
        let gossip = &self.swarm.behaviour().gossip;
        let mut meshed = HashMap::<PeerId, SubnetBits>::new();
        for topic in &self.topics {
            let Some(wire) = self.rules.topics.wire(*topic) else { continue };
            for peer in gossip.mesh_peers(&wire.hash()) {
                meshed.entry(*peer).or_default().insert(topic.subnet);
            }
        }
        move |peer| GossipView {
            meshed: meshed.get(peer).copied().unwrap_or_default(),
            score: gossip.peer_score(peer).unwrap_or(0.0),
        }
    }
}

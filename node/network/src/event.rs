//! What the network reports, and what it is told in return.

use std::time::SystemTime;

use bytes::Bytes;
use libp2p::PeerId;
use libp2p::gossipsub::MessageId;

use crate::peers::table::DisconnectReason;
use crate::topic::Topic;

/// Something happened. Events are queued up to [`EVENT_QUEUE`](crate::EVENT_QUEUE); beyond it a message is ignored (not relayed), another event is
/// dropped, both counted. The truth about peers is the snapshot of [`NetworkHandle::peers`](crate::NetworkHandle::peers).
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all events are messages; a box for each would cost more than it saves"
)]
pub enum NetworkEvent {
    /// A message that no one here has seen before. It waits for the verdict on its receipt.
    Message(InboundMessage),
    /// A peer finished the handshake and is of our network.
    PeerConnected {
        /// Who.
        peer: PeerId,
    },
    /// A peer that had finished the handshake is gone.
    PeerDisconnected {
        /// Who.
        peer: PeerId,
        /// Why.
        reason: DisconnectReason,
    },
    /// A connection ended before its handshake was done.
    PeerRefused {
        /// Who.
        peer: PeerId,
        /// Why.
        reason: DisconnectReason,
    },
    /// A peer joined a topic.
    PeerSubscribed {
        /// Who.
        peer: PeerId,
        /// Which topic.
        topic: Topic,
    },
    /// A peer left a topic.
    PeerUnsubscribed {
        /// Who.
        peer: PeerId,
        /// Which topic.
        topic: Topic,
    },
}

/// A message as it came.
#[derive(Debug)]
pub struct InboundMessage {
    /// Give it back with the verdict.
    pub receipt: Receipt,
    /// The topic it came on.
    pub topic: Topic,
    /// The encoded `SignedSSVMessage`, unchecked.
    pub data: Bytes,
    /// The peer that forwarded it, and that answers for it.
    pub from: PeerId,
    /// The peer that wrote it, by the word of whoever brought it; it may be us, truly (before a restart) or not.
    pub author: PeerId,
    /// When it reached us.
    pub received_at: SystemTime,
}

/// The one right to pass a verdict on one message. Dropping it without a verdict leaves the message unrelayed.
#[derive(Debug)]
#[must_use = "a message without a verdict is not relayed to anyone"]
pub struct Receipt {
    pub(crate) id: MessageId,
    pub(crate) from: PeerId,
    pub(crate) topic: Topic,
}

impl Receipt {
    /// The gossip message id: twelve bytes.
    #[must_use]
    pub fn message_id(&self) -> &[u8] {
        &self.id.0
    }
}

/// What shall become of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Relay it, and credit the forwarder.
    Accept,
    /// Drop it; nobody is to blame.
    Ignore,
    /// Drop it, and penalise everyone who forwarded it; with the name of the rule that it broke.
    Reject(&'static str),
}

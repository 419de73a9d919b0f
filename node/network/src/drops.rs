//! What was dropped, counted by reason. Every bound of this crate has its line here (promise 5).

use tokio::sync::watch;

/// Why something did not go on its way. Each is a metric label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// An incoming message carried a signature; the forwarder was penalised.
    SignaturePresent,
    /// An incoming message named no author; the forwarder was penalised.
    AuthorMissing,
    /// The consumer's event queue was full: the message was ignored and is not relayed.
    EventQueueFull,
    /// The publish queue was full: nothing was sent, the caller got an error.
    PublishQueueFull,
    /// No peer is subscribed to the topic: nothing was sent, the caller got an error.
    NoPeerOnTopic,
    /// The verdict queue was full: the message ages out of the cache as if ignored.
    VerdictQueueFull,
    /// The verdict came after the message left the cache (six heartbeats): it can no longer be relayed.
    VerdictTooLate,
    /// An incoming connection was refused: its address opened too many.
    InboundRate,
    /// A connection was refused: there are as many as there may be, in all, inbound, of this peer or under way. Or one of a peer's was
    /// closed, beyond the two that it keeps.
    ConnectionLimit,
    /// A connection was refused: the peer is barred for a while (trimmed, bad score, other network).
    PeerBarred,
    /// A peer's send queue was full: the message went to the others and not to it.
    PeerQueueFull,
    /// A peer announced messages while its line was not current: they were not asked for.
    StaleAnnouncement,
    /// A message came on a topic that we are not on: it was not taken note of, nobody is punished.
    TopicNotJoined,
    /// A peer brought more messages than the whole network has to say: the surplus was not taken note of.
    MessageRate,
    /// A handshake did not parse, or its signature did not hold.
    HandshakeInvalid,
    /// A peer began more handshakes in a minute than it has any use for; it was disconnected.
    HandshakeTooOften,
}

impl DropReason {
    /// Every reason, in order of its index.
    pub const ALL: [Self; 16] = [
        Self::SignaturePresent,
        Self::AuthorMissing,
        Self::EventQueueFull,
        Self::PublishQueueFull,
        Self::NoPeerOnTopic,
        Self::VerdictQueueFull,
        Self::VerdictTooLate,
        Self::InboundRate,
        Self::ConnectionLimit,
        Self::PeerBarred,
        Self::PeerQueueFull,
        Self::StaleAnnouncement,
        Self::TopicNotJoined,
        Self::MessageRate,
        Self::HandshakeInvalid,
        Self::HandshakeTooOften,
    ];

    /// The metric label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::SignaturePresent => "signature_present",
            Self::AuthorMissing => "author_missing",
            Self::EventQueueFull => "event_queue_full",
            Self::PublishQueueFull => "publish_queue_full",
            Self::NoPeerOnTopic => "no_peer_on_topic",
            Self::VerdictQueueFull => "verdict_queue_full",
            Self::VerdictTooLate => "verdict_too_late",
            Self::InboundRate => "inbound_rate",
            Self::ConnectionLimit => "connection_limit",
            Self::PeerBarred => "peer_barred",
            Self::PeerQueueFull => "peer_queue_full",
            Self::StaleAnnouncement => "stale_announcement",
            Self::TopicNotJoined => "topic_not_joined",
            Self::MessageRate => "message_rate",
            Self::HandshakeInvalid => "handshake_invalid",
            Self::HandshakeTooOften => "handshake_too_often",
        }
    }
}

/// The counts at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DropCounts([u64; DropReason::ALL.len()]);

impl DropCounts {
    /// How often this happened since the start.
    #[must_use]
    pub const fn get(&self, reason: DropReason) -> u64 {
        self.0[reason as usize]
    }
}

/// The counters, watchable: a reader can wait for a count instead of polling for it.
#[derive(Debug, Default)]
pub(crate) struct Drops {
    counts: watch::Sender<DropCounts>,
}

impl Drops {
    pub(crate) fn count(&self, reason: DropReason) {
        self.count_many(reason, 1);
    }

    pub(crate) fn count_many(&self, reason: DropReason, number: u64) {
        self.counts.send_modify(|counts| {
            let slot = &mut counts.0[reason as usize];
            *slot = slot.saturating_add(number);
        });
    }

    #[cfg(test)]
    pub(crate) fn get(&self, reason: DropReason) -> u64 {
        self.counts.borrow().get(reason)
    }

    pub(crate) fn watch(&self) -> watch::Receiver<DropCounts> {
        self.counts.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_slot_and_label() {
        let drops = Drops::default();
        for (index, reason) in DropReason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, index);
            drops.count(reason);
        }
        assert!(DropReason::ALL.iter().all(|reason| drops.get(*reason) == 1));
        let labels: std::collections::HashSet<_> = DropReason::ALL.iter().map(|r| r.label()).collect();
        assert_eq!(labels.len(), DropReason::ALL.len());
    }
}

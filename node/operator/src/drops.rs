//! What the conductor drops at its bounds, counted by reason.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DropReason {
    /// The mailbox of its committee is full.
    MailboxFull,
    /// Too many messages wait for duties that are not prepared yet.
    TooManyEarly,
    /// Too many messages wait in a duty for what must come before them.
    TooManyWaiting,
    /// Its forwarder has too many messages waiting to be judged.
    PeerShareFull,
    /// Too many messages wait to be judged.
    IntakeFull,
    /// A block was not looked at: the lookout fell too far behind, or the beacon node did not give it.
    BlockNotSeen,
}

impl DropReason {
    const ALL: [Self; 6] = [
        Self::MailboxFull,
        Self::TooManyEarly,
        Self::TooManyWaiting,
        Self::PeerShareFull,
        Self::IntakeFull,
        Self::BlockNotSeen,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::MailboxFull => "mailbox_full",
            Self::TooManyEarly => "too_many_early",
            Self::TooManyWaiting => "too_many_waiting",
            Self::PeerShareFull => "peer_share_full",
            Self::IntakeFull => "intake_full",
            Self::BlockNotSeen => "block_not_seen",
        }
    }
}

#[derive(Default)]
struct Counts {
    mailbox_full: AtomicU64,
    too_many_early: AtomicU64,
    too_many_waiting: AtomicU64,
    peer_share_full: AtomicU64,
    intake_full: AtomicU64,
    block_not_seen: AtomicU64,
}

/// The counts, shared.
#[derive(Clone, Default)]
pub(crate) struct Drops(Arc<Counts>);

impl Drops {
    pub(crate) fn count(&self, reason: DropReason, times: u64) {
        self.of(reason).fetch_add(times, Ordering::Relaxed);
    }

    /// All counts, by the name of the reason.
    pub(crate) fn all(&self) -> Vec<(&'static str, u64)> {
        DropReason::ALL
            .iter()
            .map(|reason| (reason.name(), self.of(*reason).load(Ordering::Relaxed)))
            .collect()
    }

    fn of(&self, reason: DropReason) -> &AtomicU64 {
        match reason {
            DropReason::MailboxFull => &self.0.mailbox_full,
            DropReason::TooManyEarly => &self.0.too_many_early,
            DropReason::TooManyWaiting => &self.0.too_many_waiting,
            DropReason::PeerShareFull => &self.0.peer_share_full,
            DropReason::IntakeFull => &self.0.intake_full,
            DropReason::BlockNotSeen => &self.0.block_not_seen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operators_page_has_every_reason() {
        let page = include_str!("../../../deploy/PEERS.md");
        for reason in DropReason::ALL.map(DropReason::name) {
            assert!(page.contains(&format!("`operator_{reason}`")), "{reason} is missing");
        }
    }
}

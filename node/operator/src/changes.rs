//! New fee recipients that builders are to be told of at once, from the event to the slot of the registrations.
//!
//! * The duty's slot is the same at every operator: four slots after the block of the event (ssv `operator/duties/validator_registration.go`).
//!   It begins with the first slot that is not before it.
//! * A registration says what the directory says, so a change waits until the directory has its block: before that the recipient of
//!   before would be signed.
//! * Peers hear of a validator's registrations in the order of their slots only. So of several changes of an owner that come due together
//!   the newest counts, and none after it that has an earlier slot.
//! * A change that waited for longer than a registration is worth something ([`crate::worth`]) is left to the validators' next turns.
//!
//! **Bounds**: [`WAITING`] changes; beyond it the oldest leaves, and the log says so. What was begun is remembered for as long as it is
//! worth something.

use std::collections::{BTreeMap, BTreeSet};

use registry::RecipientChange;
use tokio::sync::broadcast::{self, error::TryRecvError};
use types::rules::ChainRules;
use types::{Address, RunnerRole, Slot};

use crate::clock::slot_of_event;
use crate::worth;

/// Changes that wait.
const WAITING: usize = 1024;

/// A change whose duty has not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    /// Of the duty.
    slot: Slot,
    /// The block of the event.
    block: u64,
    owner: Address,
}

/// The changes that the registry tells of.
pub(crate) struct Changes {
    told: broadcast::Receiver<RecipientChange>,
    waiting: BTreeSet<Waiting>,
    /// The slot of each owner's newest duty that was begun.
    begun: BTreeMap<Address, Slot>,
}

impl Changes {
    pub(crate) const fn new(told: broadcast::Receiver<RecipientChange>) -> Self {
        Self { told, waiting: BTreeSet::new(), begun: BTreeMap::new() }
    }

    /// The owners whose validators are to be registered now, each with the slot of the duty; they count as begun from now on. `block` is
    /// the directory's.
    pub(crate) fn due(&mut self, rules: &ChainRules, block: u64, now: Slot) -> BTreeMap<Address, Slot> {
        self.listen(rules);
        let is_over = |slot| worth::is_over(&rules.network, RunnerRole::ValidatorRegistration, slot, now);
        self.begun.retain(|_, slot| !is_over(*slot));
        let waiting = std::mem::take(&mut self.waiting);
        let mut due = BTreeMap::new();
        for change in waiting {
            let Waiting { slot, block: changed_in, owner } = change;
            if is_over(slot) {
                tracing::warn!(%slot, %owner, block = changed_in, "a new fee recipient is known too late: builders are told in the validators' next turns");
            } else if slot > now || changed_in > block {
                self.waiting.insert(change);
            } else if self.begun.get(&owner) < Some(&slot) {
                tracing::info!(%slot, %owner, block = changed_in, "the owner has a new fee recipient: builders are told");
                due.insert(owner, slot);
                self.begun.insert(owner, slot);
            }
        }
        due
    }

    /// Takes on what the registry has told since the last time.
    fn listen(&mut self, rules: &ChainRules) {
        loop {
            match self.told.try_recv() {
                Ok(change) => self.wait(rules, &change),
                Err(TryRecvError::Lagged(lost)) => {
                    tracing::warn!(
                        lost,
                        "new fee recipients came faster than they could be taken on: builders are told in the validators' next turns"
                    );
                }
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    fn wait(&mut self, rules: &ChainRules, change: &RecipientChange) {
        let slot = slot_of_event(rules, change.timestamp);
        self.waiting.insert(Waiting { slot, block: change.block.number, owner: change.owner });
        if self.waiting.len() > WAITING
            && let Some(Waiting { slot, owner, .. }) = self.waiting.pop_first()
        {
            tracing::warn!(%slot, %owner, "too many new fee recipients wait: builders are told in the validators' next turns");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use registry::BlockRef;
    use types::Root;

    use crate::plan::tests::chain;

    const OWNER: Address = Address::repeat_byte(1);

    /// An event in the block `number` of `slot`.
    fn change(rules: &ChainRules, owner: Address, slot: u64, number: u64) -> RecipientChange {
        let timestamp = rules.slot_start_millis(Slot(slot)) / 1_000;
        RecipientChange { owner, block: BlockRef { number, hash: Root::ZERO }, timestamp }
    }

    fn changes() -> (ChainRules, broadcast::Sender<RecipientChange>, Changes) {
        let (tell, told) = broadcast::channel(4 * WAITING);
        (chain(), tell, Changes::new(told))
    }

    #[test]
    fn a_change_is_due_once_four_slots_after_its_block() {
        let (rules, tell, mut changes) = changes();
        tell.send(change(&rules, OWNER, 500, 70)).unwrap();
        assert!(changes.due(&rules, 70, Slot(503)).is_empty());
        assert_eq!(changes.due(&rules, 70, Slot(504)), BTreeMap::from([(OWNER, Slot(504))]));
        assert!(changes.due(&rules, 70, Slot(505)).is_empty());
    }

    #[test]
    fn a_change_waits_for_the_directory_and_keeps_its_slot() {
        let (rules, tell, mut changes) = changes();
        tell.send(change(&rules, OWNER, 500, 70)).unwrap();
        assert!(changes.due(&rules, 69, Slot(508)).is_empty(), "the recipient of before would be signed");
        assert_eq!(changes.due(&rules, 71, Slot(509)), BTreeMap::from([(OWNER, Slot(504))]));
        tell.send(change(&rules, OWNER, 600, 80)).unwrap();
        assert!(changes.due(&rules, 79, Slot(636)).is_empty());
        assert!(changes.due(&rules, 80, Slot(637)).is_empty(), "an epoch later nobody registers with us");
    }

    #[test]
    fn an_owner_has_one_duty_and_never_one_before_another() {
        let (rules, tell, mut changes) = changes();
        tell.send(change(&rules, OWNER, 501, 71)).unwrap();
        tell.send(change(&rules, OWNER, 500, 70)).unwrap();
        let other = Address::repeat_byte(2);
        tell.send(change(&rules, other, 500, 70)).unwrap();
        let due = changes.due(&rules, 71, Slot(508));
        assert_eq!(due, BTreeMap::from([(OWNER, Slot(505)), (other, Slot(504))]));
        tell.send(change(&rules, OWNER, 501, 71)).unwrap();
        tell.send(change(&rules, OWNER, 500, 71)).unwrap();
        assert!(changes.due(&rules, 71, Slot(509)).is_empty(), "a chain that went back and came again");
        tell.send(change(&rules, OWNER, 502, 72)).unwrap();
        assert_eq!(changes.due(&rules, 72, Slot(509)), BTreeMap::from([(OWNER, Slot(506))]));
    }

    #[test]
    fn the_oldest_leaves_at_the_bound() {
        let (rules, tell, mut changes) = changes();
        for number in 0..=WAITING as u64 {
            tell.send(change(&rules, OWNER, 500 + number, 70 + number)).unwrap();
        }
        assert!(changes.due(&rules, 0, Slot(504)).is_empty());
        assert_eq!(changes.waiting.len(), WAITING);
        assert_eq!(changes.waiting.first().map(|waiting| waiting.block), Some(71));
    }
}

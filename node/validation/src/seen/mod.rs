//! What has been seen, of whom, forwarded by whom.
//!
//! Kept per forwarding peer and message id, as in the reference: each peer answers for what it forwards, and a second
//! variant of a message is laid at the door of the peer that brings it.
//!
//! Bounds. A signer's history holds `SLOTS_PER_EPOCH + 2` slots; a slot pushes out the one that many slots before it. An entry
//! (forwarder and message id) is dropped when nothing was committed to it for that many slots, and the longest unused
//! entries are dropped while there are more than [`SeenState::MAX_SLOT_STATES`] slot states in all. What is forgotten
//! makes the rules lenient and never punishes anyone.

mod signer;
mod update;

use std::collections::{BTreeMap, HashMap};

use types::{MessageId, Slot};

use self::signer::SignerHistory;
pub(crate) use self::signer::{Observation, Phase};
pub use self::update::Update;
use crate::inbound::PeerKey;
use crate::refusal::Refusal;

type Key = (PeerKey, MessageId);

/// The memory behind the rules on repetition, order and number. Owned by the caller, changed only by
/// [`SeenState::commit`].
#[derive(Debug)]
pub struct SeenState {
    slots_kept: u64,
    max_slot_states: usize,
    entries: HashMap<Key, Entry>,
    /// Entries by the moment of their last commit; the first is the next to go.
    by_age: BTreeMap<u64, Key>,
    clock: u64,
    slot_states: usize,
}

#[derive(Debug)]
struct Entry {
    committed: u64,
    /// The wall-clock slot of the last commit.
    used_at: Slot,
    /// By place in the committee.
    signers: BTreeMap<types::OperatorId, SignerHistory>,
}

impl Entry {
    fn slot_states(&self) -> usize {
        self.signers.values().map(SignerHistory::len).sum()
    }
}

impl SeenState {
    /// Slot states kept at most, some 100 bytes each: more than a node on every subnet of the main network sees in the
    /// slots that are kept.
    pub const MAX_SLOT_STATES: usize = 1 << 19;

    /// An empty memory for a network with this many slots in an epoch.
    #[must_use]
    pub fn new(slots_per_epoch: u64) -> Self {
        Self::bounded(slots_per_epoch, Self::MAX_SLOT_STATES)
    }

    /// As [`Self::new`], with a bound of its own.
    #[must_use]
    pub fn bounded(slots_per_epoch: u64, max_slot_states: usize) -> Self {
        Self {
            slots_kept: slots_per_epoch.saturating_add(2),
            max_slot_states,
            entries: HashMap::new(),
            by_age: BTreeMap::new(),
            clock: 0,
            slot_states: 0,
        }
    }

    /// Entries (forwarder and message id) in memory.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing has been seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Slot states in memory.
    #[must_use]
    pub const fn slot_states(&self) -> usize {
        self.slot_states
    }

    /// Remembers an accepted message, unless another one came in between that makes it break a rule after all. `now` is
    /// the slot of the wall clock.
    ///
    /// # Errors
    /// The rule it breaks now; nothing has changed then.
    pub fn commit(&mut self, update: &Update, now: Slot) -> Result<(), Refusal> {
        self.still_holds(update)?;
        self.apply(update, now);
        self.evict(now);
        Ok(())
    }

    /// The rules that depend on what was seen, in their order.
    fn still_holds(&self, update: &Update) -> Result<(), Refusal> {
        match update.observation {
            Observation::Consensus { .. } => {
                self.step_is_new(update)?;
                self.slot_is_not_behind(update)?;
            }
            Observation::PartialSignatures(_) => {
                self.slot_is_not_behind(update)?;
                self.step_is_new(update)?;
            }
        }
        self.duty_is_within_limit(update)
    }

    fn histories<'a>(&'a self, update: &'a Update) -> impl Iterator<Item = Option<&'a SignerHistory>> {
        let entry = self.entries.get(&update.key());
        update.signers.iter().map(move |signer| entry?.signers.get(signer))
    }

    /// Rules 46 to 49 and 68: no signer repeats a step or goes back.
    pub(crate) fn step_is_new(&self, update: &Update) -> Result<(), Refusal> {
        let mut histories = self.histories(update).flatten();
        histories.try_for_each(|history| history.at(update.slot).map_or(Ok(()), |state| state.admits(update)))
    }

    /// Rules 51 and 66: no signer returns to an earlier slot, where duties come one after the other.
    pub(crate) fn slot_is_not_behind(&self, update: &Update) -> Result<(), Refusal> {
        let behind = |history: &SignerHistory| history.highest_slot() > update.slot;
        if !update.slots_may_overlap && self.histories(update).flatten().any(behind) {
            return Err(Refusal::SlotAlreadyAdvanced);
        }
        Ok(())
    }

    /// Rules 55 and 71: no signer has more duties in an epoch than there are.
    pub(crate) fn duty_is_within_limit(&self, update: &Update) -> Result<(), Refusal> {
        let Some(limit) = update.duty_limit else {
            return Ok(());
        };
        let count = |history: Option<&SignerHistory>| {
            history.map_or(1, |history| history.duties_with(update.slot, update.epoch))
        };
        if self.histories(update).any(|history| count(history) > limit) {
            return Err(Refusal::TooManyDuties);
        }
        Ok(())
    }

    fn apply(&mut self, update: &Update, now: Slot) {
        let key = update.key();
        let before = self.entries.get(&key).map_or(0, Entry::slot_states);
        self.clock = self.clock.saturating_add(1);
        let entry = self.entries.entry(key.clone()).or_insert_with(|| Entry {
            committed: 0,
            used_at: now,
            signers: BTreeMap::new(),
        });
        self.by_age.remove(&entry.committed);
        self.by_age.insert(self.clock, key);
        entry.committed = self.clock;
        entry.used_at = now;
        for signer in &update.signers {
            entry.signers.entry(*signer).or_default().record(update, self.slots_kept);
        }
        let after = entry.slot_states();
        self.slot_states = self.slot_states.saturating_sub(before).saturating_add(after);
    }

    /// Drops what is too old or too much, the longest unused first; never what was just committed.
    fn evict(&mut self, now: Slot) {
        while self.by_age.len() > 1 {
            let Some(oldest) = self.by_age.first_entry() else {
                return;
            };
            let age = self.entries.get(oldest.get()).and_then(|entry| now.checked_since(entry.used_at));
            let expired = age.is_some_and(|age| age > self.slots_kept);
            if !expired && self.slot_states <= self.max_slot_states {
                return;
            }
            if let Some(entry) = self.entries.remove(&oldest.remove()) {
                self.slot_states = self.slot_states.saturating_sub(entry.slot_states());
            }
        }
    }
}

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

use lru::LruCache;
use types::{MessageId, OperatorId, Slot};

use self::signer::SignerHistory;
pub(crate) use self::signer::{Observation, Phase};
pub use self::update::Update;
use crate::inbound::PeerKey;
use crate::refusal::Refusal;

pub(crate) type Key = (PeerKey, MessageId);

/// The memory behind the rules on repetition, order and number. Owned by the caller, changed only by
/// [`SeenState::commit`].
#[derive(Debug)]
pub struct SeenState {
    slots_kept: u64,
    max_slot_states: usize,
    /// In the order of their last commits.
    entries: LruCache<Key, Entry>,
    slot_states: usize,
}

#[derive(Debug)]
struct Entry {
    /// The wall-clock slot of the last commit.
    used_at: Slot,
    /// At most a committee.
    signers: Vec<(OperatorId, SignerHistory)>,
}

impl Entry {
    fn slot_states(&self) -> usize {
        self.signers.iter().map(|(_, history)| history.len()).sum()
    }

    fn history(&self, signer: OperatorId) -> Option<&SignerHistory> {
        self.signers.iter().find(|(of, _)| *of == signer).map(|(_, history)| history)
    }

    /// Takes in what a signer did; true if that is the first of it in this slot and pushes nothing out.
    fn record(&mut self, signer: OperatorId, update: &Update, slots_kept: u64) -> bool {
        if let Some((_, history)) = self.signers.iter_mut().find(|(of, _)| *of == signer) {
            return history.record(update, slots_kept);
        }
        // Most entries stay at one signer or at a whole committee.
        if self.signers.is_empty() {
            self.signers.reserve_exact(update.signers.len());
        }
        let mut history = SignerHistory::default();
        let is_more = history.record(update, slots_kept);
        self.signers.push((signer, history));
        is_more
    }
}

/// What was seen before a message, of its signers under its message id.
pub(crate) struct Before<'a> {
    entry: Option<&'a Entry>,
    update: &'a Update,
}

impl<'a> Before<'a> {
    fn histories(&self) -> impl Iterator<Item = Option<&'a SignerHistory>> {
        let entry = self.entry;
        self.update.signers.iter().map(move |signer| entry?.history(*signer))
    }

    /// Rules 46 to 49 and 68: no signer repeats a step or goes back.
    pub(crate) fn step_is_new(&self) -> Result<(), Refusal> {
        let mut states = self.histories().flatten().filter_map(|history| history.at(self.update.slot));
        states.try_for_each(|state| state.admits(self.update))
    }

    /// Rules 51 and 66: no signer returns to an earlier slot, where duties come one after the other.
    pub(crate) fn slot_is_not_behind(&self) -> Result<(), Refusal> {
        let behind = |history: &SignerHistory| history.highest_slot() > self.update.slot;
        if !self.update.slots_may_overlap && self.histories().flatten().any(behind) {
            return Err(Refusal::SlotAlreadyAdvanced);
        }
        Ok(())
    }

    /// Rules 55 and 71: no signer has more duties in an epoch than there are.
    pub(crate) fn duty_is_within_limit(&self) -> Result<(), Refusal> {
        let Some(limit) = self.update.duty_limit else {
            return Ok(());
        };
        let count = |history: Option<&SignerHistory>| {
            history.map_or(1, |history| history.duties_with(self.update.slot, self.update.epoch))
        };
        if self.histories().any(|history| count(history) > limit) {
            return Err(Refusal::TooManyDuties);
        }
        Ok(())
    }

    /// All of them, in their order.
    fn still_holds(&self) -> Result<(), Refusal> {
        match self.update.observation {
            Observation::Consensus { .. } => {
                self.step_is_new()?;
                self.slot_is_not_behind()?;
            }
            Observation::PartialSignatures(_) => {
                self.slot_is_not_behind()?;
                self.step_is_new()?;
            }
        }
        self.duty_is_within_limit()
    }
}

impl SeenState {
    /// Slot states kept at most, some 200 bytes each: twice what a node on every subnet of the main network sees in the slots that are kept.
    pub const MAX_SLOT_STATES: usize = 1 << 20;

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
            entries: LruCache::unbounded(),
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

    #[cfg(test)]
    pub(crate) fn recount(&self) -> usize {
        self.entries.iter().map(|(_, entry)| entry.slot_states()).sum()
    }

    /// What was seen before a message.
    pub(crate) fn before<'a>(&'a self, update: &'a Update) -> Before<'a> {
        Before { entry: self.entries.peek(&update.key), update }
    }

    /// Remembers an accepted message, unless another one came in between that makes it break a rule after all. `now` is
    /// the slot of the wall clock.
    ///
    /// # Errors
    /// The rule it breaks now; nothing has changed then.
    pub fn commit(&mut self, update: &Update, now: Slot) -> Result<(), Refusal> {
        self.before(update).still_holds()?;
        self.apply(update, now);
        self.evict(now);
        Ok(())
    }

    fn apply(&mut self, update: &Update, now: Slot) {
        let empty = || Entry { used_at: now, signers: Vec::new() };
        let entry = self.entries.get_or_insert_mut_ref(&update.key, empty);
        entry.used_at = now;
        for signer in &update.signers {
            let is_more = entry.record(*signer, update, self.slots_kept);
            self.slot_states = self.slot_states.saturating_add(usize::from(is_more));
        }
    }

    /// Drops what is too old or too much, the longest unused first; never what was just committed.
    fn evict(&mut self, now: Slot) {
        while self.entries.len() > 1 {
            let Some((_, oldest)) = self.entries.peek_lru() else {
                return;
            };
            let expired = now.checked_since(oldest.used_at).is_some_and(|age| age > self.slots_kept);
            if !expired && self.slot_states <= self.max_slot_states {
                return;
            }
            self.slot_states = self.slot_states.saturating_sub(oldest.slot_states());
            self.entries.pop_lru();
        }
    }
}

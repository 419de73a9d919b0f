//! Doppelganger protection: a validator of ours that may be running elsewhere signs nothing slashable until it was seen to be alone.
//!
//! ```text
//!  new ─> two epochs of silence to go ─┬─ silent in an epoch ─> one less ─> none to go: safe
//!                                      └─ alive in an epoch ──> two again, and a warning
//!  a quorum of its own committee signed with us: safe at once
//! ```
//!
//! * Once an epoch, in its last slot, the beacon nodes are asked which validators under observation showed life in the epoch before.
//!   The first question comes at once, about the epoch before the start.
//! * In a cluster that runs, a validator shows life all the time, because the other operators sign for it. So a quorum that this node
//!   sees with its own eyes clears it: a quorum of these operators cannot be at work for it elsewhere too. Whoever is under observation
//!   therefore follows consensus as always; only signatures are withheld ([`duty::Withheld::Doppelganger`]).
//! * Withheld are attestations, blocks and the randomness for them; and selection proofs and aggregates too, since beacon nodes count an
//!   aggregate as a sign of life: a committee that starts as a whole would see itself for ever.
//! * An epoch that nobody asked about (the machine slept, the clock jumped) starts the two epochs anew; a question without an answer
//!   changes nothing. Nothing is kept on disk: every start begins from the beginning.
//!
//! Source: `ssv doppelganger/`. Deviations: selection proofs and aggregates are withheld, and in the
//! first epoch of a chain the epoch before it counts as silent, since there was none.
//!
//! **Bound**: one entry for each validator of ours that takes part.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use duty::runner::ShareObject;
use types::{BeaconRole, Epoch, ValidatorIndex};

/// Epochs of silence after which a validator is safe.
const EPOCHS: u8 = 2;

/// Where in time a tick is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tick {
    /// The current epoch.
    pub epoch: Epoch,
    /// Whether this is the last slot of it.
    pub is_last_slot: bool,
}

/// What the beacon nodes are to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// In which epoch?
    pub epoch: Epoch,
    /// Who showed life?
    pub validators: Vec<ValidatorIndex>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Watched {
    remaining: u8,
    saw_quorum: bool,
    /// It showed life in the last epoch asked about.
    alive: bool,
}

impl Watched {
    const NEW: Self = Self { remaining: EPOCHS, saw_quorum: false, alive: false };

    const fn is_safe(self) -> bool {
        self.remaining == 0 || self.saw_quorum
    }

    fn silent(&mut self) {
        self.remaining = self.remaining.saturating_sub(1);
        self.alive = false;
    }
}

/// The duty that an object belongs to, if it is withheld while its validator is under observation.
pub(crate) const fn guarded(object: &ShareObject) -> Option<BeaconRole> {
    match object {
        ShareObject::Randao(_) | ShareObject::Block(_) => Some(BeaconRole::Proposer),
        ShareObject::SlotSelection(_) | ShareObject::Aggregate(_) => Some(BeaconRole::Aggregator),
        ShareObject::SyncSelection(_)
        | ShareObject::Contribution(_)
        | ShareObject::Registration(_)
        | ShareObject::Exit(_) => None,
    }
}

/// How many validators are under observation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Observation {
    /// Validators that sign nothing slashable yet.
    pub watched: usize,
    /// Those of them that showed life, though this node did not sign for them.
    pub alive: usize,
}

/// The rules, fed with ticks, answers and what duties saw.
#[derive(Debug, Default)]
pub(crate) struct Doppelganger {
    validators: BTreeMap<ValidatorIndex, Watched>,
    start: Option<Epoch>,
    last_round: Option<Epoch>,
    /// The epoch of the question that has no answer yet.
    asked: Option<Epoch>,
}

impl Doppelganger {
    /// At each slot: `own` are our validators that take part in this epoch. Returns a question that is due.
    pub(crate) fn tick(&mut self, tick: Tick, own: &BTreeSet<ValidatorIndex>) -> Option<Question> {
        self.validators.retain(|index, _| own.contains(index));
        for index in own {
            self.validators.entry(*index).or_insert(Watched::NEW);
        }
        let is_due = match self.start {
            // Before the beacon nodes told who takes part there is nobody to ask about.
            None => !own.is_empty(),
            Some(start) => tick.is_last_slot && tick.epoch != start,
        };
        if !is_due || self.last_round == Some(tick.epoch) {
            return None;
        }
        self.start.get_or_insert(tick.epoch);
        if self.last_round.is_some_and(|last| tick.epoch != last.saturating_add(1)) {
            self.validators.values_mut().for_each(|watched| watched.remaining = EPOCHS);
        }
        self.last_round = Some(tick.epoch);
        self.ask(tick.epoch)
    }

    fn ask(&mut self, now: Epoch) -> Option<Question> {
        let open: Vec<_> = self.validators.iter().filter(|(_, watched)| !watched.is_safe()).collect();
        let validators: Vec<_> = open.into_iter().map(|(index, _)| *index).collect();
        let Some(epoch) = (now != Epoch(0)).then(|| now.saturating_sub(1)) else {
            self.validators.values_mut().for_each(Watched::silent);
            return None;
        };
        if validators.is_empty() {
            return None;
        }
        self.asked = Some(epoch);
        Some(Question { epoch, validators })
    }

    /// The answer to the question about `epoch`; one that comes after the next question is not heard. Returns who showed life.
    pub(crate) fn answer(&mut self, epoch: Epoch, alive: &[(ValidatorIndex, bool)]) -> Vec<ValidatorIndex> {
        if self.asked.take_if(|asked| *asked == epoch).is_none() {
            return Vec::new();
        }
        let mut doubles = Vec::new();
        for (index, alive) in alive {
            match self.validators.get_mut(index).filter(|watched| !watched.is_safe()) {
                Some(watched) if *alive => {
                    *watched = Watched { remaining: EPOCHS, alive: true, ..*watched };
                    doubles.push(*index);
                }
                Some(watched) => watched.silent(),
                None => {}
            }
        }
        doubles
    }

    /// The signature of a vote or a block of this validator came together from partial signatures of its committee. True if that made it
    /// safe.
    pub(crate) fn saw_quorum(&mut self, index: ValidatorIndex) -> bool {
        let Some(watched) = self.validators.get_mut(&index) else { return false };
        let was_safe = watched.is_safe();
        watched.saw_quorum = true;
        !was_safe
    }

    /// Whether a validator may sign what is slashable. One that was never seen here may not.
    pub(crate) fn is_safe(&self, index: ValidatorIndex) -> bool {
        self.validators.get(&index).copied().is_some_and(Watched::is_safe)
    }

    pub(crate) fn observation(&self) -> Observation {
        let open = || self.validators.values().filter(|watched| !watched.is_safe());
        Observation { watched: open().count(), alive: open().filter(|watched| watched.alive).count() }
    }
}

/// The rules shared by those who feed and those who ask them; without rules everybody is safe.
#[derive(Clone, Default)]
pub(crate) struct Watch(Option<Arc<Mutex<Doppelganger>>>);

impl Watch {
    /// A watch that watches, or one that does not.
    pub(crate) fn new(is_on: bool) -> Self {
        Self(is_on.then(Arc::default))
    }

    pub(crate) const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// As [`Doppelganger::is_safe`].
    pub(crate) fn is_safe(&self, index: ValidatorIndex) -> bool {
        self.rules().is_none_or(|rules| rules.is_safe(index))
    }

    /// As [`Doppelganger::saw_quorum`].
    pub(crate) fn saw_quorum(&self, index: ValidatorIndex) {
        if self.rules().is_some_and(|mut rules| rules.saw_quorum(index)) {
            tracing::info!(validator = %index, "a quorum of its committee was seen: the validator is under observation no more");
        }
    }

    /// Whole signatures of votes; those of sync committees do not count.
    pub(crate) fn saw_votes(&self, submission: &duty::Submission) {
        for object in submission.objects.iter().filter(|object| object.duty.role == BeaconRole::Attester) {
            self.saw_quorum(object.duty.validator_index);
        }
    }

    /// The whole signature of a block.
    pub(crate) fn saw_block(&self, submission: &duty::runner::Submission) {
        if let duty::runner::Submission::Block { slot, .. } = submission {
            self.saw_quorum(slot.validator);
        }
    }

    /// As [`Doppelganger::tick`].
    pub(crate) fn tick(&self, tick: Tick, own: &BTreeSet<ValidatorIndex>) -> Option<Question> {
        self.rules()?.tick(tick, own)
    }

    /// As [`Doppelganger::answer`].
    pub(crate) fn answer(&self, epoch: Epoch, alive: &[(ValidatorIndex, bool)]) -> Vec<ValidatorIndex> {
        self.rules().map(|mut rules| rules.answer(epoch, alive)).unwrap_or_default()
    }

    /// `None` when the protection is off.
    pub(crate) fn observation(&self) -> Option<Observation> {
        self.rules().map(|rules| rules.observation())
    }

    // The lock is held for plain map operations that do not panic half-way.
    fn rules(&self) -> Option<MutexGuard<'_, Doppelganger>> {
        self.0.as_ref().map(|rules| rules.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ValidatorIndex = ValidatorIndex(7);
    const B: ValidatorIndex = ValidatorIndex(9);

    fn first(epoch: u64) -> Tick {
        Tick { epoch: Epoch(epoch), is_last_slot: false }
    }

    fn last(epoch: u64) -> Tick {
        Tick { epoch: Epoch(epoch), is_last_slot: true }
    }

    fn question(epoch: u64, validators: &[ValidatorIndex]) -> Option<Question> {
        Some(Question { epoch: Epoch(epoch), validators: validators.to_vec() })
    }

    fn own(validators: &[ValidatorIndex]) -> BTreeSet<ValidatorIndex> {
        validators.iter().copied().collect()
    }

    fn answer(rules: &mut Doppelganger, epoch: u64, alive: &[ValidatorIndex]) {
        let all: Vec<_> = [A, B].into_iter().map(|index| (index, alive.contains(&index))).collect();
        assert_eq!(rules.answer(Epoch(epoch), &all).len(), alive.len());
    }

    /// Nobody else is there.
    #[test]
    fn two_silent_epochs_clear_a_validator() {
        let (mut rules, own) = (Doppelganger::default(), own(&[A]));
        assert!(!rules.is_safe(A), "nothing is known of it");
        assert_eq!(rules.tick(first(10), &own), question(9, &[A]));
        answer(&mut rules, 9, &[]);
        assert_eq!(rules.tick(first(10), &own), None, "once");
        assert_eq!(rules.tick(last(10), &own), None, "not in the epoch of the start");
        assert_eq!(rules.tick(first(11), &own), None);
        assert_eq!(rules.tick(last(11), &own), question(10, &[A]));
        assert!(!rules.is_safe(A));
        answer(&mut rules, 10, &[]);
        assert!(rules.is_safe(A));
        assert_eq!(rules.tick(last(12), &own), None, "nobody is under observation any more");
        assert_eq!(rules.observation(), Observation::default());
    }

    /// The right column: own messages from before the restart, or another copy that stops.
    #[test]
    fn signs_of_life_start_the_count_anew() {
        let (mut rules, own) = (Doppelganger::default(), own(&[A, B]));
        assert!(rules.tick(first(10), &own).is_some());
        answer(&mut rules, 9, &[A]);
        assert_eq!(rules.observation(), Observation { watched: 2, alive: 1 });
        assert!(rules.tick(last(11), &own).is_some());
        answer(&mut rules, 10, &[A]);
        assert!(rules.is_safe(B) && !rules.is_safe(A));
        assert_eq!(rules.tick(last(12), &own), question(11, &[A]));
        answer(&mut rules, 11, &[]);
        assert_eq!(rules.observation(), Observation { watched: 1, alive: 0 });
        assert_eq!(rules.tick(last(13), &own), question(12, &[A]));
        answer(&mut rules, 12, &[]);
        assert!(rules.is_safe(A));
    }

    #[test]
    fn who_comes_later_is_watched_from_then_on() {
        let mut rules = Doppelganger::default();
        assert!(rules.tick(first(10), &own(&[A])).is_some());
        answer(&mut rules, 9, &[]);
        assert_eq!(rules.tick(first(11), &own(&[A, B])), None);
        assert_eq!(rules.tick(last(11), &own(&[A, B])), question(10, &[A, B]));
        answer(&mut rules, 10, &[]);
        assert!(rules.is_safe(A) && !rules.is_safe(B), "two rounds for the later one");
        assert!(rules.tick(last(12), &own(&[A, B])).is_some());
        answer(&mut rules, 11, &[]);
        assert!(rules.is_safe(B));

        assert_eq!(rules.tick(first(13), &own(&[B])), None);
        assert!(!rules.is_safe(A), "who left is not known any more");
        assert_eq!(rules.tick(first(13), &own(&[A, B])), None);
        assert!(!rules.is_safe(A), "and begins anew when it comes back");
    }

    #[test]
    fn a_quorum_that_was_seen_clears_at_once_and_for_good() {
        let (mut rules, own) = (Doppelganger::default(), own(&[A, B]));
        assert!(rules.tick(first(10), &own).is_some());
        answer(&mut rules, 9, &[A, B]);
        assert!(rules.saw_quorum(A));
        assert!(!rules.saw_quorum(A), "told once");
        assert!(rules.is_safe(A) && !rules.is_safe(B));
        assert_eq!(rules.tick(last(11), &own), question(10, &[B]), "who is safe is not asked about");
        // The machine sleeps: whoever was only silent starts again, a quorum counts on.
        assert_eq!(rules.tick(last(20), &own), question(19, &[B]));
        assert!(rules.is_safe(A));
        assert!(!rules.saw_quorum(ValidatorIndex(1)), "nobody's validator");
    }

    #[test]
    fn epochs_that_were_slept_through_start_the_count_anew() {
        let (mut rules, own) = (Doppelganger::default(), own(&[A]));
        assert!(rules.tick(first(10), &own).is_some());
        answer(&mut rules, 9, &[]);
        assert_eq!(rules.tick(last(13), &own), question(12, &[A]));
        answer(&mut rules, 12, &[]);
        assert!(!rules.is_safe(A), "two again, and one silent epoch of them");
        assert_eq!(rules.tick(last(14), &own), question(13, &[A]));
        answer(&mut rules, 13, &[]);
        assert!(rules.is_safe(A));
        // A clock that was set back is a jump too, and whoever was safe by silence is watched again.
        assert_eq!(rules.tick(last(12), &own), question(11, &[A]));
        assert!(!rules.is_safe(A));
    }

    #[test]
    fn no_answer_and_a_late_answer_change_nothing() {
        let (mut rules, own) = (Doppelganger::default(), own(&[A]));
        assert!(rules.tick(first(10), &own).is_some());
        assert_eq!(rules.tick(last(11), &own), question(10, &[A]));
        assert!(rules.answer(Epoch(9), &[(A, false)]).is_empty());
        assert!(rules.tick(last(12), &own).is_some());
        answer(&mut rules, 11, &[]);
        assert!(!rules.is_safe(A));
        assert!(rules.answer(Epoch(11), &[(A, false)]).is_empty());
        assert!(!rules.is_safe(A), "an answer counts once");
        assert!(rules.tick(last(13), &own).is_some());
        answer(&mut rules, 12, &[]);
        assert!(rules.is_safe(A));
    }

    #[test]
    fn before_the_first_epoch_nobody_was_alive() {
        let (mut rules, own) = (Doppelganger::default(), own(&[A]));
        assert_eq!(rules.tick(first(0), &own), None);
        assert_eq!(rules.tick(last(0), &own), None);
        assert_eq!(rules.tick(last(1), &own), question(0, &[A]));
        answer(&mut rules, 0, &[]);
        assert!(rules.is_safe(A));
    }

    #[test]
    fn nothing_begins_before_it_is_known_who_takes_part() {
        let mut rules = Doppelganger::default();
        assert_eq!(rules.tick(last(10), &own(&[])), None);
        assert_eq!(rules.tick(first(11), &own(&[A])), question(10, &[A]), "that is the start");
    }

    #[test]
    fn without_the_protection_everybody_is_safe() {
        let off = Watch::new(false);
        assert!(off.is_safe(A));
        assert_eq!((off.tick(first(3), &own(&[A])), off.observation()), (None, None));
        let on = Watch::new(true);
        assert!(!on.is_safe(A));
        assert_eq!(on.observation(), Some(Observation::default()));
    }
}

//! The duty ledger: every scheduled duty, the time of every step, and how it ended.
//!
//! `scheduled = submitted + failed + running`, always, over the duties that were to be done: a record is made when the duty is scheduled,
//! and ends once. A validator that turns out not to be selected had nothing to do: it leaves the sums and is counted apart. What the
//! duty machine reports is written down here; nothing is inferred later. Messages are noted in the [`Course`] of their machine, and
//! come into the records when these are read. What the chain made of a duty is added when [`crate::inclusion`] has looked.
//!
//! The journal keeps a copy of each record, written by [`crate::books`].
//!
//! **Bounds**: [`Ledger::SLOTS`] slots, [`Ledger::CAPACITY`] records and [`Ledger::COURSES`] courses are kept in memory; beyond that the
//! oldest slots leave (the journal has a longer history), and messages of new courses are not noted. A slot with running duties, as an
//! exit that is offered for days, stays as long as there is room; those around it leave.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use duty::FailureReason;
use duty::runner::End;
use outbox::{DutyLog, DutyRecord, DutyRole, Figures, LogError, Outcome, RoundSpan};
use serde::Serialize;
use types::{
    BeaconRole, CommitteeId, Epoch, MessageId, OperatorId, Round, SignedSsvMessage, Slot, ValidatorDuty,
    ValidatorIndex,
};

use crate::clock::{SlotClock, unix_micros};
use crate::course::{self, Course, CourseKey};
use crate::directory::Directory;
use crate::run::Scope;

/// The sums of the ledger since the node started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// Duties that were to be done.
    pub scheduled: u64,
    /// Of those, submitted.
    pub submitted: u64,
    /// Of those, failed.
    pub failed: u64,
    /// Of those, not ended yet.
    pub running: u64,
    /// Duties of which nothing was to be done: the validator was not selected to aggregate.
    pub not_selected: u64,
}

/// Every scheduled duty of this node.
#[derive(Debug, Default)]
pub struct Ledger {
    inner: Mutex<Inner>,
    own: Option<OperatorId>,
    directory: Arc<ArcSwap<Directory>>,
    clock: Option<Arc<SlotClock>>,
}

#[derive(Debug, Default)]
struct Inner {
    slots: BTreeMap<Slot, Vec<Entry>>,
    courses: BTreeMap<CourseKey, Noted>,
    records: usize,
    /// Older slots were dropped, but for those in which something ran.
    first_kept: Slot,
    balance: Balance,
    figures: Figures,
    /// Committees of which something was noted after their last word was written.
    unwritten: BTreeSet<(Slot, CommitteeId)>,
}

/// A record with its place on the beacon chain.
#[derive(Debug)]
pub(crate) struct Entry {
    pub record: DutyRecord,
    /// The duty as the beacon node gave it.
    pub duty: ValidatorDuty,
}

#[derive(Debug, Default)]
struct Noted {
    course: Course,
    /// Its times are in the figures.
    measured: bool,
}

impl Ledger {
    /// Slots kept in memory.
    pub const SLOTS: u64 = 256;
    /// Records kept in memory.
    pub const CAPACITY: usize = 200_000;
    /// Courses kept in memory.
    pub const COURSES: usize = 200_000;

    /// The ledger of this operator, whose committees stand in the directory.
    #[must_use]
    pub fn new(own: OperatorId, directory: Arc<ArcSwap<Directory>>, clock: Arc<SlotClock>) -> Self {
        Self { inner: Mutex::default(), own: Some(own), directory, clock: Some(clock) }
    }

    /// Opens the records of a committee's duties. Duties of kinds that are not recorded are left out, and those that stand here
    /// already: a duty is scheduled once, whatever the clock or a beacon node says a second time.
    pub fn schedule(&self, epoch: Epoch, committee: CommitteeId, duties: &[ValidatorDuty]) {
        let members = self.directory.load().committee(committee).map(|found| found.members.clone());
        let (members, now) = (members.unwrap_or_default(), unix_micros());
        let mut inner = self.lock();
        let slots: BTreeSet<_> = duties.iter().map(|duty| duty.slot).collect();
        let standing = slots.iter().filter_map(|slot| inner.slots.get(slot)).flatten();
        let name = |record: &DutyRecord| (record.slot, record.validator_index, record.role);
        let mut known: HashSet<_> = standing.map(|entry| name(&entry.record)).collect();
        for duty in duties {
            let Some(mut record) = DutyRecord::open(epoch, committee, duty) else { continue };
            if !known.insert(name(&record)) {
                continue;
            }
            record.operators.clone_from(&members);
            record.own_operator = self.own;
            record.micros.scheduled = self.clock.as_ref().map(|clock| clock.micros_into(record.slot, now));
            inner.balance.scheduled = inner.balance.scheduled.saturating_add(1);
            inner.balance.running = inner.balance.running.saturating_add(1);
            inner.insert(Entry { record, duty: duty.clone() });
        }
        inner.make_room();
    }

    /// Writes down something that all duties of a machine share. Outcomes change through [`Self::end`] only.
    pub(crate) fn note(&self, scope: Scope, change: impl Fn(&mut DutyRecord)) {
        let mut inner = self.lock();
        let entries = inner.slots.get_mut(&scope.slot).into_iter().flatten();
        entries.map(|entry| &mut entry.record).filter(|record| scope.covers(record)).for_each(change);
    }

    /// Writes down something about one duty.
    pub(crate) fn note_one(
        &self,
        slot: Slot,
        (validator, role): (ValidatorIndex, BeaconRole),
        change: impl FnOnce(&mut DutyRecord),
    ) {
        if let Some(entry) = self.lock().find(slot, validator, role) {
            change(&mut entry.record);
        }
    }

    /// Notes that a message of this slot was heard, our own or a peer's, `micros` after the start of the slot.
    pub(crate) fn hear(&self, slot: Slot, committee: CommitteeId, message: &SignedSsvMessage, micros: u64) {
        let key = course::key(slot, &message.ssv_message.msg_id);
        let mut inner = self.lock();
        if inner.course(key).is_some_and(|noted| noted.course.hear(message, micros)) {
            inner.unwritten.insert((slot, committee));
        }
    }

    /// Notes that this node entered a round of the machine that messages with this id belong to.
    pub(crate) fn enter_round(&self, slot: Slot, id: &MessageId, round: Round, span: RoundSpan) {
        if let Some(noted) = self.lock().course(course::key(slot, id)) {
            noted.course.enter(round, span);
        }
    }

    /// Ends one validator's duty; a duty that has ended stays as it is.
    pub fn end(&self, slot: Slot, validator: ValidatorIndex, role: BeaconRole, end: impl Into<End>) {
        self.lock().end(slot, validator, role, end.into());
    }

    /// Ends everything of a committee that runs; returns the slots of what ended.
    pub(crate) fn end_all(&self, committee: CommitteeId, reason: FailureReason) -> BTreeSet<Slot> {
        let mut inner = self.lock();
        let running = |entry: &&Entry| {
            entry.record.committee_id == committee && entry.record.outcome == Outcome::Running
        };
        let entries = inner.slots.values().flatten().filter(running);
        let names: Vec<_> =
            entries.map(|entry| (entry.duty.slot, entry.duty.validator_index, entry.duty.role)).collect();
        for (slot, validator, role) in &names {
            inner.end(*slot, *validator, *role, End::Failed(reason));
        }
        names.into_iter().map(|(slot, ..)| slot).collect()
    }

    /// The records of one slot, if it is still in memory.
    #[must_use]
    pub fn of_slot(&self, slot: Slot) -> Option<Vec<DutyRecord>> {
        let inner = self.lock();
        let entries = inner.slots.get(&slot)?;
        Some(entries.iter().map(|entry| self.with_leaders(inner.told(entry))).collect())
    }

    /// The records of one slot: those in memory, and those that the journal alone has, of older slots or of an earlier run.
    ///
    /// # Errors
    /// [`LogError`] if the journal is not readable.
    pub(crate) fn with_journal(&self, slot: Slot, log: &DutyLog) -> Result<Vec<DutyRecord>, LogError> {
        let mut records = self.of_slot(slot).unwrap_or_default();
        let name = |record: &DutyRecord| (record.validator_index, record.role);
        let known: HashSet<_> = records.iter().map(name).collect();
        let older = log.of_slot(slot)?;
        records.extend(older.into_iter().filter(|record| !known.contains(&name(record))));
        Ok(records)
    }

    /// The records of one committee and slot, to be written.
    #[must_use]
    pub fn of_committee(&self, slot: Slot, committee: CommitteeId) -> Vec<DutyRecord> {
        let mut inner = self.lock();
        inner.unwritten.remove(&(slot, committee));
        let entries = inner.slots.get(&slot).into_iter().flatten();
        let ours = entries.filter(|entry| entry.record.committee_id == committee);
        ours.map(|entry| self.with_leaders(inner.told(entry))).collect()
    }

    /// Committees that something was noted of after they were written, in slots up to this one.
    pub(crate) fn unwritten(&self, up_to: Slot) -> Vec<(Slot, CommitteeId)> {
        let inner = self.lock();
        inner.unwritten.iter().take_while(|(slot, _)| *slot <= up_to).copied().collect()
    }

    /// Whether there is an attestation of this slot that was not seen in a block yet.
    pub(crate) fn awaits_votes(&self, slot: Slot) -> bool {
        let inner = self.lock();
        let records = inner.slots.get(&slot).into_iter().flatten().map(|entry| &entry.record);
        records.into_iter().any(|record| record.role == DutyRole::Attester && record.included.is_none())
    }

    /// Looks at the duties of a slot, or changes them, as [`crate::inclusion`] does. `change` says whether it changed something.
    pub(crate) fn review(&self, slot: Slot, mut change: impl FnMut(&mut Entry, &mut Figures) -> bool) {
        let inner = &mut *self.lock();
        for entry in inner.slots.get_mut(&slot).into_iter().flatten() {
            if change(entry, &mut inner.figures) {
                inner.unwritten.insert((slot, entry.record.committee_id));
            }
        }
    }

    /// The sums since the node started.
    #[must_use]
    pub fn balance(&self) -> Balance {
        self.lock().balance
    }

    /// How duties ended and how long they took since the node started.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.lock().figures.clone()
    }

    /// Names who was to lead each round.
    fn with_leaders(&self, mut record: DutyRecord) -> DutyRecord {
        if let Some(clock) = &self.clock {
            let fork = clock.rules().network.fork_at(record.slot);
            for (round, span) in &mut record.rounds {
                span.leader = types::leader(fork, &record.operators, record.slot, *round);
            }
        }
        record
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere must not take the books with it: every change is complete before the lock is released.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn find(&mut self, slot: Slot, validator: ValidatorIndex, role: BeaconRole) -> Option<&mut Entry> {
        let role = DutyRole::of(role)?;
        let mut entries = self.slots.get_mut(&slot)?.iter_mut();
        entries.find(|entry| entry.record.validator_index == validator && entry.record.role == role)
    }

    fn course(&mut self, key: CourseKey) -> Option<&mut Noted> {
        let has_room = self.courses.len() < Ledger::COURSES || self.courses.contains_key(&key);
        has_room.then(|| self.courses.entry(key).or_default())
    }

    /// A record with what was heard of its duty.
    fn told(&self, entry: &Entry) -> DutyRecord {
        let mut record = entry.record.clone();
        if let Some(noted) = course::keys_of(&record).find_map(|key| self.courses.get(&key)) {
            noted.course.tell(&mut record);
        }
        record
    }

    fn end(&mut self, slot: Slot, validator: ValidatorIndex, role: BeaconRole, end: End) {
        let Some(entry) = self.find(slot, validator, role) else { return };
        if entry.record.outcome != Outcome::Running {
            return;
        }
        settle(&mut entry.record, end);
        let record = entry.record.clone();
        let balance = &mut self.balance;
        balance.running = balance.running.saturating_sub(1);
        match end {
            End::Submitted => balance.submitted = balance.submitted.saturating_add(1),
            End::Failed(_) => balance.failed = balance.failed.saturating_add(1),
            End::NotSelected => {
                balance.scheduled = balance.scheduled.saturating_sub(1);
                balance.not_selected = balance.not_selected.saturating_add(1);
            }
        }
        self.figures.end(&record);
        if !matches!(end, End::NotSelected) {
            self.measure(record);
        }
    }

    /// The first duty of a machine that ends brings its times into the figures.
    fn measure(&mut self, mut record: DutyRecord) {
        let found = course::keys_of(&record).find(|key| self.courses.contains_key(key));
        let Some(key) = found else { return };
        if let Some(noted) = self.courses.get_mut(&key)
            && !noted.measured
        {
            noted.measured = true;
            noted.course.tell(&mut record);
            self.figures.measure(key.1.role(), &record);
        }
    }

    fn insert(&mut self, entry: Entry) {
        self.records = self.records.saturating_add(1);
        self.slots.entry(entry.record.slot).or_default().push(entry);
    }

    /// Drops what is too old, once a slot, and what is too much.
    fn make_room(&mut self) {
        let Some((newest, _)) = self.slots.last_key_value() else { return };
        let first_kept = newest.saturating_sub(Ledger::SLOTS);
        if first_kept > self.first_kept {
            self.first_kept = first_kept;
            let ended = self.slots.range(..first_kept).filter(|(_, entries)| !is_running(entries));
            for slot in ended.map(|(slot, _)| *slot).collect::<Vec<_>>() {
                self.drop_slot(slot);
            }
            // What was heard of slots without duties of ours.
            let stays = |slot: &Slot| *slot >= first_kept || self.slots.contains_key(slot);
            self.courses.retain(|(slot, _), _| stays(slot));
            self.unwritten.retain(|(slot, _)| stays(slot));
        }
        while self.records > Ledger::CAPACITY
            && let Some(slot) = self.first_to_leave()
        {
            self.drop_slot(slot);
        }
    }

    /// The oldest slot in which nothing runs, or else the oldest.
    fn first_to_leave(&self) -> Option<Slot> {
        let ended = self.slots.iter().find(|(_, entries)| !is_running(entries));
        ended.or_else(|| self.slots.first_key_value()).map(|(slot, _)| *slot)
    }

    /// Duties of it that run leave the sums, as nobody can end them any more.
    fn drop_slot(&mut self, slot: Slot) {
        let entries = self.slots.remove(&slot).unwrap_or_default();
        self.records = self.records.saturating_sub(entries.len());
        let running = entries.iter().filter(|entry| entry.record.outcome == Outcome::Running).count();
        let running = u64::try_from(running).unwrap_or(u64::MAX);
        self.balance.scheduled = self.balance.scheduled.saturating_sub(running);
        self.balance.running = self.balance.running.saturating_sub(running);
        let courses = (slot, MessageId([0; 56]))..=(slot, MessageId([u8::MAX; 56]));
        self.courses.extract_if(courses, |_, _| true).for_each(drop);
        let unwritten = (slot, CommitteeId([0; 32]))..=(slot, CommitteeId([u8::MAX; 32]));
        self.unwritten.extract_if(unwritten, |_| true).for_each(drop);
    }
}

fn is_running(entries: &[Entry]) -> bool {
    entries.iter().any(|entry| entry.record.outcome == Outcome::Running)
}

/// Gives a record its outcome.
pub(crate) fn settle(record: &mut DutyRecord, end: impl Into<End>) {
    let (outcome, reason) = match end.into() {
        End::Submitted => (Outcome::Submitted, None),
        End::NotSelected => (Outcome::NotSelected, None),
        End::Failed(reason) => (Outcome::Failed, Some(reason)),
    };
    record.outcome = outcome;
    record.reason = reason.map(|reason| reason.name().to_owned());
    record.room = reason.map(|reason| reason.room().name().to_owned());
}

#[cfg(test)]
pub(crate) mod tests;

//! The duty ledger: every scheduled duty, the time of every step, and how it ended.
//!
//! `scheduled = submitted + failed + running`, always: a record is made when the duty is scheduled, and ends once. What the
//! duty machine reports is written down here; nothing is inferred later. The journal keeps a copy of each record, written by
//! [`crate::books`].
//!
//! **Bound**: [`Ledger::CAPACITY`] records are kept in memory; beyond it the oldest slots leave (the journal has a longer
//! history).

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use duty::FailureReason;
use outbox::{DutyRecord, DutyRole, Micros, Outcome};
use serde::Serialize;
use types::{BeaconRole, CommitteeId, Epoch, Slot, ValidatorDuty, ValidatorIndex};

/// The sums of the ledger since the node started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// Duties that were scheduled.
    pub scheduled: u64,
    /// Of those, submitted.
    pub submitted: u64,
    /// Of those, failed.
    pub failed: u64,
    /// Of those, not ended yet.
    pub running: u64,
}

/// Every scheduled duty of this node.
#[derive(Debug, Default)]
pub struct Ledger {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    slots: BTreeMap<Slot, Vec<DutyRecord>>,
    records: usize,
    balance: Balance,
}

impl Ledger {
    /// Records kept in memory.
    pub const CAPACITY: usize = 200_000;

    /// Opens the records of a committee's duty. Duties of kinds that committees do not run are left out, and those that stand here
    /// already: a duty is scheduled once, whatever the clock or a beacon node says a second time.
    pub fn schedule(&self, epoch: Epoch, committee: CommitteeId, duties: &[ValidatorDuty]) {
        let records = duties.iter().filter_map(|duty| open_record(epoch, committee, duty));
        let mut inner = self.lock();
        let slots: BTreeSet<_> = duties.iter().map(|duty| duty.slot).collect();
        let standing = slots.iter().filter_map(|slot| inner.slots.get(slot)).flatten();
        let mut known: HashSet<_> =
            standing.map(|record| (record.slot, record.validator_index, record.role)).collect();
        for record in records {
            if !known.insert((record.slot, record.validator_index, record.role)) {
                continue;
            }
            inner.balance.scheduled = inner.balance.scheduled.saturating_add(1);
            inner.balance.running = inner.balance.running.saturating_add(1);
            inner.insert(record);
        }
    }

    /// Writes down something that all open and ended duties of a committee share. Outcomes change through [`Self::end`] only.
    pub fn note(&self, slot: Slot, committee: CommitteeId, change: impl Fn(&mut DutyRecord)) {
        self.lock().of_committee(slot, committee).for_each(change);
    }

    /// Writes down something about one duty.
    pub fn note_one(
        &self,
        slot: Slot,
        (validator, role): (ValidatorIndex, BeaconRole),
        change: impl FnOnce(&mut DutyRecord),
    ) {
        if let Some(record) = self.lock().find(slot, validator, role) {
            change(record);
        }
    }

    /// Ends one validator's duty; a duty that has ended stays as it is.
    pub fn end(
        &self,
        slot: Slot,
        validator: ValidatorIndex,
        role: BeaconRole,
        result: Result<(), FailureReason>,
    ) {
        let mut inner = self.lock();
        let Some(record) = inner.find(slot, validator, role) else { return };
        if record.outcome != Outcome::Running {
            return;
        }
        settle(record, result);
        inner.balance.running = inner.balance.running.saturating_sub(1);
        let sum = if result.is_ok() { &mut inner.balance.submitted } else { &mut inner.balance.failed };
        *sum = sum.saturating_add(1);
    }

    /// The records of one slot, if it is still in memory.
    #[must_use]
    pub fn of_slot(&self, slot: Slot) -> Option<Vec<DutyRecord>> {
        self.lock().slots.get(&slot).cloned()
    }

    /// The records of one committee and slot.
    #[must_use]
    pub fn of_committee(&self, slot: Slot, committee: CommitteeId) -> Vec<DutyRecord> {
        self.lock().of_committee(slot, committee).map(|record| record.clone()).collect()
    }

    /// The sums since the node started.
    #[must_use]
    pub fn balance(&self) -> Balance {
        self.lock().balance
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere must not take the books with it: every change is complete before the lock is released.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn of_committee(&mut self, slot: Slot, committee: CommitteeId) -> impl Iterator<Item = &mut DutyRecord> {
        self.slots.get_mut(&slot).into_iter().flatten().filter(move |record| record.committee_id == committee)
    }

    fn find(&mut self, slot: Slot, validator: ValidatorIndex, role: BeaconRole) -> Option<&mut DutyRecord> {
        let role = DutyRole::of(role)?;
        let records = self.slots.get_mut(&slot)?;
        records.iter_mut().find(|record| record.validator_index == validator && record.role == role)
    }

    fn insert(&mut self, record: DutyRecord) {
        self.records = self.records.saturating_add(1);
        self.slots.entry(record.slot).or_default().push(record);
        while self.records > Ledger::CAPACITY
            && let Some((_, gone)) = self.slots.pop_first()
        {
            self.records = self.records.saturating_sub(gone.len());
        }
    }
}

/// Gives a record its outcome.
pub(crate) fn settle(record: &mut DutyRecord, result: Result<(), FailureReason>) {
    record.outcome = if result.is_ok() { Outcome::Submitted } else { Outcome::Failed };
    record.reason = result.err().map(|reason| reason.name().to_owned());
    record.room = result.err().map(|reason| reason.room().name().to_owned());
}

fn open_record(epoch: Epoch, committee_id: CommitteeId, duty: &ValidatorDuty) -> Option<DutyRecord> {
    Some(DutyRecord {
        slot: duty.slot,
        epoch,
        role: DutyRole::of(duty.role)?,
        validator_index: duty.validator_index,
        public_key: duty.public_key,
        committee_id,
        committee_index: duty.committee_index,
        outcome: Outcome::Running,
        reason: None,
        room: None,
        round: None,
        leader: None,
        micros: Micros::default(),
        start_cause: None,
        head_event_unix_micros: None,
        bad_partial_signatures: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::{CommitteeIndex, List, PublicKeyBytes};

    const COMMITTEE: CommitteeId = CommitteeId([3; 32]);

    fn duty(slot: u64, index: u64, role: BeaconRole) -> ValidatorDuty {
        ValidatorDuty {
            role,
            public_key: PublicKeyBytes([1; 48]),
            slot: Slot(slot),
            validator_index: ValidatorIndex(index),
            committee_index: CommitteeIndex(0),
            committee_length: 4,
            committees_at_slot: 1,
            validator_committee_index: 0,
            validator_sync_committee_indices: List::empty(),
        }
    }

    fn sums(ledger: &Ledger) -> (u64, u64, u64, u64) {
        let balance = ledger.balance();
        assert_eq!(balance.scheduled, balance.submitted + balance.failed + balance.running);
        (balance.scheduled, balance.submitted, balance.failed, balance.running)
    }

    #[test]
    fn every_duty_ends_once_and_the_books_balance() {
        let ledger = Ledger::default();
        let duties = [duty(9, 1, BeaconRole::Attester), duty(9, 1, BeaconRole::SyncCommittee)];
        ledger.schedule(Epoch(1), COMMITTEE, &duties);
        assert_eq!(sums(&ledger), (2, 0, 0, 2));
        ledger.end(Slot(9), ValidatorIndex(1), BeaconRole::Attester, Ok(()));
        assert_eq!(sums(&ledger), (2, 1, 0, 1));
        let late = Err(FailureReason::NotDecided);
        ledger.end(Slot(9), ValidatorIndex(1), BeaconRole::Attester, late);
        ledger.end(Slot(8), ValidatorIndex(1), BeaconRole::Attester, late);
        assert_eq!(sums(&ledger), (2, 1, 0, 1));
        ledger.end(Slot(9), ValidatorIndex(1), BeaconRole::SyncCommittee, late);
        assert_eq!(sums(&ledger), (2, 1, 1, 0));
        let record = &ledger.of_slot(Slot(9)).unwrap()[1];
        assert_eq!(
            (record.reason.as_deref(), record.room.as_deref()),
            (Some("not_decided"), Some("consensus"))
        );
    }

    #[test]
    fn a_duty_is_scheduled_once() {
        let ledger = Ledger::default();
        ledger.schedule(Epoch(1), COMMITTEE, &[duty(9, 1, BeaconRole::Attester)]);
        ledger.end(Slot(9), ValidatorIndex(1), BeaconRole::Attester, Ok(()));
        let twice = [duty(9, 1, BeaconRole::Attester), duty(9, 1, BeaconRole::Attester)];
        ledger.schedule(Epoch(1), COMMITTEE, &twice);
        assert_eq!(sums(&ledger), (1, 1, 0, 0));
    }

    #[test]
    fn a_note_reaches_the_committee_and_nobody_else() {
        let ledger = Ledger::default();
        ledger.schedule(
            Epoch(1),
            COMMITTEE,
            &[duty(9, 1, BeaconRole::Attester), duty(9, 2, BeaconRole::Attester)],
        );
        ledger.schedule(Epoch(1), CommitteeId([4; 32]), &[duty(9, 3, BeaconRole::Attester)]);
        ledger.note(Slot(9), COMMITTEE, |record| record.micros.decided = Some(5));
        let decided: Vec<_> = ledger.of_slot(Slot(9)).unwrap().iter().map(|r| r.micros.decided).collect();
        assert_eq!(decided, [Some(5), Some(5), None]);
    }

    #[test]
    fn the_oldest_slots_leave_first() {
        let ledger = Ledger::default();
        for slot in 0..12 {
            let duties: Vec<_> = (0..20_000).map(|index| duty(slot, index, BeaconRole::Attester)).collect();
            ledger.schedule(Epoch(0), COMMITTEE, &duties);
        }
        let kept: Vec<_> = (0..12).filter(|slot| ledger.of_slot(Slot(*slot)).is_some()).collect();
        assert_eq!(kept, (2..12).collect::<Vec<_>>());
    }
}

//! Which validator of ours has which duty when, as the beacon node says.
//!
//! **Bound**: the duties of two epochs before the newest and of two sync committee periods are kept.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use beacon::{AttesterDuties, AttesterDuty, SyncDuty};
use types::{Epoch, Root, Slot, ValidatorIndex};

/// Epochs kept, the newest included.
pub(crate) const EPOCHS: u64 = 3;
/// Sync committee periods kept.
const PERIODS: usize = 2;

/// The duties of an epoch, and for whom they were asked.
#[derive(Debug, Default)]
struct EpochPage {
    dependent_root: Root,
    asked: BTreeSet<ValidatorIndex>,
    by_slot: HashMap<Slot, Vec<AttesterDuty>>,
}

#[derive(Debug, Default)]
struct PeriodPage {
    asked: BTreeSet<ValidatorIndex>,
    duties: Vec<SyncDuty>,
}

#[derive(Debug, Default)]
struct Pages {
    epochs: BTreeMap<Epoch, EpochPage>,
    periods: BTreeMap<u64, PeriodPage>,
}

/// The duty book.
#[derive(Debug, Default)]
pub(crate) struct DutyBook(RwLock<Pages>);

impl DutyBook {
    /// Whether the attester duties of an epoch are here for exactly these validators.
    pub(crate) fn has_epoch(&self, epoch: Epoch, asked: &BTreeSet<ValidatorIndex>) -> bool {
        self.read().epochs.get(&epoch).is_some_and(|page| page.asked == *asked)
    }

    /// Whether the sync committee duties of a period are here for exactly these validators.
    pub(crate) fn has_period(&self, period: u64, asked: &BTreeSet<ValidatorIndex>) -> bool {
        self.read().periods.get(&period).is_some_and(|page| page.asked == *asked)
    }

    /// Whether the page of an epoch depends on another block than this one.
    pub(crate) fn is_stale(&self, epoch: Epoch, dependent_root: Root) -> bool {
        self.read().epochs.get(&epoch).is_some_and(|page| page.dependent_root != dependent_root)
    }

    /// Tears out the page of an epoch.
    pub(crate) fn drop_epoch(&self, epoch: Epoch) {
        self.write().epochs.remove(&epoch);
    }

    /// Writes the page of an epoch.
    pub(crate) fn put_epoch(&self, epoch: Epoch, asked: BTreeSet<ValidatorIndex>, duties: AttesterDuties) {
        let mut page = EpochPage { dependent_root: duties.dependent_root, asked, by_slot: HashMap::new() };
        for duty in duties.duties {
            page.by_slot.entry(duty.slot).or_default().push(duty);
        }
        let mut pages = self.write();
        pages.epochs.insert(epoch, page);
        while u64::try_from(pages.epochs.len()).unwrap_or(u64::MAX) > EPOCHS {
            pages.epochs.pop_first();
        }
    }

    /// Writes the page of a sync committee period.
    pub(crate) fn put_period(&self, period: u64, asked: BTreeSet<ValidatorIndex>, duties: Vec<SyncDuty>) {
        let mut pages = self.write();
        pages.periods.insert(period, PeriodPage { asked, duties });
        while pages.periods.len() > PERIODS {
            pages.periods.pop_first();
        }
    }

    /// The attester duties of a slot.
    pub(crate) fn attesters(&self, epoch: Epoch, slot: Slot) -> Vec<AttesterDuty> {
        let pages = self.read();
        pages.epochs.get(&epoch).and_then(|page| page.by_slot.get(&slot)).cloned().unwrap_or_default()
    }

    /// The sync committee seats of a period.
    pub(crate) fn sync_members(&self, period: u64) -> Vec<SyncDuty> {
        self.read().periods.get(&period).map(|page| page.duties.clone()).unwrap_or_default()
    }

    fn read(&self) -> RwLockReadGuard<'_, Pages> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Pages> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::{CommitteeIndex, PublicKeyBytes};

    fn duties(root: u8, slots: &[u64]) -> AttesterDuties {
        let duty = |slot: &u64| AttesterDuty {
            public_key: PublicKeyBytes([1; 48]),
            validator_index: ValidatorIndex(*slot),
            slot: Slot(*slot),
            committee_index: CommitteeIndex(0),
            committee_length: 1,
            committees_at_slot: 1,
            validator_committee_index: 0,
        };
        AttesterDuties {
            dependent_root: Root::repeat_byte(root),
            execution_optimistic: false,
            duties: slots.iter().map(duty).collect(),
        }
    }

    #[test]
    fn a_page_holds_for_its_validators_and_its_dependent_root() {
        let book = DutyBook::default();
        let asked = BTreeSet::from([ValidatorIndex(8)]);
        book.put_epoch(Epoch(1), asked.clone(), duties(1, &[8, 9]));
        assert!(book.has_epoch(Epoch(1), &asked));
        assert!(!book.has_epoch(Epoch(1), &BTreeSet::from([ValidatorIndex(8), ValidatorIndex(9)])));
        assert!(!book.is_stale(Epoch(1), Root::repeat_byte(1)));
        assert!(book.is_stale(Epoch(1), Root::repeat_byte(2)));
        assert_eq!(book.attesters(Epoch(1), Slot(9)).len(), 1);
        book.drop_epoch(Epoch(1));
        assert!(book.attesters(Epoch(1), Slot(9)).is_empty());
        assert!(!book.is_stale(Epoch(1), Root::repeat_byte(2)));
    }

    #[test]
    fn old_epochs_leave() {
        let book = DutyBook::default();
        for epoch in 0..6 {
            book.put_epoch(Epoch(epoch), BTreeSet::new(), duties(1, &[epoch * 8]));
        }
        let kept: Vec<_> = (0..6).filter(|epoch| book.has_epoch(Epoch(*epoch), &BTreeSet::new())).collect();
        assert_eq!(kept, [3, 4, 5]);
    }
}

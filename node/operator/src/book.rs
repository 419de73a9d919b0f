//! Which validator has which duty when, as the beacon node says: attestations of our validators, seats in the sync committee of those we
//! hear of, and all proposals.
//!
//! A page whose chain reorganised is stale: it is asked for again, and stays until the new one comes.
//!
//! **Bound**: the duties of two epochs before the newest and of two sync committee periods are kept.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use beacon::{AttesterDuties, AttesterDuty, Head, ProposerDuties, ProposerDuty, SyncDuty};
use types::{Epoch, Root, Slot, ValidatorIndex};

/// Epochs kept, the newest included.
pub(crate) const EPOCHS: u64 = 3;
/// Sync committee periods kept.
const PERIODS: usize = 2;

/// The duties of an epoch, and for whom they were asked.
#[derive(Debug, Default)]
struct EpochPage {
    dependent_root: Root,
    is_stale: bool,
    asked: BTreeSet<ValidatorIndex>,
    by_slot: HashMap<Slot, Vec<AttesterDuty>>,
}

/// The proposals of an epoch, of the whole chain.
#[derive(Debug, Default)]
struct ProposerPage {
    dependent_root: Root,
    is_stale: bool,
    duties: Vec<ProposerDuty>,
}

#[derive(Debug, Default)]
struct PeriodPage {
    asked: BTreeSet<ValidatorIndex>,
    seated: BTreeSet<ValidatorIndex>,
    duties: Vec<SyncDuty>,
}

#[derive(Debug, Default)]
struct Pages {
    epochs: BTreeMap<Epoch, EpochPage>,
    proposers: BTreeMap<Epoch, ProposerPage>,
    periods: BTreeMap<u64, PeriodPage>,
}

/// The duty book.
#[derive(Debug, Default)]
pub(crate) struct DutyBook(RwLock<Pages>);

impl DutyBook {
    /// Whether the attester duties of an epoch are here for exactly these validators, and not stale.
    pub(crate) fn has_epoch(&self, epoch: Epoch, asked: &BTreeSet<ValidatorIndex>) -> bool {
        self.read().epochs.get(&epoch).is_some_and(|page| page.asked == *asked && !page.is_stale)
    }

    /// Whether the proposals of an epoch are here, and not stale.
    pub(crate) fn has_proposers(&self, epoch: Epoch) -> bool {
        self.read().proposers.get(&epoch).is_some_and(|page| !page.is_stale)
    }

    /// Whether the sync committee duties of a period are here for exactly these validators.
    pub(crate) fn has_period(&self, period: u64, asked: &BTreeSet<ValidatorIndex>) -> bool {
        self.read().periods.get(&period).is_some_and(|page| page.asked == *asked)
    }

    /// Marks the pages that depend on another chain than this head's, which is of `epoch`; returns the epochs of those that were not
    /// marked before. A page that was asked for again after this head stays as it is: nodes that differ must not make us ask for ever.
    pub(crate) fn mark_stale(&self, epoch: Epoch, head: &Head) -> BTreeSet<Epoch> {
        let (previous, current) = (head.previous_duty_dependent_root, head.current_duty_dependent_root);
        let next = epoch.saturating_add(1);
        let mut pages = self.write();
        let mut stale = BTreeSet::new();
        for (epoch, root) in [(epoch, previous), (next, current)] {
            if let Some(page) = pages.epochs.get_mut(&epoch)
                && page.dependent_root != root
                && !std::mem::replace(&mut page.is_stale, true)
            {
                stale.insert(epoch);
            }
        }
        // From Fulu on a node may name the root that attestations depend on: proposals are known an epoch ahead.
        if let Some(page) = pages.proposers.get_mut(&epoch)
            && ![previous, current].contains(&page.dependent_root)
            && !std::mem::replace(&mut page.is_stale, true)
        {
            stale.insert(epoch);
        }
        stale
    }

    /// Writes the page of an epoch.
    pub(crate) fn put_epoch(&self, epoch: Epoch, asked: BTreeSet<ValidatorIndex>, duties: AttesterDuties) {
        let mut page = EpochPage {
            dependent_root: duties.dependent_root,
            is_stale: false,
            asked,
            by_slot: HashMap::new(),
        };
        for duty in duties.duties {
            page.by_slot.entry(duty.slot).or_default().push(duty);
        }
        let mut pages = self.write();
        pages.epochs.insert(epoch, page);
        while u64::try_from(pages.epochs.len()).unwrap_or(u64::MAX) > EPOCHS {
            pages.epochs.pop_first();
        }
    }

    /// Writes the proposals of an epoch.
    pub(crate) fn put_proposers(&self, epoch: Epoch, duties: ProposerDuties) {
        let ProposerDuties { dependent_root, duties, .. } = duties;
        let mut pages = self.write();
        pages.proposers.insert(epoch, ProposerPage { dependent_root, is_stale: false, duties });
        while u64::try_from(pages.proposers.len()).unwrap_or(u64::MAX) > EPOCHS {
            pages.proposers.pop_first();
        }
    }

    /// Writes the page of a sync committee period.
    pub(crate) fn put_period(&self, period: u64, asked: BTreeSet<ValidatorIndex>, duties: Vec<SyncDuty>) {
        let mut pages = self.write();
        let seated = duties.iter().map(|duty| duty.validator_index).collect();
        pages.periods.insert(period, PeriodPage { asked, seated, duties });
        while pages.periods.len() > PERIODS {
            pages.periods.pop_first();
        }
    }

    /// The attester duties of a slot.
    pub(crate) fn attesters(&self, epoch: Epoch, slot: Slot) -> Vec<AttesterDuty> {
        let pages = self.read();
        pages.epochs.get(&epoch).and_then(|page| page.by_slot.get(&slot)).cloned().unwrap_or_default()
    }

    /// Who proposes in a slot: nobody if that is not known.
    pub(crate) fn proposers(&self, epoch: Epoch, slot: Slot) -> Vec<ProposerDuty> {
        let pages = self.read();
        let duties = pages.proposers.get(&epoch).map(|page| page.duties.iter()).into_iter().flatten();
        duties.filter(|duty| duty.slot == slot).copied().collect()
    }

    /// Whether a validator proposes in a slot; `None` if the proposals of its epoch are not known.
    pub(crate) fn proposes(&self, epoch: Epoch, slot: Slot, validator: ValidatorIndex) -> Option<bool> {
        let pages = self.read();
        let page = pages.proposers.get(&epoch)?;
        Some(page.duties.iter().any(|duty| duty.slot == slot && duty.validator_index == validator))
    }

    /// Whether a validator sits in the sync committee of a period, as far as that is known.
    pub(crate) fn sits_in(&self, period: u64, validator: ValidatorIndex) -> bool {
        self.read().periods.get(&period).is_some_and(|page| page.seated.contains(&validator))
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

    fn head(previous: u8, current: u8) -> Head {
        Head {
            slot: Slot(8),
            block: Root::repeat_byte(9),
            epoch_transition: false,
            previous_duty_dependent_root: Root::repeat_byte(previous),
            current_duty_dependent_root: Root::repeat_byte(current),
            execution_optimistic: false,
        }
    }

    #[test]
    fn a_page_holds_for_its_validators_and_its_chain_and_stays_until_the_new_one_comes() {
        let book = DutyBook::default();
        let asked = BTreeSet::from([ValidatorIndex(8)]);
        book.put_epoch(Epoch(1), asked.clone(), duties(1, &[8, 9]));
        assert!(book.has_epoch(Epoch(1), &asked));
        assert!(!book.has_epoch(Epoch(1), &BTreeSet::from([ValidatorIndex(8), ValidatorIndex(9)])));
        assert!(book.mark_stale(Epoch(1), &head(1, 2)).is_empty());
        assert_eq!(book.mark_stale(Epoch(1), &head(2, 2)), BTreeSet::from([Epoch(1)]));
        assert!(book.mark_stale(Epoch(1), &head(2, 2)).is_empty(), "told once");
        assert!(!book.has_epoch(Epoch(1), &asked));
        assert_eq!(book.attesters(Epoch(1), Slot(9)).len(), 1);
        book.put_epoch(Epoch(1), asked.clone(), duties(2, &[8]));
        assert!(book.has_epoch(Epoch(1), &asked));
        assert!(book.attesters(Epoch(1), Slot(9)).is_empty());
    }

    fn proposals(root: u8, slot: u64) -> ProposerDuties {
        let duty = ProposerDuty {
            public_key: PublicKeyBytes([1; 48]),
            validator_index: ValidatorIndex(5),
            slot: Slot(slot),
        };
        ProposerDuties {
            dependent_root: Root::repeat_byte(root),
            execution_optimistic: false,
            duties: vec![duty],
        }
    }

    #[test]
    fn proposals_are_of_the_whole_chain_and_go_stale_too() {
        let book = DutyBook::default();
        assert_eq!(book.proposes(Epoch(1), Slot(9), ValidatorIndex(5)), None);
        book.put_proposers(Epoch(1), proposals(1, 9));
        let proposes = |slot, index| book.proposes(Epoch(1), Slot(slot), ValidatorIndex(index));
        assert_eq!((proposes(9, 5), proposes(9, 6), proposes(10, 5)), (Some(true), Some(false), Some(false)));
        assert!(book.mark_stale(Epoch(1), &head(7, 1)).is_empty());
        assert!(book.mark_stale(Epoch(1), &head(1, 7)).is_empty(), "the lookahead of Fulu");
        assert_eq!(book.mark_stale(Epoch(1), &head(7, 8)), BTreeSet::from([Epoch(1)]));
        assert!(!book.has_proposers(Epoch(1)) && book.proposers(Epoch(1), Slot(9)).len() == 1);
    }

    #[test]
    fn seats_are_known_by_period() {
        let book = DutyBook::default();
        let duty = SyncDuty {
            public_key: PublicKeyBytes([1; 48]),
            validator_index: ValidatorIndex(5),
            seats: vec![3],
        };
        book.put_period(2, BTreeSet::from([ValidatorIndex(5), ValidatorIndex(6)]), vec![duty]);
        let sits = |period, index| book.sits_in(period, ValidatorIndex(index));
        assert!(sits(2, 5) && !sits(2, 6) && !sits(1, 5));
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

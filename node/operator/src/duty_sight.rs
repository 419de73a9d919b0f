//! The beacon chain's duties as validation sees them, by the book.

use types::rules::NetworkRules;
use types::{Epoch, PublicKeyBytes, Slot, ValidatorIndex};
use validation::{DutyKnowledge, DutyView};

use crate::book::DutyBook;
use crate::exits::Exits;

/// What the book says, and which exits the registry told of.
pub(crate) struct DutySight<'a> {
    pub book: &'a DutyBook,
    pub exits: &'a Exits,
    pub rules: &'a NetworkRules,
}

impl DutyView for DutySight<'_> {
    fn proposes(&self, slot: Slot, validator: ValidatorIndex) -> DutyKnowledge {
        match self.book.proposes(self.rules.epoch_of(slot), slot, validator) {
            Some(true) => DutyKnowledge::Yes,
            Some(false) => DutyKnowledge::No,
            None => DutyKnowledge::NotFetched,
        }
    }

    /// Members of the next period have duties from the last slot of this one on.
    fn in_sync_committee(&self, epoch: Epoch, validator: ValidatorIndex) -> bool {
        let of = |epoch| self.book.sits_in(self.rules.sync_period_of(epoch), validator);
        of(epoch) || of(epoch.saturating_add(1))
    }

    fn exits(&self, slot: Slot, validator: &PublicKeyBytes) -> u64 {
        self.exits.announced(slot, validator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use beacon::{ProposerDuties, ProposerDuty, SyncDuty};
    use std::collections::BTreeSet;
    use types::Root;

    #[test]
    fn what_is_not_fetched_is_told_from_what_is_not() {
        let (rules, book) = (NetworkRules::builtin("mainnet").unwrap(), DutyBook::default());
        let exits = crate::exits::tests::none();
        let sight = DutySight { book: &book, exits: &exits, rules: &rules };
        let key = PublicKeyBytes([1; 48]);
        assert_eq!(sight.proposes(Slot(33), ValidatorIndex(5)), DutyKnowledge::NotFetched);
        let duty = ProposerDuty { public_key: key, validator_index: ValidatorIndex(5), slot: Slot(33) };
        let duties =
            ProposerDuties { dependent_root: Root::ZERO, execution_optimistic: false, duties: vec![duty] };
        book.put_proposers(Epoch(1), duties);
        assert_eq!(sight.proposes(Slot(33), ValidatorIndex(5)), DutyKnowledge::Yes);
        assert_eq!(sight.proposes(Slot(34), ValidatorIndex(5)), DutyKnowledge::No);
    }

    #[test]
    fn a_seat_is_one_from_the_last_epoch_before_its_period_on() {
        let (rules, book) = (NetworkRules::builtin("mainnet").unwrap(), DutyBook::default());
        let duty = SyncDuty {
            public_key: PublicKeyBytes([1; 48]),
            validator_index: ValidatorIndex(5),
            seats: vec![3],
        };
        book.put_period(1, BTreeSet::from([ValidatorIndex(5)]), vec![duty]);
        let exits = crate::exits::tests::none();
        let sight = DutySight { book: &book, exits: &exits, rules: &rules };
        let sits = |epoch| sight.in_sync_committee(Epoch(epoch), ValidatorIndex(5));
        assert!(!sits(254) && sits(255) && sits(256) && sits(511) && !sits(512));
    }
}

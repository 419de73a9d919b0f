//! Where the network stands in its forks. One writer turns slots into a phase; everyone else reads it.
//!
//! Around a fork both sets of topics are joined: the new one from one epoch before, so that meshes exist when it
//! begins, the old one until the last message of a duty before it has lost its use. What a message must look like
//! follows from its own slot alone ([`NetworkRules::fork_at`]), never from here.
//! Source: `SIPs sips/network_topics_minhash.md`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::NetworkRules;
use crate::ids::Slot;
use crate::role::SsvFork;

impl NetworkRules {
    /// The forks whose topics are joined at a slot, in the order of activation.
    #[must_use]
    pub fn subscribed_forks(&self, now: Slot) -> Vec<SsvFork> {
        let prior = self.slots_per_epoch();
        let subsequent = self.slots_per_epoch().saturating_add(2);
        let joined = |row: &&super::ForkRow| {
            let start = self.first_slot(row.epoch);
            let end = self.first_slot(self.forks.end_of(row.fork));
            let scheduled = row.epoch != crate::ids::Epoch::FAR_FUTURE;
            // A fork that its successor replaces from its own first slot never was.
            scheduled
                && start < end
                && now >= start.saturating_sub(prior)
                && now < end.saturating_add(subsequent)
        };
        self.forks.rows().iter().filter(joined).map(|row| row.fork).collect()
    }
}

/// The writer: told of every slot by the slot clock.
#[derive(Debug)]
pub struct ForkLifecycle {
    shared: Arc<Shared>,
}

/// A reader. Cheap to clone, never blocks.
#[derive(Clone, Debug)]
pub struct ForkWatch {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    rules: Arc<NetworkRules>,
    slot: AtomicU64,
}

impl ForkLifecycle {
    /// Starts at a slot.
    #[must_use]
    pub fn new(rules: Arc<NetworkRules>, slot: Slot) -> Self {
        Self { shared: Arc::new(Shared { rules, slot: AtomicU64::new(slot.get()) }) }
    }

    /// Moves on to a slot. An earlier one than before changes nothing: forks do not end again.
    /// Returns whether the set of joined topics changed.
    pub fn advance(&mut self, slot: Slot) -> bool {
        let before = Slot(self.shared.slot.fetch_max(slot.get(), Ordering::AcqRel));
        let rules = &self.shared.rules;
        rules.subscribed_forks(before) != rules.subscribed_forks(before.max(slot))
    }

    /// A reader.
    #[must_use]
    pub fn watch(&self) -> ForkWatch {
        ForkWatch { shared: Arc::clone(&self.shared) }
    }
}

impl ForkWatch {
    /// The last slot the writer was told of.
    #[must_use]
    pub fn slot(&self) -> Slot {
        Slot(self.shared.slot.load(Ordering::Acquire))
    }

    /// The fork of a duty that starts now.
    #[must_use]
    pub fn current(&self) -> SsvFork {
        self.shared.rules.fork_at(self.slot())
    }

    /// The forks whose topics are joined now.
    #[must_use]
    pub fn subscribed(&self) -> Vec<SsvFork> {
        self.shared.rules.subscribed_forks(self.slot())
    }

    /// The rules behind it.
    #[must_use]
    pub fn rules(&self) -> &Arc<NetworkRules> {
        &self.shared.rules
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Epoch;
    use crate::rules::ForkSchedule;

    fn rules(boole: Epoch) -> Arc<NetworkRules> {
        let mut rules = NetworkRules::builtin("mainnet").unwrap();
        let domain = |fork| rules.forks.domain(fork).unwrap();
        rules.forks =
            ForkSchedule::new(domain(SsvFork::Alan), Some((domain(SsvFork::Boole), boole))).unwrap();
        Arc::new(rules)
    }

    #[test]
    fn both_sets_of_topics_are_joined_around_a_fork() {
        use SsvFork::{Alan, Boole};
        let rules = rules(Epoch(10));
        let at = |slot| rules.subscribed_forks(Slot(slot));
        assert_eq!(at(287), [Alan]);
        assert_eq!(at(288), [Alan, Boole]);
        assert_eq!(at(320), [Alan, Boole]);
        assert_eq!(at(320 + 33), [Alan, Boole]);
        assert_eq!(at(320 + 34), [Boole]);
    }

    #[test]
    fn a_fork_from_genesis_has_no_window_and_an_unscheduled_one_never_comes() {
        assert_eq!(rules(Epoch(0)).subscribed_forks(Slot(0)), [SsvFork::Boole]);
        assert_eq!(rules(Epoch::FAR_FUTURE).subscribed_forks(Slot(u64::MAX - 1)), [SsvFork::Alan]);
    }

    #[test]
    fn readers_follow_the_writer_and_time_does_not_run_back() {
        let mut lifecycle = ForkLifecycle::new(rules(Epoch(10)), Slot(287));
        let watch = lifecycle.watch();
        assert_eq!(watch.current(), SsvFork::Alan);
        assert!(lifecycle.advance(Slot(288)));
        assert_eq!(watch.subscribed().len(), 2);
        assert!(!lifecycle.advance(Slot(320)));
        assert_eq!(watch.current(), SsvFork::Boole);
        assert!(!lifecycle.advance(Slot(0)));
        assert_eq!(watch.slot(), Slot(320));
    }
}

//! When each SSV fork begins, and its domain.

use super::RulesError;
use crate::ids::{DomainType, Epoch};
use crate::role::SsvFork;

/// One fork of one network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForkRow {
    /// The fork.
    pub fork: SsvFork,
    /// Its first epoch; [`Epoch::FAR_FUTURE`] when it is not scheduled.
    pub epoch: Epoch,
    /// The domain of its messages.
    pub domain: DomainType,
}

/// The forks of one network in order. Alan is always there, from epoch 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkSchedule {
    first: ForkRow,
    rows: Vec<ForkRow>,
}

impl ForkSchedule {
    /// Alan from epoch 0; Boole when it has a domain, scheduled or not.
    ///
    /// # Errors
    /// Equal domains: the domain separates message ids and handshakes.
    pub fn new(alan: DomainType, boole: Option<(DomainType, Epoch)>) -> Result<Self, RulesError> {
        let first = ForkRow { fork: SsvFork::Alan, epoch: Epoch(0), domain: alan };
        let mut rows = vec![first];
        if let Some((domain, epoch)) = boole {
            if domain == alan {
                return Err(RulesError::key("domains.boole", "must differ from domains.alan"));
            }
            rows.push(ForkRow { fork: SsvFork::Boole, epoch, domain });
        }
        Ok(Self { first, rows })
    }

    /// Every fork that has a domain, in the order of activation.
    #[must_use]
    pub fn rows(&self) -> &[ForkRow] {
        &self.rows
    }

    /// The row of a fork.
    #[must_use]
    pub fn row(&self, fork: SsvFork) -> Option<&ForkRow> {
        self.rows.iter().find(|row| row.fork == fork)
    }

    /// The domain of a fork.
    #[must_use]
    pub fn domain(&self, fork: SsvFork) -> Option<DomainType> {
        self.row(fork).map(|row| row.domain)
    }

    /// The row in force at an epoch: the last one that has begun.
    #[must_use]
    pub fn current(&self, epoch: Epoch) -> &ForkRow {
        // An unscheduled fork never begins, not even at the last representable epoch.
        let begun = |row: &&ForkRow| row.epoch <= epoch && row.epoch != Epoch::FAR_FUTURE;
        self.rows.iter().rev().find(begun).unwrap_or(&self.first)
    }

    /// The fork in force at an epoch.
    #[must_use]
    pub fn at(&self, epoch: Epoch) -> SsvFork {
        self.current(epoch).fork
    }

    /// The domain in force at an epoch.
    #[must_use]
    pub fn domain_of_current(&self, epoch: Epoch) -> DomainType {
        self.current(epoch).domain
    }

    /// The first epoch after a fork: where the next scheduled one begins.
    #[must_use]
    pub fn end_of(&self, fork: SsvFork) -> Epoch {
        self.rows.iter().filter(|row| row.fork > fork).map(|row| row.epoch).min().unwrap_or(Epoch::FAR_FUTURE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALAN: DomainType = DomainType([0, 0, 4, 2]);
    const BOOLE: DomainType = DomainType([0, 0, 4, 3]);

    #[test]
    fn the_last_fork_that_has_begun_is_in_force() {
        let forks = ForkSchedule::new(ALAN, Some((BOOLE, Epoch(10)))).unwrap();
        assert_eq!(forks.at(Epoch(9)), SsvFork::Alan);
        assert_eq!(forks.at(Epoch(10)), SsvFork::Boole);
        assert_eq!(forks.domain_of_current(Epoch(10)), BOOLE);
        assert_eq!(forks.end_of(SsvFork::Alan), Epoch(10));
        assert_eq!(forks.end_of(SsvFork::Boole), Epoch::FAR_FUTURE);
    }

    #[test]
    fn an_unscheduled_fork_never_begins() {
        let forks = ForkSchedule::new(ALAN, Some((BOOLE, Epoch::FAR_FUTURE))).unwrap();
        assert_eq!(forks.at(Epoch(u64::MAX)), SsvFork::Alan);
        assert_eq!(forks.domain(SsvFork::Boole), Some(BOOLE));
    }

    #[test]
    fn a_fork_may_be_there_from_genesis() {
        let forks = ForkSchedule::new(ALAN, Some((BOOLE, Epoch(0)))).unwrap();
        assert_eq!(forks.at(Epoch(0)), SsvFork::Boole);
    }

    #[test]
    fn domains_are_distinct() {
        assert!(ForkSchedule::new(ALAN, Some((ALAN, Epoch(0)))).is_err());
    }
}

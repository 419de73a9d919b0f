//! Who proposes: round robin over the committee, shifted by the height (ssv-spec `qbft/round_robin_proposer.go`).
//!
//! * Alan: `ids[(height mod n + round - 1) mod n]`, ids in the order of the committee record.
//! * Boole: `ids[(height mod n + round - 1 + height / 32) mod n]`, ids ascending, so that a committee whose duty always
//!   falls on the same slot of an epoch does not always begin with the same leader. The 32 is the protocol's own
//!   number, not the slots of an epoch.
//!
//! A committee that mixes the formulas cannot decide: the fork is that of the height, not that of the moment.

use types::{OperatorId, Round, Slot, SsvFork};

use crate::Leader;

/// The leader of `round` at `height`. `None` for an empty committee.
#[must_use]
pub fn round_robin(fork: SsvFork, members: &[OperatorId], height: Slot, round: Round) -> Option<OperatorId> {
    let count = u64::try_from(members.len()).ok()?;
    let turn = |number: u64| number.checked_rem(count);
    let by_height = turn(height.get())?;
    let by_round = turn(round.get().saturating_sub(1))?;
    let by_epoch = match fork {
        SsvFork::Alan => 0,
        SsvFork::Boole => turn(height.get() / 32)?,
    };
    // Three numbers below the size of a committee.
    let index = turn(by_height.saturating_add(by_round).saturating_add(by_epoch))?;
    let index = usize::try_from(index).ok()?;
    match fork {
        SsvFork::Alan => members.get(index).copied(),
        SsvFork::Boole => {
            let mut ascending = members.to_vec();
            ascending.sort_unstable();
            ascending.get(index).copied()
        }
    }
}

/// The leaders of one committee on a network with a fork schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundRobin {
    members: Vec<OperatorId>,
    boole_from: Option<Slot>,
}

impl RoundRobin {
    /// For `members` in the order of the committee record. `boole_from` is the first slot of Boole, `None` while that is not
    /// scheduled.
    #[must_use]
    pub fn new(members: Vec<OperatorId>, boole_from: Option<Slot>) -> Self {
        Self { members, boole_from }
    }
}

impl Leader for RoundRobin {
    /// Operator 0, who does not exist, leads an empty committee.
    fn leader(&self, height: Slot, round: Round) -> OperatorId {
        let fork = match self.boole_from {
            Some(from) if height >= from => SsvFork::Boole,
            _ => SsvFork::Alan,
        };
        round_robin(fork, &self.members, height, round).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: &[u64]) -> Vec<OperatorId> {
        numbers.iter().copied().map(OperatorId).collect()
    }

    #[test]
    fn worked_examples_of_the_protocol_page() {
        let committee = ids(&[1, 2, 3, 4]);
        let leader =
            |fork, height, round| round_robin(fork, &committee, Slot(height), Round(round)).unwrap().get();
        assert_eq!(leader(SsvFork::Alan, 12, 1), 1);
        assert_eq!(leader(SsvFork::Boole, 12, 1), 1);
        assert_eq!(leader(SsvFork::Alan, 44, 1), 1);
        assert_eq!(leader(SsvFork::Boole, 44, 1), 2);
        assert_eq!(leader(SsvFork::Alan, 44, 2), 2);
        assert_eq!(leader(SsvFork::Boole, 44, 2), 3);
    }

    #[test]
    fn boole_sorts_and_alan_does_not() {
        let committee = ids(&[9, 2, 7, 4]);
        assert_eq!(round_robin(SsvFork::Alan, &committee, Slot(0), Round(1)), Some(OperatorId(9)));
        assert_eq!(round_robin(SsvFork::Boole, &committee, Slot(0), Round(1)), Some(OperatorId(2)));
    }

    #[test]
    fn the_formula_changes_with_the_height_of_the_duty() {
        let leaders = RoundRobin::new(ids(&[1, 2, 3, 4]), Some(Slot(44)));
        assert_eq!(leaders.leader(Slot(43), Round(1)), OperatorId(4));
        assert_eq!(leaders.leader(Slot(44), Round(1)), OperatorId(2));
        assert_eq!(RoundRobin::new(ids(&[1, 2, 3, 4]), None).leader(Slot(44), Round(1)), OperatorId(1));
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let committee = ids(&[1, 2, 3]);
        for fork in SsvFork::ALL {
            assert!(round_robin(fork, &committee, Slot(u64::MAX), Round(u64::MAX)).is_some());
            assert_eq!(round_robin(fork, &[], Slot(1), Round(1)), None);
        }
    }
}

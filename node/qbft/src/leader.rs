//! Who proposes: the network's round robin ([`types::leader`]), by the fork of the height.
//!
//! A committee that mixes the forks' formulas cannot decide, so the fork is that of the height and not that of the moment: all
//! operators switch at the same duty.

use types::{OperatorId, Round, Slot, SsvFork};

use crate::Leader;

/// The leaders of one committee on a network with a fork schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundRobin {
    ascending: Vec<OperatorId>,
    boole_from: Option<Slot>,
}

impl RoundRobin {
    /// For the members of a committee. `boole_from` is the first slot of Boole, `None` while that is not scheduled.
    #[must_use]
    pub fn new(mut members: Vec<OperatorId>, boole_from: Option<Slot>) -> Self {
        members.sort_unstable();
        Self { ascending: members, boole_from }
    }
}

impl Leader for RoundRobin {
    /// Operator 0, who does not exist, leads an empty committee.
    fn leader(&self, height: Slot, round: Round) -> OperatorId {
        let fork = match self.boole_from {
            Some(from) if height >= from => SsvFork::Boole,
            _ => SsvFork::Alan,
        };
        types::leader(fork, &self.ascending, height, round).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committee() -> Vec<OperatorId> {
        [4, 2, 1, 3].map(OperatorId).to_vec()
    }

    #[test]
    fn worked_examples_of_the_protocol_page() {
        let leader = |boole_from, height, round| {
            RoundRobin::new(committee(), boole_from).leader(Slot(height), Round(round)).get()
        };
        let (alan, boole) = (None, Some(Slot(0)));
        assert_eq!([leader(alan, 12, 1), leader(boole, 12, 1)], [1, 1]);
        assert_eq!([leader(alan, 44, 1), leader(boole, 44, 1)], [1, 2]);
        assert_eq!([leader(alan, 44, 2), leader(boole, 44, 2)], [2, 3]);
    }

    #[test]
    fn the_formula_changes_with_the_height_of_the_duty() {
        let leaders = RoundRobin::new(committee(), Some(Slot(44)));
        assert_eq!(leaders.leader(Slot(43), Round(1)), OperatorId(4));
        assert_eq!(leaders.leader(Slot(44), Round(1)), OperatorId(2));
    }

    #[test]
    fn nobody_leads_an_empty_committee() {
        assert_eq!(RoundRobin::new(Vec::new(), None).leader(Slot(u64::MAX), Round(u64::MAX)), OperatorId(0));
    }
}

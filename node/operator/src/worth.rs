//! How long a duty is worth something: after that it is given up, and what is left of it ends as failed. Data keyed by fork and role.

use types::rules::{NetworkRules, RoundBase};
use types::{Round, RunnerRole, Slot};

/// Slots after its own in which a duty still helps; `None` for ever.
///
/// | Role | Slots | Because |
/// |---|---|---|
/// | committee, aggregators | an epoch | an attestation is included until the end of the next epoch |
/// | proposer | 1 | a block that comes when the next one is due is built on by nobody |
/// | contribution | 1 | it is for the next block |
/// | registration | an epoch | it holds until the next one |
/// | exit | for ever | it is asked for once |
pub(crate) const fn useful_slots(rules: &NetworkRules, role: RunnerRole) -> Option<u64> {
    match role {
        RunnerRole::Committee
        | RunnerRole::Aggregator
        | RunnerRole::AggregatorCommittee
        | RunnerRole::ValidatorRegistration
        | RunnerRole::Other(_) => Some(rules.slots_per_epoch()),
        RunnerRole::Proposer | RunnerRole::SyncCommitteeContribution => Some(1),
        RunnerRole::VoluntaryExit => None,
    }
}

/// Whether a duty of `slot` is worth nothing any more in slot `now`.
pub(crate) fn is_over(rules: &NetworkRules, role: RunnerRole, slot: Slot, now: Slot) -> bool {
    useful_slots(rules, role).is_some_and(|slots| now > slot.saturating_add(slots))
}

/// When the consensus of a role is due, in milliseconds after the start of the slot: its beacon data are there then. 0 for a role
/// whose rounds begin with its own steps.
pub(crate) fn due_millis(rules: &NetworkRules, role: RunnerRole, slot: Slot) -> u64 {
    match rules.role_rules(rules.fork_at(slot), role).and_then(|rules| rules.round_base) {
        Some(RoundBase::SlotStart(millis)) => millis,
        Some(RoundBase::RoundEntry) | None => 0,
    }
}

/// The round at which consensus of a duty stops: no peer listens beyond the last useful round of the role.
pub(crate) fn cut_off(rules: &NetworkRules, role: RunnerRole, slot: Slot) -> Round {
    let last = rules.role_rules(rules.fork_at(slot), role).and_then(|rules| rules.max_round);
    let cut_off = rules.timeouts.cutoff_round;
    last.map_or(cut_off, |last| cut_off.min(Round(last.get().saturating_add(1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duties_end_when_they_help_nobody() {
        let rules = NetworkRules::builtin("mainnet").unwrap();
        let over = |role, now| is_over(&rules, role, Slot(100), Slot(now));
        assert!(!over(RunnerRole::Proposer, 101) && over(RunnerRole::Proposer, 102));
        assert!(!over(RunnerRole::Committee, 132) && over(RunnerRole::Committee, 133));
        assert!(!over(RunnerRole::VoluntaryExit, u64::MAX));
    }

    #[test]
    fn votes_are_due_after_a_third_and_aggregates_after_two() {
        let rules = NetworkRules::builtin("mainnet").unwrap();
        let due = |role| due_millis(&rules, role, Slot(100));
        assert_eq!(
            [due(RunnerRole::Committee), due(RunnerRole::Aggregator), due(RunnerRole::Proposer)],
            [4_000, 8_000, 0]
        );
    }

    #[test]
    fn consensus_stops_at_the_last_useful_round() {
        let rules = NetworkRules::builtin("mainnet").unwrap();
        let cut = |role| cut_off(&rules, role, Slot(100));
        assert_eq!([cut(RunnerRole::Committee), cut(RunnerRole::Aggregator)], [Round(12); 2]);
        assert_eq!([cut(RunnerRole::Proposer), cut(RunnerRole::SyncCommitteeContribution)], [Round(7); 2]);
    }
}

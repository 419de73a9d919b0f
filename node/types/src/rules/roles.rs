//! What each role may do and for how long, as data keyed by fork.
//!
//! Source: `ssv-spec qbft/timeout.go`, `ssv message/validation/const.go`, `ssv protocol/v2/qbft/roundtimer`.

use super::NetworkRules;
use crate::ids::Round;
use crate::message::PartialSignatureType;
use crate::role::{RunnerRole, SsvFork};

/// Where the rounds of a role are counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundBase {
    /// From a moment after the start of the slot, in milliseconds: every operator's timer fires at the same time.
    SlotStart(u64),
    /// From the moment this operator enters the round.
    RoundEntry,
}

/// The rules of one role in one fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleRules {
    /// Where its rounds are counted from; `None` for a role without consensus.
    pub round_base: Option<RoundBase>,
    /// The last round in which its messages are of use; `None` for a role without consensus.
    pub max_round: Option<Round>,
    /// Slots after its own in which its messages are still of use; `None` for ever.
    pub ttl_slots: Option<u64>,
    /// Kinds of partial signature bundles it sends.
    pub partial_types: &'static [PartialSignatureType],
}

/// Slots a message may be late beyond its use, everywhere.
const LATE_SLOT_ALLOWANCE: u64 = 2;

impl NetworkRules {
    /// The rules of a role, or `None` where the fork does not have it.
    #[must_use]
    pub fn role_rules(&self, fork: SsvFork, role: RunnerRole) -> Option<RoleRules> {
        use PartialSignatureType as Type;
        if !role.exists_in(fork) {
            return None;
        }
        let at_third = |thirds| Some(RoundBase::SlotStart(self.slot_thirds_millis(thirds)));
        let long = Some(self.slots_per_epoch().saturating_add(LATE_SLOT_ALLOWANCE));
        let short = Some(LATE_SLOT_ALLOWANCE.saturating_add(1));
        let (round_base, max_round, ttl_slots, partial_types): (_, _, _, &'static [Type]) = match role {
            RunnerRole::Committee => (at_third(1), Some(Round(12)), long, &[Type::PostConsensus]),
            RunnerRole::Aggregator => {
                (at_third(2), Some(Round(12)), long, &[Type::PostConsensus, Type::SelectionProof])
            }
            RunnerRole::AggregatorCommittee => {
                (at_third(2), Some(Round(12)), long, &[Type::PostConsensus, Type::AggregatorCommittee])
            }
            RunnerRole::Proposer => {
                (Some(RoundBase::RoundEntry), Some(Round(6)), short, &[Type::PostConsensus, Type::Randao])
            }
            RunnerRole::SyncCommitteeContribution => {
                (at_third(2), Some(Round(6)), short, &[Type::PostConsensus, Type::ContributionProofs])
            }
            RunnerRole::ValidatorRegistration => (None, None, None, &[Type::ValidatorRegistration]),
            RunnerRole::VoluntaryExit => (None, None, None, &[Type::VoluntaryExit]),
            RunnerRole::Other(_) => return None,
        };
        Some(RoleRules { round_base, max_round, ttl_slots, partial_types })
    }

    /// When a round of a role ends, in milliseconds.
    ///
    /// `None` for a role without consensus or that the fork does not have.
    #[must_use]
    pub fn round_end(&self, fork: SsvFork, role: RunnerRole, round: Round) -> Option<RoundEnd> {
        Some(match self.role_rules(fork, role)?.round_base? {
            RoundBase::SlotStart(base) => {
                RoundEnd::SinceSlotStart(base.saturating_add(self.timeouts.total_millis(round)))
            }
            RoundBase::RoundEntry => RoundEnd::SinceRoundEntry(self.timeouts.length_millis(round)),
        })
    }
}

/// When a round ends, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundEnd {
    /// After the start of the slot.
    SinceSlotStart(u64),
    /// After this operator entered the round.
    SinceRoundEntry(u64),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_ends_of_rounds() {
        let rules = NetworkRules::builtin("mainnet").unwrap();
        let end = |fork, role, round| rules.round_end(fork, role, Round(round)).unwrap();
        for (round, seconds) in [(1, 6), (2, 8), (8, 20), (9, 140), (10, 260), (11, 380)] {
            let expected = RoundEnd::SinceSlotStart(seconds * 1000);
            assert_eq!(end(SsvFork::Alan, RunnerRole::Committee, round), expected);
            let expected = RoundEnd::SinceSlotStart((seconds + 4) * 1000);
            assert_eq!(end(SsvFork::Alan, RunnerRole::Aggregator, round), expected);
            assert_eq!(end(SsvFork::Alan, RunnerRole::SyncCommitteeContribution, round), expected);
            assert_eq!(end(SsvFork::Boole, RunnerRole::AggregatorCommittee, round), expected);
        }
        assert_eq!(end(SsvFork::Alan, RunnerRole::Proposer, 8), RoundEnd::SinceRoundEntry(2_000));
        assert_eq!(end(SsvFork::Alan, RunnerRole::Proposer, 9), RoundEnd::SinceRoundEntry(120_000));
        assert_eq!(rules.round_end(SsvFork::Alan, RunnerRole::VoluntaryExit, Round(1)), None);
    }

    #[test]
    fn windows_follow_the_preset() {
        let ttl = |name, role| {
            let rules = NetworkRules::builtin(name).unwrap();
            rules.role_rules(SsvFork::Alan, role).unwrap().ttl_slots
        };
        assert_eq!(ttl("mainnet", RunnerRole::Committee), Some(34));
        assert_eq!(ttl("mainnet", RunnerRole::Proposer), Some(3));
        assert_eq!(ttl("mainnet", RunnerRole::VoluntaryExit), None);
    }

    #[test]
    fn a_role_of_another_fork_has_no_rules() {
        let rules = NetworkRules::builtin("mainnet").unwrap();
        assert_eq!(rules.role_rules(SsvFork::Alan, RunnerRole::AggregatorCommittee), None);
        assert_eq!(rules.role_rules(SsvFork::Boole, RunnerRole::Aggregator), None);
        assert_eq!(rules.role_rules(SsvFork::Boole, RunnerRole::Other(7)), None);
    }
}

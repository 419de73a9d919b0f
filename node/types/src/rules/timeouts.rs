//! How long a round of consensus lasts. Timers and the rule that estimates the round read the same numbers.

use crate::ids::Round;

/// Round lengths in milliseconds.
///
/// Public networks use 2 s for rounds 1 to 8 and 120 s afterwards (`ssv-spec qbft/timeout.go`); a local network
/// scales them with its slot: a sixth of a slot, ten slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundTimeouts {
    /// Length of a quick round.
    pub quick_ms: u64,
    /// Length of a slow round.
    pub slow_ms: u64,
    /// The last quick round.
    pub quick_rounds: u64,
    /// From this round on, an instance processes nothing more.
    pub cutoff_round: Round,
}

impl RoundTimeouts {
    /// Those of the public networks.
    pub const PUBLIC: Self = Self::new(2_000, 120_000);

    /// Rounds of the given lengths.
    #[must_use]
    pub const fn new(quick_ms: u64, slow_ms: u64) -> Self {
        Self { quick_ms, slow_ms, quick_rounds: 8, cutoff_round: Round(12) }
    }

    /// The lengths that follow from a slot: a sixth of it, and ten of them.
    #[must_use]
    pub const fn of_slot(slot_millis: u64) -> Self {
        Self::new(slot_millis / 6, slot_millis.saturating_mul(10))
    }

    /// Length of one round.
    #[must_use]
    pub const fn length_millis(&self, round: Round) -> u64 {
        if round.get() <= self.quick_rounds { self.quick_ms } else { self.slow_ms }
    }

    /// Length of all rounds up to and including this one.
    #[must_use]
    pub const fn total_millis(&self, round: Round) -> u64 {
        let round = round.get();
        let quick = if round < self.quick_rounds { round } else { self.quick_rounds };
        let slow = round.saturating_sub(quick);
        quick.saturating_mul(self.quick_ms).saturating_add(slow.saturating_mul(self.slow_ms))
    }

    /// The round an instance would be in this long after the slot began, if it had begun with it.
    ///
    /// The base of the role is deliberately not subtracted (`ssv message/validation/consensus_validation.go`).
    #[must_use]
    pub fn estimated_round(&self, since_slot_millis: u64) -> Round {
        let quick = since_slot_millis.checked_div(self.quick_ms).unwrap_or(0).saturating_add(1);
        if quick <= self.quick_rounds {
            return Round(quick);
        }
        let after = since_slot_millis.saturating_sub(self.quick_rounds.saturating_mul(self.quick_ms));
        let slow = after.checked_div(self.slow_ms).unwrap_or(0);
        Round(self.quick_rounds.saturating_add(1).saturating_add(slow))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formula_gives_the_public_figures_at_twelve_seconds() {
        assert_eq!(RoundTimeouts::of_slot(12_000), RoundTimeouts::PUBLIC);
        assert_eq!(RoundTimeouts::of_slot(3_000), RoundTimeouts::new(500, 30_000));
    }

    #[test]
    fn published_estimates() {
        let table = [
            (0, 1),
            (1_999, 1),
            (2_000, 2),
            (4_000, 3),
            (14_000, 8),
            (16_000, 9),
            (136_000, 10),
            (256_000, 11),
        ];
        for (millis, round) in table {
            assert_eq!(RoundTimeouts::PUBLIC.estimated_round(millis), Round(round), "{millis} ms");
        }
    }

    #[test]
    fn published_totals() {
        let total = |round| RoundTimeouts::PUBLIC.total_millis(Round(round));
        assert_eq!([total(1), total(8), total(9), total(11)], [2_000, 16_000, 136_000, 376_000]);
        assert_eq!(RoundTimeouts::PUBLIC.length_millis(Round(8)), 2_000);
        assert_eq!(RoundTimeouts::PUBLIC.length_millis(Round(9)), 120_000);
    }
}

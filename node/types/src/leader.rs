//! Who proposes in a round: round robin over the committee, shifted by the height.
//!
//! Consensus and gossip validation ask the same function. Source: `ssv-spec qbft/round_robin_proposer.go`,
//! `SIPs sips/epoch_aware_round_robin_proposer.md`.

use crate::ids::{OperatorId, Round, Slot};
use crate::role::SsvFork;

/// Heights after which Boole's leader moves on by one. A figure of the protocol, not the length of an epoch.
const HEIGHTS_PER_SHIFT: u64 = 32;

/// The leader among `operators`, in ascending order of their ids. `None` for an empty committee.
///
/// Alan takes the member at `height + round - 1` modulo the size; Boole adds `height / 32`.
#[must_use]
pub fn leader(fork: SsvFork, operators: &[OperatorId], height: Slot, round: Round) -> Option<OperatorId> {
    let size = u64::try_from(operators.len()).ok()?;
    let turn = |number: u64| number.checked_rem(size);
    let shift = match fork {
        SsvFork::Alan => 0,
        SsvFork::Boole => turn(height.get() / HEIGHTS_PER_SHIFT)?,
    };
    // Each summand is below the size of a committee.
    let sum = turn(height.get())?.saturating_add(turn(round.get().saturating_sub(1))?).saturating_add(shift);
    operators.get(usize::try_from(turn(sum)?).ok()?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaders(fork: SsvFork, size: u64, height: u64) -> [u64; 3] {
        let operators: Vec<_> = (1..=size).map(OperatorId).collect();
        [1, 2, 3].map(|round| leader(fork, &operators, Slot(height), Round(round)).unwrap().get())
    }

    #[test]
    fn published_leaders() {
        let table = [
            (4, 0, [1, 2, 3], [1, 2, 3]),
            (4, 32, [1, 2, 3], [2, 3, 4]),
            (4, 33, [2, 3, 4], [3, 4, 1]),
            (4, 12_345_678, [3, 4, 1], [1, 2, 3]),
            (7, 32, [5, 6, 7], [6, 7, 1]),
            (7, 12_345_678, [3, 4, 5], [7, 1, 2]),
        ];
        for (size, height, alan, boole) in table {
            assert_eq!(leaders(SsvFork::Alan, size, height), alan, "alan {size} {height}");
            assert_eq!(leaders(SsvFork::Boole, size, height), boole, "boole {size} {height}");
        }
    }

    #[test]
    fn nobody_leads_nobody() {
        assert_eq!(leader(SsvFork::Alan, &[], Slot(u64::MAX), Round(u64::MAX)), None);
    }
}

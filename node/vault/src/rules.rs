//! The rules of EIP-3076, "minimal" strategy, as predicates over plain data.
//!
//! Value checks before consensus and the signing itself use the same functions: the value check only asks, signing also records.

use types::{Epoch, Slot};

use crate::history::Marks;

/// Why something may be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safe {
    /// It lies above the marks.
    New,
    /// Exactly this was recorded before: the signature is the one that exists already.
    SameData,
}

/// Why something must not be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    /// The vote contradicts itself.
    #[error("source epoch {source_epoch} is after target epoch {target}")]
    SourceAfterTarget {
        /// Of the vote.
        source_epoch: Epoch,
        /// Of the vote.
        target: Epoch,
    },
    /// It could surround an earlier vote.
    #[error("source epoch {source_epoch} is below the highest signed source {highest}")]
    SourceBelow {
        /// Of the vote.
        source_epoch: Epoch,
        /// Of the history.
        highest: Epoch,
    },
    /// It would be a second vote for a target, or could be surrounded by an earlier one.
    #[error("target epoch {target} is not above the highest signed target {highest}")]
    TargetNotAbove {
        /// Of the vote.
        target: Epoch,
        /// Of the history.
        highest: Epoch,
    },
    /// It would be a second block for a slot, or one for an earlier slot.
    #[error("slot {slot} is not above the highest signed slot {highest}")]
    SlotNotAbove {
        /// Of the block.
        slot: Slot,
        /// Of the history.
        highest: Slot,
    },
}

/// Judges a vote. `recorded` says that the history holds exactly this vote, by its signing root.
///
/// # Errors
/// The rule that forbids it.
pub fn attestation(marks: &Marks, source: Epoch, target: Epoch, recorded: bool) -> Result<Safe, Breach> {
    if source > target {
        return Err(Breach::SourceAfterTarget { source_epoch: source, target });
    }
    if recorded {
        return Ok(Safe::SameData);
    }
    if source < marks.source {
        return Err(Breach::SourceBelow { source_epoch: source, highest: marks.source });
    }
    if target <= marks.target {
        return Err(Breach::TargetNotAbove { target, highest: marks.target });
    }
    Ok(Safe::New)
}

/// Judges a block. `recorded` says that the history holds exactly this block, by its signing root.
///
/// # Errors
/// The rule that forbids it. Slot 0 is always refused.
pub fn block(marks: &Marks, slot: Slot, recorded: bool) -> Result<Safe, Breach> {
    if recorded {
        return Ok(Safe::SameData);
    }
    if slot <= marks.slot {
        return Err(Breach::SlotNotAbove { slot, highest: marks.slot });
    }
    Ok(Safe::New)
}

/// Whether two different votes, each (source, target), may be slashed for (consensus-specs, `is_slashable_attestation_data`).
#[must_use]
pub fn is_slashable_pair(one: (Epoch, Epoch), other: (Epoch, Epoch)) -> bool {
    let surrounds = |outer: (Epoch, Epoch), inner: (Epoch, Epoch)| outer.0 < inner.0 && inner.1 < outer.1;
    one.1 == other.1 || surrounds(one, other) || surrounds(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(source: u64, target: u64) -> Marks {
        Marks { source: Epoch(source), target: Epoch(target), slot: Slot(100) }
    }

    #[test]
    fn a_vote_needs_its_source_at_and_its_target_above_the_marks() {
        let judge = |source, target| attestation(&marks(5, 10), Epoch(source), Epoch(target), false);
        assert_eq!(judge(5, 11), Ok(Safe::New));
        assert_eq!(judge(4, 11), Err(Breach::SourceBelow { source_epoch: Epoch(4), highest: Epoch(5) }));
        assert_eq!(judge(5, 10), Err(Breach::TargetNotAbove { target: Epoch(10), highest: Epoch(10) }));
        assert_eq!(
            judge(12, 11),
            Err(Breach::SourceAfterTarget { source_epoch: Epoch(12), target: Epoch(11) })
        );
    }

    #[test]
    fn the_same_vote_may_be_signed_again_whatever_the_marks() {
        assert_eq!(attestation(&marks(5, 10), Epoch(3), Epoch(4), true), Ok(Safe::SameData));
    }

    #[test]
    fn a_block_needs_a_slot_above_the_mark() {
        assert_eq!(block(&marks(0, 0), Slot(101), false), Ok(Safe::New));
        assert_eq!(
            block(&marks(0, 0), Slot(100), false),
            Err(Breach::SlotNotAbove { slot: Slot(100), highest: Slot(100) })
        );
        assert_eq!(block(&marks(0, 0), Slot(100), true), Ok(Safe::SameData));
        assert!(block(&Marks::default(), Slot(0), false).is_err());
    }

    /// Whatever is asked for in whatever order, what was granted holds no slashable pair.
    #[test]
    fn granted_votes_are_never_slashable() {
        let votes: Vec<_> =
            (0..4).flat_map(|source| (0..4).map(move |target| (Epoch(source), Epoch(target)))).collect();
        let mut granted_pairs = 0;
        for number in 0..votes.len().pow(4) {
            // The digits of the number in base 16 are four votes.
            let asked = (0..4).map(|place| votes[number >> (4 * place) & 15]);
            let mut marks = Marks::default();
            let mut granted: Vec<(Epoch, Epoch)> = Vec::new();
            for vote in asked {
                if attestation(&marks, vote.0, vote.1, granted.contains(&vote)) == Ok(Safe::New) {
                    assert!(
                        !granted.iter().any(|earlier| is_slashable_pair(*earlier, vote)),
                        "{granted:?} {vote:?}"
                    );
                    granted_pairs += granted.len();
                    granted.push(vote);
                    marks.source = marks.source.max(vote.0);
                    marks.target = marks.target.max(vote.1);
                }
            }
        }
        assert!(granted_pairs > 1000);
    }
}

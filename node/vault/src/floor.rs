//! The floor: what a share must not sign below when it is armed.
//!
//! A share may have signed elsewhere until a moment ago: on another machine of the same operator, or here before the
//! history was lost. Nothing of that is known, so arming sets marks that keep every later vote clear of any such vote.
//!
//! # Rule
//!
//! Let `e` be the current epoch. Target floor: `e`. Source floor: `e - 1`, or the justified epoch `j` that our own synced
//! beacon node reports when `j < e - 1`. Block floor: the current slot. Afterwards a vote needs `source >= source floor` and
//! `target > e`, a block a slot above the current one.
//!
//! # Why it is safe
//!
//! Let `(s', t')` be any vote the share took part in before, and `(s, t)` any vote after arming.
//!
//! * *No double vote.* The share signs no target of the future, so `t' <= e < t`.
//! * *The new vote is not surrounded by the old one*, which would need `t < t'`.
//! * *The new vote does not surround the old one*, which would need `s < s'`.
//!   - With source floor `e - 1`: `s' < t' <= e`, so `s' <= e - 1 <= s`.
//!   - With source floor `j`: a vote names as source the justified checkpoint of the chain it votes on. Our node is synced, so it
//!     knows the blocks that justified `s'`, and justification as fork choice keeps it never goes back: `s' <= j <= s`.
//!
//! The second case rests on the old vote having been an honest one: signed for a source that was justified in blocks which
//! a synced node has. A node that is not synced may have missed them, so then the plain rule holds. What remains is a fork
//! that justified an epoch in blocks withheld from us while a quorum of our committee voted on it; a slashable
//! signature needs a quorum of shares each time, and the quorums share an operator whose marks forbid it.
//!
//! # Why not the plain rule alone
//!
//! On a chain that does not finalise, votes carry a source older than `e - 1`, and the plain rule refuses every one of them.
//! On a young chain nothing is justified yet; operators with more than a third of the stake that all refuse keep it from
//! being justified, so they would refuse for ever.

use types::{Epoch, Slot};

use crate::history::Marks;

/// Marks for a share that is armed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Floor {
    /// Lowest source of a later vote.
    pub source: Epoch,
    /// Below every target of a later vote.
    pub target: Epoch,
    /// Below every slot of a later block.
    pub slot: Slot,
}

impl Floor {
    /// The floor at `slot` of `epoch`. `justified` is the justified epoch of our own beacon node, `None` when it is not
    /// synced or does not answer.
    #[must_use]
    pub fn now(epoch: Epoch, slot: Slot, justified: Option<Epoch>) -> Self {
        let plain = epoch.saturating_sub(1);
        let source = justified.map_or(plain, |justified| justified.min(plain));
        Self { source, target: epoch, slot }
    }

    /// The marks of a share with this floor, each the higher of old and new.
    pub(crate) fn raise(self, old: Option<Marks>) -> Marks {
        let old = old.unwrap_or_default();
        Marks {
            source: old.source.max(self.source),
            target: old.target.max(self.target),
            slot: old.slot.max(self.slot),
        }
    }
}

#[cfg(test)]
mod tests {
    use types::{Epoch, Slot};

    use super::Floor;
    use crate::rules::{attestation, is_slashable_pair};

    #[test]
    fn the_source_follows_a_synced_node_downwards_only() {
        let source = |epoch, justified| Floor::now(Epoch(epoch), Slot(0), justified).source;
        assert_eq!(source(10, None), Epoch(9));
        assert_eq!(source(10, Some(Epoch(9))), Epoch(9));
        assert_eq!(source(10, Some(Epoch(3))), Epoch(3));
        assert_eq!(source(10, Some(Epoch(12))), Epoch(9), "a node from the future is not followed");
        assert_eq!(source(0, None), Epoch(0));
        assert_eq!(source(1, Some(Epoch(0))), Epoch(0), "a young chain can be justified");
    }

    /// Every vote that an honest operator could have signed before, against every vote the floor lets through.
    #[test]
    fn no_vote_above_the_floor_is_slashable_with_an_earlier_one() {
        let mut compared = 0;
        for (epoch, justified, synced) in situations() {
            let known = synced.then_some(Epoch(justified));
            let marks = Floor::now(Epoch(epoch), Slot(0), known).raise(None);
            for earlier in votes().filter(|(source, target)| {
                // No target of the future, source before target, and justified as a synced node knows it.
                source < target && target.get() <= epoch && (!synced || source.get() <= justified)
            }) {
                for later in votes().filter(|vote| attestation(&marks, vote.0, vote.1, false).is_ok()) {
                    assert!(!is_slashable_pair(earlier, later), "{earlier:?} {later:?} at {epoch}");
                    compared += 1;
                }
            }
        }
        assert!(compared > 1000);
    }

    /// Current epoch, justified epoch, and whether the beacon node is synced.
    fn situations() -> impl Iterator<Item = (u64, u64, bool)> {
        let epochs = (0..7_u64)
            .flat_map(|epoch| (0..=epoch.saturating_sub(1)).map(move |justified| (epoch, justified)));
        epochs.flat_map(|(epoch, justified)| [(epoch, justified, false), (epoch, justified, true)])
    }

    fn votes() -> impl Iterator<Item = (Epoch, Epoch)> {
        (0..10).flat_map(|source| (0..10).map(move |target| (Epoch(source), Epoch(target))))
    }
}

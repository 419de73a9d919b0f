//! The steps of a duty: when it passed each station, when each operator was heard, and what the chain made of it.
//!
//! All times are microseconds since the start of the duty's slot.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use types::{OperatorId, Root, Round, Slot};

/// What made a duty start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartCause {
    /// The head event of its slot came.
    HeadEvent,
    /// A third of the slot was over.
    Clock,
}

/// When a duty passed each station; `None` if it did not. In the order of the walk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Micros {
    /// The duty was scheduled; 0 if that was before its slot.
    pub scheduled: Option<u64>,
    /// The duty was started.
    pub start: Option<u64>,
    /// A quorum of partial signatures before consensus was there.
    pub pre_quorum: Option<u64>,
    /// What the own beacon node has to say was there: attestation data, a block, an aggregate.
    pub data: Option<u64>,
    /// A proposal was accepted.
    pub proposal: Option<u64>,
    /// The committee decided.
    pub decided: Option<u64>,
    /// A quorum of partial signatures was there.
    pub post_quorum: Option<u64>,
    /// The signed object was handed to the beacon nodes.
    pub submit_start: Option<u64>,
    /// A beacon node answered 2xx.
    pub submitted: Option<u64>,
    /// A block that holds it was seen.
    pub included: Option<u64>,
}

/// When something of each operator was heard first.
///
/// **Bound**: [`MAX_OPERATORS`] of them; a committee has no more.
pub type Times = BTreeMap<OperatorId, u64>;

/// Operators of the largest committee.
pub const MAX_OPERATORS: usize = 13;

/// When `quorum` operators had been heard; `None` if fewer were.
#[must_use]
pub fn quorum_time(times: &Times, quorum: usize) -> Option<u64> {
    let mut sorted: Vec<u64> = times.values().copied().collect();
    sorted.sort_unstable();
    sorted.get(quorum.checked_sub(1)?).copied()
}

/// When each operator was heard, the own one included. Consensus messages are those of [`Heard::round`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Heard {
    /// The round that is told of: the one that decided, or the last one of which anything is known.
    pub round: Option<Round>,
    /// Proposals.
    pub proposals: Times,
    /// Prepares.
    pub prepares: Times,
    /// Commits, those inside a decided message included.
    pub commits: Times,
    /// Messages that ask for this round, after an earlier one led nowhere.
    pub round_changes: Times,
    /// Partial signatures before consensus.
    pub pre_signatures: Times,
    /// Partial signatures after consensus.
    pub post_signatures: Times,
}

impl Heard {
    /// Whether anything at all of this operator was heard.
    #[must_use]
    pub fn any_of(&self, operator: OperatorId) -> bool {
        let all = [
            &self.proposals,
            &self.prepares,
            &self.commits,
            &self.round_changes,
            &self.pre_signatures,
            &self.post_signatures,
        ];
        all.iter().any(|times| times.contains_key(&operator))
    }
}

/// When a round of consensus began and ends for this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundSpan {
    /// The node entered it.
    pub start: u64,
    /// Its timer was set for this moment.
    pub end: u64,
    /// Who was to propose in it, if the committee is known.
    #[serde(default)]
    pub leader: Option<OperatorId>,
}

impl RoundSpan {
    /// A round from `start` to `end`, whoever leads it.
    #[must_use]
    pub const fn new(start: u64, end: u64) -> Self {
        Self { start, end, leader: None }
    }
}

/// The block that holds what was signed, and whether the signed vote was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inclusion {
    /// The slot of the block.
    pub slot: Slot,
    /// The root of the block.
    pub block_root: Root,
    /// Whether the vote's head is the block of the canonical chain at its slot; `None` where there is no such vote, or where that
    /// block is not known here.
    pub head: Option<bool>,
    /// The same of its target.
    pub target: Option<bool>,
    /// The same of its source. A block with a vote for another source is not valid, so what is included is right.
    pub source: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quorum_is_complete_with_its_last_member() {
        let times = Times::from([(OperatorId(1), 30), (OperatorId(2), 10), (OperatorId(3), 20)]);
        assert_eq!(quorum_time(&times, 3), Some(30));
        assert_eq!(quorum_time(&times, 2), Some(20));
        assert_eq!(quorum_time(&times, 4), None);
        assert_eq!(quorum_time(&times, 0), None);
    }

    #[test]
    fn operators_are_keys_in_json() {
        let heard = Heard { prepares: Times::from([(OperatorId(12), 5)]), ..Heard::default() };
        let text = serde_json::to_string(&heard).unwrap();
        assert!(text.contains(r#""prepares":{"12":5}"#), "{text}");
        assert_eq!(serde_json::from_str::<Heard>(&text).unwrap(), heard);
        assert!(heard.any_of(OperatorId(12)) && !heard.any_of(OperatorId(1)));
    }
}

//! Which of several nodes' attestation data to vote for.
//!
//! 1. Only data whose checkpoints (source and target) so many nodes have as must agree (`beacon.agreement`, one by default). With two or
//!    more, a single client that follows a wrong chain cannot make this operator vote for it.
//! 2. Of these, what votes for the newest checkpoints: the higher sum of source and target epoch.
//! 3. Of these, the newest head; one whose slot nobody told counts as the oldest.
//! 4. Of equals, the first that came.
//!
//! Data for an older head than some node is known to have are the last resort: a node that stands still has the wrong target too, from
//! the next epoch on, and no other operator agrees to that.
//!
//! The reference's score has the same order (ssv `beacon/goclient`): epochs weigh whole, heads a fraction. Data for a
//! head of the very slot cannot be bettered, so with the agreement reached it ends the wait.

use crate::error::{CallError, NodeName};
use crate::gather::{Answers, Verdict};
use crate::heads::Heads;
use crate::node::Node;
use std::sync::Arc;
use types::beacon::AttestationData;
use types::{Root, Slot};

/// What there is to choose by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice<'a> {
    pub slot: Slot,
    /// So many nodes must agree on the checkpoints.
    pub agreement: usize,
    /// The newest head that a usable node is known to have.
    pub newest: Option<Slot>,
    pub heads: &'a Heads,
}

/// How good data are; more is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Score {
    checkpoints: u64,
    head: Option<Slot>,
}

impl Choice<'_> {
    fn score(self, data: &AttestationData) -> Score {
        Score {
            checkpoints: data.source.epoch.0.saturating_add(data.target.epoch.0),
            head: self.heads.slot_of(data.beacon_block_root),
        }
    }

    /// The answer to vote for, if enough nodes agree.
    pub fn best(self, answers: &Answers<AttestationData>) -> Option<&(Arc<Node>, AttestationData)> {
        let mut best: Option<(Score, &(Arc<Node>, AttestationData))> = None;
        for answer in answers {
            if voices(answers, &answer.1) < self.agreement {
                continue;
            }
            let score = self.score(&answer.1);
            if best.is_none_or(|(known, _)| score > known) {
                best = Some((score, answer));
            }
        }
        best.map(|(_, answer)| answer)
    }

    pub fn judge(self, answers: &Answers<AttestationData>) -> Verdict {
        match self.best(answers) {
            None => Verdict::TooFew,
            Some((_, data)) => match self.score(data).head {
                Some(head) if head == self.slot => Verdict::Enough,
                Some(head) if self.newest.is_some_and(|newest| head < newest) => Verdict::Behind,
                Some(_) | None => Verdict::WillDo,
            },
        }
    }

    /// Heads whose slots decide and are not known; none when all answers have one head.
    pub fn unknown_heads(self, answers: &Answers<AttestationData>) -> Vec<(Arc<Node>, Root)> {
        let root = |answer: &(Arc<Node>, AttestationData)| answer.1.beacon_block_root;
        if answers.iter().all(|answer| Some(root(answer)) == answers.first().map(root)) {
            return Vec::new();
        }
        let mut unknown: Vec<(Arc<Node>, Root)> = Vec::new();
        for answer in answers {
            let known = unknown.iter().any(|(_, other)| *other == root(answer));
            if !known && self.heads.slot_of(root(answer)).is_none() {
                unknown.push((Arc::clone(&answer.0), root(answer)));
            }
        }
        unknown
    }

    /// Why none of the answers will do, node by node.
    pub fn outvoted(self, answers: &Answers<AttestationData>) -> Vec<(NodeName, CallError)> {
        let outvoted = |(node, data): &(Arc<Node>, AttestationData)| {
            let error = CallError::Outvoted {
                source_checkpoint: data.source,
                target: data.target,
                voices: voices(answers, data),
                needed: self.agreement,
            };
            (node.name.clone(), error)
        };
        answers.iter().map(outvoted).collect()
    }
}

/// How many answers have these checkpoints.
fn voices(answers: &Answers<AttestationData>, data: &AttestationData) -> usize {
    answers.iter().filter(|(_, other)| (other.source, other.target) == (data.source, data.target)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::tests::node;
    use types::{Checkpoint, Epoch};

    fn data(head: u8, source: u64) -> AttestationData {
        AttestationData {
            slot: Slot(20),
            beacon_block_root: Root::repeat_byte(head),
            source: Checkpoint { epoch: Epoch(source), root: Root::repeat_byte(0xaa) },
            target: Checkpoint { epoch: Epoch(2), root: Root::repeat_byte(0xbb) },
            ..AttestationData::default()
        }
    }

    /// Heads 18, 19 and 20 are known to be of these slots.
    fn heads() -> Heads {
        let heads = Heads::default();
        for slot in 18..=20 {
            heads.note(Root::repeat_byte(slot), Slot(u64::from(slot)));
        }
        heads
    }

    fn answers(data: &[AttestationData]) -> Answers<AttestationData> {
        data.iter().enumerate().map(|(id, data)| (node(id), *data)).collect()
    }

    fn best(agreement: usize, given: &[AttestationData]) -> (Option<usize>, Verdict) {
        let heads = heads();
        let choice = Choice { slot: Slot(20), agreement, newest: Some(Slot(19)), heads: &heads };
        let answers = answers(given);
        (choice.best(&answers).map(|(node, _)| node.id.0), choice.judge(&answers))
    }

    #[test]
    fn the_newest_head_is_chosen_and_an_unknown_one_is_the_oldest() {
        assert_eq!(best(1, &[data(18, 1), data(19, 1), data(99, 1)]), (Some(1), Verdict::WillDo));
        assert_eq!(best(1, &[data(99, 1)]), (Some(0), Verdict::WillDo));
        assert_eq!(best(1, &[data(19, 1), data(19, 1)]).0, Some(0), "the first of equals");
        assert_eq!(best(1, &[]), (None, Verdict::TooFew));
    }

    #[test]
    fn a_head_of_the_slot_ends_the_wait() {
        assert_eq!(best(1, &[data(18, 1), data(20, 1)]), (Some(1), Verdict::Enough));
    }

    #[test]
    fn newer_checkpoints_outweigh_a_newer_head() {
        assert_eq!(best(1, &[data(20, 0), data(18, 1)]), (Some(1), Verdict::Behind));
    }

    #[test]
    fn an_older_head_than_some_node_has_is_the_last_resort() {
        assert_eq!(best(1, &[data(18, 1)]), (Some(0), Verdict::Behind));
        assert_eq!(best(1, &[data(18, 1), data(19, 1)]), (Some(1), Verdict::WillDo));
    }

    #[test]
    fn checkpoints_need_as_many_voices_as_must_agree() {
        let alone = [data(20, 1), data(18, 0), data(19, 0)];
        assert_eq!(best(2, &alone[..2]), (None, Verdict::TooFew));
        assert_eq!(best(2, &alone), (Some(2), Verdict::WillDo), "the newest of the two that agree");
        assert_eq!(best(3, &alone), (None, Verdict::TooFew));
        let other_root = AttestationData {
            target: Checkpoint { epoch: Epoch(2), root: Root::repeat_byte(0xcc) },
            ..data(19, 1)
        };
        assert_eq!(
            best(2, &[data(19, 1), other_root]),
            (None, Verdict::TooFew),
            "roots count, not epochs alone"
        );
        assert_eq!(best(2, &[data(20, 1), data(18, 1)]), (Some(0), Verdict::Enough));
    }

    #[test]
    fn the_outvoted_are_named_with_their_checkpoints() {
        let heads = heads();
        let choice = Choice { slot: Slot(20), agreement: 2, newest: None, heads: &heads };
        let outvoted = choice.outvoted(&answers(&[data(20, 1), data(18, 0)]));
        assert_eq!(outvoted.len(), 2);
        let text = outvoted[1].1.to_string();
        assert!(text.contains("source epoch 0") && text.contains("1 nodes where 2 must agree"), "{text}");
    }

    #[test]
    fn slots_are_asked_for_only_where_heads_differ() {
        let heads = heads();
        let choice = Choice { slot: Slot(20), agreement: 1, newest: None, heads: &heads };
        assert!(choice.unknown_heads(&answers(&[data(99, 1), data(99, 1)])).is_empty());
        let unknown = choice.unknown_heads(&answers(&[data(99, 1), data(18, 1), data(99, 1), data(98, 1)]));
        let unknown: Vec<_> = unknown.into_iter().map(|(node, root)| (node.id.0, root)).collect();
        assert_eq!(unknown, [(0, Root::repeat_byte(99)), (3, Root::repeat_byte(98))]);
    }
}

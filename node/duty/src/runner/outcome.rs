//! How the entries of a duty end: exactly once each.

use std::collections::BTreeSet;

use types::{BeaconRole, ValidatorIndex};

use super::Runner;
use super::effect::{Effect, End, Outcome};
use crate::collector::SignatureSlot;
use crate::committee::{SubmitError, Withheld};
use crate::reason::FailureReason;

/// What stands between an entry of the duty and its outcome.
#[derive(Debug, Default)]
pub(super) struct Open {
    /// Objects that the beacon nodes have not answered for, submitted or not.
    pending: BTreeSet<SignatureSlot>,
    /// Objects that were submitted.
    submitted: BTreeSet<SignatureSlot>,
    /// The first submission that failed.
    failed: Option<FailureReason>,
}

impl Open {
    /// One more object belongs to this entry.
    pub(super) fn expect(&mut self, slot: SignatureSlot) {
        self.pending.insert(slot);
    }

    /// True if the object was not submitted before.
    pub(super) fn submit(&mut self, slot: SignatureSlot) -> bool {
        self.pending.insert(slot);
        self.submitted.insert(slot)
    }
}

impl Runner {
    pub(super) fn on_submitted(
        &mut self,
        slots: &[SignatureSlot],
        result: Result<(), SubmitError>,
        out: &mut Vec<Effect>,
    ) {
        let failed = result.err().map(|error| match error {
            SubmitError::Refused => FailureReason::SubmissionRefused,
            SubmitError::Unanswered => FailureReason::SubmissionUnanswered,
        });
        let mut ended = Vec::new();
        for (key, open) in &mut self.open {
            let mut touched = false;
            for slot in slots {
                if open.submitted.contains(slot) && open.pending.remove(slot) {
                    touched = true;
                    open.failed = open.failed.or(failed);
                }
            }
            if touched && open.pending.is_empty() {
                ended.push((*key, open.failed.map_or(End::Submitted, End::Failed)));
            }
        }
        for (key, end) in ended {
            self.end(key, end, out);
        }
    }

    fn end(&mut self, key: (ValidatorIndex, BeaconRole), end: End, out: &mut Vec<Effect>) {
        if self.open.remove(&key).is_some() {
            out.push(Effect::Ended(Outcome { validator: key.0, role: key.1, end }));
            self.left_open |= matches!(end, End::Failed(_));
        }
    }

    /// There will be no consensus: nobody aggregates, or nothing more is to come. The reference calls both finished.
    pub(super) fn end_before_consensus(&mut self, out: &mut Vec<Effect>) {
        let ends: Vec<_> = self.open.keys().map(|key| (*key, self.end_without_value(*key))).collect();
        for (key, end) in ends {
            self.end(key, end, out);
        }
        self.left_open = false;
    }

    fn end_without_value(&self, key: (ValidatorIndex, BeaconRole)) -> End {
        let mut proofs = self
            .pre
            .expected
            .iter()
            .filter(|(task, _)| task.validator == key.0 && task.object.selects_for() == Some(key.1));
        if proofs.all(|(_, slot)| self.unselected.contains(&slot)) {
            return End::NotSelected;
        }
        End::Failed(if self.pre.bad_parts {
            FailureReason::PreSignaturesInvalid
        } else {
            FailureReason::PreSignaturesMissing
        })
    }

    fn was_selected(&self, key: (ValidatorIndex, BeaconRole)) -> bool {
        self.selected.iter().any(|selected| selected.entry() == key)
    }

    /// What the decided data do not hold is not going to be signed.
    pub(super) fn end_left_out(&mut self, out: &mut Vec<Effect>) {
        let left_out = self.open.iter().filter(|(_, open)| open.pending.is_empty());
        for key in left_out.map(|(key, _)| *key).collect::<Vec<_>>() {
            let end = if self.was_selected(key) {
                End::Failed(FailureReason::NotInDecidedValue)
            } else {
                End::NotSelected
            };
            self.end(key, end, out);
            self.left_open = true;
        }
    }

    /// Everything open ends as failed, with the reason that stands in its way.
    pub(super) fn give_up(&mut self, out: &mut Vec<Effect>) {
        let reasons: Vec<_> = self.open.iter().map(|(key, open)| (*key, self.reason(open))).collect();
        for (key, reason) in reasons {
            self.end(key, End::Failed(reason), out);
        }
        self.left_open = false;
    }

    /// Whether those who signed as we did and those who signed something else would have been a quorum together.
    fn disagreement_is_decisive(&self) -> bool {
        let agreeing = |slot: SignatureSlot| self.pre.phase.collector().count(slot);
        let fewest = self.pre.expected.distinct().into_iter().map(agreeing).min().unwrap_or(0);
        !self.disagreeing.is_empty() && fewest.saturating_add(self.disagreeing.len()) >= self.setup.quorum()
    }

    fn reason(&self, open: &Open) -> FailureReason {
        if !self.begun {
            return FailureReason::NeverStarted;
        }
        if let Some(failed) = open.failed {
            return failed;
        }
        if !open.submitted.is_empty() {
            return FailureReason::SubmissionUnanswered;
        }
        if let Some(stuck) = self.stuck {
            return stuck;
        }
        match (&self.decision, self.fetching) {
            (Some(_), _) if self.post.bad_parts => FailureReason::PartialSignaturesInvalid,
            (Some(_), _) => {
                self.post.withheld.map_or(FailureReason::PartialSignaturesMissing, Withheld::reason)
            }
            (None, true) if !self.saw_own_value && !self.consensus.is_started() => FailureReason::NoOwnValue,
            (None, true) if self.consensus.saw_proposal() => FailureReason::NotDecided,
            (None, true) => FailureReason::NoProposal,
            (None, false) if self.pre.bad_parts => FailureReason::PreSignaturesInvalid,
            (None, false) if self.disagreement_is_decisive() => FailureReason::PreSignaturesDisagree,
            (None, false) => self.pre.withheld.map_or(FailureReason::PreSignaturesMissing, Withheld::reason),
        }
    }
}

//! How the entries of a duty end: exactly once each.

use types::{BeaconRole, ValidatorIndex};

use super::effect::{Effect, Outcome};
use super::input::{SubmitError, Withheld};
use super::{CommitteeRunner, Open};
use crate::reason::FailureReason;

impl CommitteeRunner {
    pub(super) fn on_submitted(
        &mut self,
        objects: &[(ValidatorIndex, BeaconRole)],
        result: Result<(), SubmitError>,
        out: &mut Vec<Effect>,
    ) {
        let result = result.map_err(|error| match error {
            SubmitError::Refused => FailureReason::SubmissionRefused,
            SubmitError::Unanswered => FailureReason::SubmissionUnanswered,
        });
        for (validator, role) in objects {
            if self.open.remove(&(*validator, *role)).is_some() {
                out.push(Effect::Ended(Outcome { validator: *validator, role: *role, result }));
            }
        }
    }

    /// Everything open ends as failed, with the reason that stands in its way.
    pub(super) fn give_up(&mut self, out: &mut Vec<Effect>) {
        for ((validator, role), open) in std::mem::take(&mut self.open) {
            let result = Err(self.reason(open));
            out.push(Effect::Ended(Outcome { validator, role, result }));
        }
    }

    fn reason(&self, open: Open) -> FailureReason {
        if !self.begun {
            return FailureReason::NeverStarted;
        }
        if open.submitting {
            return FailureReason::SubmissionUnanswered;
        }
        if let Some(stuck) = self.stuck {
            return stuck;
        }
        match (&self.view, &self.decision) {
            (None, None) if !self.consensus.is_started() => FailureReason::NoAttestationData,
            (_, None) if self.consensus.saw_proposal() => FailureReason::NotDecided,
            (_, None) => FailureReason::NoProposal,
            (_, Some(_)) if open.bad_parts => FailureReason::PartialSignaturesInvalid,
            (_, Some(_)) => open.withheld.map_or(FailureReason::PartialSignaturesMissing, Withheld::reason),
        }
    }
}

//! What one record says about each operator: who was missing, who was late. A pure reading of the record.
//!
//! *Missing* is who did not do what the duty needed next: of a duty that went through, only who was not heard at all. *Late* is who
//! was heard more than [`LATE`] after as many others as make a quorum with it, or after the end of the round: a committee that needs
//! such an operator waits for it, and misses its slot.

use outbox::{DutyRecord, DutyRole, Outcome, RoundSpan, Times, quorum_time};
use serde::Serialize;
use types::OperatorId;

/// How far behind the others is late, microseconds: what a message needs around the world and back is less.
pub const LATE: u64 = 150_000;

/// Something that every operator of the committee does for a duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A partial signature before consensus.
    PreSignature,
    /// The value that is to be agreed on; the leader's.
    Proposal,
    /// The first word of consensus.
    Prepare,
    /// The second word of consensus.
    Commit,
    /// A partial signature of what was decided.
    PostSignature,
}

impl Step {
    /// In the order of the walk.
    pub const ALL: [Self; 5] =
        [Self::PreSignature, Self::Proposal, Self::Prepare, Self::Commit, Self::PostSignature];

    /// What people call it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::PreSignature => "partial signature before consensus",
            Self::Proposal => "proposal",
            Self::Prepare => "prepare",
            Self::Commit => "commit",
            Self::PostSignature => "partial signature",
        }
    }

    /// When each operator took it.
    #[must_use]
    pub const fn times(self, record: &DutyRecord) -> &Times {
        let heard = &record.heard;
        match self {
            Self::PreSignature => &heard.pre_signatures,
            Self::Proposal => &heard.proposals,
            Self::Prepare => &heard.prepares,
            Self::Commit => &heard.commits,
            Self::PostSignature => &heard.post_signatures,
        }
    }

    /// Whether it belongs to a round of consensus.
    #[must_use]
    pub const fn is_in_a_round(self) -> bool {
        matches!(self, Self::Proposal | Self::Prepare | Self::Commit)
    }
}

/// An operator that did not do its part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Who.
    pub operator: OperatorId,
    /// What was missing; none if nothing at all was heard of it.
    pub step: Option<Step>,
}

/// An operator that was late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Late {
    /// Who.
    pub operator: OperatorId,
    /// With what.
    pub step: Step,
    /// When it was heard, microseconds since the start of the slot.
    pub micros: u64,
    /// How long after as many others as make a quorum with it; none if that is no longer than messages may take.
    pub behind_micros: Option<u64>,
    /// Whether the committee waited for it: there was no quorum without it.
    pub held_up: bool,
    /// How long after the end of the round; none if it was in time for the round.
    pub after_round_micros: Option<u64>,
}

/// What a record says about the operators.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Who did not do its part.
    pub missing: Vec<Missing>,
    /// Who was late.
    pub late: Vec<Late>,
}

impl Account {
    /// Reads a record. Records of versions that did not note the committee say nothing.
    #[must_use]
    pub fn of(record: &DutyRecord) -> Self {
        if record.operators.is_empty() || record.outcome == Outcome::NotSelected {
            return Self::default();
        }
        Self { missing: missing(record), late: late(record) }
    }
}

/// Whether operators sign something before consensus.
const fn has_pre_signatures(role: DutyRole) -> bool {
    match role {
        DutyRole::Aggregator
        | DutyRole::Proposer
        | DutyRole::SyncCommitteeContribution
        | DutyRole::ValidatorRegistration
        | DutyRole::VoluntaryExit => true,
        DutyRole::Attester | DutyRole::SyncCommittee => false,
    }
}

/// Whether the committee agrees on something.
const fn has_consensus(role: DutyRole) -> bool {
    match role {
        DutyRole::Attester
        | DutyRole::Aggregator
        | DutyRole::Proposer
        | DutyRole::SyncCommittee
        | DutyRole::SyncCommitteeContribution => true,
        DutyRole::ValidatorRegistration | DutyRole::VoluntaryExit => false,
    }
}

/// The span of the round that is told of.
pub(super) fn told_round(record: &DutyRecord) -> Option<RoundSpan> {
    record.rounds.get(&record.heard.round?).copied()
}

fn missing(record: &DutyRecord) -> Vec<Missing> {
    let step = stuck_at(record);
    let is_missing = |operator: &&OperatorId| match step {
        _ if !record.heard.any_of(**operator) => true,
        Some(Step::Proposal) => {
            // Only the leader proposes; that it said something else does not help.
            told_round(record).and_then(|round| round.leader) == Some(**operator)
        }
        Some(step) => !step.times(record).contains_key(operator),
        None => false,
    };
    let of = |operator: &OperatorId| {
        let step = step.filter(|_| record.heard.any_of(*operator));
        Missing { operator: *operator, step }
    };
    record.operators.iter().filter(is_missing).map(of).collect()
}

/// The step that the duty waited for in the end; none if it went through, or waited for something else than operators.
fn stuck_at(record: &DutyRecord) -> Option<Step> {
    if record.outcome == Outcome::Submitted || record.micros.start.is_none() {
        return None;
    }
    if has_pre_signatures(record.role) && record.micros.pre_quorum.is_none() {
        return Some(Step::PreSignature);
    }
    if !has_consensus(record.role) {
        return None;
    }
    if record.micros.decided.is_some() {
        return record.micros.post_quorum.is_none().then_some(Step::PostSignature);
    }
    if record.heard.proposals.is_empty() {
        return Some(Step::Proposal);
    }
    Some(if record.prepared_at().is_none() { Step::Prepare } else { Step::Commit })
}

fn late(record: &DutyRecord) -> Vec<Late> {
    let mut late = Vec::new();
    // Who answers to something that came late is not late: only the first cause is told.
    let mut round_end = told_round(record).map(|round| round.end);
    for step in Step::ALL {
        let times = step.times(record);
        let quorum = record.quorum().filter(|_| step != Step::Proposal);
        let complete = quorum.and_then(|quorum| quorum_time(times, quorum));
        let others = |operator| {
            let mut others = times.clone();
            others.remove(operator);
            quorum_time(&others, quorum?.checked_sub(1)?)
        };
        let of_round = round_end.filter(|_| step.is_in_a_round());
        for (operator, micros) in times {
            let after = |moment: Option<u64>| micros.checked_sub(moment?).filter(|after| *after > 0);
            let behind_micros = after(others(operator)).filter(|after| *after > LATE);
            let after_round_micros = after(of_round);
            if behind_micros.is_some() || after_round_micros.is_some() {
                let held_up = complete == Some(*micros);
                let (operator, micros) = (*operator, *micros);
                late.push(Late { operator, step, micros, behind_micros, held_up, after_round_micros });
            }
        }
        let answered_to = complete.or_else(|| times.values().copied().max());
        if step.is_in_a_round() && answered_to > of_round {
            round_end = None;
        }
    }
    late
}

#[cfg(test)]
mod tests;

//! The duties of one slot, told: how each ended, who was missing, who was late, what this node did, and what to do.
//!
//! Validators of one committee whose duties went the same way are told of together.

use std::fmt::{self, Display};

use duty::{FailureReason, Room, Warning};
use outbox::{DutyRecord, DutyRole, Outcome, StartCause};
use serde::Serialize;
use types::{OperatorId, Slot};

use super::account::{Account, Late, Missing, Step};
use super::words::{duties, duty, list, named, operators, seconds};

/// A slot's duties.
#[derive(Debug, Serialize)]
pub struct Tale {
    /// The slot.
    pub slot: Slot,
    /// Where the records come from.
    pub source: String,
    /// Its duties.
    pub duties: Vec<Told>,
}

/// One duty with what is to be said of it.
#[derive(Debug, Serialize)]
pub struct Told {
    /// The record.
    #[serde(flatten)]
    pub record: DutyRecord,
    /// Who was missing and late.
    pub account: Account,
    /// What the reason of its failure means; none if it did not fail.
    pub meaning: Option<&'static str>,
    /// What to do about it.
    pub advice: Option<&'static str>,
}

impl Told {
    fn new(record: DutyRecord) -> Self {
        let reason = record.reason.as_deref().and_then(FailureReason::from_name);
        Self {
            account: Account::of(&record),
            meaning: reason.map(FailureReason::meaning),
            advice: reason.map(FailureReason::advice),
            record,
        }
    }

    /// Whether both are told in the same words but for the validator.
    fn is_like(&self, other: &Self) -> bool {
        let same = |record: &DutyRecord| {
            (
                record.committee_id,
                record.role,
                record.outcome,
                record.reason.clone(),
                record.warnings.clone(),
                record.included,
                record.round,
                record.leader,
            )
        };
        let (ours, theirs) = (&self.record, &other.record);
        same(ours) == same(theirs)
            && ours.heard == theirs.heard
            && ours.bad_partial_signatures == theirs.bad_partial_signatures
            && ours.disagreeing == theirs.disagreeing
            && ours.beacon_answer == theirs.beacon_answer
    }
}

impl Tale {
    /// The tale of these records, which are all of one slot.
    #[must_use]
    pub fn new(slot: Slot, source: String, records: Vec<DutyRecord>) -> Self {
        Self { slot, source, duties: records.into_iter().map(Told::new).collect() }
    }

    fn groups(&self) -> Vec<Vec<&Told>> {
        let mut groups: Vec<Vec<&Told>> = Vec::new();
        for told in &self.duties {
            let group =
                groups.iter_mut().find(|group| group.first().is_some_and(|first| first.is_like(told)));
            match group {
                Some(group) => group.push(told),
                None => groups.push(vec![told]),
            }
        }
        // What failed is what people look for.
        groups.sort_by_key(|group| group.first().map(|told| told.record.outcome != Outcome::Failed));
        groups
    }

    fn count(&self, outcome: Outcome) -> usize {
        self.duties.iter().filter(|told| told.record.outcome == outcome).count()
    }
}

impl Display for Tale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let epoch = self.duties.first().map_or(0, |told| told.record.epoch.get());
        let counts = Outcome::ALL.map(|outcome| (self.count(outcome), outcome));
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        let counts = counts.map(|(count, outcome)| format!("{count} {}", outcome_words(outcome)));
        writeln!(
            f,
            "slot {} (epoch {epoch}), from {}: {}, {}",
            self.slot,
            self.source,
            duties(self.duties.len()),
            list(counts)
        )?;
        for group in self.groups() {
            writeln!(f)?;
            tell(f, &group)?;
        }
        Ok(())
    }
}

const fn outcome_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Running => "still running",
        Outcome::Submitted => "submitted",
        Outcome::Failed => "failed",
        Outcome::NotSelected => "not selected",
    }
}

fn tell(f: &mut fmt::Formatter<'_>, group: &[&Told]) -> fmt::Result {
    let Some(first) = group.first() else { return Ok(()) };
    let record = &first.record;
    let validators = named("validator", group.iter().map(|told| told.record.validator_index));
    writeln!(f, "{} of {validators}{}: {}", duty(record.role), crew(record), ending(record))?;
    if record.outcome == Outcome::NotSelected {
        return writeln!(f, "  Nothing was to be done: the selection proof chose other validators.");
    }
    if let Some(meaning) = first.meaning {
        writeln!(f, "  {meaning}")?;
    }
    if let Some(said) = answer(record) {
        writeln!(f, "  A beacon node said: {said}")?;
    }
    chain(f, record)?;
    section(f, "who was missing", &missing(record, &first.account.missing))?;
    section(f, "who was late", &first.account.late.iter().map(late).collect::<Vec<_>>())?;
    section(f, "who was wrong", &wrong(record))?;
    section(f, "what this node did", &own(record))?;
    section(f, "what to do", &to_do(first))
}

/// What the beacon nodes said, where that is why it failed.
fn answer(record: &DutyRecord) -> Option<&str> {
    let room = record.reason.as_deref().and_then(FailureReason::from_name)?.room();
    matches!(room, Room::Beacon | Room::Submission).then_some(record.beacon_answer.as_deref()?)
}

fn crew(record: &DutyRecord) -> String {
    match record.own_operator {
        Some(own) if !record.operators.is_empty() => {
            format!(" ({}; this node is operator {own})", operators(&record.operators))
        }
        Some(_) | None => String::new(),
    }
}

fn ending(record: &DutyRecord) -> String {
    match record.outcome {
        Outcome::Running => "still running".to_owned(),
        Outcome::NotSelected => "not selected".to_owned(),
        Outcome::Submitted => match record.micros.submitted {
            Some(micros) => format!("submitted {} into the slot", seconds(micros)),
            None => "submitted".to_owned(),
        },
        Outcome::Failed => {
            let reason = record.reason.as_deref().unwrap_or("for a reason that was not noted");
            let room = record.room.as_deref().unwrap_or_default();
            let room = Room::ALL.into_iter().find(|known| known.name() == room);
            match room {
                Some(room) => format!("FAILED, {reason}, where {}", room.meaning()),
                None => format!("FAILED, {reason}"),
            }
        }
    }
}

/// Where in the chain it is.
fn chain(f: &mut fmt::Formatter<'_>, record: &DutyRecord) -> fmt::Result {
    if let Some(included) = record.included {
        let later = included.slot.get().saturating_sub(record.slot.get());
        let distance = match later {
            0 => String::new(),
            1 => ", the next one".to_owned(),
            more => format!(", {more} slots later"),
        };
        let parts = [("head", included.head), ("target", included.target), ("source", included.source)];
        let right = |(name, is_right): &(&str, Option<bool>)| {
            is_right.map(|is_right| format!("{name} {}", if is_right { "right" } else { "WRONG" }))
        };
        let judged: Vec<String> = parts.iter().filter_map(right).collect();
        let judged = if judged.is_empty() { String::new() } else { format!("; {}", judged.join(", ")) };
        writeln!(f, "  It is in the block of slot {}{distance}{judged}.", included.slot)?;
    }
    if record.outcome == Outcome::Submitted
        && record.included.is_none()
        && !record.warnings.iter().filter_map(|name| Warning::from_name(name)).any(Warning::is_of_chain)
        && shows_in_blocks(record.role)
    {
        writeln!(
            f,
            "  It was not seen in a block so far; blocks are looked at for an epoch, while the node runs."
        )?;
    }
    for warning in record.warnings.iter().filter_map(|name| Warning::from_name(name)) {
        writeln!(f, "  {warning}: {} {}", warning.meaning(), warning.advice())?;
    }
    Ok(())
}

/// Whether a block shows who did it.
const fn shows_in_blocks(role: DutyRole) -> bool {
    match role {
        DutyRole::Attester | DutyRole::Proposer | DutyRole::SyncCommittee | DutyRole::VoluntaryExit => true,
        DutyRole::Aggregator | DutyRole::SyncCommitteeContribution | DutyRole::ValidatorRegistration => false,
    }
}

fn section(f: &mut fmt::Formatter<'_>, title: &str, lines: &[String]) -> fmt::Result {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(f, "  {title}")?;
    lines.iter().try_for_each(|line| writeln!(f, "    {line}"))
}

/// Operators that lack the same, on one line.
fn missing(record: &DutyRecord, missing: &[Missing]) -> Vec<String> {
    let in_round = |step: Step| match record.heard.round {
        Some(round) if step.is_in_a_round() => format!(" in round {round}"),
        Some(_) | None => String::new(),
    };
    let mut lines = Vec::new();
    for step in [None].into_iter().chain(Step::ALL.map(Some)) {
        let who: Vec<OperatorId> =
            missing.iter().filter(|missing| missing.step == step).map(|missing| missing.operator).collect();
        if who.is_empty() {
            continue;
        }
        let (verb, who) = (if who.len() == 1 { "was" } else { "were" }, operators(&who));
        lines.push(match step {
            None => format!("{who} {verb} not heard at all"),
            Some(Step::Proposal) => {
                format!("{who} led the round and sent no proposal{}", in_round(Step::Proposal))
            }
            Some(step) => format!("{who} sent no {}{}", step.words(), in_round(step)),
        });
    }
    lines
}

fn late(late: &Late) -> String {
    let mut line =
        format!("operator {}: its {} came at {}", late.operator, late.step.words(), seconds(late.micros));
    if let Some(behind) = late.behind_micros {
        let waited = if late.held_up { ", and the committee waited for it" } else { "" };
        line += &format!(", {} after the others{waited}", seconds(behind));
    }
    if let Some(after) = late.after_round_micros {
        line += &format!(", {} after the end of the round", seconds(after));
    }
    line
}

fn wrong(record: &DutyRecord) -> Vec<String> {
    let mut lines = Vec::new();
    if !record.bad_partial_signatures.is_empty() {
        let who = operators(&record.bad_partial_signatures);
        lines.push(format!("{who}: partial signatures that do not verify"));
    }
    if !record.disagreeing.is_empty() {
        let who = operators(&record.disagreeing);
        lines.push(format!("{who}: signed something else than this node before consensus"));
    }
    lines
}

/// The steps of this node, in the order in which they happened.
fn own(record: &DutyRecord) -> Vec<String> {
    let micros = &record.micros;
    let mut steps: Vec<(u64, String)> = Vec::new();
    let mut at = |moment: Option<u64>, what: String| steps.extend(moment.map(|moment| (moment, what)));
    let cause = match record.start_cause {
        Some(StartCause::HeadEvent) => ", on the head event",
        Some(StartCause::Clock) => ", by the clock",
        None => "",
    };
    let own_step = |step: Step| record.own_operator.and_then(|own| step.times(record).get(&own).copied());
    at(micros.start, format!("started{cause}"));
    at(own_step(Step::PreSignature), "sent its partial signature before consensus".to_owned());
    at(micros.pre_quorum, "had a quorum of them".to_owned());
    at(micros.data, "had the answer of its beacon node".to_owned());
    for (round, span) in record.rounds.iter().skip(1) {
        at(Some(span.start), format!("entered round {round}"));
    }
    at(own_step(Step::Proposal), "proposed".to_owned());
    let proposal = match (record.leader, record.round) {
        (Some(leader), Some(round)) => format!("accepted the proposal of operator {leader} (round {round})"),
        _ => "accepted a proposal".to_owned(),
    };
    at(micros.proposal, proposal);
    at(own_step(Step::Prepare), "sent its prepare".to_owned());
    at(record.prepared_at(), "had prepares of a quorum".to_owned());
    at(own_step(Step::Commit), "sent its commit".to_owned());
    at(micros.decided, format!("saw the committee decide{}", in_round(record)));
    at(own_step(Step::PostSignature), "sent its partial signature".to_owned());
    at(micros.post_quorum, "had a quorum of partial signatures".to_owned());
    at(micros.submit_start, "handed the signed object to its beacon nodes".to_owned());
    at(micros.submitted, "had the answer that it was taken".to_owned());
    at(micros.included, "saw it in a block".to_owned());
    if steps.is_empty() && record.outcome == Outcome::Failed {
        return vec!["nothing: the duty was not started".to_owned()];
    }
    steps.sort_by_key(|(moment, _)| *moment);
    steps.into_iter().map(|(moment, what)| format!("{:>9}  {what}", seconds(moment))).collect()
}

fn in_round(record: &DutyRecord) -> String {
    record.round.map_or_else(String::new, |round| format!(" in round {round}"))
}

fn to_do(told: &Told) -> Vec<String> {
    let mut lines: Vec<String> = told.advice.map(str::to_owned).into_iter().collect();
    let (record, own) = (&told.record, told.record.own_operator);
    let is_alone = record.operators.iter().all(|other| Some(*other) == own || !record.heard.any_of(*other));
    if record.outcome == Outcome::Failed && is_alone && record.micros.start.is_some() && own.is_some() {
        lines.push("No other operator was heard: this node is likely to be cut off. Look at peers in /v1/status first.".to_owned());
    }
    if told.account.late.iter().any(|late| Some(late.operator) == own) {
        let slow = match (record.micros.start, record.micros.data) {
            (Some(start), Some(data)) => data.saturating_sub(start),
            _ => 0,
        };
        lines.push(format!(
            "This node itself was late: its beacon node took {} to answer. Look at that node, at this machine's clock and at its load.",
            seconds(slow)
        ));
    }
    lines
}

#[cfg(test)]
mod tests;

//! Rules 30 to 55: one step of consensus.

use types::message::full_data_root;
use types::{QbftMessage, QbftMessageType, Round, RunnerRole, Thresholds, leader};

use super::Subject;
use crate::refusal::Refusal;
use crate::seen::{Before, Observation};

/// Rules 31 to 45; rule 30 is the caller's.
pub(super) fn examine(subject: &Subject<'_>, message: &QbftMessage) -> Result<Observation, Refusal> {
    signers_and_data(subject, message)?;
    shape(subject, message)?;
    justifications(message)?;
    leads(subject, message)?;
    Ok(Observation::of_consensus(subject.message, message))
}

/// Rules 46 to 55.
pub(super) fn judge(
    subject: &Subject<'_>,
    message: &QbftMessage,
    before: &Before<'_>,
) -> Result<(), Refusal> {
    before.step_is_new()?;
    round_is_plausible(subject, message)?;
    before.slot_is_not_behind()?;
    subject.duty_exists(message.height, None)?;
    subject.arrived_in_time(message.height)?;
    before.duty_is_within_limit()
}

/// Rules 31 to 35: how many signed what, and what data goes with it.
fn signers_and_data(subject: &Subject<'_>, message: &QbftMessage) -> Result<(), Refusal> {
    let signers = subject.message.operator_ids.len();
    let full_data = &subject.message.full_data;
    if signers > 1 {
        if message.msg_type != QbftMessageType::Commit {
            return Err(Refusal::NonDecidedWithMultipleSigners);
        }
        if !Thresholds::of_size(subject.address.operators.len()).has_quorum(signers) {
            return Err(Refusal::DecidedNotEnoughSigners);
        }
    }
    if full_data.is_empty() {
        return Ok(());
    }
    match message.msg_type {
        QbftMessageType::Prepare => return Err(Refusal::PrepareOrCommitWithFullData),
        QbftMessageType::Commit if signers == 1 => return Err(Refusal::PrepareOrCommitWithFullData),
        QbftMessageType::Commit
        | QbftMessageType::Proposal
        | QbftMessageType::RoundChange
        | QbftMessageType::Other(_) => {}
    }
    if full_data_root(full_data) != message.root {
        return Err(Refusal::InvalidHash);
    }
    Ok(())
}

/// Rules 36 to 40.
fn shape(subject: &Subject<'_>, message: &QbftMessage) -> Result<(), Refusal> {
    if let QbftMessageType::Other(_) = message.msg_type {
        return Err(Refusal::UnknownQbftType);
    }
    if message.round == Round::NONE {
        return Err(Refusal::ZeroRound);
    }
    let max_round = subject.role_rules()?.max_round.ok_or(Refusal::UnexpectedConsensus)?;
    if message.round > max_round {
        return Err(Refusal::RoundTooHigh);
    }
    if message.message_id() != Some(subject.message_id()) {
        return Err(Refusal::MismatchedIdentifier);
    }
    Ok(())
}

/// Rules 41 to 44. Justifications are decoded, not verified.
fn justifications(message: &QbftMessage) -> Result<(), Refusal> {
    let (proposal, round_change) = (QbftMessageType::Proposal, QbftMessageType::RoundChange);
    let prepares = message.prepare_justifications().map_err(|_| Refusal::MalformedPrepareJustifications)?;
    if !prepares.is_empty() && message.msg_type != proposal {
        return Err(Refusal::UnexpectedPrepareJustifications);
    }
    let round_changes =
        message.round_change_justifications().map_err(|_| Refusal::MalformedRoundChangeJustifications)?;
    if !round_changes.is_empty() && message.msg_type != proposal && message.msg_type != round_change {
        return Err(Refusal::UnexpectedRoundChangeJustifications);
    }
    Ok(())
}

/// Rule 45.
fn leads(subject: &Subject<'_>, message: &QbftMessage) -> Result<(), Refusal> {
    if message.msg_type != QbftMessageType::Proposal {
        return Ok(());
    }
    let expected = leader(subject.fork, subject.address.operators, message.height, message.round);
    if subject.message.operator_ids.first().copied() != expected {
        return Err(Refusal::SignerNotLeader);
    }
    Ok(())
}

/// Rule 50: a single operator cannot be far ahead of the clock. A decided message may be of any round.
fn round_is_plausible(subject: &Subject<'_>, message: &QbftMessage) -> Result<(), Refusal> {
    if subject.message.operator_ids.len() > 1 {
        return Ok(());
    }
    let rules = subject.context.rules;
    let since_slot =
        subject.inbound.received_at_millis.saturating_sub(rules.slot_start_millis(message.height));
    let estimated = rules.network.timeouts.estimated_round(since_slot);
    if message.round > estimated.next() {
        return Err(Refusal::EstimatedRoundTooFar);
    }
    Ok(())
}

/// Whether later duties of a signer may come before earlier ones: a committee works on many slots at a time.
pub(super) const fn slots_may_overlap(role: RunnerRole) -> bool {
    role.is_committee_role()
}

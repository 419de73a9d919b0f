//! Who was missing, who was late.

use duty::FailureReason;
use types::{BeaconRole, Round};

use super::super::samples::{failed, proposed, scheduled, submitted, times};
use super::*;

fn missing(record: &DutyRecord) -> Vec<(u64, Option<Step>)> {
    Account::of(record).missing.iter().map(|missing| (missing.operator.get(), missing.step)).collect()
}

/// Operator, step, behind, held up, after the round.
type Told = (u64, Step, Option<u64>, bool, Option<u64>);

fn late(record: &DutyRecord) -> Vec<Told> {
    let late = Account::of(record).late;
    let told = |late: &Late| {
        (late.operator.get(), late.step, late.behind_micros, late.held_up, late.after_round_micros)
    };
    late.iter().map(told).collect()
}

#[test]
fn of_a_duty_that_went_well_nobody_is_named() {
    assert_eq!(Account::of(&submitted(7)), Account::default());
}

#[test]
fn who_was_not_heard_is_named_even_of_a_duty_that_went_through() {
    let mut record = submitted(7);
    for times in [&mut record.heard.prepares, &mut record.heard.commits, &mut record.heard.post_signatures] {
        times.remove(&OperatorId(4));
    }
    assert_eq!(missing(&record), [(4, None)]);
}

#[test]
fn two_of_four_that_are_down_stop_the_prepares() {
    let record = failed(proposed(7), FailureReason::NotDecided);
    assert_eq!(missing(&record), [(3, None), (4, None)]);
    let mut heard = record;
    heard.heard.round_changes = times(&[(3, 1_510)]);
    assert_eq!(missing(&heard), [(3, Some(Step::Prepare)), (4, None)]);
}

#[test]
fn commits_are_missed_once_there_is_a_quorum_of_prepares() {
    let mut record = failed(proposed(7), FailureReason::NotDecided);
    record.heard.prepares = times(&[(1, 851), (2, 853), (3, 856), (4, 860)]);
    record.heard.commits = times(&[(2, 870), (4, 871)]);
    assert_eq!(missing(&record), [(1, Some(Step::Commit)), (3, Some(Step::Commit))]);
}

#[test]
fn a_leader_that_proposes_nothing_is_missing_and_nobody_else() {
    let mut record = failed(proposed(7), FailureReason::NoProposal);
    record.heard.proposals.clear();
    record.heard.prepares.clear();
    record.heard.round_changes = times(&[(1, 1_500), (2, 1_501), (3, 1_502), (4, 1_503)]);
    assert_eq!(missing(&record), [(1, Some(Step::Proposal))]);
}

#[test]
fn partial_signatures_are_missed_before_and_after_consensus() {
    let mut block = failed(scheduled(7, BeaconRole::Proposer), FailureReason::PreSignaturesMissing);
    block.micros.start = Some(1);
    block.heard.pre_signatures = times(&[(1, 5), (2, 6)]);
    assert_eq!(missing(&block), [(3, None), (4, None)]);
    let mut record = failed(submitted(7), FailureReason::PartialSignaturesMissing);
    record.micros.post_quorum = None;
    record.heard.post_signatures = times(&[(1, 920), (2, 915)]);
    assert_eq!(missing(&record), [(3, Some(Step::PostSignature)), (4, Some(Step::PostSignature))]);
    let mut exit = scheduled(7, BeaconRole::VoluntaryExit);
    exit.micros = outbox::Micros { start: Some(1), pre_quorum: Some(2), ..exit.micros };
    exit.heard.pre_signatures = times(&[(1, 5), (2, 6), (3, 7), (4, 8)]);
    assert_eq!(missing(&failed(exit, FailureReason::SubmissionRefused)), []);
}

#[test]
fn an_operator_far_away_is_late_against_the_quorum() {
    let mut record = submitted(7);
    record.heard.prepares = times(&[(1, 851), (2, 853), (3, 856), (4, 1_256)]);
    record.heard.post_signatures = times(&[(1, 920), (2, 915), (3, 930), (4, 1_330)]);
    assert_eq!(
        late(&record),
        [
            (4, Step::Prepare, Some(403_000), false, None),
            (4, Step::PostSignature, Some(410_000), false, None),
        ]
    );
    record.heard.prepares.insert(OperatorId(4), 853_000 + LATE);
    assert_eq!(late(&record).len(), 1, "as late as a message may be");
}

#[test]
fn what_comes_after_the_end_of_its_round_is_late_without_a_quorum_too() {
    let mut record = failed(proposed(7), FailureReason::NotDecided);
    record.heard.prepares = times(&[(1, 851), (2, 853), (3, 1_600)]);
    assert_eq!(late(&record), [(3, Step::Prepare, Some(747_000), true, Some(100_000))]);
    record.heard.proposals = times(&[(1, 1_700)]);
    record.heard.prepares.clear();
    assert_eq!(late(&record), [(1, Step::Proposal, None, false, Some(200_000))]);
    record.heard.round = Some(Round(9));
    assert_eq!(late(&record), [], "the round is not known");
}

#[test]
fn only_the_first_cause_of_a_late_round_is_told() {
    let mut record = submitted(7);
    record.heard.proposals = times(&[(1, 1_650)]);
    record.heard.prepares = times(&[(1, 1_651), (2, 1_660), (3, 1_661), (4, 1_900)]);
    record.heard.commits = times(&[(1, 1_670), (2, 1_671), (3, 1_672), (4, 1_673)]);
    record.heard.post_signatures = times(&[(1, 1_700), (2, 1_701), (3, 1_702), (4, 1_703)]);
    assert_eq!(
        late(&record),
        [(1, Step::Proposal, None, false, Some(150_000)), (4, Step::Prepare, Some(240_000), false, None)]
    );
    record.heard.proposals = times(&[(1, 850)]);
    let told: Vec<_> = late(&record).into_iter().map(|late| (late.0, late.1)).collect();
    assert_eq!(
        told,
        [1, 2, 3, 4].map(|operator| (operator, Step::Prepare)),
        "commits answer to late prepares"
    );
}

#[test]
fn records_without_a_committee_and_duties_without_work_say_nothing() {
    let mut old = failed(proposed(7), FailureReason::NotDecided);
    old.operators.clear();
    assert_eq!(Account::of(&old), Account::default());
    let mut idle = scheduled(7, BeaconRole::Aggregator);
    idle.outcome = Outcome::NotSelected;
    assert_eq!(Account::of(&idle), Account::default());
}

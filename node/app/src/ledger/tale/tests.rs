//! The words, as an operator reads them.

use types::{BeaconRole, Root};

use super::super::samples::{failed, proposed, scheduled, submitted, times};
use super::*;

fn told(records: Vec<DutyRecord>) -> String {
    Tale::new(Slot(40), "the node at http://127.0.0.1:16000".to_owned(), records).to_string()
}

#[test]
fn two_operators_down_and_a_duty_that_failed() {
    let records = vec![submitted(6), failed(proposed(7), FailureReason::NotDecided)];
    let expected = "\
slot 40 (epoch 5), from the node at http://127.0.0.1:16000: 2 duties, 1 submitted and 1 failed

attestation of validator 7 (operators 1, 2, 3 and 4; this node is operator 2): FAILED, not_decided, where the committee agrees on one value
  There was a proposal, but too few operators agreed on it before the duty was worth nothing any more.
  who was missing
    operators 3 and 4 were not heard at all
  what this node did
      0.800 s  started, on the head event
      0.820 s  had the answer of its beacon node
      0.850 s  accepted the proposal of operator 1 (round 1)
      0.853 s  sent its prepare
  what to do
    Tell the operators that are named as missing or late. If this node's own messages were late, look at its clock and at its beacon node.

attestation of validator 6 (operators 1, 2, 3 and 4; this node is operator 2): submitted 0.960 s into the slot
  It was not seen in a block so far; blocks are looked at for an epoch, while the node runs.
  what this node did
      0.800 s  started, on the head event
      0.820 s  had the answer of its beacon node
      0.850 s  accepted the proposal of operator 1 (round 1)
      0.853 s  sent its prepare
      0.856 s  had prepares of a quorum
      0.872 s  sent its commit
      0.900 s  saw the committee decide in round 1
      0.915 s  sent its partial signature
      0.940 s  had a quorum of partial signatures
      0.945 s  handed the signed object to its beacon nodes
      0.960 s  had the answer that it was taken
";
    assert_eq!(told(records), expected);
}

#[test]
fn validators_whose_duties_went_the_same_way_are_told_of_together() {
    let text = told(vec![submitted(6), submitted(9), submitted(12)]);
    assert!(text.contains("\nattestation of validators 6, 9 and 12 (operators"), "{text}");
    assert_eq!(text.matches("attestation of").count(), 1, "{text}");
    let mut other = submitted(9);
    other.bad_partial_signatures = vec![OperatorId(3)];
    let text = told(vec![submitted(6), other]);
    assert_eq!(text.matches("attestation of").count(), 2, "{text}");
    assert!(text.contains("who was wrong\n    operator 3: partial signatures that do not verify"), "{text}");
}

#[test]
fn a_late_operator_is_named_with_how_late_and_against_what() {
    let mut record = failed(proposed(7), FailureReason::NotDecided);
    record.heard.prepares = times(&[(1, 851), (2, 853), (3, 1_600)]);
    let text = told(vec![record]);
    let line = "operator 3: its prepare came at 1.600 s, 0.747 s after the others, and the committee waited for it, 0.100 s after the end of the round";
    assert!(text.contains(line), "{text}");
    assert!(text.contains("operator 4 was not heard at all"), "{text}");
}

#[test]
fn an_own_lateness_is_said_to_the_own_operator() {
    let mut record = submitted(7);
    record.micros.data = Some(1_900_000);
    record.heard.prepares = times(&[(1, 851), (2, 1_910), (3, 856), (4, 860)]);
    let text = told(vec![record]);
    assert!(text.contains("This node itself was late: its beacon node took 1.100 s to answer."), "{text}");
}

#[test]
fn a_node_that_hears_nobody_looks_at_itself_first() {
    let mut record = failed(proposed(7), FailureReason::NoProposal);
    record.heard.proposals.clear();
    record.heard.prepares.clear();
    record.heard.round_changes = times(&[(2, 1_500)]);
    let text = told(vec![record]);
    assert!(text.contains("operators 1, 3 and 4 were not heard at all"), "{text}");
    assert!(text.contains("this node is likely to be cut off"), "{text}");
}

#[test]
fn what_the_beacon_node_said_is_told_where_it_is_the_cause() {
    let mut record = failed(submitted(7), FailureReason::SubmissionRefused);
    record.note_answer("ATTESTATION_ERROR_ATTESTER_NOT_IN_COMMITTEE");
    let text = told(vec![record.clone()]);
    assert!(text.contains("A beacon node said: ATTESTATION_ERROR_ATTESTER_NOT_IN_COMMITTEE\n"), "{text}");
    let text = told(vec![failed(record, FailureReason::NotDecided)]);
    assert!(!text.contains("A beacon node said"), "{text}");
}

#[test]
fn what_the_chain_made_of_it_is_told() {
    let mut record = submitted(7);
    record.included = Some(outbox::Inclusion {
        slot: Slot(42),
        block_root: Root::repeat_byte(1),
        head: Some(false),
        target: Some(true),
        source: Some(true),
    });
    record.micros.included = Some(6_300_000);
    record.warnings = vec!["included_late".to_owned(), "wrong_head".to_owned(), "from_the_future".to_owned()];
    let text = told(vec![record]);
    assert!(
        text.contains(
            "It is in the block of slot 42, 2 slots later; head WRONG, target right, source right."
        ),
        "{text}"
    );
    assert!(
        text.contains("included_late: The vote is in the chain, but") && text.contains("wrong_head: "),
        "{text}"
    );
    assert!(text.contains("6.300 s  saw it in a block"), "{text}");
}

#[test]
fn duties_without_work_and_old_records_are_told_briefly() {
    let mut idle = scheduled(7, BeaconRole::Aggregator);
    idle.outcome = Outcome::NotSelected;
    let text = told(vec![idle]);
    assert!(
        text.ends_with(
            "not selected\n  Nothing was to be done: the selection proof chose other validators.\n"
        ),
        "{text}"
    );
    let mut old = failed(scheduled(7, BeaconRole::Attester), FailureReason::NeverStarted);
    old.operators.clear();
    old.own_operator = None;
    let text = told(vec![old]);
    assert!(
        text.contains(
            "attestation of validator 7: FAILED, never_started, where the duty is planned and started"
        ),
        "{text}"
    );
    assert!(text.contains("nothing: the duty was not started") && !text.contains("cut off"), "{text}");
}

#[test]
fn the_json_has_the_record_and_what_is_said_of_it() {
    let tale = Tale::new(Slot(40), "x".to_owned(), vec![failed(proposed(7), FailureReason::NotDecided)]);
    let value = serde_json::to_value(&tale).unwrap();
    let duty = &value["duties"][0];
    assert_eq!((&duty["validator_index"], &duty["reason"]), (&7.into(), &"not_decided".into()));
    assert_eq!(duty["account"]["missing"][0]["operator"], 3);
    assert!(duty["account"]["missing"][0]["step"].is_null());
    assert_eq!(duty["advice"], FailureReason::NotDecided.advice());
    assert_eq!(duty["heard"]["prepares"]["2"], 853_000);
}

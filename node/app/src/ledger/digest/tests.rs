//! Sums and lists.

use super::super::samples::{failed, proposed, scheduled, submitted};
use super::*;
use types::BeaconRole;

fn records() -> Vec<DutyRecord> {
    let mut idle = scheduled(9, BeaconRole::Aggregator);
    idle.outcome = Outcome::NotSelected;
    let mut warned = submitted(8);
    warned.warnings = vec!["wrong_head".to_owned()];
    vec![
        submitted(6),
        failed(proposed(7), FailureReason::NotDecided),
        failed(proposed(8), FailureReason::NotDecided),
        failed(scheduled(8, BeaconRole::SyncCommittee), FailureReason::NeverStarted),
        warned,
        idle,
        scheduled(10, BeaconRole::Attester),
    ]
}

fn digest(filter: &Filter, limit: usize) -> Digest {
    Digest::new((Slot(30), Slot(40)), "the journal in data".to_owned(), records(), filter, limit)
}

#[test]
fn the_sums_balance_and_the_most_frequent_reason_comes_first() {
    let digest = digest(&Filter::default(), 40);
    assert_eq!(digest.scheduled, digest.submitted + digest.failed + digest.running);
    assert_eq!((digest.scheduled, digest.submitted, digest.failed), (6, 2, 3));
    assert_eq!((digest.running, digest.not_selected, digest.included), (1, 1, 0));
    let names: Vec<_> = digest.reasons.iter().map(|row| (row.name.as_str(), row.count)).collect();
    assert_eq!(names, [("not_decided", 2), ("never_started", 1)]);
    assert_eq!(digest.warnings[0].name, "wrong_head");
    let text = digest.to_string();
    assert!(
        text.starts_with(
            "slots 30 to 40, from the journal in data\n6 duties: 2 submitted, 3 failed, 1 running\n"
        ),
        "{text}"
    );
    assert!(text.contains("       2  not_decided: There was a proposal"), "{text}");
    assert!(
        text.contains("40        attester                     6          submitted     0.960 s\n"),
        "{text}"
    );
}

#[test]
fn filters_choose_what_is_summed_and_what_is_listed() {
    let failed = digest(&Filter { failed: true, ..Filter::default() }, 2);
    assert_eq!((failed.duties.len(), failed.left_out, failed.submitted), (2, 1, 2));
    assert!(failed.to_string().contains("1 older ones are not shown"));
    let warned = digest(&Filter { warned: true, ..Filter::default() }, 40);
    assert_eq!(warned.duties.len(), 1);
    let validators = vec!["8".parse().unwrap()];
    let one = digest(&Filter { validators, role: Some(DutyRole::Attester), ..Filter::default() }, 40);
    assert_eq!((one.scheduled, one.failed), (2, 1));
    let key = format!("0x{}", "07".repeat(48)).parse().unwrap();
    assert_eq!(digest(&Filter { validators: vec![key], ..Filter::default() }, 40).scheduled, 6);
}

#[test]
fn a_validator_is_a_number_or_a_key() {
    assert_eq!("12".parse(), Ok(Validator::Index(ValidatorIndex(12))));
    for text in ["", "-1", "0x12", "zz"] {
        assert_eq!(text.parse::<Validator>(), Err(NoValidator), "{text}");
    }
}

//! The sums, the bounds, and who a note reaches.

use super::*;
use duty::FailureReason;
use types::{CommitteeIndex, List, PublicKeyBytes, RunnerRole};

const COMMITTEE: CommitteeId = CommitteeId([3; 32]);

pub(crate) fn duty(slot: u64, index: u64, role: BeaconRole) -> ValidatorDuty {
    ValidatorDuty {
        role,
        public_key: PublicKeyBytes([1; 48]),
        slot: Slot(slot),
        validator_index: ValidatorIndex(index),
        committee_index: CommitteeIndex(0),
        committee_length: 4,
        committees_at_slot: 1,
        validator_committee_index: 0,
        validator_sync_committee_indices: List::empty(),
    }
}

/// The name of the committee's votes.
fn vote() -> MessageId {
    MessageId::committee(types::DomainType::default(), RunnerRole::Committee, &COMMITTEE)
}

fn sums(ledger: &Ledger) -> (u64, u64, u64, u64) {
    let balance = ledger.balance();
    assert_eq!(balance.scheduled, balance.submitted + balance.failed + balance.running);
    (balance.scheduled, balance.submitted, balance.failed, balance.running)
}

#[test]
fn every_duty_ends_once_and_the_books_balance() {
    let ledger = Ledger::default();
    let duties = [duty(9, 1, BeaconRole::Attester), duty(9, 1, BeaconRole::SyncCommittee)];
    ledger.schedule(Epoch(1), COMMITTEE, &duties);
    assert_eq!(sums(&ledger), (2, 0, 0, 2));
    ledger.end(Slot(9), ValidatorIndex(1), BeaconRole::Attester, Ok(()));
    assert_eq!(sums(&ledger), (2, 1, 0, 1));
    let late = Err(FailureReason::NotDecided);
    ledger.end(Slot(9), ValidatorIndex(1), BeaconRole::Attester, late);
    ledger.end(Slot(8), ValidatorIndex(1), BeaconRole::Attester, late);
    assert_eq!(sums(&ledger), (2, 1, 0, 1));
    ledger.end(Slot(9), ValidatorIndex(1), BeaconRole::SyncCommittee, late);
    assert_eq!(sums(&ledger), (2, 1, 1, 0));
    let record = &ledger.of_slot(Slot(9)).unwrap()[1];
    assert_eq!((record.reason.as_deref(), record.room.as_deref()), (Some("not_decided"), Some("consensus")));
}

#[test]
fn a_duty_is_scheduled_once() {
    let ledger = Ledger::default();
    ledger.schedule(Epoch(1), COMMITTEE, &[duty(9, 1, BeaconRole::Attester)]);
    ledger.end(Slot(9), ValidatorIndex(1), BeaconRole::Attester, Ok(()));
    let twice = [duty(9, 1, BeaconRole::Attester), duty(9, 1, BeaconRole::Attester)];
    ledger.schedule(Epoch(1), COMMITTEE, &twice);
    assert_eq!(sums(&ledger), (1, 1, 0, 0));
}

#[test]
fn a_note_reaches_the_committee_and_nobody_else() {
    let ledger = Ledger::default();
    ledger.schedule(
        Epoch(1),
        COMMITTEE,
        &[duty(9, 1, BeaconRole::Attester), duty(9, 2, BeaconRole::Attester)],
    );
    ledger.schedule(Epoch(1), CommitteeId([4; 32]), &[duty(9, 3, BeaconRole::Attester)]);
    let role = RunnerRole::Committee;
    let scope = Scope { slot: Slot(9), committee: COMMITTEE, role, validator: None };
    ledger.note(scope, |record| record.micros.decided = Some(5));
    let decided: Vec<_> = ledger.of_slot(Slot(9)).unwrap().iter().map(|r| r.micros.decided).collect();
    assert_eq!(decided, [Some(5), Some(5), None]);
}

#[test]
fn who_is_not_selected_had_nothing_to_do() {
    let ledger = Ledger::default();
    ledger.schedule(
        Epoch(1),
        COMMITTEE,
        &[duty(9, 1, BeaconRole::Aggregator), duty(9, 2, BeaconRole::Aggregator)],
    );
    ledger.end(Slot(9), ValidatorIndex(1), BeaconRole::Aggregator, End::NotSelected);
    ledger.end(Slot(9), ValidatorIndex(2), BeaconRole::Aggregator, End::Submitted);
    assert_eq!(sums(&ledger), (1, 1, 0, 0));
    assert_eq!(ledger.balance().not_selected, 1);
    assert_eq!(ledger.of_slot(Slot(9)).unwrap()[0].outcome, Outcome::NotSelected);
    assert!(ledger.figures().stretches.is_empty());
}

#[test]
fn slots_with_running_duties_stay_longer() {
    let ledger = Ledger::default();
    ledger.schedule(Epoch(0), COMMITTEE, &[duty(1, 1, BeaconRole::Attester)]);
    ledger.schedule(Epoch(9), COMMITTEE, &[duty(2 + Ledger::SLOTS, 1, BeaconRole::Attester)]);
    assert!(ledger.of_slot(Slot(1)).is_some(), "it is running");
    ledger.end(Slot(1), ValidatorIndex(1), BeaconRole::Attester, End::Submitted);
    ledger.schedule(Epoch(9), COMMITTEE, &[duty(3 + Ledger::SLOTS, 1, BeaconRole::Attester)]);
    assert!(ledger.of_slot(Slot(1)).is_none());
    assert_eq!(sums(&ledger), (3, 1, 0, 2));
}

#[test]
fn the_oldest_slots_leave_first() {
    let ledger = Ledger::default();
    for slot in 0..12 {
        let duties: Vec<_> = (0..20_000).map(|index| duty(slot, index, BeaconRole::Attester)).collect();
        ledger.schedule(Epoch(0), COMMITTEE, &duties);
    }
    let kept: Vec<_> = (0..12).filter(|slot| ledger.of_slot(Slot(*slot)).is_some()).collect();
    assert_eq!(kept, (2..12).collect::<Vec<_>>());
    assert_eq!(sums(&ledger), (200_000, 0, 0, 200_000), "nobody could end what left");
}

/// The exit of a young validator may run for days: it keeps its own slot and nothing else.
#[test]
fn a_duty_without_an_end_keeps_no_other_slot() {
    let ledger = Ledger::default();
    ledger.schedule(Epoch(0), COMMITTEE, &[duty(1, 1, BeaconRole::VoluntaryExit)]);
    for slot in 2..=600 {
        ledger.enter_round(Slot(slot), &vote(), Round(1), RoundSpan::new(0, 1));
        ledger.schedule(Epoch(0), COMMITTEE, &[duty(slot, 1, BeaconRole::Attester)]);
        ledger.end(Slot(slot), ValidatorIndex(1), BeaconRole::Attester, End::Submitted);
    }
    let kept: Vec<_> = (0..=600).filter(|slot| ledger.of_slot(Slot(*slot)).is_some()).collect();
    let recent = 600 - Ledger::SLOTS..=600;
    assert_eq!(kept, std::iter::once(1).chain(recent.clone()).collect::<Vec<_>>());
    let courses: Vec<_> = ledger.lock().courses.keys().map(|(slot, _)| slot.get()).collect();
    assert_eq!(courses, recent.collect::<Vec<_>>(), "what was heard leaves with its slot");
}

#[test]
fn at_the_bound_what_runs_stays_longest() {
    let ledger = Ledger::default();
    ledger.schedule(Epoch(0), COMMITTEE, &[duty(0, 1, BeaconRole::VoluntaryExit)]);
    for slot in 1..12 {
        let duties: Vec<_> = (0..20_000).map(|index| duty(slot, index, BeaconRole::Attester)).collect();
        ledger.schedule(Epoch(0), COMMITTEE, &duties);
        ledger.review(Slot(slot), |entry, _| {
            entry.record.outcome = Outcome::Submitted;
            false
        });
    }
    let kept: Vec<_> = (0..12).filter(|slot| ledger.of_slot(Slot(*slot)).is_some()).collect();
    assert_eq!(kept, [0, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    ledger.end(Slot(0), ValidatorIndex(1), BeaconRole::VoluntaryExit, End::Submitted);
    assert_eq!(sums(&ledger), (220_001, 1, 0, 220_000));
}

/// An exit is begun anew after a restart, under its old slot, of which the earlier run wrote more.
#[test]
fn the_journal_tells_what_memory_does_not_have() {
    let folder = tempfile::tempdir().unwrap();
    let log = DutyLog::open(folder.path()).unwrap();
    let before = Ledger::default();
    let exit = duty(9, 1, BeaconRole::VoluntaryExit);
    before.schedule(Epoch(1), COMMITTEE, &[duty(9, 1, BeaconRole::Attester), exit.clone()]);
    before.end_all(COMMITTEE, FailureReason::NodeStopped);
    log.write(&before.of_slot(Slot(9)).unwrap()).unwrap();
    let ledger = Ledger::default();
    let told = |ledger: &Ledger, slot| {
        let records = ledger.with_journal(Slot(slot), &log).unwrap();
        records.iter().map(|record| (record.role, record.outcome)).collect::<Vec<_>>()
    };
    let (attester, exits) = (DutyRole::Attester, DutyRole::VoluntaryExit);
    assert_eq!(told(&ledger, 9).len(), 2);
    ledger.schedule(Epoch(1), COMMITTEE, &[exit]);
    assert_eq!(told(&ledger, 9), [(exits, Outcome::Running), (attester, Outcome::Failed)]);
    assert!(told(&ledger, 8).is_empty());
}

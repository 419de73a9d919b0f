//! Blocks against duties.

use types::{
    BeaconRole, Checkpoint, CommitteeId, CommitteeIndex, Epoch, List, PublicKeyBytes, ValidatorIndex,
};

use super::*;

const SLOTS_PER_EPOCH: u64 = 8;
const VALIDATOR: ValidatorIndex = ValidatorIndex(7);

fn root(slot: u64) -> Root {
    Root::repeat_byte(u8::try_from(slot).unwrap())
}

/// Blocks at every slot from 8 to 18 but for 12; the roots are those of [`root`].
fn window() -> Window {
    let mut window = Window::default();
    window.restart(Slot(8), root(8));
    for slot in (9..=18).filter(|slot| *slot != 12) {
        let parent = if slot == 13 { 11 } else { slot - 1 };
        let _ = window.join(Slot(slot), root(slot), root(parent));
    }
    window
}

/// Place 2 of beacon committee 1, which has 4 members; seats 3 and 5 of the sync committee.
fn entry(slot: u64, role: BeaconRole) -> Entry {
    let duty = ValidatorDuty {
        role,
        public_key: PublicKeyBytes([1; 48]),
        slot: Slot(slot),
        validator_index: VALIDATOR,
        committee_index: CommitteeIndex(1),
        committee_length: 4,
        committees_at_slot: 3,
        validator_committee_index: 2,
        validator_sync_committee_indices: List::try_from(vec![3, 5]).unwrap(),
    };
    let mut record = DutyRecord::open(Epoch(slot / SLOTS_PER_EPOCH), CommitteeId([2; 32]), &duty).unwrap();
    record.outcome = Outcome::Submitted;
    Entry { record, duty }
}

/// A vote of slot 10 for the right head and target, with these bits set.
fn vote(committees: &[u64], length: usize, set: &[usize]) -> Vote {
    let checkpoint = |epoch, root| Checkpoint { epoch: Epoch(epoch), root };
    let data = AttestationData {
        slot: Slot(10),
        index: CommitteeIndex(0),
        beacon_block_root: root(10),
        source: checkpoint(0, root(1)),
        target: checkpoint(1, root(8)),
    };
    Vote {
        data,
        committees: committees.iter().map(|index| CommitteeIndex(*index)).collect(),
        bits: (0..length).map(|place| set.contains(&place)).collect(),
    }
}

fn block(slot: u64, votes: Vec<Vote>) -> Block {
    Block { root: root(slot), slot: Slot(slot), parent: root(slot - 1), votes, ..Block::default() }
}

fn judge_with(entry: &Entry, block: &Block, committees: Option<&Committees>) -> Option<Verdict> {
    Judge { block, window: &window(), committees, slots_per_epoch: SLOTS_PER_EPOCH }.judge(entry)
}

/// Committees of these lengths; our validator sits in its place of committee 1.
fn committees(lengths: &[usize]) -> Committees {
    let mut committees: Committees =
        lengths.iter().map(|length| vec![ValidatorIndex(100); *length]).collect();
    committees[1][2] = VALIDATOR;
    committees
}

fn judge(entry: &Entry, block: &Block) -> Option<Verdict> {
    judge_with(entry, block, Some(&committees(&[3, 4, 5])))
}

#[test]
fn a_vote_in_the_next_block_with_the_right_head_and_target() {
    let entry = entry(10, BeaconRole::Attester);
    let verdict = judge(&entry, &block(11, vec![vote(&[1], 4, &[2])])).unwrap();
    let right = Inclusion {
        slot: Slot(11),
        block_root: root(11),
        head: Some(true),
        target: Some(true),
        source: Some(true),
    };
    assert_eq!(verdict, Verdict { included: Some(right), warnings: vec![] });
    let mut record = entry.record;
    verdict.write(&mut record, 3_200_000);
    assert_eq!((record.micros.included, record.included), (Some(3_200_000), Some(right)));
}

#[test]
fn the_bits_of_committees_follow_each_other() {
    let entry = entry(10, BeaconRole::Attester);
    let in_vote = |vote: Vote| judge(&entry, &block(11, vec![vote])).is_some();
    assert!(in_vote(vote(&[0, 1, 2], 12, &[5])), "three of committee 0, then its place");
    assert!(!in_vote(vote(&[0, 1, 2], 12, &[2, 4, 6])));
    assert!(in_vote(vote(&[1, 2], 9, &[2])));
    assert!(!in_vote(vote(&[0, 2], 8, &[0, 1, 2, 3, 4, 5, 6, 7])), "its committee is not among them");
    assert!(!in_vote(Vote {
        data: AttestationData { slot: Slot(9), ..vote(&[1], 4, &[]).data },
        ..vote(&[1], 4, &[2])
    }));
}

#[test]
fn bits_that_cannot_be_placed_are_not_guessed() {
    let mut entry = entry(10, BeaconRole::Attester);
    let together = block(11, vec![vote(&[0, 1, 2], 12, &[5])]);
    let verdict = Verdict { included: None, warnings: vec![Warning::NotChecked] };
    let unknown = Some(verdict.clone());
    assert_eq!(judge_with(&entry, &together, None), unknown);
    assert_eq!(judge_with(&entry, &together, Some(&committees(&[3, 4]))), unknown, "a committee is missing");
    assert_eq!(judge_with(&entry, &together, Some(&committees(&[4, 4, 5]))), unknown, "the sum is another");
    assert_eq!(judge_with(&entry, &block(11, vec![vote(&[1], 5, &[2])]), None), unknown);
    // One that can be placed wins, in the same block or in a later one.
    let both = block(11, vec![vote(&[0, 1, 2], 12, &[5]), vote(&[1], 4, &[2])]);
    assert!(judge_with(&entry, &both, None).unwrap().included.is_some());
    verdict.write(&mut entry.record, 1);
    assert_eq!(entry.record.warnings, ["not_checked"]);
    judge(&entry, &both).unwrap().write(&mut entry.record, 1);
    assert!(entry.record.warnings.is_empty() && entry.record.included.is_some());
}

#[test]
fn a_duty_of_the_branch_that_lost_is_not_read_from_another_validators_bit() {
    let entry = entry(10, BeaconRole::Attester);
    let mut others = committees(&[3, 4, 5]);
    others[1][2] = ValidatorIndex(8);
    let block = block(11, vec![vote(&[0, 1, 2], 12, &[5])]);
    let verdict = judge_with(&entry, &block, Some(&others)).unwrap();
    assert_eq!(verdict, Verdict { included: None, warnings: vec![Warning::Reassigned] });
    let mut record = entry.record;
    verdict.write(&mut record, 1);
    record.outcome = Outcome::Failed;
    assert!(!close(&mut record, &window(), SLOTS_PER_EPOCH, &mut Figures::default()));
    assert_eq!(record.warnings, ["reassigned"], "it says why the beacon nodes refused");
}

#[test]
fn wrong_votes_and_late_ones_are_named() {
    let entry = entry(10, BeaconRole::Attester);
    let mut wrong = vote(&[1], 4, &[2]);
    wrong.data.beacon_block_root = root(9);
    wrong.data.target.root = root(7);
    let verdict = judge(&entry, &block(13, vec![wrong])).unwrap();
    assert_eq!(verdict.warnings, [Warning::IncludedLate, Warning::WrongHead, Warning::WrongTarget]);
    let included = verdict.included.unwrap();
    assert_eq!((included.head, included.target, included.source), (Some(false), Some(false), Some(true)));
    // The block of slot 11 is the next one; slot 12 is empty, so a vote of slot 11 is not late in 13.
    let mut eleven = super::tests::entry(11, BeaconRole::Attester);
    eleven.duty.slot = Slot(11);
    let mut late = vote(&[1], 4, &[2]);
    late.data.slot = Slot(11);
    late.data.beacon_block_root = root(11);
    assert!(judge(&eleven, &block(13, vec![late])).unwrap().warnings.is_empty());
}

#[test]
fn what_is_older_than_the_window_is_not_judged() {
    let entry = entry(10, BeaconRole::Attester);
    let mut window = Window::default();
    window.restart(Slot(11), root(11));
    let block = block(11, vec![vote(&[1], 4, &[2])]);
    let judge = Judge { block: &block, window: &window, committees: None, slots_per_epoch: SLOTS_PER_EPOCH };
    let verdict = judge.judge(&entry).unwrap();
    let included = verdict.included.unwrap();
    assert_eq!((included.head, included.target), (None, None));
    assert!(verdict.warnings.is_empty());
}

#[test]
fn a_sync_message_is_in_the_next_block_in_all_its_seats() {
    let entry = entry(10, BeaconRole::SyncCommittee);
    let with = |slot, seats: &[usize]| Block {
        sync_seats: (0..8).map(|seat| seats.contains(&seat)).collect(),
        ..block(slot, vec![])
    };
    assert_eq!(judge(&entry, &with(11, &[3, 5])).unwrap().included.unwrap().head, Some(true));
    assert_eq!(judge(&entry, &with(11, &[3])), None);
    assert_eq!(judge(&entry, &with(13, &[3, 5])), None);
    let few = Block { sync_seats: vec![true; 4], ..block(11, vec![]) };
    assert_eq!(judge(&entry, &few), None);
}

#[test]
fn a_proposal_is_the_block_of_its_slot_by_its_validator() {
    let entry = entry(10, BeaconRole::Proposer);
    let by = |slot, proposer| Block { proposer: ValidatorIndex(proposer), ..block(slot, vec![]) };
    assert_eq!(judge(&entry, &by(10, 7)).unwrap().included.unwrap().slot, Slot(10));
    assert_eq!(judge(&entry, &by(10, 8)), None);
    assert_eq!(judge(&entry, &by(11, 7)), None);
}

#[test]
fn an_exit_is_in_the_block_that_names_its_validator() {
    let entry = entry(10, BeaconRole::VoluntaryExit);
    let with = |exits: &[u64]| Block {
        exits: exits.iter().map(|index| ValidatorIndex(*index)).collect(),
        ..block(14, vec![])
    };
    assert_eq!(judge(&entry, &with(&[6, 7])).unwrap().included.unwrap().slot, Slot(14));
    assert_eq!(judge(&entry, &with(&[6])), None);
}

#[test]
fn aggregates_are_not_looked_for() {
    let aggregate = entry(10, BeaconRole::Aggregator);
    assert_eq!(judge(&aggregate, &block(11, vec![vote(&[1], 4, &[2])])), None);
    let mut record = aggregate.record;
    assert!(!close(&mut record, &window(), SLOTS_PER_EPOCH, &mut Figures::default()));
    assert!(record.warnings.is_empty());
}

#[test]
fn an_account_is_closed_with_what_is_missing() {
    let closed = |role, slot: u64, change: &dyn Fn(&mut DutyRecord)| {
        let (mut record, mut figures) = (entry(slot, role).record, Figures::default());
        change(&mut record);
        let changed = close(&mut record, &window(), SLOTS_PER_EPOCH, &mut figures);
        let counted: u64 = figures.warned.values().chain(figures.included.values()).sum();
        (changed, record.warnings.join(","), counted)
    };
    let as_is = |_: &mut DutyRecord| {};
    let missing = |name: &str| (true, name.to_owned(), 1);
    assert_eq!(closed(BeaconRole::Attester, 10, &as_is), missing("not_included"));
    assert_eq!(closed(BeaconRole::Attester, 7, &as_is), missing("not_checked"), "before the window");
    assert_eq!(
        closed(BeaconRole::Attester, 15, &as_is),
        missing("not_checked"),
        "the chain is not far enough"
    );
    assert_eq!(closed(BeaconRole::VoluntaryExit, 10, &as_is), missing("not_included"));
    assert_eq!(closed(BeaconRole::SyncCommittee, 10, &as_is), missing("not_included"));
    assert_eq!(closed(BeaconRole::SyncCommittee, 11, &as_is), missing("no_next_block"));
    assert_eq!(closed(BeaconRole::Proposer, 12, &as_is), missing("not_canonical"));
    let failed = |record: &mut DutyRecord| {
        record.outcome = Outcome::Failed;
        record.warnings = vec!["not_checked".to_owned()];
    };
    assert_eq!(closed(BeaconRole::Attester, 10, &failed), (true, String::new(), 0));
    let seen = |record: &mut DutyRecord| {
        judge(&entry(10, BeaconRole::Attester), &block(11, vec![vote(&[1], 4, &[2])]))
            .unwrap()
            .write(record, 1);
    };
    assert_eq!(closed(BeaconRole::Attester, 10, &seen), (false, String::new(), 1));
}

#[test]
fn what_this_node_says_of_itself_stays_whatever_the_chain_says() {
    let own = || vec!["clock_off".to_owned()];
    let mut entry = entry(10, BeaconRole::Attester);
    entry.record.warnings = own();
    let verdict = judge(&entry, &block(13, vec![vote(&[1], 4, &[2])])).unwrap();
    verdict.write(&mut entry.record, 5);
    assert_eq!(entry.record.warnings, ["clock_off", "included_late"]);
    Verdict { included: None, warnings: Vec::new() }.write(&mut entry.record, 5);
    assert_eq!(entry.record.warnings, own());

    // Nor does it stand for what the chain would say.
    let mut figures = Figures::default();
    assert!(close(&mut entry.record, &window(), SLOTS_PER_EPOCH, &mut figures));
    assert_eq!(entry.record.warnings, ["clock_off", "not_included"]);
    entry.record.outcome = Outcome::Failed;
    assert!(close(&mut entry.record, &window(), SLOTS_PER_EPOCH, &mut figures));
    assert_eq!(entry.record.warnings, own());
}

#[test]
fn what_a_block_said_goes_with_the_block() {
    let mut record = entry(10, BeaconRole::Attester).record;
    let mut wrong = vote(&[1], 4, &[2]);
    wrong.data.beacon_block_root = root(9);
    judge(&entry(10, BeaconRole::Attester), &block(13, vec![wrong])).unwrap().write(&mut record, 1);
    assert!(!withdraw(&mut record, Slot(14)));
    record.warnings.push("clock_off".to_owned());
    assert!(withdraw(&mut record, Slot(13)));
    assert!(record.included.is_none() && record.micros.included.is_none());
    assert_eq!(record.warnings, ["clock_off"]);
}

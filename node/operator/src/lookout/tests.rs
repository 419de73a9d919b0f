//! Chains of blocks against the ledger.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use duty::runner::End;
use types::beacon::AttestationData;
use types::rules::{BeaconGenesis, BeaconSpec};
use types::{
    BeaconRole, ChainRules, Checkpoint, Epoch, List, NetworkRules, PublicKeyBytes, ValidatorDuty,
    ValidatorIndex,
};

use super::*;

const COMMITTEE: CommitteeId = CommitteeId([3; 32]);
const VALIDATOR: ValidatorIndex = ValidatorIndex(7);
/// Slots of an epoch of the minimal preset.
const EPOCH: u64 = 8;

/// A beacon node that knows these blocks; what was asked of it is written down.
#[derive(Default)]
struct Shelf {
    blocks: HashMap<Root, Block>,
    committees: Option<Committees>,
    asked: Mutex<Vec<String>>,
}

impl Blocks for Arc<Shelf> {
    async fn block(&self, root: Root) -> Option<Block> {
        let found = self.blocks.get(&root).cloned();
        self.asked.lock().unwrap().push(format!("block {}", found.as_ref()?.slot));
        found
    }

    async fn committees(&self, slot: Slot) -> Option<Committees> {
        self.asked.lock().unwrap().push(format!("committees {slot}"));
        self.committees.clone()
    }
}

fn clock() -> Arc<SlotClock> {
    let text = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let mut config: BTreeMap<_, _> =
        [text("PRESET_BASE", "minimal"), text("CONFIG_NAME", "minimal"), text("SECONDS_PER_SLOT", "3")]
            .into();
    for (number, fork) in (1..).zip(["ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA"]) {
        config.insert(format!("{fork}_FORK_EPOCH"), number.to_string());
        config.insert(format!("{fork}_FORK_VERSION"), format!("0x0{number}000000"));
    }
    let genesis = BeaconGenesis {
        genesis_time: 1_700_000_000,
        genesis_validators_root: Root::repeat_byte(9),
        genesis_fork_version: "0x00000000".parse().unwrap(),
    };
    let network = NetworkRules::from_toml(
        "name = \"local\"\npreset = \"minimal\"\nchain_id = 1\ndeploy_block = 1\nfollow_distance = 0\n\
         contract = \"0x00000000000000000000000000000000000000c0\"\nseconds_per_slot = 3\n\
         [domains]\nalan = \"0x00000402\"\n",
    );
    let beacon = BeaconSpec::new(&config, genesis).unwrap();
    Arc::new(SlotClock::new(Arc::new(ChainRules::new(Arc::new(network.unwrap()), Arc::new(beacon)).unwrap())))
}

fn duty(slot: u64, role: BeaconRole) -> ValidatorDuty {
    ValidatorDuty {
        role,
        public_key: PublicKeyBytes([1; 48]),
        slot: Slot(slot),
        validator_index: VALIDATOR,
        committee_index: CommitteeIndex(0),
        committee_length: 2,
        committees_at_slot: 2,
        validator_committee_index: 1,
        validator_sync_committee_indices: List::empty(),
    }
}

/// Branches are told apart by a letter.
fn root(branch: char, slot: u64) -> Root {
    let mut bytes = [u8::try_from(branch).unwrap(); 32];
    bytes[..8].copy_from_slice(&slot.to_be_bytes());
    Root::from(bytes)
}

fn block(branch: char, slot: u64, parent: Root) -> Block {
    Block { root: root(branch, slot), slot: Slot(slot), parent, ..Block::default() }
}

/// A block with our vote of the slot before, for these committees.
fn with_vote(block: Block, committees: &[u64]) -> Block {
    let data = AttestationData {
        slot: block.slot.saturating_sub(1),
        index: CommitteeIndex(0),
        beacon_block_root: block.parent,
        source: Checkpoint { epoch: Epoch(0), root: Root::ZERO },
        target: Checkpoint { epoch: Epoch(0), root: Root::ZERO },
    };
    let committees: Vec<_> = committees.iter().map(|index| CommitteeIndex(*index)).collect();
    let mut bits = vec![false; committees.len() * 2];
    bits[1] = true;
    Block { votes: vec![Vote { data, committees, bits }], ..block }
}

/// A ledger with a submitted attestation for each of these slots.
fn ledger(slots: RangeInclusive<u64>) -> Arc<Ledger> {
    let ledger = Arc::new(Ledger::default());
    for slot in slots {
        ledger.schedule(Epoch(slot / EPOCH), COMMITTEE, &[duty(slot, BeaconRole::Attester)]);
        ledger.end(Slot(slot), VALIDATOR, BeaconRole::Attester, End::Submitted);
    }
    ledger
}

fn lookout(ledger: &Arc<Ledger>, blocks: Vec<Block>, committees: Option<Committees>) -> Lookout<Arc<Shelf>> {
    let blocks = blocks.into_iter().map(|block| (block.root, block)).collect();
    let shelf = Arc::new(Shelf { blocks, committees, asked: Mutex::default() });
    Lookout::over(Arc::clone(ledger), clock(), Drops::default(), shelf)
}

fn asked(lookout: &Lookout<Arc<Shelf>>) -> Vec<String> {
    std::mem::take(&mut *lookout.blocks.asked.lock().unwrap())
}

fn included(ledger: &Ledger, slot: u64) -> Option<u64> {
    ledger.of_slot(Slot(slot)).unwrap()[0].included.map(|included| included.slot.get())
}

fn warnings(ledger: &Ledger, slot: u64) -> String {
    ledger.of_slot(Slot(slot)).unwrap()[0].warnings.join(",")
}

fn unseen(lookout: &Lookout<Arc<Shelf>>) -> u64 {
    lookout.drops.all().into_iter().find(|(name, _)| *name == "block_not_seen").unwrap().1
}

/// Slots 100 to `last`, one block each, each with our vote of the slot before.
fn chain(last: u64) -> Vec<Block> {
    (100..=last).map(|slot| with_vote(block('a', slot, root('a', slot - 1)), &[0])).collect()
}

#[tokio::test]
async fn each_head_is_looked_at_once_with_the_blocks_that_were_skipped() {
    let ledger = ledger(100..=104);
    let mut lookout = lookout(&ledger, chain(105), None);
    lookout.follow(Slot(101), root('a', 101)).await;
    assert_eq!(asked(&lookout), ["block 101"], "the first look begins with the head");
    assert_eq!((included(&ledger, 100), included(&ledger, 101)), (Some(101), None));
    lookout.follow(Slot(104), root('a', 104)).await;
    assert_eq!(asked(&lookout), ["block 104", "block 103", "block 102"]);
    assert_eq!((included(&ledger, 102), included(&ledger, 103)), (Some(103), Some(104)));
    lookout.follow(Slot(104), root('a', 104)).await;
    assert!(asked(&lookout).is_empty());
    assert_eq!(unseen(&lookout), 0);
    let record = &ledger.of_slot(Slot(103)).unwrap()[0];
    assert_eq!((record.included.unwrap().head, warnings(&ledger, 103).as_str()), (Some(true), ""));
    assert!(record.micros.included.is_some());
}

#[tokio::test]
async fn a_lookout_that_is_too_far_behind_leaves_blocks_out_and_counts_them() {
    let ledger = ledger(100..=139);
    let mut lookout = lookout(&ledger, chain(140), None);
    lookout.follow(Slot(101), root('a', 101)).await;
    lookout.follow(Slot(140), root('a', 140)).await;
    assert_eq!(asked(&lookout).len(), 1 + DEPTH);
    assert_eq!(unseen(&lookout), 23, "102 to 124");
    assert_eq!((included(&ledger, 123), included(&ledger, 124)), (None, Some(125)));
    for now in 100..=150 {
        lookout.tick(Slot(now));
    }
    assert_eq!((warnings(&ledger, 123).as_str(), warnings(&ledger, 124).as_str()), ("not_checked", ""));
}

#[tokio::test]
async fn a_block_that_nobody_gives_is_counted_and_looked_for_with_the_next_head() {
    let ledger = ledger(100..=102);
    let mut lookout = lookout(&ledger, chain(103), None);
    lookout.follow(Slot(101), root('a', 101)).await;
    lookout.follow(Slot(102), root('x', 102)).await;
    assert_eq!(unseen(&lookout), 1);
    lookout.follow(Slot(103), root('a', 103)).await;
    assert_eq!((included(&ledger, 101), included(&ledger, 102)), (Some(102), Some(103)));
}

#[tokio::test]
async fn after_a_reorganisation_the_other_branch_counts() {
    let ledger = ledger(100..=103);
    let mut blocks = chain(103);
    blocks.push(block('b', 102, root('a', 101)));
    blocks.push(block('b', 104, root('b', 102)));
    let mut lookout = lookout(&ledger, blocks, None);
    for slot in 101..=103 {
        lookout.follow(Slot(slot), root('a', slot)).await;
    }
    assert_eq!((included(&ledger, 100), included(&ledger, 101)), (Some(101), Some(102)));
    lookout.follow(Slot(104), root('b', 104)).await;
    assert_eq!(
        (included(&ledger, 100), included(&ledger, 101), included(&ledger, 102)),
        (Some(101), None, None)
    );
}

#[tokio::test]
async fn committees_are_asked_for_where_several_are_together_and_one_is_waited_for() {
    let ledger = ledger(101..=101);
    let together = |slot| with_vote(block('a', slot, root('a', slot - 1)), &[0, 1]);
    let mut lookout = lookout(
        &ledger,
        (100..=104).map(together).collect(),
        Some(vec![vec![ValidatorIndex(1), VALIDATOR], vec![ValidatorIndex(2); 2]]),
    );
    for slot in 100..=104 {
        lookout.follow(Slot(slot), root('a', slot)).await;
    }
    let questions = asked(&lookout).into_iter().filter(|question| question.starts_with("committees"));
    assert_eq!(questions.collect::<Vec<_>>(), ["committees 101"]);
    assert_eq!(included(&ledger, 101), Some(102));
}

#[tokio::test]
async fn accounts_are_closed_after_an_epoch_and_written() {
    let ledger = ledger(100..=110);
    let mut blocks = chain(112);
    blocks[5].votes.clear();
    let mut lookout = lookout(&ledger, blocks, None);
    ledger.review(Slot(90), |_, _| true);
    for slot in 100..=112 {
        lookout.follow(Slot(slot), root('a', slot)).await;
    }
    let to_write = lookout.tick(Slot(112));
    assert_eq!(to_write.first(), Some(&(Slot(100), COMMITTEE)));
    assert_eq!(to_write.last(), Some(&(Slot(110), COMMITTEE)), "what may still change waits");
    let _ = ledger.of_committee(Slot(100), COMMITTEE);
    assert_eq!(lookout.tick(Slot(112)).first(), Some(&(Slot(101), COMMITTEE)), "written");
    assert_eq!(warnings(&ledger, 104), "", "slot 104 is not an epoch old");
    lookout.tick(Slot(115));
    assert_eq!((warnings(&ledger, 104).as_str(), included(&ledger, 103)), ("not_included", Some(104)));
    let figures = ledger.figures();
    let role = outbox::DutyRole::Attester;
    assert_eq!(figures.warned, [((role, "not_included".to_owned()), 1)].into());
    assert_eq!(
        figures.included,
        [(role, 3)].into(),
        "slots 102, 103 and 105: what was before the first look is not closed"
    );
}

/// A vote that comes late finds its committees although those of many newer slots were learnt before.
#[tokio::test]
async fn the_committees_of_an_old_slot_stay_while_it_is_judged() {
    let ledger = ledger(101..=110);
    let mut blocks: Vec<_> =
        (103..=111).map(|slot| with_vote(block('a', slot, root('a', slot - 1)), &[0, 1])).collect();
    blocks[8].votes[0].data = AttestationData { slot: Slot(101), ..blocks[8].votes[0].data };
    let other = vec![ValidatorIndex(1), ValidatorIndex(2)];
    let mut lookout = lookout(&ledger, blocks, Some(vec![vec![ValidatorIndex(0), VALIDATOR], other]));
    for slot in 103..=110 {
        lookout.follow(Slot(slot), root('a', slot)).await;
        assert_eq!(included(&ledger, slot - 1), Some(slot));
    }
    asked(&lookout);
    lookout.follow(Slot(111), root('a', 111)).await;
    assert_eq!(asked(&lookout), ["block 111", "committees 101"]);
    assert_eq!(included(&ledger, 101), Some(111));
}

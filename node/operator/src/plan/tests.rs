//! Plans over a small world: two validators of one committee, one of them not ours to run.

use std::collections::BTreeSet;

use beacon::{AttesterDuties, AttesterDuty, ProposerDuties, ProposerDuty, SyncDuty, ValidatorStatus};
use duty::ValidatorKeys;
use types::rules::{BeaconGenesis, BeaconSpec, NetworkRules};
use types::{Address, OperatorId, Root};

use super::*;

const COMMITTEE: CommitteeId = CommitteeId([3; 32]);
const CYCLE: u64 = 320;

pub(crate) fn chain() -> ChainRules {
    let mut config = std::collections::BTreeMap::new();
    config.insert("PRESET_BASE".to_owned(), "mainnet".to_owned());
    for (number, fork) in (1..).zip(["ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA"]) {
        config.insert(format!("{fork}_FORK_EPOCH"), number.to_string());
        config.insert(format!("{fork}_FORK_VERSION"), format!("0x0{number}000000"));
    }
    let genesis = BeaconGenesis {
        genesis_time: 1_000,
        genesis_validators_root: Root::repeat_byte(9),
        genesis_fork_version: "0x00000000".parse().unwrap(),
    };
    let network = Arc::new(NetworkRules::builtin("mainnet").unwrap());
    ChainRules::new(network, Arc::new(BeaconSpec::new(&config, genesis).unwrap())).unwrap()
}

fn key(number: u8) -> PublicKeyBytes {
    let secret = crypto::bls::SecretKey::from_be_bytes(&[number; 32]).unwrap();
    secret.public_key().to_bytes()
}

fn index(number: u8) -> ValidatorIndex {
    ValidatorIndex(u64::from(number))
}

struct World {
    rules: ChainRules,
    directory: Directory,
    roster: HashMap<PublicKeyBytes, Validator>,
    book: DutyBook,
    proposals: Proposals,
}

impl World {
    /// Validators of these numbers are ours and active; all attest, propose and sit in the sync committee in `slot`.
    fn new(slot: Slot, numbers: &[u8]) -> Self {
        let rules = chain();
        let (mut directory, mut roster, book) = (Directory::default(), HashMap::new(), DutyBook::default());
        let epoch = rules.network.epoch_of(slot);
        let (mut attesters, mut proposers, mut seats) = (Vec::new(), Vec::new(), Vec::new());
        for number in numbers.iter().copied() {
            let public_key = key(number);
            let keys = ValidatorKeys::parse(&public_key, [(OperatorId(1), key(number))]).unwrap();
            let own = OwnValidator {
                public_key,
                owner: Address::repeat_byte(1),
                fee_recipient: Address::repeat_byte(number),
                committee: COMMITTEE,
                share: key(number),
                keys: Arc::new(keys),
                liquidated: false,
            };
            directory.own.insert(public_key, Arc::new(own));
            let validator = Validator {
                public_key,
                index: index(number),
                status: ValidatorStatus::ActiveOngoing,
                activation_epoch: Epoch(0),
                exit_epoch: Epoch::FAR_FUTURE,
            };
            roster.insert(public_key, validator);
            attesters.push(AttesterDuty {
                public_key,
                validator_index: index(number),
                slot,
                committee_index: CommitteeIndex(0),
                committee_length: 8,
                committees_at_slot: 1,
                validator_committee_index: 0,
            });
            proposers.push(ProposerDuty { public_key, validator_index: index(number), slot });
            seats.push(SyncDuty { public_key, validator_index: index(number), seats: vec![3, 200] });
        }
        let dependent_root = Root::ZERO;
        let execution_optimistic = false;
        book.put_epoch(
            epoch,
            BTreeSet::new(),
            AttesterDuties { dependent_root, execution_optimistic, duties: attesters },
        );
        book.put_proposers(epoch, ProposerDuties { dependent_root, execution_optimistic, duties: proposers });
        book.put_period(rules.network.sync_period_of(epoch), BTreeSet::new(), seats);
        Self { rules, directory, roster, book, proposals: Proposals::default() }
    }

    fn known<'a>(&'a self, may_vote: &'a dyn Fn(PublicKeyBytes, Epoch) -> bool) -> Known<'a> {
        Known {
            rules: &self.rules,
            directory: &self.directory,
            roster: &self.roster,
            book: &self.book,
            proposals: &self.proposals,
            may_vote,
        }
    }

    fn plan(&self, slot: Slot) -> Plan {
        plan(&self.known(&|_, _| true), slot).remove(&COMMITTEE).unwrap_or_default()
    }
}

fn roles(duties: &[ValidatorDuty]) -> Vec<BeaconRole> {
    duties.iter().map(|duty| duty.role).collect()
}

#[test]
fn who_votes_may_be_selected_to_aggregate() {
    use BeaconRole::{Aggregator, Attester, Proposer, SyncCommittee, SyncCommitteeContribution};
    let slot = Slot(3_205);
    let plan = World::new(slot, &[7]).plan(slot);
    assert_eq!(roles(&plan.votes), [Attester, SyncCommittee]);
    assert_eq!(roles(&plan.candidates), [Aggregator, SyncCommitteeContribution]);
    assert_eq!(roles(&plan.proposals), [Proposer]);
    assert_eq!(plan.candidates[1].validator_sync_committee_indices.as_slice(), [3, 200]);
    assert_eq!(plan.duties().count(), 5);
    assert!(World::new(slot, &[7]).plan(Slot(3_206)).proposals.is_empty());
}

#[test]
fn a_share_that_may_not_vote_yet_neither_votes_nor_aggregates_but_proposes() {
    let slot = Slot(3_205);
    let world = World::new(slot, &[7, 8]);
    let newcomer = key(8);
    let mut plans = plan(&world.known(&|share, _| share != newcomer), slot);
    let plan = plans.remove(&COMMITTEE).unwrap();
    let of = |duties: &[ValidatorDuty], role| {
        let of_role = duties.iter().filter(|duty| duty.role == role);
        of_role.map(|duty| duty.validator_index).collect::<Vec<_>>()
    };
    assert_eq!(of(&plan.votes, BeaconRole::Attester), [index(7)]);
    assert_eq!(of(&plan.candidates, BeaconRole::Aggregator), [index(7)]);
    assert_eq!(plan.proposals.len(), 2);
}

#[test]
fn who_is_liquidated_unknown_or_slashed_has_no_duties() {
    let slot = Slot(3_205);
    let mut world = World::new(slot, &[7, 8, 9]);
    let own = OwnValidator { liquidated: true, ..(*world.directory.own[&key(7)]).clone() };
    world.directory.own.insert(key(7), Arc::new(own));
    world.roster.remove(&key(8));
    world.roster.get_mut(&key(9)).unwrap().status = ValidatorStatus::ActiveSlashed;
    assert!(plan(&world.known(&|_, _| true), slot).is_empty());
}

#[test]
fn each_validator_registers_once_in_ten_epochs_with_the_start_of_the_epoch() {
    let world = World::new(Slot(0), &[7, 8]);
    let registered: Vec<_> = (CYCLE..2 * CYCLE)
        .flat_map(|slot| world.plan(Slot(slot)).registrations)
        .map(|(duty, registration)| (duty.slot, duty.validator_index, registration))
        .collect();
    assert_eq!(registered.len(), 2);
    let (slot, validator, registration) = &registered[0];
    assert_eq!((*slot, *validator), (Slot(CYCLE + 7), index(7)));
    assert_eq!(registration.fee_recipient, Address::repeat_byte(7));
    assert_eq!((registration.gas_limit, registration.timestamp), (30_000_000, 1_000 + CYCLE * 12));
    assert_eq!(registration.pubkey, key(7));
}

#[test]
fn without_builders_nobody_registers() {
    let mut world = World::new(Slot(0), &[7]);
    world.proposals.builder = false;
    assert!((0..CYCLE).all(|slot| world.plan(Slot(slot)).registrations.is_empty()));
}

#[test]
fn a_new_recipient_is_registered_with_the_slot_that_all_operators_know() {
    let mut world = World::new(Slot(0), &[7, 8]);
    let own = OwnValidator {
        owner: Address::repeat_byte(2),
        fee_recipient: Address::repeat_byte(0xf7),
        ..(*world.directory.own[&key(7)]).clone()
    };
    world.directory.own.insert(key(7), Arc::new(own));
    let planned = |world: &World, owner, slot, now| {
        let changes = BTreeMap::from([(Address::repeat_byte(owner), Slot(slot))]);
        plan_changes(&world.known(&|_, _| true), &changes, Slot(now))
    };
    // The epoch after the duty's has begun.
    let slot = 2 * CYCLE - 1;
    let plans = planned(&world, 2, slot, slot + 4);
    let plan = &plans[&COMMITTEE];
    let [(duty, registration)] = &plan.registrations[..] else { panic!("one validator of the owner") };
    assert_eq!((duty.slot, duty.validator_index), (Slot(slot), index(7)));
    assert_eq!(duty.role, BeaconRole::ValidatorRegistration);
    let expected = ValidatorRegistration {
        fee_recipient: Address::repeat_byte(0xf7),
        gas_limit: 30_000_000,
        timestamp: 1_000 + (2 * CYCLE - 32) * 12,
        pubkey: key(7),
    };
    assert_eq!(*registration, expected);
    assert!(plan.own.contains_key(&index(7)) && plan.duties().count() == 1);
    assert!(planned(&world, 3, slot, slot).is_empty(), "no validator of this owner");
    world.proposals.builder = false;
    assert!(planned(&world, 2, slot, slot).is_empty(), "without builders");
}

#[test]
fn who_registers_in_its_turn_is_not_registered_for_an_earlier_slot_after_it() {
    let world = World::new(Slot(0), &[7]);
    let is_planned = |slot, now| {
        let changes = BTreeMap::from([(Address::repeat_byte(1), Slot(slot))]);
        !plan_changes(&world.known(&|_, _| true), &changes, Slot(now)).is_empty()
    };
    let turn = CYCLE + 7;
    assert!(is_planned(turn - 3, turn - 1), "the turn is still to come");
    assert!(!is_planned(turn - 3, turn), "both are of this slot");
    assert!(!is_planned(turn, turn) && !is_planned(turn, turn + 3) && !is_planned(turn - 3, turn + 3));
    assert!(is_planned(turn + 1, turn + 1) && is_planned(turn + 1, turn + 9));
}

#[test]
fn an_exit_keeps_the_slot_that_all_operators_know() {
    let world = World::new(Slot(0), &[7]);
    let exit = |number| PendingExit { validator: key(number), slot: Slot(70) };
    let plans = plan_exits(&world.known(&|_, _| true), &[exit(7), exit(8)]);
    let (committee, plan) = plans[0].1.as_ref().unwrap();
    let (duty, message) = &plan.exits[0];
    assert_eq!((*committee, duty.slot, duty.role), (COMMITTEE, Slot(70), BeaconRole::VoluntaryExit));
    assert_eq!((message.epoch, message.validator_index), (Epoch(2), index(7)));
    assert!(plans[1].0 == exit(8) && plans[1].1.is_none(), "nobody of ours has the other key");
}

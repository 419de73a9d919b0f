//! One property for each runner.

use duty::runner::Plan;
use types::beacon::{ValidatorRegistration, VoluntaryExit};
use types::{
    Address, AggregatorCommitteeDuty, BeaconFork, BeaconRole, CommitteeIndex, Epoch, List, SsvFork,
    ValidatorDuty, ValidatorIndex,
};

use crate::books::Seen;
use crate::committee::Attesting;
use crate::machine::Machine;
use crate::runner::{Recipe, Selects, Walking};
use crate::seeded::{Kind, run};
use crate::standin::{FIRST, SLOT, STANDING};
use crate::world::history;

const RUNNERS: Kind =
    Kind { noun: "histories", variable: "CAPSTAN_PROPERTY_HISTORIES", package: "duty", few: 300 };

/// A duty of one of the two validators.
pub fn entry(role: BeaconRole, index: u64) -> ValidatorDuty {
    let positions = if role == BeaconRole::SyncCommitteeContribution { vec![5, 130, 140] } else { vec![] };
    ValidatorDuty {
        role,
        public_key: STANDING.public_keys[usize::from(index != FIRST)],
        slot: SLOT,
        validator_index: ValidatorIndex(index),
        committee_index: CommitteeIndex(index % 2),
        committee_length: 64,
        committees_at_slot: 2,
        validator_committee_index: index % 8,
        validator_sync_committee_indices: List::new(positions).unwrap(),
    }
}

fn runner<M: Machine>(test: &str, recipes: &[M::Recipe]) {
    let mut seen = Seen::default();
    let head = run(&RUNNERS, test, |rng| {
        let recipe = &recipes[rng.below(recipes.len())];
        history::<M>(recipe, rng, &mut seen);
    });
    println!("{head}: {}", seen.tell());
}

fn recipe(plan: Plan, fork: SsvFork, beacon_fork: BeaconFork, selects: Selects) -> Recipe {
    Recipe { plan, fork, beacon_fork, selects }
}

#[test]
fn committee() {
    runner::<Attesting>("roles::committee", &[SsvFork::Alan, SsvFork::Boole]);
}

#[test]
fn proposer() {
    let one =
        |fork, beacon| recipe(Plan::Proposal(entry(BeaconRole::Proposer, FIRST)), fork, beacon, Selects::All);
    let recipes = [
        one(SsvFork::Alan, BeaconFork::Electra),
        one(SsvFork::Boole, BeaconFork::Electra),
        one(SsvFork::Boole, BeaconFork::Electra),
        one(SsvFork::Alan, BeaconFork::Capella),
    ];
    runner::<Walking>("roles::proposer", &recipes);
}

#[test]
fn aggregator() {
    let one = |beacon, selects| {
        recipe(Plan::Aggregation(entry(BeaconRole::Aggregator, FIRST)), SsvFork::Alan, beacon, selects)
    };
    let recipes = [
        one(BeaconFork::Deneb, Selects::All),
        one(BeaconFork::Fulu, Selects::All),
        one(BeaconFork::Fulu, Selects::All),
        one(BeaconFork::Fulu, Selects::Nobody),
    ];
    runner::<Walking>("roles::aggregator", &recipes);
}

#[test]
fn contribution() {
    let one = |selects| {
        let duty = entry(BeaconRole::SyncCommitteeContribution, FIRST);
        recipe(Plan::Contribution(duty), SsvFork::Alan, BeaconFork::Fulu, selects)
    };
    let recipes = [one(Selects::All), one(Selects::All), one(Selects::Some), one(Selects::Nobody)];
    runner::<Walking>("roles::contribution", &recipes);
}

/// Two aggregators, the first of them in the sync committee too.
pub fn aggregator_committee_plan() -> Plan {
    let validator_duties = vec![
        entry(BeaconRole::Aggregator, FIRST),
        entry(BeaconRole::Aggregator, FIRST + 1),
        entry(BeaconRole::SyncCommitteeContribution, FIRST),
    ];
    Plan::AggregatorCommittee(AggregatorCommitteeDuty { slot: SLOT, validator_duties })
}

#[test]
fn aggregator_committee() {
    let one = |beacon, selects| recipe(aggregator_committee_plan(), SsvFork::Boole, beacon, selects);
    let recipes = [
        one(BeaconFork::Fulu, Selects::All),
        one(BeaconFork::Deneb, Selects::All),
        one(BeaconFork::Fulu, Selects::Some),
        one(BeaconFork::Fulu, Selects::Nobody),
    ];
    runner::<Walking>("roles::aggregator_committee", &recipes);
}

#[test]
fn registration() {
    let registration = ValidatorRegistration {
        fee_recipient: Address::repeat_byte(1),
        gas_limit: 30_000_000,
        timestamp: 1_616_508_000,
        pubkey: STANDING.public_keys[0],
    };
    let plan = Plan::Registration(entry(BeaconRole::ValidatorRegistration, FIRST), registration);
    let recipes = [SsvFork::Alan, SsvFork::Boole]
        .map(|fork| recipe(plan.clone(), fork, BeaconFork::Fulu, Selects::All));
    runner::<Walking>("roles::registration", &recipes);
}

#[test]
fn exit() {
    let exit = VoluntaryExit { epoch: Epoch(1), validator_index: ValidatorIndex(FIRST) };
    let plan = Plan::Exit(entry(BeaconRole::VoluntaryExit, FIRST), exit);
    let recipes = [SsvFork::Alan, SsvFork::Boole]
        .map(|fork| recipe(plan.clone(), fork, BeaconFork::Fulu, Selects::All));
    runner::<Walking>("roles::exit", &recipes);
}

//! Whole committees of runners, role by role, from the start of a duty to its outcomes, under faults; every run follows from its
//! seed.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../common/deal.rs"]
mod deal;
#[path = "../common/tag.rs"]
mod tag;

mod refusals;
mod world;

use duty::runner::{End, Input, Past, Plan, Runner, Submission};
use duty::{FailureReason, SubmitError};
use types::beacon::{ValidatorRegistration, VoluntaryExit};
use types::{
    Address, BeaconFork, BeaconRole, Epoch, PublicKeyBytes, RefusalCode, Round, SsvFork, ValidatorIndex,
};

use world::{Conduct, Recipe, Weather, World, committee_plan, entry};

fn registration(keys: &[PublicKeyBytes]) -> Plan {
    let registration = ValidatorRegistration {
        fee_recipient: Address::repeat_byte(1),
        gas_limit: 30_000_000,
        timestamp: 1_616_508_000,
        pubkey: keys[0],
    };
    Plan::Registration(entry(BeaconRole::ValidatorRegistration, 100, keys[0]), registration)
}

fn exit(keys: &[PublicKeyBytes]) -> Plan {
    let exit = VoluntaryExit { epoch: Epoch(1), validator_index: ValidatorIndex(100) };
    Plan::Exit(entry(BeaconRole::VoluntaryExit, 100, keys[0]), exit)
}

fn proposal(keys: &[PublicKeyBytes]) -> Plan {
    Plan::Proposal(entry(BeaconRole::Proposer, 100, keys[0]))
}

fn aggregation(keys: &[PublicKeyBytes]) -> Plan {
    Plan::Aggregation(entry(BeaconRole::Aggregator, 100, keys[0]))
}

fn contribution(keys: &[PublicKeyBytes]) -> Plan {
    Plan::Contribution(entry(BeaconRole::SyncCommitteeContribution, 100, keys[0]))
}

const fn recipe(plan: fn(&[PublicKeyBytes]) -> Plan, fork: SsvFork, beacon_fork: BeaconFork) -> Recipe {
    Recipe { plan, fork, beacon_fork, selected: true }
}

const REGISTRATION: Recipe = recipe(registration, SsvFork::Alan, BeaconFork::Fulu);
const EXIT: Recipe = recipe(exit, SsvFork::Boole, BeaconFork::Fulu);
const PROPOSAL: Recipe = recipe(proposal, SsvFork::Boole, BeaconFork::Capella);
const OLD_PROPOSAL: Recipe = recipe(proposal, SsvFork::Alan, BeaconFork::Capella);
const AGGREGATION: Recipe = recipe(aggregation, SsvFork::Alan, BeaconFork::Deneb);
const NEW_AGGREGATION: Recipe = recipe(aggregation, SsvFork::Alan, BeaconFork::Fulu);
const CONTRIBUTION: Recipe = recipe(contribution, SsvFork::Alan, BeaconFork::Fulu);
const COMMITTEE: Recipe = recipe(committee_plan, SsvFork::Boole, BeaconFork::Fulu);
const OLD_COMMITTEE: Recipe = recipe(committee_plan, SsvFork::Boole, BeaconFork::Deneb);

const ALL: [&Recipe; 9] = [
    &REGISTRATION,
    &EXIT,
    &PROPOSAL,
    &OLD_PROPOSAL,
    &AGGREGATION,
    &NEW_AGGREGATION,
    &CONTRIBUTION,
    &COMMITTEE,
    &OLD_COMMITTEE,
];
/// Those with consensus.
const DECIDING: [&Recipe; 4] = [&PROPOSAL, &AGGREGATION, &CONTRIBUTION, &COMMITTEE];

fn run(seed: u64, recipe: &Recipe, conducts: &[Conduct], rounds: usize) -> World {
    let mut world = World::new(seed, recipe, conducts);
    world.run(rounds);
    world
}

fn assert_submitted(world: &World, place: usize) {
    let node = &world.nodes[place];
    let entries = world.plan.entries().len();
    assert_eq!(node.outcomes.len(), entries, "{:?} {:?} {:?}", node.id, node.outcomes, node.refused);
    assert!(node.outcomes.iter().all(|outcome| outcome.end == End::Submitted), "{:?}", node.outcomes);
    assert!(node.machine.is_finished() && node.machine.has_ended());
    world.check_submitted(place);
}

fn assert_failed(world: &mut World, place: usize, reason: FailureReason) {
    world.feed(place, Input::GiveUp);
    world.feed(place, Input::GiveUp);
    let node = &world.nodes[place];
    assert_eq!(node.outcomes.len(), world.plan.entries().len());
    assert!(node.outcomes.iter().all(|o| o.end == End::Failed(reason)), "{:?}", node.outcomes);
}

#[test]
fn every_role_ends_submitted_in_any_order_of_messages() {
    for recipe in ALL {
        for seed in 0..4 {
            let world = run(seed, recipe, &[Conduct::Honest; 4], 1);
            (0..4).for_each(|place| assert_submitted(&world, place));
        }
    }
}

#[test]
fn one_silent_operator_costs_nothing_but_a_round() {
    for recipe in ALL {
        for silent in 0..4 {
            let mut conducts = [Conduct::Honest; 4];
            conducts[silent] = Conduct::Silent;
            let world = run(90 + silent as u64, recipe, &conducts, 2);
            (0..4).filter(|place| *place != silent).for_each(|place| assert_submitted(&world, place));
        }
    }
}

#[test]
fn bad_partial_signatures_are_dropped_and_their_sender_is_named() {
    for recipe in ALL {
        let (mut blamed, mut code_seen) = (0, false);
        for seed in 0..6 {
            let conducts = [Conduct::Honest, Conduct::BadShares, Conduct::Honest, Conduct::Honest];
            let world = run(seed, recipe, &conducts, 2);
            for place in [0, 2, 3] {
                assert_submitted(&world, place);
                let node = &world.nodes[place];
                assert!(node.blamed.iter().all(|operator| *operator == world.nodes[1].id));
                blamed += node.blamed.len();
                let codes = [
                    RefusalCode::ReconstructSignature,
                    RefusalCode::PostConsensusQuorumWithInvalidSignatures,
                ];
                code_seen |= node.refused.iter().any(|code| codes.contains(code));
            }
        }
        assert!(blamed > 0 && code_seen);
    }
}

#[test]
fn a_node_that_may_have_spoken_before_follows_silently_and_signs() {
    let conducts = [Conduct::Honest, Conduct::Honest, Conduct::Honest, Conduct::Muted];
    for recipe in DECIDING {
        let world = run(4, recipe, &conducts, 3);
        (0..4).for_each(|place| assert_submitted(&world, place));
    }
}

/// Their beacon nodes gave nothing, but what others propose needs none to be judged.
#[test]
fn without_own_values_a_duty_is_decided_all_the_same() {
    use Conduct::{Blind, Honest};
    for recipe in DECIDING {
        let two = [[Blind, Honest, Blind, Honest], [Honest, Blind, Honest, Blind]];
        for conducts in [[Honest, Honest, Blind, Honest], two[0], two[1]] {
            // The leader of one round or two may have nothing to propose.
            let world = run(5, recipe, &conducts, 3);
            (0..4).for_each(|place| assert_submitted(&world, place));
        }
    }
}

/// The first leader is dead, and the second one's beacon node answers when everybody waits for its proposal.
#[test]
fn a_leader_whose_value_is_late_proposes_when_it_comes() {
    for recipe in DECIDING {
        let leader = |round| World::new(5, recipe, &[Conduct::Honest; 4]).leader(Round(round));
        let mut conducts = [Conduct::Honest; 4];
        conducts[leader(1)] = Conduct::Silent;
        conducts[leader(2)] = Conduct::Late;
        let mut world = run(5, recipe, &conducts, 2);
        let living = || (0..4).filter(|place| *place != leader(1));
        assert!(living().all(|place| world.nodes[place].machine.decided_value().is_none()));
        world.answer_late();
        living().for_each(|place| assert_submitted(&world, place));
    }
}

#[test]
fn without_own_values_anywhere_a_duty_says_so() {
    for recipe in DECIDING {
        let mut world = run(5, recipe, &[Conduct::Blind; 4], 2);
        (0..4).for_each(|place| assert_failed(&mut world, place, FailureReason::NoOwnValue));
    }
}

#[test]
fn half_a_committee_does_not_come_to_a_quorum() {
    for recipe in ALL {
        let conducts = [Conduct::Honest, Conduct::Silent, Conduct::Silent, Conduct::Honest];
        let mut world = run(7, recipe, &conducts, 2);
        for place in [0, 3] {
            assert_failed(&mut world, place, FailureReason::PreSignaturesMissing);
        }
    }
}

#[test]
fn two_refusing_vaults_leave_the_decision_unsigned() {
    let conducts = [Conduct::Refusing, Conduct::Honest, Conduct::Honest, Conduct::Refusing];
    for recipe in DECIDING {
        let mut world = run(8, recipe, &conducts, 1);
        assert_failed(&mut world, 0, FailureReason::SigningRefused);
        assert_failed(&mut world, 1, FailureReason::PartialSignaturesMissing);
    }
}

/// An operator whose signatures are withheld still sees its committee's duties through, where it is no consensus' only quorum.
#[test]
fn who_withholds_its_signatures_follows_the_others() {
    let conducts = [Conduct::Watching, Conduct::Honest, Conduct::Honest, Conduct::Honest];
    for recipe in ALL {
        let world = run(10, recipe, &conducts, 1);
        (0..4).for_each(|place| assert_submitted(&world, place));
    }
    let conducts = [Conduct::Watching, Conduct::Honest, Conduct::Honest, Conduct::Silent];
    for recipe in ALL {
        let mut world = run(11, recipe, &conducts, 1);
        assert_failed(&mut world, 0, FailureReason::Doppelganger);
    }
}

#[test]
fn registrations_that_differ_name_the_operators_and_fail_for_it() {
    let conducts = [Conduct::Honest, Conduct::Disagreeing, Conduct::Honest, Conduct::Disagreeing];
    let mut world = run(12, &REGISTRATION, &conducts, 1);
    let [ours, theirs] = [0, 1].map(|place| world.nodes[place].id);
    let named = |world: &World, place: usize| {
        let mut named: Vec<_> = world.nodes[place].disagreed.iter().map(|(operator, _)| *operator).collect();
        named.sort();
        named
    };
    assert_eq!(named(&world, 0), [world.nodes[1].id, world.nodes[3].id]);
    assert_eq!(named(&world, 1), [ours, world.nodes[2].id]);
    let roots: Vec<_> = world.nodes[0].disagreed.iter().map(|(_, root)| *root).collect();
    assert_eq!(roots[0], roots[1], "the two agree with each other");
    for place in 0..4 {
        assert_failed(&mut world, place, FailureReason::PreSignaturesDisagree);
    }

    // One that differs is named, and costs nobody anything.
    let conducts = [Conduct::Honest, Conduct::Disagreeing, Conduct::Honest, Conduct::Honest];
    let world = run(13, &REGISTRATION, &conducts, 1);
    [0, 2, 3].into_iter().for_each(|place| assert_submitted(&world, place));
    assert_eq!(named(&world, 0), [theirs]);

    // Nor is it the reason when the others are too few in any case.
    let conducts = [Conduct::Honest, Conduct::Disagreeing, Conduct::Silent, Conduct::Silent];
    let mut world = run(14, &REGISTRATION, &conducts, 1);
    assert_failed(&mut world, 0, FailureReason::PreSignaturesMissing);
    assert_eq!(named(&world, 0).len(), 1);
}

#[test]
fn who_is_not_selected_has_nothing_to_do() {
    for recipe in [&AGGREGATION, &CONTRIBUTION, &COMMITTEE] {
        let recipe = Recipe { selected: false, ..*recipe };
        let world = run(9, &recipe, &[Conduct::Honest; 4], 1);
        for node in &world.nodes {
            assert_eq!(node.outcomes.len(), world.plan.entries().len());
            assert!(node.outcomes.iter().all(|outcome| outcome.end == End::NotSelected));
            assert!(node.objects.is_empty() && node.machine.is_finished());
        }
    }
}

#[test]
fn a_submission_that_fails_says_how() {
    for recipe in ALL {
        for (answer, reason) in [
            (SubmitError::Refused, FailureReason::SubmissionRefused),
            (SubmitError::Unanswered, FailureReason::SubmissionUnanswered),
        ] {
            let mut world = World::new(10, recipe, &[Conduct::Honest; 4]);
            world.beacon = Err(answer);
            world.run(1);
            let node = &world.nodes[0];
            assert_eq!(node.outcomes.len(), world.plan.entries().len());
            assert!(node.outcomes.iter().all(|outcome| outcome.end == End::Failed(reason)));
            assert!(!node.machine.is_finished());
        }
    }
}

/// The leader of the deciding round has the full block and gives it; the others give the blinded one. One block all the same.
#[test]
fn the_leader_submits_the_full_block() {
    for recipe in [&PROPOSAL, &OLD_PROPOSAL] {
        let world = run(11, recipe, &[Conduct::Honest; 4], 1);
        let mut full = 0;
        for node in &world.nodes {
            let [Submission::Block { proposal, .. }] = node.objects.as_slice() else { panic!() };
            full += usize::from(!proposal.is_blinded());
            assert_eq!(proposal.fork(), BeaconFork::Capella);
        }
        assert_eq!(full, 1);
    }
}

/// Two of its three positions lie in one subcommittee: three proofs are exchanged, two contributions are made.
#[test]
fn a_contribution_is_made_once_for_each_subcommittee() {
    let world = run(12, &CONTRIBUTION, &[Conduct::Honest; 4], 1);
    for node in &world.nodes {
        let made: usize = node
            .objects
            .iter()
            .map(|submission| match submission {
                Submission::Objects(objects) => objects.len(),
                Submission::Block { .. } => 0,
            })
            .sum();
        assert_eq!(made, 2);
    }
}

#[test]
fn a_duty_begins_once_and_after_the_one_before() {
    for recipe in ALL {
        let mut world = run(13, recipe, &[Conduct::Honest; 4], 1);
        world.feed(0, Input::Begin);
        assert_eq!(world.nodes[0].refused.last(), Some(&RefusalCode::DutyAlreadyPassed));
        let node = world.nodes.swap_remove(0);
        let past = node.machine.into_past();
        let mut again = Runner::new(world.setups[0].clone(), world.plan.clone(), past).unwrap();
        let refusal = again.step(Input::Begin).refusal.and_then(|refusal| refusal.code());
        assert_eq!(refusal, Some(RefusalCode::DutyAlreadyPassed));
        let mut fresh = Runner::new(world.setups[0].clone(), world.plan.clone(), Past::default()).unwrap();
        assert!(fresh.step(Input::Begin).refusal.is_none());
    }
}

/// Put together again after every few messages, a duty goes on as if nothing had happened.
#[test]
fn a_duty_can_be_taken_apart_and_put_together() {
    for recipe in ALL {
        for every in [1, 3, 7] {
            let mut world = World::new(60 + every, recipe, &[Conduct::Honest; 4]);
            world.begin_all();
            while world.deliver(usize::try_from(every).unwrap()) {
                world.put_together(0);
            }
            let (node, entries) = (&world.nodes[0], world.plan.entries().len());
            assert!(node.machine.is_finished(), "{:?} {every}", node.refused);
            assert_eq!(node.outcomes.len(), entries);
            assert!(node.outcomes.iter().all(|outcome| outcome.end == End::Submitted));
            world.check_submitted(0);
        }
    }
}

/// Whatever the network does: nobody signs two different decisions, and every entry ends once.
#[test]
fn loss_and_repetition_never_make_two_decisions() {
    for recipe in ALL {
        for seed in 0..12 {
            let mut conducts = [Conduct::Honest; 4];
            if seed % 3 == 0 {
                conducts[usize::try_from(seed % 4).unwrap()] = Conduct::BadShares;
            }
            let mut world = World::new(1_000 + seed, recipe, &conducts);
            world.weather = Weather { lost: 5 * (seed % 5), twice: 30 };
            world.run(4);
            for place in 0..4 {
                world.feed(place, Input::GiveUp);
                let node = &world.nodes[place];
                assert!(node.post_requests.len() <= 1, "seed {seed}");
                assert_eq!(node.outcomes.len(), world.plan.entries().len(), "seed {seed}");
                world.check_submitted(place);
            }
            let decisions = world.nodes.iter().filter_map(|node| node.machine.decided_value());
            let distinct: std::collections::BTreeSet<_> = decisions.collect();
            assert!(distinct.len() <= 1, "seed {seed}");
        }
    }
}

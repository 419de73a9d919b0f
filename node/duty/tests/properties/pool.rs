//! The crypto pool takes its time: what the committee sends meanwhile does not end a duty.

use duty::RecombineTask;
use duty::runner::{Effect, Input, Past, Runner, Stage};
use types::{BeaconFork, SignedSsvMessage, SsvFork};

use crate::forge::signed_by;
use crate::machine::{Done, Machine};
use crate::roles::aggregator_committee_plan;
use crate::runner::{Recipe, Selects, Walking, setup};
use crate::seeded::Rng;
use crate::standin::{MEMBERS, own, recombine};

/// An operator's selection proofs.
fn proofs(recipe: &Recipe, place: usize) -> SignedSsvMessage {
    // With this seed the vault refuses nothing.
    let mut rng = Rng::new(2);
    let mut machine = Walking::new(recipe, own(place));
    let mut signed = machine
        .step(Walking::begin(), own(place), &mut rng)
        .done
        .into_iter()
        .filter_map(|done| if let Done::Sign(_, answer) = done { Some(answer) } else { None });
    let answer = signed.next().unwrap();
    let turn = machine.step(answer, own(place), &mut rng);
    let mut sent = turn
        .done
        .into_iter()
        .filter_map(|done| if let Done::Send(message) = done { Some(message) } else { None });
    signed_by(own(place).operator, sent.next().unwrap())
}

#[test]
fn a_committee_that_was_heard_waits_for_the_pool() {
    let plan = aggregator_committee_plan();
    let recipe = Recipe { plan, fork: SsvFork::Boole, beacon_fork: BeaconFork::Fulu, selects: Selects::All };
    let mut runner = Runner::new(setup(&recipe, own(0)), recipe.plan.clone(), Past::default()).unwrap();
    let mut effects = runner.step(Input::Begin).effects;
    for place in 0..MEMBERS {
        effects.extend(runner.step(Input::Message(proofs(&recipe, place))).effects);
    }
    assert!(!runner.has_ended());
    let tasks: Vec<RecombineTask> = effects
        .into_iter()
        .filter_map(|effect| if let Effect::Recombine { tasks, .. } = effect { Some(tasks) } else { None })
        .flatten()
        .collect();
    let step = runner.step(Input::Recombined { stage: Stage::Pre, results: recombine(&tasks) });
    assert!(step.effects.iter().any(|effect| matches!(effect, Effect::Fetch(_))));
}

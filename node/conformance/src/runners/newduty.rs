//! `newduty.MultiStartNewRunnerDutySpecTest`: a duty begins where another one was.

use anyhow::{Context, Result};
use serde::Deserialize;
use types::RefusalCode;

use super::machine::{Held, past};
use super::model::{AnyDutyJson, BaseRunnerJson, Expected, RunnerJson};
use super::processing::env;
use super::world::World;
use super::{File, Many, compare};
use crate::keys::SHARE_KEYS;
use crate::report::Outcome;
use crate::suite::{Tests, Vector};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    name: String,
    runner: RunnerJson,
    #[serde(flatten)]
    duty: AnyDutyJson,
    #[serde(flatten)]
    expected: Expected,
}

pub(super) fn run(vector: &Vector<'_>) -> Result<Tests> {
    let Many { outer, tests } = vector.parse::<File<Test>>()?.into();
    let one = |test: &Test| (test.name.clone(), outcome(vector, outer.as_deref(), test));
    Ok(tests.iter().map(one).collect())
}

fn outcome(vector: &Vector<'_>, outer: Option<&str>, test: &Test) -> Outcome {
    if !vector.archive.keys.has_validator_shares {
        return Outcome::NotRun(format!("{SHARE_KEYS} is absent"));
    }
    run_test(vector, outer, test).into()
}

fn run_test(vector: &Vector<'_>, outer: Option<&str>, test: &Test) -> Result<()> {
    let runner = &test.runner.base_runner;
    let duty = test.duty.decode()?;
    let mut world = World::new(env(vector, runner)?);
    let past = match earlier(&world, runner)? {
        Some(held) => held.into_past(),
        None => past(&world.env, runner, &duty)?,
    };
    world.start(&duty, past)?;
    test.expected.check_start(&world.output)?;
    // A runner that refuses a duty is still about the one before.
    let refused = world.output.was_refused(RefusalCode::DutyAlreadyPassed);
    let written = match (refused, earlier(&world, runner)?) {
        (true, Some(before)) => before.written(&world.env, false)?,
        _ => world.machines.values().next().context("the duty is refused")?.written(&world.env, false)?,
    };
    compare(vector, outer, &test.name, written)
}

fn earlier(world: &World<'_>, runner: &BaseRunnerJson) -> Result<Option<Held>> {
    runner.state.as_ref().map(|state| Held::restore(&world.env, runner, state)).transpose()
}

//! `tests.MsgProcessingSpecTest`, `tests.MultiMsgProcessingSpecTest`: messages into one runner.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;
use types::{CommitteeMember, RunnerRole};

use super::env::{Chosen, Env};
use super::machine::{Held, past};
use super::model::{AnyDutyJson, BaseRunnerJson, Expected, RunnerJson};
use super::shares::Shares;
use super::world::{World, is_committees, proposal_slot};
use super::{File, Many, compare};
use crate::json::list;
use crate::keys::SHARE_KEYS;
use crate::model::SignedJson;
use crate::report::Outcome;
use crate::suite::{Tests, Vector};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    name: String,
    runner: RunnerJson,
    messages: Vec<SignedJson>,
    decided_slashable: bool,
    dont_start_duty: bool,
    #[serde(deserialize_with = "list", default)]
    beacon_aggregators: Vec<Value>,
    #[serde(deserialize_with = "list", default)]
    beacon_aggregators_values: Vec<bool>,
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

impl Test {
    fn chosen(&self) -> Result<Chosen> {
        let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
        let index = |value: &Value| number(value).context("an index");
        let indices = self.beacon_aggregators.iter().map(index).collect::<Result<Vec<u64>>>()?;
        let committees = indices.into_iter().zip(self.beacon_aggregators_values.iter().copied()).collect();
        Ok(Chosen { committees, proofs: None })
    }
}

/// The surroundings of a runner. One without consensus does not name its committee; all have the operators of the same keys.
pub(super) fn env<'a>(vector: &Vector<'a>, runner: &BaseRunnerJson) -> Result<Env<'a>> {
    let shares = Shares::decode(&runner.share)?;
    let member: CommitteeMember = match &runner.controller {
        Some(controller) => controller.committee_member.decode()?,
        None => vector.archive.keys.member(shares.operators().context("no share")?)?,
    };
    Env::new(vector.archive, member, shares)
}

fn run_test(vector: &Vector<'_>, outer: Option<&str>, test: &Test) -> Result<()> {
    let runner = &test.runner.base_runner;
    let role = RunnerRole::from_number(runner.runner_role_type);
    let mut env = env(vector, runner)?;
    env.chosen = test.chosen()?;
    let duty = test.duty.decode()?;
    let held = match &runner.state {
        Some(state) => Some(Held::restore(&env, runner, state)?),
        None => None,
    };
    let mut world = World::new(env);
    match held {
        Some(held) => drop(world.hold(held)?),
        None => {
            let past = past(&world.env, runner, &duty)?;
            match test.dont_start_duty {
                // The reference's runner can stand there without a duty; a duty that has not begun is what comes next to it.
                true => drop(world.know(&duty, past)?),
                false => world.start(&duty, past)?,
            }
        }
    }
    for message in &test.messages {
        let message = message.decode()?;
        let proposed = message.as_ref().and_then(proposal_slot);
        world.message(message)?;
        if test.decided_slashable && is_committees(role) {
            world.env.slashable.extend(proposed);
        }
    }
    test.expected.check(&world.output, true)?;
    let held = world.machines.values().next().context("the duty is refused")?;
    compare(vector, outer, &test.name, held.written(&world.env, false)?)
}

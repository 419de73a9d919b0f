//! `committee.CommitteeSpecTest`, `committee.MultiCommitteeSpecTest`: duties and messages into one committee.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use duty::runner::Past;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::env::Env;
use super::machine::Held;
use super::model::{DutyJson, Expected, RunnerJson};
use super::shares::Shares;
use super::state_path;
use super::world::World;
use super::{File, Many};
use crate::compare::difference;
use crate::exceptions;
use crate::keys::SHARE_KEYS;
use crate::model::{MemberJson, SignedJson};
use crate::report::Outcome;
use crate::suite::{Tests, Vector};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    name: String,
    committee: CommitteeJson,
    input: Vec<InputJson>,
    #[serde(flatten)]
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CommitteeJson {
    #[serde(alias = "Runners", default)]
    committee_runners: BTreeMap<String, RunnerJson>,
    #[serde(default)]
    aggregator_committee_runners: BTreeMap<String, RunnerJson>,
    committee_member: MemberJson,
    share: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum InputJson {
    Duty(DutyJson),
    Message(SignedJson),
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
    let before = &test.committee;
    let shares = Shares::decode(&before.share)?;
    let mut world = World::new(Env::new(vector.archive, before.committee_member.decode()?, shares)?);
    for runner in before.committee_runners.values().chain(before.aggregator_committee_runners.values()) {
        if let Some(state) = &runner.base_runner.state {
            let held = Held::restore(&world.env, &runner.base_runner, state)?;
            world.hold(held)?;
        }
    }
    for input in &test.input {
        match input {
            InputJson::Duty(duty) => world.start(&duty.decode()?, Past::default())?,
            InputJson::Message(message) => world.message(message.decode()?)?,
        }
    }
    test.expected.check(&world.output, false)?;
    let expected = vector.expected_state(&state_path(vector, outer, &test.name))?;
    if exceptions::stale_state(outer) {
        return Ok(());
    }
    match difference(&expected, &written(&world, &expected, before)?) {
        Some(difference) => bail!("committee {difference}"),
        None => Ok(()),
    }
}

/// The committee as the reference writes it. Alan's has one kind of runners, under another name.
fn written(world: &World<'_>, expected: &Value, before: &CommitteeJson) -> Result<Value> {
    let votes = if expected.get("Runners").is_some() { "Runners" } else { "CommitteeRunners" };
    let mut maps = BTreeMap::from([(votes, Map::new()), ("AggregatorCommitteeRunners", Map::new())]);
    for held in world.machines.values() {
        let name = match held.machine {
            super::machine::Machine::Committee(_) => votes,
            super::machine::Machine::Other(_) => "AggregatorCommitteeRunners",
        };
        let written = held.written(&world.env, true)?;
        maps.entry(name).or_default().insert(held.slot().to_string(), written);
    }
    let mut committee = json!({
        "CommitteeMember": MemberJson::from(&world.env.member),
        "Share": before.share,
    });
    if let Some(fields) = committee.as_object_mut() {
        fields.extend(maps.into_iter().map(|(name, map)| (name.to_owned(), Value::Object(map))));
    }
    Ok(committee)
}

//! `committee.CommitteeSpecTest`, `committee.MultiCommitteeSpecTest`: duties and messages into one committee.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Deserialize;
use types::RunnerRole;

use super::File;
use super::model::{DutyJson, Expected};
use super::shares::{ShareJson, Shares};
use super::under_way::StateJson;
use super::world::World;
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
    #[serde(alias = "Runners")]
    committee_runners: BTreeMap<String, RunnerJson>,
    committee_member: MemberJson,
    share: BTreeMap<String, ShareJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RunnerJson {
    base_runner: BaseRunnerJson,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BaseRunnerJson {
    state: StateJson,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum InputJson {
    Duty(DutyJson),
    Message(SignedJson),
}

pub(super) fn run(vector: &Vector<'_>) -> Result<Tests> {
    let tests = vector.parse::<File<Test>>()?.tests();
    Ok(tests.iter().map(|test| (test.name.clone(), outcome(vector, test))).collect())
}

fn outcome(vector: &Vector<'_>, test: &Test) -> Outcome {
    let aggregates = |input: &InputJson| match input {
        InputJson::Duty(duty) => duty.aggregates(),
        InputJson::Message(message) => message
            .require()
            .is_ok_and(|message| message.ssv_message.msg_id.role() == RunnerRole::AggregatorCommittee),
    };
    if test.input.iter().any(aggregates) {
        return Outcome::NotRun("there is no aggregator committee yet".to_owned());
    }
    if !vector.archive.keys.has_validator_shares {
        return Outcome::NotRun(format!("{SHARE_KEYS} is absent"));
    }
    run_test(vector, test).into()
}

fn run_test(vector: &Vector<'_>, test: &Test) -> Result<()> {
    let member = test.committee.committee_member.decode()?;
    let shares = Shares::decode(test.committee.share.values())?;
    let mut world = World::new(vector.archive.fork, &vector.archive.keys, member, shares)?;
    for runner in test.committee.committee_runners.values() {
        runner.base_runner.state.replay(&mut world)?;
    }
    for input in &test.input {
        match input {
            InputJson::Duty(duty) => world.start(&duty.decode()?)?,
            InputJson::Message(message) => world.message(message.require()?)?,
        }
    }
    test.expected.check(&world, false)
}

//! `tests.MsgProcessingSpecTest`, `tests.MultiMsgProcessingSpecTest`: messages into one runner, here the committee's.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde::Deserialize;
use types::{RefusalCode, RunnerRole};

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
    runner: RunnerJson,
    messages: Vec<SignedJson>,
    decided_slashable: bool,
    dont_start_duty: bool,
    committee_duty: Option<DutyJson>,
    #[serde(flatten)]
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RunnerJson {
    base_runner: BaseRunnerJson,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BaseRunnerJson {
    state: Option<StateJson>,
    share: BTreeMap<String, ShareJson>,
    #[serde(rename = "QBFTController")]
    controller: Option<ControllerJson>,
    runner_role_type: i32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ControllerJson {
    committee_member: MemberJson,
}

pub(super) fn run(vector: &Vector<'_>) -> Result<Tests> {
    let tests = vector.parse::<File<Test>>()?.tests();
    Ok(tests.iter().map(|test| (test.name.clone(), outcome(vector, test))).collect())
}

fn outcome(vector: &Vector<'_>, test: &Test) -> Outcome {
    let runner = &test.runner.base_runner;
    let not_run = |reason: &str| Outcome::NotRun(reason.to_owned());
    if RunnerRole::from_number(runner.runner_role_type) != RunnerRole::Committee {
        return not_run("it is of another runner");
    }
    if test.decided_slashable {
        return not_run("its signing history changes under a duty that has asked already");
    }
    if !vector.archive.keys.has_validator_shares {
        return Outcome::NotRun(format!("{SHARE_KEYS} is absent"));
    }
    match (&test.committee_duty, &runner.controller) {
        (Some(duty), Some(controller)) => run_test(vector, test, duty, &controller.committee_member).into(),
        _ => Outcome::Failed("a committee runner without duty or controller".to_owned()),
    }
}

fn run_test(vector: &Vector<'_>, test: &Test, duty: &DutyJson, member: &MemberJson) -> Result<()> {
    let shares = Shares::decode(test.runner.base_runner.share.values())?;
    let mut world = World::new(vector.archive.fork, &vector.archive.keys, member.decode()?, shares)?;
    match &test.runner.base_runner.state {
        Some(state) => state.replay(&mut world)?,
        // The reference's runner can stand there without a duty; a duty that has not begun is what comes next to it.
        None if test.dont_start_duty => ensure!(world.know(&duty.decode()?)?, "the duty is refused"),
        None => {}
    }
    if !test.dont_start_duty {
        world.start(&duty.decode()?)?;
    }
    for message in &test.messages {
        match message.decode()? {
            Some(message) => world.message(message)?,
            // Our type cannot be without a message inside.
            None => world.refuse(RefusalCode::NilSsvMessage),
        }
    }
    test.expected.check(&world, true)
}

//! `tests.ControllerSpecTest`: several heights through one controller.

use std::sync::Arc;

use anyhow::{Result, bail, ensure};
use qbft::{Controller, Input};
use serde::{Deserialize, Serialize};
use types::{ByteList, CommitteeMember, MessageId, SignedSsvMessage, Slot};

use super::processing::{check_hash, go_hash};
use super::state::{InstanceOut, TimerState};
use super::world::{TestValueCheck, World};
use crate::compare::difference;
use crate::exceptions;
use crate::json::{Base64, list};
use crate::keys::LOCAL;
use crate::model::{MemberJson, SignedJson, root};
use crate::suite::Vector;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    name: String,
    run_instance_data: Vec<Run>,
    expected_error_code: u64,
    start_height: Option<u64>,
    controller: ControllerIn,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Run {
    input_value: Base64,
    controller_post_root: String,
    #[serde(deserialize_with = "list")]
    input_messages: Vec<SignedJson>,
    expected_timer_state: Option<TimerState>,
    expected_decided_state: Decided,
    height: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Decided {
    decided_val: Base64,
    decided_cnt: usize,
    broadcasted_decided: Option<SignedJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ControllerIn {
    identifier: Base64,
    height: u64,
    stored_instances: Option<Vec<serde_json::Value>>,
    committee_member: MemberJson,
}

/// A controller as the vectors show it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ControllerOut {
    identifier: Base64,
    height: u64,
    stored_instances: Vec<InstanceOut>,
    committee_member: MemberJson,
}

impl ControllerOut {
    /// Of this committee.
    #[must_use]
    pub fn new(member: &CommitteeMember, controller: &Controller) -> Self {
        let instances = controller.instances().iter();
        Self {
            identifier: Base64::from(controller.id().as_ref()),
            height: controller.height().get(),
            stored_instances: instances.map(|instance| InstanceOut::new(member, instance)).collect(),
            committee_member: member.into(),
        }
    }
}

pub(super) fn run(vector: &Vector<'_>) -> Result<()> {
    let test: Test = vector.parse()?;
    let before = &test.controller;
    ensure!(before.stored_instances.iter().flatten().count() == 0, "a controller that is not fresh");
    let member = before.committee_member.decode()?;
    let mut world = World::new(vector.archive.fork, &vector.archive.keys, &member, LOCAL)?;
    let id = MessageId::try_from(before.identifier.bytes())?;
    let height = Slot(test.start_height.unwrap_or(before.height));
    let mut controller = Controller::restore(Arc::clone(&world.config), id, height, Vec::new());

    let mut after = Vec::new();
    for (height, run) in (0..).zip(&test.run_instance_data) {
        run_height(run, Slot(run.height.unwrap_or(height)), &mut controller, &mut world)?;
        let out = ControllerOut::new(&member, &controller);
        check_recorded_hash(&test.name, &run.controller_post_root, &out)?;
        after.push(serde_json::to_value(out)?);
    }

    world.check_refusal(test.expected_error_code)?;
    let file = format!("tests_ControllerSpecTest/qbft controller {}", test.name);
    match difference(&vector.expected_state(&file)?, &serde_json::Value::Array(after)) {
        Some(difference) => bail!("controller {difference}"),
        None => Ok(()),
    }
}

/// Where a hash is recorded and not stale, it holds too.
fn check_recorded_hash(test: &str, recorded: &str, controller: &ControllerOut) -> Result<()> {
    match exceptions::stale_hash(test) {
        _ if recorded.is_empty() => Ok(()),
        None => check_hash(controller, recorded),
        Some(reason) => {
            ensure!(go_hash(controller)? != recorded, "the hash holds, but an exception says: {reason}");
            Ok(())
        }
    }
}

fn run_height(run: &Run, height: Slot, controller: &mut Controller, world: &mut World<'_>) -> Result<()> {
    let value = ByteList::try_from(run.input_value.bytes())?;
    world.carry_out(controller.step(Input::Start { height, value, check: Arc::new(TestValueCheck) }))?;
    world.check_timer(run.expected_timer_state)?;
    let expected = &run.expected_decided_state;
    world.decided.clear();
    for message in &run.input_messages {
        world.carry_out(controller.step(Input::Message(message.require()?)))?;
    }
    let decided = world.decided.len();
    ensure!(decided == expected.decided_cnt, "{} decisions expected, {decided} made", expected.decided_cnt);
    for message in &world.decided {
        ensure!(&message.full_data[..] == expected.decided_val.bytes(), "another value was decided");
    }
    let Some(published) = &expected.broadcasted_decided else { return Ok(()) };
    let published = published.require()?;
    let same = |message: &&SignedSsvMessage| {
        root(message) == root(&published)
            && message.operator_ids == published.operator_ids
            && message.signatures == published.signatures
    };
    let count = world.broadcasts.iter().filter(same).count();
    ensure!(count == 1, "the decided message was published {count} times");
    Ok(())
}

//! `tests.MsgProcessingSpecTest`: messages into one instance.

use std::sync::Arc;

use anyhow::{Result, bail, ensure};
use qbft::{Instance, InstanceInput, ProcessingMessage, Refusal};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use types::{ByteList, CommitteeMember, OperatorId};

use super::state::{InstanceIn, StateOut, TimerState};
use super::world::{TestValueCheck, World};
use crate::compare::difference;
use crate::json::list;
use crate::model::SignedJson;
use crate::suite::Vector;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    name: String,
    pre: InstanceIn,
    post_root: String,
    #[serde(deserialize_with = "list")]
    input_messages: Vec<SignedJson>,
    #[serde(deserialize_with = "list")]
    output_messages: Vec<SignedJson>,
    expected_error_code: u64,
    expected_timer_state: Option<TimerState>,
}

/// In tests at this height the leader is operator 2, else operator 1.
const OTHER_LEADER_HEIGHT: u64 = 10;

/// The world of an instance, the committee and the instance itself.
pub(super) fn prepare<'a>(
    vector: &Vector<'a>,
    pre: &InstanceIn,
) -> Result<(World<'a>, CommitteeMember, Instance)> {
    let member = pre.state.committee_member.decode()?;
    let state = pre.state.decode()?;
    let leader = OperatorId(if state.height.get() == OTHER_LEADER_HEIGHT { 2 } else { 1 });
    let world = World::new(vector.archive.fork, &vector.archive.keys, &member, leader)?;
    let start_value = pre.start_value.0.as_deref().map(ByteList::try_from).transpose()?;
    let mut instance =
        Instance::restore(Arc::clone(&world.config), state, start_value, Arc::new(TestValueCheck));
    if pre.force_stop {
        instance.stop();
    }
    Ok((world, member, instance))
}

/// The SHA-256 of the state as Go writes it has this value in hex.
pub(super) fn check_hash(state: &impl Serialize, expected: &str) -> Result<()> {
    let got = go_hash(state)?;
    ensure!(got == expected, "the hash of the state: expected {expected}, got {got}");
    Ok(())
}

/// The SHA-256, in hex, of a state as Go writes it.
pub(super) fn go_hash(state: &impl Serialize) -> Result<String> {
    Ok(hex::encode(Sha256::digest(serde_json::to_string(state)?)))
}

pub(super) fn run(vector: &Vector<'_>) -> Result<()> {
    let test: Test = vector.parse()?;
    let (mut world, member, mut instance) = prepare(vector, &test.pre)?;
    for message in &test.input_messages {
        match ProcessingMessage::new(message.require()?) {
            Ok(message) => world.carry_out(instance.step(InstanceInput::Message(Arc::new(message))))?,
            Err(refusal @ Refusal::Undecodable) => world.refusal = Some(refusal),
            Err(other) => bail!("unexpected: {other}"),
        }
    }
    world.check_refusal(test.expected_error_code)?;
    world.check_timer(test.expected_timer_state)?;
    world.check_broadcasts(&test.output_messages)?;
    let state = StateOut::new(&member, instance.state());
    let file = format!("tests_MsgProcessingSpecTest/qbft message processing {}", test.name);
    if let Some(difference) = difference(&vector.expected_state(&file)?, &serde_json::to_value(&state)?) {
        bail!("state {difference}");
    }
    if !test.post_root.is_empty() {
        check_hash(&state, &test.post_root)?;
    }
    Ok(())
}

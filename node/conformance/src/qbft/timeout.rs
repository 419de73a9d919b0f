//! `timeout.SpecTest`: one round timeout. The state is known by its hash alone.

use anyhow::Result;
use qbft::InstanceInput;
use serde::Deserialize;

use super::processing::{check_hash, prepare};
use super::state::{InstanceIn, StateOut, TimerState};
use crate::json::list;
use crate::model::SignedJson;
use crate::suite::Vector;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    pre: InstanceIn,
    post_root: String,
    #[serde(deserialize_with = "list")]
    output_messages: Vec<SignedJson>,
    expected_timer_state: Option<TimerState>,
    #[serde(default)]
    expected_error_code: u64,
}

pub(super) fn run(vector: &Vector<'_>) -> Result<()> {
    let test: Test = vector.parse()?;
    let (mut world, member, mut instance) = prepare(vector, &test.pre)?;
    world.carry_out(instance.step(InstanceInput::Timeout))?;
    world.check_refusal(test.expected_error_code)?;
    world.check_timer(test.expected_timer_state)?;
    world.check_broadcasts(&test.output_messages)?;
    check_hash(&StateOut::new(&member, instance.state()), &test.post_root)
}

//! `ssvmsg.SSVMessageTest`: whose duty a message id is about. The state file holds more ids than the test.

use anyhow::{Result, ensure};
use serde::Deserialize;
use types::MessageId;

use crate::json::Hex;
use crate::suite::Vector;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    name: String,
    #[serde(rename = "MessageIDs")]
    message_ids: Vec<Hex>,
    belongs_to_validator: bool,
}

pub(super) fn run(vector: &Vector<'_>) -> Result<()> {
    let test: Test = vector.parse()?;
    let state = vector.expected_state(&format!("ssvmsg_SSVMessageTest/ssvmessage {}", test.name))?;
    let state: Test = serde_json::from_value(state)?;
    for Hex(id) in test.message_ids.iter().chain(&state.message_ids) {
        let id = MessageId::try_from(id.as_slice())?;
        let belongs = id.validator_key() == vector.archive.keys.validator;
        ensure!(belongs == test.belongs_to_validator, "{id}: belongs {belongs}");
    }
    Ok(())
}

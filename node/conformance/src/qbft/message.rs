//! `tests.MsgSpecTest`: what a message can check on itself, its encoding and its root.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use types::{Decode, QbftMessage, RefusalCode, SignedSsvMessage};

use crate::codes;
use crate::json::{Base64, list};
use crate::model::{SignedJson, encoding, root};
use crate::suite::Vector;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    messages: Vec<SignedJson>,
    #[serde(deserialize_with = "list")]
    encoded_messages: Vec<Base64>,
    #[serde(deserialize_with = "list")]
    expected_roots: Vec<[u8; 32]>,
    expected_error_code: u64,
}

pub(super) fn run(vector: &Vector<'_>) -> Result<()> {
    let test: Test = vector.parse()?;
    let mut last = None;
    for (index, message) in test.messages.iter().enumerate() {
        let message = message.require()?;
        if let Some(code) = validate(&message)? {
            last = Some(code);
            continue;
        }
        if !test.encoded_messages.is_empty() {
            let expected = test.encoded_messages.get(index).context("fewer encodings than messages")?;
            ensure!(encoding(&message) == expected.bytes(), "message {index} encodes differently");
            let decoded = SignedSsvMessage::from_ssz_bytes(expected.bytes()).ok();
            ensure!(decoded.as_ref() == Some(&message), "message {index} decodes differently");
        }
        if !test.expected_roots.is_empty() {
            let expected = test.expected_roots.get(index).context("fewer roots than messages")?;
            ensure!(root(&message).0 == *expected, "message {index} has another root");
        }
    }
    codes::check(
        vector.archive.fork,
        test.expected_error_code,
        last.map(|code| (Some(code), code.to_string())),
    )
}

fn validate(message: &SignedSsvMessage) -> Result<Option<RefusalCode>> {
    if let Err(code) = message.validate() {
        return Ok(Some(code));
    }
    let inner = QbftMessage::from_ssz_bytes(&message.ssv_message.data);
    let inner = inner.map_err(|error| anyhow::anyhow!("the message inside does not decode: {error:?}"))?;
    Ok(inner.validate().err())
}

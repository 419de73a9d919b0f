//! `partialsigmessage.MsgSpecTest`: what a bundle can check on itself.

use anyhow::{Result, ensure};
use serde::Deserialize;

use crate::bundle::BundleJson;
use crate::codes;
use crate::suite::Vector;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    messages: Vec<BundleJson>,
    encoded_messages: Option<serde_json::Value>,
    expected_roots: Option<serde_json::Value>,
    expected_error_code: u64,
}

pub(super) fn run(vector: &Vector<'_>) -> Result<()> {
    let test: Test = vector.parse()?;
    ensure!(
        test.encoded_messages.is_none() && test.expected_roots.is_none(),
        "encodings or roots that nothing compares"
    );
    let mut last = None;
    for message in &test.messages {
        last = message.decode()?.validate().err().or(last);
    }
    codes::check(
        vector.archive.fork,
        test.expected_error_code,
        last.map(|code| (Some(code), code.to_string())),
    )
}

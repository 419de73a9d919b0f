//! `signedssvmsg.SignedSSVMessageTest`: what a signed message can check on itself, and its signatures.

use anyhow::{Context, Result, ensure};
use crypto::rsa::OperatorPublicKey;
use serde::Deserialize;
use types::RefusalCode;

use crate::codes;
use crate::json::{Base64, list};
use crate::model::SignedJson;
use crate::suite::Vector;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    messages: Vec<SignedJson>,
    expected_error_code: u64,
    #[serde(rename = "RSAPublicKey", deserialize_with = "list")]
    keys: Vec<Base64>,
}

pub(super) fn run(vector: &Vector<'_>) -> Result<()> {
    let test: Test = vector.parse()?;
    for message in &test.messages {
        // Our type cannot be without a message inside: such bytes do not decode, and the reference's code is given for that.
        let Some(message) = message.decode()? else {
            let code = RefusalCode::NilSsvMessage;
            codes::check(
                vector.archive.fork,
                test.expected_error_code,
                Some((Some(code), code.to_string())),
            )?;
            continue;
        };
        let refusal = message.validate().err();
        codes::check(
            vector.archive.fork,
            test.expected_error_code,
            refusal.map(|code| (Some(code), code.to_string())),
        )?;
        for (index, pem) in test.keys.iter().enumerate() {
            let key = OperatorPublicKey::from_pem(std::str::from_utf8(pem.bytes())?)?;
            let signature = message.signatures.get(index).context("fewer signatures than keys")?;
            ensure!(
                key.verify(&message.ssv_message.signed_bytes(), signature),
                "signature {index} is not good"
            );
        }
    }
    Ok(())
}

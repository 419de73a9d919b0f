//! `partialsigmessage.MsgSpecTest`: what a bundle can check on itself.

use anyhow::{Result, ensure};
use serde::Deserialize;
use types::{
    List, OperatorId, PartialSignatureMessage, PartialSignatureMessages, PartialSignatureType, Root,
    SignatureBytes, Slot, ValidatorIndex,
};

use crate::codes;
use crate::json::{Hex, list};
use crate::suite::Vector;

/// `PartialSignatureMessages`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BundleJson {
    #[serde(default)]
    r#type: u64,
    slot: String,
    #[serde(deserialize_with = "list")]
    messages: Vec<EntryJson>,
}

/// `PartialSignatureMessage`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EntryJson {
    partial_signature: Hex,
    signer: u64,
    signing_root: Hex,
    validator_index: String,
}

impl EntryJson {
    /// Go can leave a signature out; ours is then zero. The rules of a bundle do not look at it.
    fn signature(&self) -> Result<SignatureBytes> {
        match self.partial_signature.0.as_slice() {
            [] => Ok(SignatureBytes::default()),
            bytes => Ok(SignatureBytes::try_from(bytes)?),
        }
    }

    pub(super) fn decode(&self) -> Result<PartialSignatureMessage> {
        Ok(PartialSignatureMessage {
            partial_signature: self.signature()?,
            signing_root: Root::try_from(self.signing_root.0.as_slice())?,
            signer: OperatorId(self.signer),
            validator_index: ValidatorIndex(self.validator_index.parse()?),
        })
    }
}

impl BundleJson {
    pub(super) fn decode(&self) -> Result<PartialSignatureMessages> {
        Ok(PartialSignatureMessages {
            msg_type: PartialSignatureType::from(self.r#type),
            slot: Slot(self.slot.parse()?),
            messages: List::new(self.messages.iter().map(EntryJson::decode).collect::<Result<_>>()?)?,
        })
    }
}

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

//! The JSON of partial signatures.

use anyhow::Result;
use serde::Deserialize;
use types::{
    List, OperatorId, PartialSignatureMessage, PartialSignatureMessages, PartialSignatureType, Root,
    SignatureBytes, Slot, ValidatorIndex,
};

use crate::json::{Hex, list};

/// `PartialSignatureMessages`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BundleJson {
    #[serde(default)]
    r#type: u64,
    slot: String,
    #[serde(deserialize_with = "list")]
    messages: Vec<EntryJson>,
}

/// `PartialSignatureMessage`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EntryJson {
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

    /// Our form of it.
    ///
    /// # Errors
    /// A field has another length.
    pub fn decode(&self) -> Result<PartialSignatureMessage> {
        Ok(PartialSignatureMessage {
            partial_signature: self.signature()?,
            signing_root: Root::try_from(self.signing_root.0.as_slice())?,
            signer: OperatorId(self.signer),
            validator_index: ValidatorIndex(self.validator_index.parse()?),
        })
    }
}

impl BundleJson {
    /// Our form of it.
    ///
    /// # Errors
    /// A field has another length, or there are too many entries.
    pub fn decode(&self) -> Result<PartialSignatureMessages> {
        Ok(PartialSignatureMessages {
            msg_type: PartialSignatureType::from(self.r#type),
            slot: Slot(self.slot.parse()?),
            messages: List::new(self.messages.iter().map(EntryJson::decode).collect::<Result<_>>()?)?,
        })
    }
}

//! The keys of the published tests: four committees, the operators of each numbered from 1.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use crypto::rsa::OperatorPrivateKey;
use serde::Deserialize;
use types::{OperatorId, PublicKeyBytes};

use crate::json::Hex;
use crate::source::Files;

/// The local operator of every vector.
pub const LOCAL: OperatorId = OperatorId(1);

/// The keys that the vectors need.
pub struct TestKeys {
    local: BTreeMap<usize, OperatorPrivateKey>,
    /// The validator of most tests.
    pub validator: PublicKeyBytes,
}

#[derive(Deserialize)]
struct WithKeys {
    #[serde(rename = "PrivateKeys")]
    keys: Option<KeySet>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeySet {
    #[serde(rename = "ValidatorPK")]
    validator: Hex,
    share_count: usize,
    operator_keys: BTreeMap<String, Hex>,
}

impl TestKeys {
    /// Takes each set from the first file below `folder` that carries it.
    ///
    /// # Errors
    /// A file is not JSON, or a key is not an RSA key in PEM.
    pub fn load(files: &Files, folder: &str) -> Result<Self> {
        let mut local = BTreeMap::new();
        let mut validator = PublicKeyBytes::default();
        for (path, bytes) in files.below(folder) {
            let file: WithKeys = serde_json::from_slice(bytes).with_context(|| path.to_owned())?;
            let Some(set) = file.keys.filter(|set| !local.contains_key(&set.share_count)) else { continue };
            let Some(Hex(pem)) = set.operator_keys.get(&LOCAL.to_string()) else { continue };
            let key = OperatorPrivateKey::from_pem(std::str::from_utf8(pem)?)?;
            local.insert(set.share_count, key);
            validator = PublicKeyBytes::try_from(set.validator.0.as_slice())?;
        }
        Ok(Self { local, validator })
    }

    /// The local operator's key in a committee of this size.
    ///
    /// # Errors
    /// No vector carries keys for such a committee.
    pub fn local(&self, committee: usize) -> Result<&OperatorPrivateKey> {
        self.local.get(&committee).with_context(|| format!("no test keys for {committee} operators"))
    }
}

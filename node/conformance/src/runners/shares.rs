//! The shares of the tests' validators: what is on record, and the local operator's secrets.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use crypto::bls::SecretKey;
use duty::{CommitteeKeys, ValidatorKeys};
use serde::Deserialize;
use types::{OperatorId, PublicKeyBytes, ValidatorIndex};

use crate::json::{Base64, Hex};
use crate::keys::TestKeys;

/// `Share`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ShareJson {
    validator_index: String,
    validator_pub_key: Hex,
    share_pub_key: Base64,
    committee: Vec<MemberJson>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MemberJson {
    share_pub_key: Base64,
    signer: u64,
}

/// The shares of a committee's validators.
pub(super) struct Shares {
    keys: Arc<CommitteeKeys>,
    local: BTreeMap<ValidatorIndex, PublicKeyBytes>,
}

impl Shares {
    pub(super) fn decode<'a>(shares: impl IntoIterator<Item = &'a ShareJson>) -> Result<Self> {
        let mut keys = Vec::new();
        let mut local = BTreeMap::new();
        for share in shares {
            let index = ValidatorIndex(share.validator_index.parse()?);
            let validator = PublicKeyBytes::try_from(share.validator_pub_key.0.as_slice())?;
            let members = share.committee.iter().map(|member| {
                Ok((OperatorId(member.signer), PublicKeyBytes::try_from(member.share_pub_key.bytes())?))
            });
            let parsed = ValidatorKeys::parse(&validator, members.collect::<Result<Vec<_>>>()?)?;
            keys.push((index, Arc::new(parsed)));
            local.insert(index, PublicKeyBytes::try_from(share.share_pub_key.bytes())?);
        }
        Ok(Self { keys: Arc::new(keys.into_iter().collect()), local })
    }

    /// The public keys.
    pub(super) fn keys(&self) -> Arc<CommitteeKeys> {
        Arc::clone(&self.keys)
    }

    /// The local operator's share of a validator.
    pub(super) fn secret<'a>(&self, keys: &'a TestKeys, validator: ValidatorIndex) -> Result<&'a SecretKey> {
        let public = self.local.get(&validator).context("a validator without share")?;
        keys.share(public).context("a share whose secret is not published")
    }
}

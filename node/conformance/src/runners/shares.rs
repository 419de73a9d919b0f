//! The shares of the tests' validators: what is on record, and the local operator's secrets.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use crypto::bls::SecretKey;
use duty::{CommitteeKeys, ValidatorKeys};
use serde::Deserialize;
use serde_json::Value;
use types::{Address, OperatorId, PublicKeyBytes, ValidatorIndex};

use crate::json::{Base64, Hex};
use crate::keys::TestKeys;

/// `Share`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ShareJson {
    validator_index: String,
    validator_pub_key: Hex,
    share_pub_key: Base64,
    committee: Vec<MemberJson>,
    fee_recipient_address: Hex,
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
    recipients: BTreeMap<ValidatorIndex, Address>,
    /// As they were read.
    records: BTreeMap<String, Value>,
}

impl Shares {
    pub(super) fn decode(records: &BTreeMap<String, Value>) -> Result<Self> {
        let mut keys = Vec::new();
        let mut local = BTreeMap::new();
        let mut recipients = BTreeMap::new();
        for record in records.values() {
            let share = ShareJson::deserialize(record)?;
            let index = ValidatorIndex(share.validator_index.parse()?);
            let validator = PublicKeyBytes::try_from(share.validator_pub_key.0.as_slice())?;
            let members = share.committee.iter().map(|member| {
                Ok((OperatorId(member.signer), PublicKeyBytes::try_from(member.share_pub_key.bytes())?))
            });
            let parsed = ValidatorKeys::parse(&validator, members.collect::<Result<Vec<_>>>()?)?;
            keys.push((index, Arc::new(parsed)));
            local.insert(index, PublicKeyBytes::try_from(share.share_pub_key.bytes())?);
            recipients.insert(index, Address::try_from(share.fee_recipient_address.0.as_slice())?);
        }
        Ok(Self { keys: Arc::new(keys.into_iter().collect()), local, recipients, records: records.clone() })
    }

    /// Whose shares they are.
    pub(super) fn validators(&self) -> impl Iterator<Item = ValidatorIndex> + '_ {
        self.local.keys().copied()
    }

    /// Where a validator's fees go.
    pub(super) fn fee_recipient(&self, validator: ValidatorIndex) -> Option<Address> {
        self.recipients.get(&validator).copied()
    }

    /// The records of the validators that `wanted` picks, as they were read.
    pub(super) fn records(&self, wanted: impl Fn(ValidatorIndex) -> bool) -> BTreeMap<String, Value> {
        let of = |index: &str| index.parse().is_ok_and(|index| wanted(ValidatorIndex(index)));
        self.records.iter().filter(|(index, _)| of(index)).map(|(i, v)| (i.clone(), v.clone())).collect()
    }

    /// How many operators share them; `None` without shares.
    pub(super) fn operators(&self) -> Option<usize> {
        self.records.values().next()?.get("Committee")?.as_array().map(Vec::len)
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

//! The JSON of duties and of what a vector expects.

use anyhow::Result;
use serde::Deserialize;
use types::{
    BeaconRole, CommitteeDuty, CommitteeIndex, List, PartialSignatureMessages, PublicKeyBytes, Root, Slot,
    ValidatorDuty, ValidatorIndex,
};

use super::world::World;
use crate::bundle::BundleJson;
use crate::json::{Hex, list};

/// `CommitteeDuty`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DutyJson {
    slot: String,
    #[serde(deserialize_with = "list")]
    validator_duties: Vec<ValidatorDutyJson>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ValidatorDutyJson {
    r#type: u64,
    pub_key: Hex,
    slot: String,
    validator_index: String,
    committee_index: u64,
    committee_length: u64,
    committees_at_slot: u64,
    validator_committee_index: u64,
    #[serde(deserialize_with = "list")]
    validator_sync_committee_indices: Vec<u64>,
}

impl ValidatorDutyJson {
    fn decode(&self) -> Result<ValidatorDuty> {
        Ok(ValidatorDuty {
            role: BeaconRole::from_number(self.r#type),
            public_key: PublicKeyBytes::try_from(self.pub_key.0.as_slice())?,
            slot: Slot(self.slot.parse()?),
            validator_index: ValidatorIndex(self.validator_index.parse()?),
            committee_index: CommitteeIndex(self.committee_index),
            committee_length: self.committee_length,
            committees_at_slot: self.committees_at_slot,
            validator_committee_index: self.validator_committee_index,
            validator_sync_committee_indices: List::new(self.validator_sync_committee_indices.clone())?,
        })
    }
}

impl DutyJson {
    pub(super) fn decode(&self) -> Result<CommitteeDuty> {
        let duties = self.validator_duties.iter().map(ValidatorDutyJson::decode);
        Ok(CommitteeDuty { slot: Slot(self.slot.parse()?), validator_duties: duties.collect::<Result<_>>()? })
    }

    /// Is it one of the aggregator committee?
    pub(super) fn aggregates(&self) -> bool {
        let first = self.validator_duties.first().map(|duty| BeaconRole::from_number(duty.r#type));
        matches!(first, Some(BeaconRole::Aggregator | BeaconRole::SyncCommitteeContribution))
    }
}

/// What a vector expects to have happened.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Expected {
    #[serde(deserialize_with = "list", default)]
    output_messages: Vec<BundleJson>,
    #[serde(deserialize_with = "list", default)]
    beacon_broadcasted_roots: Vec<Hex>,
    #[serde(default)]
    expected_error_code: u64,
}

impl Expected {
    /// `ordered` tells whether the order of the bundles counts.
    pub(super) fn check(&self, world: &World<'_>, ordered: bool) -> Result<()> {
        world.check_refusal(self.expected_error_code)?;
        let bundles: Vec<PartialSignatureMessages> =
            self.output_messages.iter().map(BundleJson::decode).collect::<Result<_>>()?;
        world.check_bundles(&bundles, ordered)?;
        let roots =
            self.beacon_broadcasted_roots.iter().map(|Hex(root)| Ok(Root::try_from(root.as_slice())?));
        world.check_beacon_roots(&roots.collect::<Result<Vec<_>>>()?)
    }
}

//! The JSON of duties and of what a vector expects.

use anyhow::Result;
use serde::Deserialize;
use types::{BeaconRole, CommitteeDuty, PartialSignatureMessages, Root, Slot};

use super::world::World;
use crate::bundle::BundleJson;
use crate::duties::ValidatorDutyJson;
use crate::json::{Hex, list};

/// `CommitteeDuty`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DutyJson {
    slot: String,
    #[serde(deserialize_with = "list")]
    validator_duties: Vec<ValidatorDutyJson>,
}

impl DutyJson {
    pub(super) fn decode(&self) -> Result<CommitteeDuty> {
        let duties = self.validator_duties.iter().map(ValidatorDutyJson::decode);
        Ok(CommitteeDuty { slot: Slot(self.slot.parse()?), validator_duties: duties.collect::<Result<_>>()? })
    }

    /// Is it one of the aggregator committee?
    pub(super) fn aggregates(&self) -> bool {
        let first = self.validator_duties.first().map(ValidatorDutyJson::role);
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

//! The JSON of a validator's duty.

use anyhow::Result;
use serde::Deserialize;
use types::{BeaconRole, CommitteeIndex, List, PublicKeyBytes, Slot, ValidatorDuty, ValidatorIndex};

use crate::json::{Hex, list};

/// `ValidatorDuty`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ValidatorDutyJson {
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
    /// The kind of duty.
    #[must_use]
    pub fn role(&self) -> BeaconRole {
        BeaconRole::from_number(self.r#type)
    }

    /// Our form of it.
    ///
    /// # Errors
    /// A field has another length, or there are too many positions.
    pub fn decode(&self) -> Result<ValidatorDuty> {
        Ok(ValidatorDuty {
            role: self.role(),
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

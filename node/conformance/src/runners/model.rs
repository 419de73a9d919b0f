//! The JSON of runners and their duties, and of what a vector expects.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use duty::collector::{Collector, SignatureSlot};
use serde::Deserialize;
use serde_json::{Value, json};
use types::{
    AggregatorCommitteeDuty, BeaconRole, CommitteeDuty, OperatorId, PartialSignatureMessages, Root,
    SignatureBytes, Slot, ValidatorDuty, ValidatorIndex,
};

use super::output::Output;
use crate::bundle::BundleJson;
use crate::duties::ValidatorDutyJson;
use crate::json::{Base64, Hex, list};
use crate::model::MemberJson;
use crate::qbft::state::InstanceIn;

/// `CommitteeDuty`, `AggregatorCommitteeDuty`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DutyJson {
    slot: String,
    #[serde(deserialize_with = "list")]
    validator_duties: Vec<ValidatorDutyJson>,
}

/// A duty, under whichever name it is written down.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AnyDutyJson {
    validator_duty: Option<ValidatorDutyJson>,
    committee_duty: Option<DutyJson>,
    aggregator_committee_duty: Option<DutyJson>,
}

/// A duty of the reference.
#[derive(Debug, Clone)]
pub(super) enum Duty {
    /// Of one validator.
    Validator(ValidatorDuty),
    /// Votes of a committee.
    Committee(CommitteeDuty),
    /// Aggregation by a committee.
    Aggregators(AggregatorCommitteeDuty),
}

impl AnyDutyJson {
    pub(super) fn decode(&self) -> Result<Duty> {
        if let Some(duty) = &self.validator_duty {
            return Ok(Duty::Validator(duty.decode()?));
        }
        if let Some(duty) = &self.committee_duty {
            return Ok(Duty::Committee(duty.committee()?));
        }
        let duty = self.aggregator_committee_duty.as_ref().context("no duty")?;
        Ok(Duty::Aggregators(duty.aggregators()?))
    }
}

impl DutyJson {
    fn entries(&self) -> Result<Vec<ValidatorDuty>> {
        self.validator_duties.iter().map(ValidatorDutyJson::decode).collect()
    }

    fn committee(&self) -> Result<CommitteeDuty> {
        Ok(CommitteeDuty { slot: Slot(self.slot.parse()?), validator_duties: self.entries()? })
    }

    fn aggregators(&self) -> Result<AggregatorCommitteeDuty> {
        Ok(AggregatorCommitteeDuty { slot: Slot(self.slot.parse()?), validator_duties: self.entries()? })
    }

    /// Which of the two it is, its first entry says.
    pub(super) fn decode(&self) -> Result<Duty> {
        match self.validator_duties.first().map(ValidatorDutyJson::role) {
            Some(BeaconRole::Aggregator | BeaconRole::SyncCommitteeContribution) => {
                Ok(Duty::Aggregators(self.aggregators()?))
            }
            _ => Ok(Duty::Committee(self.committee()?)),
        }
    }
}

/// A duty as the reference writes it.
pub(super) fn duty_json(duty: &ValidatorDuty) -> Value {
    json!({
        "Type": duty.role.number(),
        "PubKey": format!("0x{}", hex::encode(duty.public_key)),
        "Slot": duty.slot.to_string(),
        "ValidatorIndex": duty.validator_index.to_string(),
        "CommitteeIndex": duty.committee_index.get(),
        "CommitteeLength": duty.committee_length,
        "CommitteesAtSlot": duty.committees_at_slot,
        "ValidatorCommitteeIndex": duty.validator_committee_index,
        "ValidatorSyncCommitteeIndices": duty.validator_sync_committee_indices.as_slice(),
    })
}

/// A runner.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RunnerJson {
    pub(super) base_runner: BaseRunnerJson,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BaseRunnerJson {
    pub(super) state: Option<StateJson>,
    pub(super) share: BTreeMap<String, Value>,
    #[serde(rename = "QBFTController")]
    pub(super) controller: Option<ControllerJson>,
    pub(super) runner_role_type: i32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ControllerJson {
    pub(super) height: u64,
    #[serde(deserialize_with = "list", default)]
    pub(super) stored_instances: Vec<InstanceIn>,
    pub(super) committee_member: MemberJson,
}

/// What a runner did so far.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StateJson {
    pub(super) pre_consensus_container: ContainerJson,
    pub(super) post_consensus_container: ContainerJson,
    pub(super) running_instance: Option<InstanceIn>,
    pub(super) decided_value: Base64,
    pub(super) finished: bool,
    #[serde(flatten)]
    pub(super) duty: AnyDutyJson,
}

/// Signatures by validator, root and operator.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ContainerJson {
    #[serde(default)]
    signatures: BTreeMap<String, BTreeMap<String, BTreeMap<String, Base64>>>,
}

impl ContainerJson {
    pub(super) fn decode(&self) -> Result<Vec<(SignatureSlot, OperatorId, SignatureBytes)>> {
        let mut held = Vec::new();
        for (validator, roots) in &self.signatures {
            for (root, signatures) in roots {
                let root = Root::try_from(hex::decode(root)?.as_slice())?;
                let slot = SignatureSlot { validator: ValidatorIndex(validator.parse()?), root };
                for (operator, signature) in signatures {
                    held.push((slot, operator.parse()?, SignatureBytes::try_from(signature.bytes())?));
                }
            }
        }
        Ok(held)
    }
}

/// A collector as the reference writes its container.
pub(super) fn container_json(collector: Option<&Collector>, quorum: u64) -> Result<Value> {
    let mut signatures: BTreeMap<String, BTreeMap<String, BTreeMap<String, Base64>>> = BTreeMap::new();
    for (slot, operator, signature) in collector.into_iter().flat_map(Collector::entries) {
        let of_validator = signatures.entry(slot.validator.to_string()).or_default();
        let of_root = of_validator.entry(hex::encode(slot.root)).or_default();
        of_root.insert(operator.to_string(), Base64::from(&signature.0[..]));
    }
    Ok(json!({ "Signatures": serde_json::to_value(signatures)?, "Quorum": quorum }))
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
    fn bundles(&self) -> Result<Vec<PartialSignatureMessages>> {
        self.output_messages.iter().map(BundleJson::decode).collect()
    }

    /// `ordered` tells whether the order of the bundles counts.
    pub(super) fn check(&self, output: &Output, ordered: bool) -> Result<()> {
        output.check_refusal(self.expected_error_code)?;
        output.check_bundles(&self.bundles()?, ordered)?;
        let roots =
            self.beacon_broadcasted_roots.iter().map(|Hex(root)| Ok(Root::try_from(root.as_slice())?));
        output.check_beacon_roots(&roots.collect::<Result<Vec<_>>>()?)
    }

    /// Of a start: bundles that are listed and were not sent are not looked for where nothing at all was sent.
    pub(super) fn check_start(&self, output: &Output) -> Result<()> {
        output.check_refusal(self.expected_error_code)?;
        if output.said_anything { output.check_entries(&self.bundles()?) } else { Ok(()) }
    }
}

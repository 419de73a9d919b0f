//! What Alan's stub of the beacon node does that no beacon node does.
//!
//! * It says that position n of the sync committee is in subcommittee n; the machines calculate, so they are told other positions.
//! * It answers an aggregator with a finished `AggregateAndProof` whose proof is zero; the machines put in the proof they have.
//! * It says that contributions are of Bellatrix; the machines say Altair, as the nodes do.
//!
//! They show in the own value and nowhere else, so they are undone where the own value is written down.

use anyhow::{Context, Result, anyhow};
use serde_json::Value;
use types::consensus_data::ValidatorConsensusData;
use types::{BeaconRole, ByteList, DataVersion, Decode, Encode, List, RunnerRole, ValidatorDuty};

use crate::exceptions::ALAN_POSITIONS;
use crate::json::Base64;

/// Where the proof lies in an encoded `AggregateAndProof`: after the index and an offset.
const PROOF: std::ops::Range<usize> = 12..108;

/// The duty with the positions that the machine is told.
pub(super) fn told(duty: ValidatorDuty) -> Result<ValidatorDuty> {
    moved(duty, |position| position.checked_mul(ALAN_POSITIONS))
}

/// The duty as the vector has it.
fn of_vector(duty: ValidatorDuty) -> Result<ValidatorDuty> {
    moved(duty, |position| position.checked_div(ALAN_POSITIONS))
}

fn moved(mut duty: ValidatorDuty, by: impl Fn(u64) -> Option<u64>) -> Result<ValidatorDuty> {
    let positions = duty.validator_sync_committee_indices.iter().map(|position| by(*position));
    let positions = positions.collect::<Option<Vec<u64>>>().context("a position")?;
    duty.validator_sync_committee_indices = List::new(positions)?;
    Ok(duty)
}

/// Writes own values, and the positions of the duty, as the stub would have made them.
pub(super) fn as_stubbed(role: RunnerRole, written: &mut Value) -> Result<()> {
    if !matches!(role, RunnerRole::Aggregator | RunnerRole::SyncCommitteeContribution) {
        return Ok(());
    }
    match written {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match name.as_str() {
                    "StartValue" => start_value(field)?,
                    "ValidatorSyncCommitteeIndices" => positions(field),
                    _ => as_stubbed(role, field)?,
                }
            }
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| as_stubbed(role, item))?,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    Ok(())
}

fn positions(field: &mut Value) {
    for position in field.as_array_mut().into_iter().flatten() {
        if let Some(number) = position.as_u64() {
            *position = Value::from(number / ALAN_POSITIONS);
        }
    }
}

fn start_value(field: &mut Value) -> Result<()> {
    let Base64(Some(bytes)) = serde_json::from_value(field.clone())? else { return Ok(()) };
    let data = ValidatorConsensusData::from_ssz_bytes(&bytes);
    let mut data = data.map_err(|error| anyhow!("own value: {error:?}"))?;
    if data.duty.role == BeaconRole::Aggregator {
        let mut object = data.data_ssz.to_vec();
        object.get_mut(PROOF).context("an aggregate without proof")?.fill(0);
        data.data_ssz = ByteList::new(object)?;
    }
    if data.duty.role == BeaconRole::SyncCommitteeContribution {
        data.version = DataVersion::Bellatrix;
    }
    data.duty = of_vector(data.duty)?;
    *field = serde_json::to_value(Base64(Some(data.as_ssz_bytes())))?;
    Ok(())
}

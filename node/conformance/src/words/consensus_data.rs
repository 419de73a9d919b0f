//! `proposerconsensusdata.ProposerConsensusDataTest` (Boole), `validatorconsensusdata.ValidatorConsensusDataTest` (Alan): what a
//! duty's data can check on themselves.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;
use types::consensus_data::{AlanDataError, ProposerConsensusData};
use types::{BeaconFork, ByteList, PresetName, SsvFork};

use crate::codes;
use crate::duties::ValidatorDutyJson;
use crate::json::Base64;
use crate::source::Files;
use crate::suite::Vector;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    consensus_data: DataJson,
    expected_error_code: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DataJson {
    duty: ValidatorDutyJson,
    version: String,
    #[serde(rename = "DataSSZ")]
    data_ssz: Base64,
}

impl DataJson {
    fn decode(&self) -> Result<ProposerConsensusData> {
        let version = BeaconFork::from_name(&self.version).context("unknown version")?.data_version();
        let data_ssz = ByteList::try_from(self.data_ssz.bytes())?;
        Ok(ProposerConsensusData { duty: self.duty.decode()?, version, data_ssz })
    }
}

/// Numbers that Alan alone has.
const REGISTRATION: u64 = 10;
const EXIT: u64 = 11;

pub(super) fn run(vector: &Vector<'_>) -> Result<()> {
    let test: Test = vector.parse()?;
    let data = test.consensus_data.decode()?;
    let fork = vector.archive.fork;
    let refusal = match fork {
        SsvFork::Boole => data
            .validate(PresetName::Mainnet)
            .err()
            .map(|code| (Some(codes::number(fork, code)), code.to_string())),
        SsvFork::Alan => {
            data.validate_alan(PresetName::Mainnet).err().map(|error| (alan(error), error.to_string()))
        }
    };
    codes::check_number(test.expected_error_code, refusal)
}

fn alan(error: AlanDataError) -> Option<u64> {
    match error {
        AlanDataError::Rule(code) => Some(codes::number(SsvFork::Alan, code)),
        AlanDataError::Registration => Some(REGISTRATION),
        AlanDataError::Exit => Some(EXIT),
        AlanDataError::UnknownAggregateVersion => None,
    }
}

/// The first full block of each fork that the vectors show.
#[must_use]
pub fn blocks(files: &Files) -> BTreeMap<BeaconFork, Vec<u8>> {
    let mut blocks = BTreeMap::new();
    for (_, bytes) in files.below(&super::SUITE.tests()) {
        let Ok(test) = serde_json::from_slice::<Test>(bytes) else { continue };
        let block = test.consensus_data.decode().map(|data| data.block(PresetName::Mainnet));
        if let Ok(Ok(block)) = block
            && !block.is_blinded()
        {
            blocks.entry(block.fork()).or_insert_with(|| block.as_ssz_bytes());
        }
    }
    blocks
}

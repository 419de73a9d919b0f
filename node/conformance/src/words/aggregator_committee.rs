//! `aggregatorcommitteeconsensusdata.AggregatorCommitteeConsensusDataTest`: what the value of an aggregator committee can
//! check on itself.

use anyhow::{Context, Result};
use serde::Deserialize;
use types::beacon::SyncCommitteeContribution;
use types::consensus_data::{AggregatorCommitteeConsensusData, AssignedAggregator};
use types::{BeaconFork, ByteList, CommitteeIndex, List, Mainnet, SignatureBytes, ValidatorIndex};

use crate::codes;
use crate::json::{Base64, Hex, list};
use crate::suite::Vector;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    agg_comm_consensus_data: DataJson,
    expected_error_code: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DataJson {
    version: String,
    #[serde(deserialize_with = "list")]
    aggregators: Vec<AssignedJson>,
    #[serde(deserialize_with = "list")]
    aggregators_committee_indexes: Vec<u64>,
    #[serde(deserialize_with = "list")]
    aggregated_attestations: Vec<Base64>,
    #[serde(deserialize_with = "list")]
    contributors: Vec<AssignedJson>,
    #[serde(deserialize_with = "list")]
    sync_committee_contributions: Vec<SyncCommitteeContribution<Mainnet>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AssignedJson {
    validator_index: String,
    selection_proof: Hex,
    committee_index: u64,
}

impl AssignedJson {
    fn decode(&self) -> Result<AssignedAggregator> {
        Ok(AssignedAggregator {
            validator_index: ValidatorIndex(self.validator_index.parse()?),
            selection_proof: SignatureBytes::try_from(self.selection_proof.0.as_slice())?,
            committee_index: CommitteeIndex(self.committee_index),
        })
    }
}

fn assigned<const N: usize>(items: &[AssignedJson]) -> Result<List<AssignedAggregator, N>> {
    Ok(List::new(items.iter().map(AssignedJson::decode).collect::<Result<_>>()?)?)
}

impl DataJson {
    fn decode(self) -> Result<AggregatorCommitteeConsensusData<Mainnet>> {
        let version = BeaconFork::from_name(&self.version).context("unknown version")?;
        let attestations = self.aggregated_attestations.iter().map(|bytes| ByteList::try_from(bytes.bytes()));
        let indexes = self.aggregators_committee_indexes.into_iter().map(CommitteeIndex);
        Ok(AggregatorCommitteeConsensusData {
            version: version.data_version(),
            aggregators: assigned(&self.aggregators)?,
            aggregators_committee_indexes: List::new(indexes.collect())?,
            aggregated_attestations: List::new(attestations.collect::<Result<_, _>>()?)?,
            contributors: assigned(&self.contributors)?,
            sync_committee_contributions: List::new(self.sync_committee_contributions)?,
        })
    }
}

pub(super) fn run(vector: &Vector<'_>) -> Result<()> {
    let test: Test = vector.parse()?;
    let refusal = test.agg_comm_consensus_data.decode()?.validate().err();
    codes::check(
        vector.archive.fork,
        test.expected_error_code,
        refusal.map(|code| (Some(code), code.to_string())),
    )
}

//! `consensusdataproposer.ProposerSpecTest`, `ssz.SSZSpecTest`: the block inside a proposer's data, and one list of it.

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::Deserialize;
use types::beacon::{AnyProposedBlock, ProposedBlock};
use types::consensus_data::ProposerConsensusData;
use types::{Decode, Encode, PresetName, Root, TreeHash};

use crate::codes;
use crate::json::{Base64, Hex};
use crate::suite::Vector;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    blinded: bool,
    data_cd: Base64,
    data_blk: Base64,
    expected_blk_root: Hex,
    expected_cd_root: Hex,
    expected_error_code: u64,
}

fn consensus_data(bytes: &[u8]) -> Result<ProposerConsensusData> {
    ProposerConsensusData::from_ssz_bytes(bytes).map_err(|error| anyhow!("does not decode: {error:?}"))
}

fn same(what: &str, expected: &Hex, got: Root) -> Result<()> {
    ensure!(got.as_slice() == expected.0, "{what}: expected {}, got {got}", hex::encode(&expected.0));
    Ok(())
}

/// What is refused has no block, and then no roots are stated.
pub(super) fn block(vector: &Vector<'_>) -> Result<()> {
    let test: Test = vector.parse()?;
    let data = consensus_data(test.data_cd.bytes())?;
    let block = data.block(PresetName::Mainnet);
    let refusal = block.as_ref().err().map(|code| (Some(*code), code.to_string()));
    codes::check(vector.archive.fork, test.expected_error_code, refusal)?;
    let Ok(block) = block else { return Ok(()) };
    ensure!(block.is_blinded() == test.blinded, "blinded: {}", block.is_blinded());
    same("block root", &test.expected_blk_root, block.block_root())?;
    ensure!(block.as_ssz_bytes() == test.data_blk.bytes(), "the block encodes to other bytes");
    same("data root", &test.expected_cd_root, data.tree_hash_root())?;
    ensure!(data.as_ssz_bytes() == test.data_cd.bytes(), "the data encode to other bytes");
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WithdrawalsTest {
    data: Base64,
    expected_root: Hex,
    expected_error_code: u64,
}

pub(super) fn withdrawals(vector: &Vector<'_>) -> Result<()> {
    let test: WithdrawalsTest = vector.parse()?;
    let block = consensus_data(test.data.bytes())?.block(PresetName::Mainnet);
    let refusal = block.as_ref().err().map(|code| (Some(*code), code.to_string()));
    codes::check(vector.archive.fork, test.expected_error_code, refusal)?;
    let AnyProposedBlock::Mainnet(ProposedBlock::Capella(block)) = block.context("no block")? else {
        bail!("not a full block of Capella");
    };
    same("withdrawals", &test.expected_root, block.body.execution_payload.withdrawals.tree_hash_root())
}

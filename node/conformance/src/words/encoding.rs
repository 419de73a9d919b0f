//! `*.EncodingTest`: bytes decode, encode back to the same bytes, and have the published root.

use anyhow::{Context, Result, anyhow, ensure};
use serde::Deserialize;
use types::consensus_data::{AggregatorCommitteeConsensusData, ProposerConsensusData};
use types::{
    BeaconVote, Decode, Encode, Mainnet, PartialSignatureMessages, Root, Share, SignedSsvMessage, SsvMessage,
    TreeHash,
};

use crate::json::Base64;
use crate::suite::Vector;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    data: Base64,
    expected_root: Option<[u8; 32]>,
}

fn check<T: Decode + Encode>(vector: &Vector<'_>, root: impl Fn(&T) -> Option<Root>) -> Result<()> {
    let test: Test = vector.parse()?;
    let bytes = test.data.bytes();
    let decoded = T::from_ssz_bytes(bytes).map_err(|error| anyhow!("does not decode: {error:?}"))?;
    ensure!(decoded.as_ssz_bytes() == bytes, "encodes to other bytes");
    let Some(root) = root(&decoded) else { return Ok(()) };
    let expected = Root::from(test.expected_root.context("no root in the vector")?);
    ensure!(root == expected, "root: expected {expected}, got {root}");
    Ok(())
}

fn with_root<T: Decode + Encode + TreeHash>(vector: &Vector<'_>) -> Result<()> {
    check(vector, |decoded: &T| Some(decoded.tree_hash_root()))
}

pub(super) fn beacon_vote(vector: &Vector<'_>) -> Result<()> {
    with_root::<BeaconVote>(vector)
}

pub(super) fn consensus_data(vector: &Vector<'_>) -> Result<()> {
    with_root::<ProposerConsensusData>(vector)
}

pub(super) fn aggregator_committee(vector: &Vector<'_>) -> Result<()> {
    with_root::<AggregatorCommitteeConsensusData<Mainnet>>(vector)
}

pub(super) fn share(vector: &Vector<'_>) -> Result<()> {
    with_root::<Share>(vector)
}

pub(super) fn ssv_message(vector: &Vector<'_>) -> Result<()> {
    with_root::<SsvMessage>(vector)
}

/// The published file has no root.
pub(super) fn signed(vector: &Vector<'_>) -> Result<()> {
    check(vector, |_: &SignedSsvMessage| None)
}

/// The root depends on the fork's limit.
pub(super) fn partial_signatures(vector: &Vector<'_>) -> Result<()> {
    let fork = vector.archive.fork;
    check(vector, |decoded: &PartialSignatureMessages| Some(decoded.tree_hash_root(fork)))
}

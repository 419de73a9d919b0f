//! `maxmsgsize.StructureSizeTest`: the encoded length of an object, and the limits of its lists.
//!
//! The contents are dummies (equal signers, bits without an end), so nothing is validated. The keys of the object say what it is.

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;
use ssz::{BitList, BitVector};
use types::beacon::{Attestation, AttestationData, AttestationElectra};
use types::{
    BeaconVote, ByteList, Checkpoint, Encode, List, Mainnet, PartialSignatureMessages, Root, SignatureBytes,
    SsvFork, SsvMessage, Wire,
};

use crate::bundle::{BundleJson, EntryJson};
use crate::json::Hex;
use crate::model::{MessageJson, SignedJson, SsvMessageJson};
use crate::suite::Vector;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    object: Value,
    expected_encoded_length: usize,
    is_max_size: bool,
}

/// What was measured: the encoded length, and each list with its length and its limit.
#[derive(Default)]
pub(super) struct Measured {
    length: usize,
    lists: Vec<(&'static str, usize, usize)>,
}

impl Measured {
    /// An object that its fork can carry.
    pub(super) fn new<T: Encode>(object: &T) -> Self {
        Self { length: object.as_ssz_bytes().len(), lists: Vec::new() }
    }

    pub(super) fn list<T, const N: usize>(self, name: &'static str, list: &List<T, N>) -> Self {
        self.with(name, list.len(), N)
    }

    pub(super) fn bytes<const N: usize>(self, name: &'static str, bytes: &ByteList<N>) -> Self {
        self.with(name, bytes.len(), N)
    }

    fn items<const N: usize, const M: usize>(self, name: &'static str, list: &List<ByteList<N>, M>) -> Self {
        list.iter().fold(self.list(name, list), |measured, item| measured.bytes(name, item))
    }

    pub(super) fn with(mut self, name: &'static str, length: usize, limit: usize) -> Self {
        self.lists.push((name, length, limit));
        self
    }

    pub(super) fn check(&self, length: usize, is_max_size: bool) -> Result<()> {
        ensure!(self.length == length, "length: expected {length}, got {}", self.length);
        for (name, length, limit) in &self.lists {
            ensure!(length <= limit, "{name}: {length} where {limit} is the limit");
            ensure!(!is_max_size || length == limit, "{name}: {length} is not the limit of {limit}");
        }
        Ok(())
    }
}

pub(super) fn run(vector: &Vector<'_>) -> Result<()> {
    let test: Test = vector.parse()?;
    measure(test.object, vector.archive.fork)?.check(test.expected_encoded_length, test.is_max_size)
}

fn measure(object: Value, fork: SsvFork) -> Result<Measured> {
    let has = |keys: &[&str]| keys.iter().all(|key| object.get(key).is_some());
    if has(&["MsgType", "MsgID"]) {
        let message = serde_json::from_value::<SsvMessageJson>(object)?.decode()?;
        message.check_limits(fork)?;
        return Ok(Measured::new(&message).with("Data", message.data.len(), SsvMessage::max_data_len(fork)));
    }
    if has(&["Signatures", "OperatorIDs"]) {
        let message = serde_json::from_value::<SignedJson>(object)?.require()?;
        message.check_limits(fork)?;
        return Ok(Measured::new(&message)
            .items("Signatures", &message.signatures)
            .list("OperatorIDs", &message.operator_ids)
            .bytes("FullData", &message.full_data));
    }
    if has(&["SigningRoot", "Signer", "ValidatorIndex"]) {
        return Ok(Measured::new(&serde_json::from_value::<EntryJson>(object)?.decode()?));
    }
    if has(&["Type", "Slot", "Messages"]) {
        let bundle = serde_json::from_value::<BundleJson>(object)?.decode()?;
        bundle.check_limits(fork)?;
        let limit = PartialSignatureMessages::max_messages(fork);
        return Ok(Measured::new(&bundle).with("Messages", bundle.messages.len(), limit));
    }
    if has(&["Round", "Height"]) {
        let message = serde_json::from_value::<MessageJson>(object)?.decode()?;
        return Ok(Measured::new(&message)
            .bytes("Identifier", &message.identifier)
            .items("RoundChangeJustification", &message.round_change_justification)
            .items("PrepareJustification", &message.prepare_justification));
    }
    if has(&["BlockRoot", "Source", "Target"]) {
        return Ok(Measured::new(&serde_json::from_value::<VoteJson>(object)?.decode()?));
    }
    if has(&["aggregation_bits", "data", "signature"]) {
        return measure_attestation(&object);
    }
    bail!("an object of an unknown kind")
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VoteJson {
    block_root: Root,
    source: Checkpoint,
    target: Checkpoint,
}

impl VoteJson {
    fn decode(self) -> Result<BeaconVote> {
        Ok(BeaconVote { block_root: self.block_root, source: self.source, target: self.target })
    }
}

/// The dummy bits are not a bit list, so they are measured apart from the rest.
fn measure_attestation(object: &Value) -> Result<Measured> {
    let bits = object.get("aggregation_bits").context("no bits")?;
    let Hex(bits) = Hex::deserialize(bits)?;
    let data = object.get("data").context("no data")?;
    let data = AttestationData::deserialize(data)?;
    let signature = SignatureBytes::default();
    let rest = if object.get("committee_bits").is_some() {
        let aggregation_bits = BitList::with_capacity(0).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let committee_bits = BitVector::new();
        AttestationElectra::<Mainnet> { aggregation_bits, data, signature, committee_bits }.as_ssz_bytes()
    } else {
        let aggregation_bits = BitList::with_capacity(0).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        Attestation { aggregation_bits, data, signature }.as_ssz_bytes()
    };
    // An empty bit list is one byte.
    Ok(Measured { length: rest.len() - 1 + bits.len(), lists: Vec::new() })
}

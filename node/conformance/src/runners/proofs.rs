//! `synccommitteeaggregator.SyncCommitteeAggregatorProofSpecTest`: which selection proofs of a validator make it an aggregator.
//! The file does not say the duty; it is the one in the expected state.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use duty::runner::Past;
use serde::Deserialize;
use serde_json::json;
use types::SignatureBytes;

use super::env::Env;
use super::model::AnyDutyJson;
use super::shares::Shares;
use super::world::World;
use super::{compare, state_path};
use crate::json::{Base64, Hex};
use crate::keys::LOCAL;
use crate::model::SignedJson;
use crate::suite::Vector;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    name: String,
    messages: Vec<SignedJson>,
    /// Whether a proof is granted, by its hexadecimal text.
    proof_roots_map: BTreeMap<Hex, bool>,
    expected_error: String,
}

const COMMITTEE: usize = 4;

pub(super) fn run(vector: &Vector<'_>) -> Result<()> {
    let test: Test = vector.parse()?;
    ensure!(test.expected_error.is_empty(), "an error without a number");
    let expected = vector.expected_state(&state_path(vector, None, &test.name))?;
    let duty = AnyDutyJson::deserialize(&expected)?.decode()?;
    let member = vector.archive.keys.member(COMMITTEE)?;
    let mut env = Env::new(vector.archive, member, shares(vector)?)?;
    let proofs = test.proof_roots_map.iter();
    let proofs =
        proofs.map(|(Hex(proof), granted)| Ok((SignatureBytes::try_from(proof.as_slice())?, *granted)));
    env.chosen.proofs = Some(proofs.collect::<Result<_>>()?);
    let mut world = World::new(env);
    world.start(&duty, Past::default())?;
    for message in &test.messages {
        world.message(message.decode()?)?;
    }
    world.output.check_refusal(0)?;
    let held = world.machines.values().next().context("the duty is refused")?;
    compare(vector, None, &test.name, held.written_state(&world.env)?)
}

/// The validator of most tests, with index 1.
fn shares(vector: &Vector<'_>) -> Result<Shares> {
    let keys = &vector.archive.keys;
    let text = |key: &types::PublicKeyBytes| serde_json::to_value(Base64::from(&key.0[..]));
    let local = keys.share_keys.get(&LOCAL).context("no share of the tests")?;
    let mut committee = Vec::new();
    for (operator, key) in &keys.share_keys {
        committee.push(json!({ "Signer": operator.get(), "SharePubKey": text(key)? }));
    }
    let record = json!({
        "ValidatorIndex": "1",
        "ValidatorPubKey": hex::encode(keys.validator),
        "SharePubKey": text(local)?,
        "Committee": committee,
        "FeeRecipientAddress": hex::encode([0; 20]),
    });
    Shares::decode(&BTreeMap::from([("1".to_owned(), record)]))
}

//! `synccommitteeaggregator.SyncCommitteeAggregatorProofSpecTest`: which selection proofs of a validator make it an aggregator.
//! The file does not say the duty; it is the same for all of them.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use duty::runner::Past;
use serde::Deserialize;
use serde_json::json;
use types::{
    AggregatorCommitteeDuty, BeaconRole, CommitteeIndex, List, SignatureBytes, Slot, SsvFork, ValidatorDuty,
    ValidatorIndex,
};

use super::compare;
use super::env::Env;
use super::model::Duty;
use super::shares::Shares;
use super::world::World;
use crate::json::{Base64, Hex};
use crate::keys::{LOCAL, SHARE_KEYS};
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
const SLOT: Slot = Slot(12);

pub(super) fn run(vector: &Vector<'_>) -> Result<()> {
    let test: Test = vector.parse()?;
    ensure!(test.expected_error.is_empty(), "an error without a number");
    let duty = duty(vector)?;
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

/// A contribution in slot 12. In a committee the entry carries the key of another validator with the same index.
fn duty(vector: &Vector<'_>) -> Result<Duty> {
    let (keys, validator_index) = (&vector.archive.keys, ValidatorIndex(1));
    let (public_key, positions) = match vector.archive.fork {
        SsvFork::Alan => (keys.validator, vec![0, 1, 2]),
        SsvFork::Boole => (*keys.validators.get(&validator_index).context(SHARE_KEYS)?, vec![0, 129, 257]),
    };
    let entry = ValidatorDuty {
        role: BeaconRole::SyncCommitteeContribution,
        public_key,
        slot: SLOT,
        validator_index,
        committee_index: CommitteeIndex(3),
        committee_length: 128,
        committees_at_slot: 36,
        validator_committee_index: 11,
        validator_sync_committee_indices: List::new(positions)?,
    };
    Ok(match vector.archive.fork {
        SsvFork::Alan => Duty::Validator(entry),
        SsvFork::Boole => {
            Duty::Aggregators(AggregatorCommitteeDuty { slot: SLOT, validator_duties: vec![entry] })
        }
    })
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

//! `runnerconstruction.RunnerConstructionSpecTest`: how many shares each role takes. Our machines are made with a duty, so each is
//! made for one of all the shares there are, and the duty of one validator for the first.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};
use duty::Refusal;
use duty::runner::Past;
use serde::Deserialize;
use serde_json::Value;
use types::{
    AggregatorCommitteeDuty, BeaconRole, CommitteeDuty, CommitteeIndex, List, PublicKeyBytes, RefusalCode,
    RunnerRole, Slot, ValidatorDuty, ValidatorIndex,
};

use super::env::Env;
use super::machine::Held;
use super::model::Duty;
use super::shares::Shares;
use crate::suite::{Tests, Vector};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    shares: BTreeMap<String, Value>,
    /// What the reference says, by role; nothing if it makes the runner.
    role_error: BTreeMap<String, String>,
}

const SLOT: Slot = Slot(12);
const COMMITTEE: usize = 4;

pub(super) fn run(vector: &Vector<'_>) -> Result<Tests> {
    let test: Test = vector.parse()?;
    let one = |(role, expected): (&String, &String)| {
        (format!("role {role}"), construct(vector, &test, role, expected).into())
    };
    Ok(test.role_error.iter().map(one).collect())
}

fn construct(vector: &Vector<'_>, test: &Test, role: &str, expected: &str) -> Result<()> {
    let member = vector.archive.keys.member(COMMITTEE)?;
    let env = Env::new(vector.archive, member, Shares::decode(&test.shares)?)?;
    let role = RunnerRole::from_number(role.parse()?);
    let mut validators: Vec<ValidatorIndex> = env.shares.validators().collect();
    if validators.is_empty() {
        validators.push(ValidatorIndex(1));
    }
    let made = Held::new(&env, &duty(role, &validators, vector.archive.keys.validator)?, Past::default())?;
    match made {
        Ok(_) => ensure!(expected.is_empty(), "made, where {expected:?} was expected"),
        Err(refusal) => {
            ensure!(in_words(&refusal) == Some(expected), "expected {expected:?}, refused: {refusal}");
        }
    }
    Ok(())
}

/// What the reference says for a refusal of ours; its constructors have no numbers.
fn in_words(refusal: &Refusal) -> Option<&'static str> {
    if matches!(refusal, Refusal::NotOneShare { .. }) {
        return Some("must have one share");
    }
    (refusal.code() == Some(RefusalCode::NoValidatorShares)).then_some("no shares")
}

fn duty(role: RunnerRole, validators: &[ValidatorIndex], public_key: PublicKeyBytes) -> Result<Duty> {
    let entry = |role, validator_index| ValidatorDuty {
        role,
        public_key,
        slot: SLOT,
        validator_index,
        committee_index: CommitteeIndex(3),
        committee_length: 128,
        committees_at_slot: 36,
        validator_committee_index: 11,
        validator_sync_committee_indices: List::empty(),
    };
    let all = |role| validators.iter().map(|index| entry(role, *index)).collect();
    let one = |role| match validators {
        [first, ..] => Ok(Duty::Validator(entry(role, *first))),
        [] => bail!("a duty of nobody"),
    };
    match role {
        RunnerRole::Committee => {
            Ok(Duty::Committee(CommitteeDuty { slot: SLOT, validator_duties: all(BeaconRole::Attester) }))
        }
        RunnerRole::AggregatorCommittee => {
            let validator_duties = all(BeaconRole::Aggregator);
            Ok(Duty::Aggregators(AggregatorCommitteeDuty { slot: SLOT, validator_duties }))
        }
        RunnerRole::Aggregator => one(BeaconRole::Aggregator),
        RunnerRole::Proposer => one(BeaconRole::Proposer),
        RunnerRole::SyncCommitteeContribution => one(BeaconRole::SyncCommitteeContribution),
        RunnerRole::ValidatorRegistration => one(BeaconRole::ValidatorRegistration),
        RunnerRole::VoluntaryExit => one(BeaconRole::VoluntaryExit),
        RunnerRole::Other(number) => bail!("no runner has role {number}"),
    }
}

//! `valcheck.SpecTest`, `valcheck.MultiSpecTest`: may this value be decided?

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use duty::runner::{AggregationCheck, DutyCheck, Facts};
use duty::{OwnView, VoteCheck, Watermark};
use qbft::ValueCheck;
use serde::Deserialize;
use types::{BeaconRole, BeaconVote, Checkpoint, Epoch, PresetName, RunnerRole, ValidatorIndex};

use super::{File, Many};
use crate::codes;
use crate::json::{Base64, list};
use crate::keys::LOCAL;
use crate::report::Outcome;
use crate::suite::{Tests, Vector};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    name: String,
    runner_role: i32,
    duty_slot: String,
    input: Base64,
    expected_source: Checkpoint,
    expected_target: Checkpoint,
    /// Slots by the text of a share.
    slashable_slots: Option<BTreeMap<String, Vec<String>>>,
    #[serde(rename = "ShareValidatorsPK", deserialize_with = "list", default)]
    shares: Vec<Base64>,
    expected_error_code: u64,
    any_error: bool,
}

pub(super) fn run(vector: &Vector<'_>) -> Result<Tests> {
    let Many { tests, .. } = vector.parse::<File<Test>>()?.into();
    Ok(tests.iter().map(|test| (test.name.clone(), outcome(vector, test))).collect())
}

fn outcome(vector: &Vector<'_>, test: &Test) -> Outcome {
    run_test(vector, test).into()
}

/// An epoch after every one of the vectors but the one that must lie in the future.
const CURRENT_EPOCH: Epoch = Epoch(400_000);

/// The check of one validator's duty; blocks are never slashable.
fn duty_check(vector: &Vector<'_>, role: BeaconRole) -> Box<dyn ValueCheck> {
    Box::new(DutyCheck {
        fork: vector.archive.fork,
        preset: PresetName::Mainnet,
        role,
        public_key: vector.archive.keys.validator,
        validator: ValidatorIndex(1),
        facts: Facts { current_epoch: CURRENT_EPOCH, highest_block: None },
    })
}

fn check(vector: &Vector<'_>, test: &Test) -> Result<Box<dyn ValueCheck>> {
    Ok(match RunnerRole::from_number(test.runner_role) {
        RunnerRole::Committee => Box::new(vote_check(vector, test)?),
        RunnerRole::AggregatorCommittee => Box::new(AggregationCheck { preset: PresetName::Mainnet }),
        RunnerRole::Aggregator => duty_check(vector, BeaconRole::Aggregator),
        RunnerRole::Proposer => duty_check(vector, BeaconRole::Proposer),
        RunnerRole::SyncCommitteeContribution => duty_check(vector, BeaconRole::SyncCommitteeContribution),
        RunnerRole::ValidatorRegistration | RunnerRole::VoluntaryExit | RunnerRole::Other(_) => {
            bail!("the role has no value")
        }
    })
}

/// A share that may not sign at this slot has signed up to the end of time, any other nothing.
fn watermark(test: &Test, share: &str) -> Watermark {
    let slots = test.slashable_slots.as_ref().and_then(|shares| shares.get(share));
    let epoch =
        if slots.is_some_and(|slots| slots.contains(&test.duty_slot)) { Epoch(u64::MAX) } else { Epoch(0) };
    Watermark { source: Epoch(0), target: epoch }
}

fn vote_check(vector: &Vector<'_>, test: &Test) -> Result<VoteCheck> {
    let mut shares: Vec<String> = test.shares.iter().map(|share| hex::encode(share.bytes())).collect();
    if shares.is_empty() {
        shares
            .push(hex::encode(vector.archive.keys.share_keys.get(&LOCAL).context("no share of the tests")?));
    }
    let known = |share: &String| shares.contains(share);
    let slashable = test.slashable_slots.iter().flat_map(BTreeMap::keys);
    ensure!(slashable.into_iter().all(known), "the slashing table names a share that is not asked for");
    let vote =
        BeaconVote { source: test.expected_source, target: test.expected_target, ..BeaconVote::default() };
    let watermarks = shares.iter().map(|share| watermark(test, share)).collect();
    Ok(VoteCheck::new(&OwnView { vote, watermarks }))
}

fn run_test(vector: &Vector<'_>, test: &Test) -> Result<()> {
    let refusal = check(vector, test)?.check(test.input.bytes()).err();
    if test.any_error {
        ensure!(refusal.is_some(), "any refusal was expected, there was none");
        return Ok(());
    }
    let refusal = refusal.map(|refusal| (refusal.code, refusal.to_string()));
    codes::check(vector.archive.fork, test.expected_error_code, refusal)
}

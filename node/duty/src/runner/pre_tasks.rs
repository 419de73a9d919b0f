//! What each role signs before consensus.

use std::collections::BTreeSet;

use types::beacon::SyncAggregatorSelectionData;
use types::{BeaconRole, ValidatorDuty};

use super::effect::ShareTask;
use super::object::ShareObject;
use super::selection::subcommittee_of;
use super::setup::{Plan, RunnerSetup};

pub(super) fn pre_tasks(plan: &Plan, setup: &RunnerSetup) -> Vec<ShareTask> {
    let one = |duty: &ValidatorDuty, object| vec![task(duty, object)];
    match plan {
        Plan::Proposal(duty) => one(duty, ShareObject::Randao(setup.epoch_of(duty.slot))),
        Plan::Aggregation(duty) => one(duty, ShareObject::SlotSelection(duty.slot)),
        // One for each position, also when two lie in one subcommittee: the count is part of the protocol.
        Plan::Contribution(duty) => sync_selections(duty, setup)
            .map(|object| task(duty, ShareObject::SyncSelection(object)))
            .collect(),
        Plan::AggregatorCommittee(duty) => {
            duty.validator_duties.iter().flat_map(|entry| committee_tasks(entry, setup)).collect()
        }
        Plan::Registration(duty, registration) => one(duty, ShareObject::Registration(*registration)),
        Plan::Exit(duty, exit) => one(duty, ShareObject::Exit(*exit)),
    }
}

fn task(duty: &ValidatorDuty, object: ShareObject) -> ShareTask {
    ShareTask { public_key: duty.public_key, validator: duty.validator_index, object }
}

fn sync_selections<'a>(
    duty: &'a ValidatorDuty,
    setup: &'a RunnerSetup,
) -> impl Iterator<Item = SyncAggregatorSelectionData> + 'a {
    duty.validator_sync_committee_indices.iter().map(|position| SyncAggregatorSelectionData {
        slot: duty.slot,
        subcommittee_index: subcommittee_of(setup.preset, *position),
    })
}

/// A committee signs each subcommittee of a validator once.
fn committee_tasks(duty: &ValidatorDuty, setup: &RunnerSetup) -> Vec<ShareTask> {
    if duty.role != BeaconRole::SyncCommitteeContribution {
        return vec![task(duty, ShareObject::SlotSelection(duty.slot))];
    }
    let mut seen = BTreeSet::new();
    sync_selections(duty, setup)
        .filter(|data| seen.insert(data.subcommittee_index))
        .map(|data| task(duty, ShareObject::SyncSelection(data)))
        .collect()
}

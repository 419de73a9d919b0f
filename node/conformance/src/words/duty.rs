//! `duty.DutySpecTest`: which runner carries out a beacon role.

use anyhow::{Result, ensure};
use serde::Deserialize;
use types::{BeaconRole, RunnerRole};

use crate::suite::Vector;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    beacon_role: u64,
    runner_role: i32,
}

pub(super) fn run(vector: &Vector<'_>) -> Result<()> {
    let test: Test = vector.parse()?;
    let runner = BeaconRole::from_number(test.beacon_role).runner(vector.archive.fork);
    ensure!(
        runner == RunnerRole::from_number(test.runner_role),
        "expected {}, got {runner:?}",
        test.runner_role
    );
    Ok(())
}

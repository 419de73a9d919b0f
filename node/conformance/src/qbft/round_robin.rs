//! `tests.RoundRobinSpecTest`: the leader of each height and round.

use anyhow::{Result, ensure};
use serde::Deserialize;
use types::{OperatorId, Round, Slot, leader};

use crate::model::MemberJson;
use crate::suite::Vector;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    share: MemberJson,
    heights: Vec<u64>,
    rounds: Vec<u64>,
    proposers: Vec<u64>,
}

pub(super) fn run(vector: &Vector<'_>) -> Result<()> {
    let test: Test = vector.parse()?;
    let members: Vec<OperatorId> = test.share.decode()?.operator_ids().collect();
    let points = test.heights.len();
    ensure!(
        points > 0 && points == test.rounds.len() && points == test.proposers.len(),
        "lists of unequal length"
    );
    for ((height, round), expected) in test.heights.iter().zip(&test.rounds).zip(&test.proposers) {
        let leader = leader(vector.archive.fork, &members, Slot(*height), Round(*round));
        let got = leader.map(OperatorId::get);
        ensure!(got == Some(*expected), "height {height} round {round}: expected {expected}, got {got:?}");
    }
    Ok(())
}

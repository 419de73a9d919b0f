//! `committeemember.CommitteeMemberTest`: quorums over the signers of a message.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use serde::Deserialize;

use crate::codes;
use crate::model::{MemberJson, SignedJson};
use crate::suite::Vector;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    committee_member: MemberJson,
    message: SignedJson,
    expected_has_quorum: bool,
    expected_full_committee: bool,
    expected_error_code: u64,
}

pub(super) fn run(vector: &Vector<'_>) -> Result<()> {
    let test: Test = vector.parse()?;
    let member = test.committee_member.decode()?;
    let message = test.message.require()?;
    let refusal = message.validate().err().map(|code| (Some(code), code.to_string()));
    codes::check(vector.archive.fork, test.expected_error_code, refusal)?;
    let signers: BTreeSet<_> = message.operator_ids.iter().collect();
    let quorum = member.thresholds().has_quorum(signers.len());
    ensure!(
        quorum == test.expected_has_quorum,
        "quorum: expected {}, got {quorum}",
        test.expected_has_quorum
    );
    let full = signers.len() == member.committee.len();
    ensure!(
        full == test.expected_full_committee,
        "all: expected {}, got {full}",
        test.expected_full_committee
    );
    Ok(())
}

//! A node speaks once for a slot, also after a restart.

use types::{CommitteeId, RunnerRole, Slot};

use super::open;
use crate::Consensus;

const ONE: (CommitteeId, RunnerRole) = (CommitteeId([1; 32]), RunnerRole::Committee);
const TWO: (CommitteeId, RunnerRole) = (CommitteeId([2; 32]), RunnerRole::Committee);
const OTHER_ROLE: (CommitteeId, RunnerRole) = (CommitteeId([1; 32]), RunnerRole::Proposer);

#[test]
fn a_slot_begins_once_per_committee_and_role() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let before = vault.history_mark().generation;
    assert_eq!(
        vault.begin_consensus(&[ONE, TWO], Slot(5)).unwrap(),
        [Consensus::Started, Consensus::Started]
    );
    assert_eq!(vault.history_mark().generation.0, before.0 + 1, "one commit for all committees of a slot");
    let spoken = Consensus::AlreadySpoken { last: Slot(5) };
    assert_eq!(vault.begin_consensus(&[ONE], Slot(5)).unwrap(), [spoken]);
    assert_eq!(vault.begin_consensus(&[OTHER_ROLE, ONE], Slot(4)).unwrap(), [Consensus::Started, spoken]);
    assert_eq!(vault.begin_consensus(&[ONE], Slot(6)).unwrap(), [Consensus::Started]);
}

#[test]
fn a_restarted_node_does_not_speak_for_the_slot_it_died_in() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    vault.begin_consensus(&[ONE], Slot(5)).unwrap();
    drop(vault);
    let vault = open(folder.path());
    assert_eq!(vault.begin_consensus(&[ONE], Slot(5)).unwrap(), [Consensus::AlreadySpoken { last: Slot(5) }]);
    assert_eq!(vault.begin_consensus(&[ONE], Slot(6)).unwrap(), [Consensus::Started]);
}

//! The figures of the ledger: how duties ended, and how long their steps took. What a metrics page shows.
//!
//! Labels come from closed sets only: roles, outcomes, reasons, warnings, stations, and rounds up to the last one that any role has.

use std::collections::BTreeMap;

use types::{Round, RunnerRole};

use crate::record::{DutyRecord, DutyRole, Outcome};

/// Upper bounds of the buckets, microseconds. Those of the reference, so that one dashboard serves both.
pub const BUCKETS_MICROS: [u64; 16] = [
    0, 1_000, 5_000, 10_000, 25_000, 50_000, 75_000, 100_000, 250_000, 500_000, 750_000, 1_000_000,
    2_500_000, 5_000_000, 7_500_000, 10_000_000,
];

/// The last round that has a label of its own; what is later is counted there.
const LAST_ROUND: u64 = 16;

/// How often something took how long.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    /// How many fell into each bucket and no earlier one; the last count is of those beyond all bounds.
    pub counts: [u64; BUCKETS_MICROS.len() + 1],
    /// All together, microseconds.
    pub sum_micros: u64,
}

impl Histogram {
    fn observe(&mut self, micros: u64) {
        let place = BUCKETS_MICROS.partition_point(|bound| *bound < micros);
        if let Some(count) = self.counts.get_mut(place) {
            *count = count.saturating_add(1);
        }
        self.sum_micros = self.sum_micros.saturating_add(micros);
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }
}

/// A part of a duty whose length is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stretch {
    /// From the start to a quorum of partial signatures before consensus.
    PreConsensus,
    /// From there (or from the start) to the decision.
    Consensus,
    /// From the decision to a quorum of partial signatures.
    PostConsensus,
    /// From the start to the accepted submission.
    Duty,
    /// From the start of consensus to the proposal.
    Proposal,
    /// From the proposal to a quorum of prepares.
    Prepare,
    /// From there to the decision.
    Commit,
}

impl Stretch {
    /// Every one of them.
    pub const ALL: [Self; 7] = [
        Self::PreConsensus,
        Self::Consensus,
        Self::PostConsensus,
        Self::Duty,
        Self::Proposal,
        Self::Prepare,
        Self::Commit,
    ];

    /// How long it was; `None` if it did not come to its end.
    #[must_use]
    pub fn of(self, record: &DutyRecord) -> Option<u64> {
        let micros = &record.micros;
        let begun = micros.pre_quorum.or(micros.start);
        let (from, to) = match self {
            Self::PreConsensus => (micros.start, micros.pre_quorum),
            Self::Consensus => (begun, micros.decided),
            Self::PostConsensus => (micros.decided, micros.post_quorum),
            Self::Duty => (micros.start, micros.submitted),
            Self::Proposal => (begun, micros.proposal),
            Self::Prepare => (micros.proposal, record.prepared_at()),
            Self::Commit => (record.prepared_at(), micros.decided),
        };
        Some(to?.saturating_sub(from?))
    }
}

/// A station of a duty whose moment in the slot is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Station {
    /// The duty was started.
    Start,
    /// The own value was there.
    Data,
    /// A proposal was accepted.
    Proposal,
    /// The committee decided.
    Decided,
    /// A quorum of partial signatures was there.
    PostQuorum,
    /// A beacon node took the signed object.
    Submitted,
}

impl Station {
    /// Every one of them.
    pub const ALL: [Self; 6] =
        [Self::Start, Self::Data, Self::Proposal, Self::Decided, Self::PostQuorum, Self::Submitted];

    /// The name used in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Data => "data",
            Self::Proposal => "proposal",
            Self::Decided => "decided",
            Self::PostQuorum => "post_quorum",
            Self::Submitted => "submitted",
        }
    }

    /// When the record passed it, in microseconds since the start of the slot.
    #[must_use]
    pub const fn of(self, record: &DutyRecord) -> Option<u64> {
        let micros = &record.micros;
        match self {
            Self::Start => micros.start,
            Self::Data => micros.data,
            Self::Proposal => micros.proposal,
            Self::Decided => micros.decided,
            Self::PostQuorum => micros.post_quorum,
            Self::Submitted => micros.submitted,
        }
    }
}

/// How a duty ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct End {
    /// What it was.
    pub role: DutyRole,
    /// Its outcome.
    pub outcome: &'static str,
    /// Why it failed; empty if it did not.
    pub reason: String,
}

/// All figures since the node started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Duties that ended.
    pub ended: BTreeMap<End, u64>,
    /// Duties that were seen in a block.
    pub included: BTreeMap<DutyRole, u64>,
    /// Warnings, by their names.
    pub warned: BTreeMap<(DutyRole, String), u64>,
    /// How long parts of duties took, once a machine: by part, runner and the round that decided.
    pub stretches: BTreeMap<(Stretch, RunnerRole, u64), Histogram>,
    /// When in the slot stations were passed, once a machine.
    pub stations: BTreeMap<(Station, RunnerRole), Histogram>,
}

impl Figures {
    /// Counts a record that has ended.
    pub fn end(&mut self, record: &DutyRecord) {
        let reason = record.reason.clone().filter(|_| record.outcome == Outcome::Failed);
        let end =
            End { role: record.role, outcome: record.outcome.name(), reason: reason.unwrap_or_default() };
        count(&mut self.ended, end);
    }

    /// Counts a record that was seen in a block.
    pub fn include(&mut self, role: DutyRole) {
        count(&mut self.included, role);
    }

    /// Counts a warning.
    pub fn warn(&mut self, role: DutyRole, warning: &str) {
        count(&mut self.warned, (role, warning.to_owned()));
    }

    /// Measures what the records of one machine have in common.
    pub fn measure(&mut self, runner: RunnerRole, record: &DutyRecord) {
        let round = record.round.map_or(1, Round::get).min(LAST_ROUND);
        for stretch in Stretch::ALL {
            if let Some(micros) = stretch.of(record) {
                self.stretches.entry((stretch, runner, round)).or_default().observe(micros);
            }
        }
        for station in Station::ALL {
            if let Some(micros) = station.of(record) {
                self.stations.entry((station, runner)).or_default().observe(micros);
            }
        }
    }
}

fn count<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K) {
    let count = counts.entry(key).or_default();
    *count = count.saturating_add(1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::Micros;
    use types::{
        BeaconRole, CommitteeId, CommitteeIndex, Epoch, List, OperatorId, PublicKeyBytes, Slot,
        ValidatorDuty, ValidatorIndex,
    };

    fn record() -> DutyRecord {
        let duty = ValidatorDuty {
            role: BeaconRole::Attester,
            public_key: PublicKeyBytes([2; 48]),
            slot: Slot(9),
            validator_index: ValidatorIndex(7),
            committee_index: CommitteeIndex(1),
            committee_length: 4,
            committees_at_slot: 1,
            validator_committee_index: 0,
            validator_sync_committee_indices: List::empty(),
        };
        let mut record = DutyRecord::open(Epoch(1), CommitteeId([3; 32]), &duty).unwrap();
        record.operators = [1, 2, 3, 4].map(OperatorId).to_vec();
        record
    }

    #[test]
    fn stretches_lie_between_stations() {
        let mut record = record();
        record.round = Some(Round(2));
        record.micros = Micros {
            start: Some(1_000_000),
            proposal: Some(1_010_000),
            decided: Some(1_050_000),
            post_quorum: Some(1_070_000),
            submitted: Some(1_100_000),
            ..Micros::default()
        };
        record.heard.prepares =
            [(OperatorId(1), 1_011_000), (OperatorId(2), 1_015_000), (OperatorId(3), 1_020_000)].into();
        let micros = |stretch: Stretch| stretch.of(&record);
        assert_eq!(micros(Stretch::PreConsensus), None);
        assert_eq!(micros(Stretch::Consensus), Some(50_000));
        assert_eq!(micros(Stretch::PostConsensus), Some(20_000));
        assert_eq!(micros(Stretch::Duty), Some(100_000));
        assert_eq!(micros(Stretch::Proposal), Some(10_000));
        assert_eq!(micros(Stretch::Prepare), Some(10_000));
        assert_eq!(micros(Stretch::Commit), Some(30_000));
        let mut figures = Figures::default();
        figures.measure(RunnerRole::Committee, &record);
        let duty = &figures.stretches[&(Stretch::Duty, RunnerRole::Committee, 2)];
        assert_eq!(
            (duty.count(), duty.sum_micros, duty.counts[7]),
            (1, 100_000, 1),
            "a bound is of its bucket"
        );
        assert_eq!(figures.stations[&(Station::Start, RunnerRole::Committee)].counts[11], 1);
        record.round = Some(Round(u64::MAX));
        figures.measure(RunnerRole::Committee, &record);
        assert_eq!(figures.stretches[&(Stretch::Duty, RunnerRole::Committee, LAST_ROUND)].count(), 1);
    }

    #[test]
    fn ends_are_counted_by_role_outcome_and_reason() {
        let (mut figures, mut record) = (Figures::default(), record());
        record.outcome = Outcome::Submitted;
        figures.end(&record);
        figures.end(&record);
        record.outcome = Outcome::Failed;
        record.reason = Some("not_decided".to_owned());
        figures.end(&record);
        let of = |outcome, reason: &str| End { role: DutyRole::Attester, outcome, reason: reason.to_owned() };
        assert_eq!(figures.ended, [(of("failed", "not_decided"), 1), (of("submitted", ""), 2)].into());
        let mut slow = Histogram::default();
        slow.observe(u64::MAX);
        assert_eq!(slow.counts[BUCKETS_MICROS.len()], 1);
    }
}

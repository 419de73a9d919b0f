//! Many slots' duties, summed up: how they ended, why those that failed did, and a line for each that was asked for.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use duty::{FailureReason, Warning};
use outbox::{DutyRecord, DutyRole, Outcome};
use serde::Serialize;
use types::{PublicKeyBytes, Slot, ValidatorIndex};

use super::words::{duties, seconds};

/// Which records.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only these validators; all if empty.
    pub validators: Vec<Validator>,
    /// Only this kind of duty.
    pub role: Option<DutyRole>,
    /// Only those that failed.
    pub failed: bool,
    /// Only those with a warning.
    pub warned: bool,
}

/// A validator, by number or by key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validator {
    /// Its number.
    Index(ValidatorIndex),
    /// Its key.
    Key(PublicKeyBytes),
}

/// Text that names no validator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("neither the number of a validator nor its public key (0x and 96 hex digits)")]
pub struct NoValidator;

impl std::str::FromStr for Validator {
    type Err = NoValidator;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NoValidator;
        match text.strip_prefix("0x") {
            Some(digits) => {
                let mut key = [0; 48];
                hex::decode_to_slice(digits, &mut key).map_err(|_| wrong())?;
                Ok(Self::Key(PublicKeyBytes(key)))
            }
            None => text.parse().map(|index| Self::Index(ValidatorIndex(index))).map_err(|_| wrong()),
        }
    }
}

impl Filter {
    /// Whether the record is of a validator and kind that were asked for.
    #[must_use]
    pub fn is_about(&self, record: &DutyRecord) -> bool {
        let is_theirs = |validator: &Validator| match validator {
            Validator::Index(index) => *index == record.validator_index,
            Validator::Key(key) => *key == record.public_key,
        };
        (self.validators.is_empty() || self.validators.iter().any(is_theirs))
            && self.role.is_none_or(|role| role == record.role)
    }

    fn shows(&self, record: &DutyRecord) -> bool {
        (!self.failed || record.outcome == Outcome::Failed) && (!self.warned || !record.warnings.is_empty())
    }
}

/// How often something happened.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Its name.
    pub name: String,
    /// How often.
    pub count: usize,
    /// What it means.
    pub meaning: &'static str,
}

/// The sum of many slots' duties.
#[derive(Debug, Serialize)]
pub struct Digest {
    /// The first slot.
    pub from_slot: Slot,
    /// The last slot.
    pub to_slot: Slot,
    /// Where the records come from.
    pub source: String,
    /// Duties that were to be done.
    pub scheduled: usize,
    /// Of those, submitted.
    pub submitted: usize,
    /// Of those, failed.
    pub failed: usize,
    /// Of those, not ended.
    pub running: usize,
    /// Duties of which nothing was to be done.
    pub not_selected: usize,
    /// Duties that were seen in a block.
    pub included: usize,
    /// Why duties failed, the most frequent first.
    pub reasons: Vec<Count>,
    /// Warnings, the most frequent first.
    pub warnings: Vec<Count>,
    /// The duties that were asked for, the newest last.
    pub duties: Vec<DutyRecord>,
    /// How many more there are, older than those.
    pub left_out: usize,
}

impl Digest {
    /// Sums up the records of these slots and shows at most `limit` of them.
    #[must_use]
    pub fn new(
        (from_slot, to_slot): (Slot, Slot),
        source: String,
        mut records: Vec<DutyRecord>,
        filter: &Filter,
        limit: usize,
    ) -> Self {
        records.retain(|record| filter.is_about(record));
        let count = |outcome| records.iter().filter(|record| record.outcome == outcome).count();
        let (submitted, failed, running) =
            (count(Outcome::Submitted), count(Outcome::Failed), count(Outcome::Running));
        let reasons = tally(records.iter().filter_map(|record| record.reason.as_deref()), |name| {
            FailureReason::from_name(name).map(FailureReason::meaning)
        });
        let warnings =
            tally(records.iter().flat_map(|record| &record.warnings).map(String::as_str), |name| {
                Warning::from_name(name).map(Warning::meaning)
            });
        let (not_selected, included) =
            (count(Outcome::NotSelected), records.iter().filter(|record| record.included.is_some()).count());
        records.retain(|record| filter.shows(record));
        let left_out = records.len().saturating_sub(limit);
        Self {
            from_slot,
            to_slot,
            source,
            scheduled: submitted.saturating_add(failed).saturating_add(running),
            submitted,
            failed,
            running,
            not_selected,
            included,
            reasons,
            warnings,
            duties: records.split_off(left_out),
            left_out,
        }
    }
}

fn tally<'a>(
    names: impl Iterator<Item = &'a str>,
    meaning: impl Fn(&str) -> Option<&'static str>,
) -> Vec<Count> {
    let mut counts = BTreeMap::<&str, usize>::new();
    for name in names {
        let count = counts.entry(name).or_default();
        *count = count.saturating_add(1);
    }
    let row = |(name, count): (&str, usize)| Count {
        name: name.to_owned(),
        count,
        meaning: meaning(name).unwrap_or("This version of the program does not know it."),
    };
    let mut rows: Vec<Count> = counts.into_iter().map(row).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    rows
}

impl Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "slots {} to {}, from {}", self.from_slot, self.to_slot, self.source)?;
        let Self { submitted, failed, running, not_selected, included, .. } = self;
        writeln!(f, "{}: {submitted} submitted, {failed} failed, {running} running", duties(self.scheduled))?;
        writeln!(f, "{included} seen in a block; {not_selected} more were not selected to aggregate")?;
        for (title, counts) in [("why duties failed", &self.reasons), ("warnings", &self.warnings)] {
            if !counts.is_empty() {
                writeln!(f, "\n{title}")?;
            }
            for Count { name, count, meaning } in counts {
                writeln!(f, "  {count:>6}  {name}: {meaning}")?;
            }
        }
        if self.duties.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{}", HEADER.map(|(title, width)| format!("{title:width$}")).join("  ").trim_end())?;
        for record in &self.duties {
            let cells = cells(record);
            let row = HEADER.iter().zip(cells).map(|((_, width), cell)| format!("{cell:width$}"));
            writeln!(f, "{}", row.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        if self.left_out > 0 {
            writeln!(f, "{} older ones are not shown: --limit says how many are", self.left_out)?;
        }
        writeln!(f, "`capstan duty SLOT` tells what happened to one")
    }
}

const HEADER: [(&str, usize); 7] = [
    ("slot", 8),
    ("duty", 27),
    ("validator", 9),
    ("outcome", 12),
    ("submitted", 9),
    ("block", 8),
    ("why", 0),
];

fn cells(record: &DutyRecord) -> [String; 7] {
    let reason = record.reason.iter().map(String::as_str);
    let why: Vec<&str> = reason.chain(record.warnings.iter().map(String::as_str)).collect();
    [
        record.slot.to_string(),
        record.role.name().to_owned(),
        record.validator_index.to_string(),
        record.outcome.name().to_owned(),
        record.micros.submitted.map(seconds).unwrap_or_default(),
        record.included.map(|included| included.slot.to_string()).unwrap_or_default(),
        why.join(", "),
    ]
}

#[cfg(test)]
mod tests;

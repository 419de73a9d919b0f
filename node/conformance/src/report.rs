//! What is printed: one line per family, the names of what failed, and the sum.

use std::collections::BTreeSet;
use std::fmt;

/// What one vector showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything the vector states holds.
    Passed,
    /// Something differs; the text says what and where.
    Failed(String),
    /// Not run, and not counted as passed; the text says why.
    NotRun(String),
}

impl From<anyhow::Result<()>> for Outcome {
    fn from(result: anyhow::Result<()>) -> Self {
        match result {
            Ok(()) => Self::Passed,
            Err(error) => Self::Failed(format!("{error:#}")),
        }
    }
}

/// The vectors of one kind in one archive.
#[derive(Debug, Clone)]
pub struct Family {
    /// The archive and the kind, such as `ssv-spec qbft tests.MsgSpecTest`.
    pub name: String,
    /// How many vectors passed.
    pub passed: usize,
    /// Name and difference of each vector that failed.
    pub failed: Vec<(String, String)>,
    /// Name and reason of each vector that was not run.
    pub not_run: Vec<(String, String)>,
    /// How many vectors the archive has.
    pub found: usize,
    /// Names of the vectors that should be there and are not.
    pub absent: Vec<String>,
}

impl Family {
    /// An empty family.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        let (failed, not_run, absent) = (Vec::new(), Vec::new(), Vec::new());
        Self { name: name.into(), passed: 0, failed, not_run, found: 0, absent }
    }

    /// One line for each reason, with the names.
    fn fmt_not_run(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reasons: BTreeSet<&str> = self.not_run.iter().map(|(_, reason)| reason.as_str()).collect();
        for reason in reasons {
            let of_reason = self.not_run.iter().filter(|(_, other)| other == reason);
            let names: Vec<&str> = of_reason.map(|(name, _)| name.as_str()).collect();
            writeln!(f, "    {} not run: {reason}: {}", names.len(), names.join(", "))?;
        }
        Ok(())
    }

    /// Counts one vector.
    pub fn record(&mut self, name: &str, outcome: Outcome) {
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Failed(difference) => self.failed.push((name.to_owned(), difference)),
            Outcome::NotRun(reason) => self.not_run.push((name.to_owned(), reason)),
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<84}", self.name)?;
        write!(f, "{:>4} passed, {} failed", self.passed, self.failed.len())?;
        if !self.absent.is_empty() {
            write!(f, ", {} ABSENT", self.absent.len())?;
        }
        writeln!(f)?;
        self.fmt_not_run(f)?;
        for name in &self.absent {
            writeln!(f, "    ABSENT {name}")?;
        }
        for (name, difference) in &self.failed {
            writeln!(f, "    FAILED {name}: {difference}")?;
        }
        Ok(())
    }
}

/// Everything that was run.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// In the order in which they ran.
    pub families: Vec<Family>,
    /// Archives that are not there at all.
    pub absent: Vec<String>,
}

impl Report {
    /// How many vectors passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.families.iter().map(|family| family.passed).sum()
    }

    /// How many vectors failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.families.iter().map(|family| family.failed.len()).sum()
    }

    /// Is everything there that was published?
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.absent.is_empty() && self.families.iter().all(|family| family.absent.is_empty())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for family in &self.families {
            family.fmt(f)?;
        }
        for archive in &self.absent {
            writeln!(f, "ABSENT {archive}")?;
        }
        writeln!(f, "{} not run", self.families.iter().map(|family| family.not_run.len()).sum::<usize>())?;
        write!(f, "{} passed, {} failed", self.passed(), self.failed())
    }
}

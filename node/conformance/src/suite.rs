//! An archive, the suites in it, and how one vector finds the code that runs it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use types::{BeaconFork, SsvFork};

use crate::exceptions;
use crate::keys::TestKeys;
use crate::published;
use crate::report::{Family, Outcome};
use crate::source::Files;

/// One published set of vectors.
pub struct Archive {
    /// Its file name without `.tar.xz`.
    pub name: &'static str,
    /// The version of the protocol it belongs to.
    pub fork: SsvFork,
    /// The files that were asked for.
    pub files: Files,
    /// The keys its tests sign with.
    pub keys: TestKeys,
    /// The full block of each fork that its tests are about.
    pub blocks: BTreeMap<BeaconFork, Vec<u8>>,
}

/// The archives, and the fork each belongs to.
pub const ARCHIVES: [(&str, SsvFork); 2] = [("ssv-spec", SsvFork::Boole), ("ssv-spec-alan", SsvFork::Alan)];

/// One kind of vector: the start of its file names, and what runs it.
pub struct Kind {
    /// Package and type, up to the first underscore of a file name.
    pub prefix: &'static str,
    /// What runs one.
    pub run: Run,
}

/// The tests of one file, by name.
pub type Tests = Vec<(String, Outcome)>;

/// What runs the vectors of a kind.
#[derive(Clone, Copy)]
pub enum Run {
    /// This code.
    With(fn(&Vector<'_>) -> Result<()>),
    /// This code, for each of the tests in a file.
    Each(fn(&Vector<'_>) -> Result<Tests>),
}

/// A folder of vectors.
pub struct Suite {
    /// Its folder in the archive.
    pub folder: &'static str,
    /// Whether its state files are compared.
    pub states: bool,
    /// The kinds in it.
    pub kinds: &'static [Kind],
}

/// One vector.
pub struct Vector<'a> {
    /// Where it is from.
    pub archive: &'a Archive,
    /// The folder of its suite.
    pub folder: &'a str,
    /// Its path in the archive.
    pub path: &'a str,
    bytes: &'a [u8],
}

impl Vector<'_> {
    /// Package and type, up to the first underscore of the file name.
    #[must_use]
    pub fn kind(&self) -> &str {
        file_name(self.path).split('_').next().unwrap_or_default()
    }

    /// Reads the vector.
    ///
    /// # Errors
    /// It has not the form of its kind.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(self.bytes).context("the vector has not the form of its kind")
    }

    /// Reads the state file `name` of its suite.
    ///
    /// # Errors
    /// There is none, or it is not JSON.
    pub fn expected_state(&self, name: &str) -> Result<serde_json::Value> {
        let path = format!("{}/state_comparison/{name}.json", self.folder);
        let bytes = self.archive.files.get(&path).with_context(|| format!("no state file {path}"))?;
        serde_json::from_slice(bytes).with_context(|| path)
    }
}

impl Suite {
    /// The paths of all vectors in an archive.
    #[must_use]
    pub fn paths(&self, archive: &Archive) -> Vec<String> {
        archive.files.below(&self.tests()).map(|(path, _)| path.to_owned()).collect()
    }

    /// Runs every vector of an archive.
    #[must_use]
    pub fn run(&self, archive: &Archive) -> Vec<Family> {
        self.run_some(archive, |_| true)
    }

    /// Runs the vectors that `wanted` picks by their path.
    #[must_use]
    pub fn run_some(&self, archive: &Archive, wanted: impl Fn(&str) -> bool) -> Vec<Family> {
        let name = |prefix: &str| format!("{} {} {prefix}", archive.name, self.short_name());
        let mut families: Vec<Family> =
            self.kinds.iter().map(|kind| Family::new(name(kind.prefix))).collect();
        let mut unknown = Family::new(name("of a kind that nothing runs"));
        for path in self.paths(archive) {
            let at = self.kind_of(&path);
            let family = at.and_then(|at| families.get_mut(at)).unwrap_or(&mut unknown);
            family.found += 1;
            if wanted(&path) {
                for (name, outcome) in self.run_each(archive, &path) {
                    family.record(&name, outcome);
                }
            }
        }
        for name in exceptions::lacking(archive.fork) {
            let path = format!("{}{name}.json", self.tests());
            let family = self.kind_of(&path).and_then(|at| families.get_mut(at));
            if let Some(family) = family.filter(|_| archive.files.get(&path).is_none()) {
                family.record(name, Outcome::NotRun(exceptions::TOO_LARGE.to_owned()));
            }
        }
        let is_there = |name: &str| archive.files.get(&format!("{name}.json")).is_some();
        for absent in published::absent(archive.name, &self.tests(), is_there) {
            let at = self.kind_of(&absent);
            let family = at.and_then(|at| families.get_mut(at)).unwrap_or(&mut unknown);
            family.absent.push(file_name(&absent).to_owned());
        }
        let has_any = |family: &Family| family.found + family.absent.len() > 0;
        families.retain(has_any);
        families.extend(has_any(&unknown).then_some(unknown));
        families
    }

    /// Runs one vector; the worst of its tests counts.
    #[must_use]
    pub fn run_one(&self, archive: &Archive, path: &str) -> Outcome {
        let mut outcomes: Vec<Outcome> =
            self.run_each(archive, path).into_iter().map(|(_, outcome)| outcome).collect();
        outcomes.sort_by_key(|outcome| match outcome {
            Outcome::Failed(_) => 0,
            Outcome::NotRun(_) => 1,
            Outcome::Passed => 2,
        });
        outcomes.into_iter().next().unwrap_or_else(|| Outcome::Failed("there is no test in it".to_owned()))
    }

    /// Runs the tests of one vector.
    fn run_each(&self, archive: &Archive, path: &str) -> Tests {
        let name = file_name(path);
        let one = |outcome| vec![(name.to_owned(), outcome)];
        let Some(kind) = self.kind_of(path).and_then(|at| self.kinds.get(at)) else {
            return one(Outcome::Failed("no code runs this kind of vector".to_owned()));
        };
        let Some(bytes) = archive.files.get(path) else {
            return one(Outcome::Failed("no such file".to_owned()));
        };
        let vector = Vector { archive, folder: self.folder, path, bytes };
        match kind.run {
            Run::With(run) => one(run(&vector).into()),
            Run::Each(run) => match run(&vector) {
                Ok(tests) => {
                    let named = |(test, outcome)| (format!("{name} / {test}"), outcome);
                    tests.into_iter().map(named).collect()
                }
                Err(error) => one(Outcome::Failed(format!("{error:#}"))),
            },
        }
    }

    /// The folder of its vectors.
    #[must_use]
    pub fn tests(&self) -> String {
        format!("{}/tests/", self.folder)
    }

    fn short_name(&self) -> &str {
        self.folder.split('/').next().unwrap_or(self.folder)
    }

    fn kind_of(&self, path: &str) -> Option<usize> {
        let prefix = file_name(path).split('_').next()?;
        self.kinds.iter().position(|kind| kind.prefix == prefix)
    }
}

fn file_name(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".json").unwrap_or(name)
}

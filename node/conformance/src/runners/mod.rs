//! The runner suite: 172 vectors of Boole, 154 of Alan.
//!
//! The reference's runner objects are mutable and live for ever, our machines live for one duty. A vector that begins in the
//! midst of one is met by a machine put together from what it says was done so far. Compared are the refusal, the
//! published bundles, what the beacon node got, and the whole runner, written down as the reference writes it.

mod alan;
mod beacon;
mod committee;
mod construction;
mod container;
mod env;
mod machine;
mod model;
mod newduty;
mod output;
mod processing;
mod proofs;
mod shares;
mod value_check;
mod world;

use anyhow::{Result, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::compare::difference;
use crate::exceptions;
use crate::suite::{Kind, Run, Suite, Vector};

/// A file of one test, or of several.
#[derive(Deserialize)]
#[serde(untagged)]
enum File<T> {
    Many {
        #[serde(rename = "Name")]
        name: String,
        #[serde(rename = "Tests")]
        tests: Vec<T>,
    },
    One(Box<T>),
}

/// The tests of a file, and its name if there are several.
struct Many<T> {
    outer: Option<String>,
    tests: Vec<T>,
}

impl<T> From<File<T>> for Many<T> {
    fn from(file: File<T>) -> Self {
        match file {
            File::Many { name, tests } => Self { outer: Some(name), tests },
            File::One(test) => Self { outer: None, tests: vec![*test] },
        }
    }
}

/// Compares a runner or what it holds with the state file, without the parts that an exception names.
fn compare(vector: &Vector<'_>, outer: Option<&str>, name: &str, mut written: Value) -> Result<()> {
    let mut expected = vector.expected_state(&state_path(vector, outer, name))?;
    for part in exceptions::left_out(vector.archive.fork, outer, name) {
        for state in [&mut expected, &mut written] {
            if let Some(part) = state.pointer_mut(part) {
                *part = Value::Null;
            }
        }
    }
    match difference(&expected, &written) {
        Some(difference) => bail!("runner {difference}"),
        None => Ok(()),
    }
}

/// Where the state that a test expects is: package and type in the name of its folder, then its names.
fn state_path(vector: &Vector<'_>, outer: Option<&str>, name: &str) -> String {
    let kind = vector.kind().replacen('.', "_", 1);
    match outer {
        Some(outer) => format!("{kind}/{}/{name}", outer.replace(' ', "_")),
        None => format!("{kind}/{name}"),
    }
}

/// What runs the vectors of the runners.
pub const SUITE: Suite = Suite {
    folder: "ssv/spectest/generate",
    states: true,
    kinds: &[
        kind("tests.MultiMsgProcessingSpecTest", Run::Each(processing::run)),
        kind("committee.MultiCommitteeSpecTest", Run::Each(committee::run)),
        kind("newduty.MultiStartNewRunnerDutySpecTest", Run::Each(newduty::run)),
        kind("valcheck.SpecTest", Run::Each(value_check::run)),
        kind("valcheck.MultiSpecTest", Run::Each(value_check::run)),
        kind("partialsigcontainer.PartialSigContainerTest", Run::With(container::run)),
        kind("tests.MsgProcessingSpecTest", Run::Each(processing::run)),
        kind("runnerconstruction.RunnerConstructionSpecTest", Run::Each(construction::run)),
        kind("synccommitteeaggregator.SyncCommitteeAggregatorProofSpecTest", Run::With(proofs::run)),
        kind("committee.CommitteeSpecTest", Run::Each(committee::run)),
    ],
};

const fn kind(prefix: &'static str, run: Run) -> Kind {
    Kind { prefix, run }
}

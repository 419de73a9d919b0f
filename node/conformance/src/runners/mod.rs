//! The runner suite: 172 vectors of Boole, 154 of Alan. Of these the ones of the committee runner are run, as far as a duty can be
//! brought to where they begin.
//!
//! Compared are the refusal, the published bundles and what the beacon node got. The states are not: they are those of the
//! reference's runner objects, and ours has others.

mod beacon;
mod committee;
mod container;
mod model;
mod processing;
mod shares;
mod under_way;
mod value_check;
mod world;

use serde::Deserialize;

use crate::suite::{Kind, Run, Suite};

/// A file of one test, or of several.
#[derive(Deserialize)]
#[serde(untagged)]
enum File<T> {
    Many {
        #[serde(rename = "Tests")]
        tests: Vec<T>,
    },
    One(Box<T>),
}

impl<T> File<T> {
    fn tests(self) -> Vec<T> {
        match self {
            Self::Many { tests } => tests,
            Self::One(test) => vec![*test],
        }
    }
}

const RUNNERS: Run = Run::Waits("the other runners are not set up here yet");
const LEFT_OUT: &str = ", committee runner without states";

/// What runs the vectors of the runners.
pub const SUITE: Suite = Suite {
    folder: "ssv/spectest/generate",
    states: false,
    kinds: &[
        kind("tests.MultiMsgProcessingSpecTest", [107, 99], Run::Each(processing::run, LEFT_OUT)),
        kind("committee.MultiCommitteeSpecTest", [21, 14], Run::Each(committee::run, LEFT_OUT)),
        kind("newduty.MultiStartNewRunnerDutySpecTest", [11, 11], RUNNERS),
        kind("valcheck.SpecTest", [10, 9], Run::Each(value_check::run, "")),
        kind("valcheck.MultiSpecTest", [7, 5], Run::Each(value_check::run, "")),
        kind("partialsigcontainer.PartialSigContainerTest", [5, 5], Run::With(container::run)),
        kind("tests.MsgProcessingSpecTest", [3, 3], Run::Each(processing::run, LEFT_OUT)),
        kind("runnerconstruction.RunnerConstructionSpecTest", [3, 3], RUNNERS),
        kind("synccommitteeaggregator.SyncCommitteeAggregatorProofSpecTest", [3, 3], RUNNERS),
        kind("committee.CommitteeSpecTest", [2, 2], Run::Each(committee::run, LEFT_OUT)),
    ],
};

const fn kind(prefix: &'static str, published: [usize; 2], run: Run) -> Kind {
    Kind { prefix, published, run }
}

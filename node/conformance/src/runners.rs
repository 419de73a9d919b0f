//! The runner suite: 172 vectors of Boole, 154 of Alan. Nothing runs them yet; they are listed so that nobody takes them for
//! passed.

use crate::suite::{Kind, Run, Suite};

const RUNNERS: Run = Run::Waits("the runners of the reference are not set up here yet");

/// What will run the vectors of the runners.
pub const SUITE: Suite = Suite {
    folder: "ssv/spectest/generate",
    kinds: &[
        kind("tests.MultiMsgProcessingSpecTest", [107, 99]),
        kind("committee.MultiCommitteeSpecTest", [21, 14]),
        kind("newduty.MultiStartNewRunnerDutySpecTest", [11, 11]),
        kind("valcheck.SpecTest", [10, 9]),
        kind("valcheck.MultiSpecTest", [7, 5]),
        kind("partialsigcontainer.PartialSigContainerTest", [5, 5]),
        kind("tests.MsgProcessingSpecTest", [3, 3]),
        kind("runnerconstruction.RunnerConstructionSpecTest", [3, 3]),
        kind("synccommitteeaggregator.SyncCommitteeAggregatorProofSpecTest", [3, 3]),
        kind("committee.CommitteeSpecTest", [2, 2]),
    ],
};

const fn kind(prefix: &'static str, published: [usize; 2]) -> Kind {
    Kind { prefix, published, run: RUNNERS }
}

//! The consensus suite: 203 vectors of Boole, 199 of Alan.

pub(crate) mod controller;
mod create;
mod message;
mod processing;
mod round_robin;
pub(crate) mod state;
mod timeout;
pub(crate) mod world;

use crate::suite::{Kind, Run, Suite};

/// What runs the consensus vectors.
pub const SUITE: Suite = Suite {
    folder: "qbft/spectest/generate",
    states: true,
    kinds: &[
        Kind { prefix: "tests.MsgProcessingSpecTest", run: Run::With(processing::run) },
        Kind { prefix: "tests.ControllerSpecTest", run: Run::With(controller::run) },
        Kind { prefix: "tests.MsgSpecTest", run: Run::With(message::run) },
        Kind { prefix: "tests.CreateMsgSpecTest", run: Run::With(create::run) },
        Kind { prefix: "timeout.SpecTest", run: Run::With(timeout::run) },
        // The commit of the Alan archive already has the Boole formula, so its four files are left out there.
        Kind { prefix: "tests.RoundRobinSpecTest", run: Run::With(round_robin::run) },
    ],
};

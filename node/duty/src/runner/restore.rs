//! A duty in the midst of its walk, put together from what it has done so far.

use qbft::Controller;
use types::{OperatorId, SignatureBytes};

use super::expected::Expected;
use super::setup::{Past, Plan, RunnerSetup};
use super::{Runner, decided, pre_tasks};
use crate::collector::SignatureSlot;
use crate::consensus::Consensus;
use crate::refusal::Refusal;

/// One operator's partial signature.
pub type Held = (SignatureSlot, OperatorId, SignatureBytes);

/// What a duty that began has done so far (`ssv-spec ssv/runner_state.go`).
#[derive(Debug)]
pub struct Progress {
    /// Its consensus.
    pub controller: Controller,
    /// Whether consensus on this duty was started here.
    pub running: bool,
    /// Partial signatures from before consensus.
    pub pre: Vec<Held>,
    /// Partial signatures from after it.
    pub post: Vec<Held>,
    /// The decided value that this operator accepted.
    pub decided_value: Option<Vec<u8>>,
    /// Whether everything was submitted, or nothing was to be.
    pub finished: bool,
}

impl Runner {
    /// The machine of a duty that began. It may speak in consensus, and asks for nothing again that it asked for before.
    ///
    /// # Errors
    /// Those of [`Runner::new`], and a decided value that does not decode.
    pub fn restore(setup: RunnerSetup, plan: Plan, progress: Progress) -> Result<Self, Refusal> {
        let mut runner = Self::new(setup, plan, Past::default())?;
        let slot = runner.plan.slot();
        runner.begun = true;
        runner.consensus = Consensus::restore(progress.controller, slot, progress.running);
        let tasks = pre_tasks::pre_tasks(&runner.plan, &runner.setup);
        runner.pre.expected = Expected::new(tasks, &runner.setup.domains);
        for (side, held) in [(&mut runner.pre, progress.pre), (&mut runner.post, progress.post)] {
            for (slot, signer, signature) in held {
                side.phase.put_back(slot, signer, signature);
            }
        }
        if let Some(bytes) = progress.decided_value {
            let decision = decided::read(&runner.plan, &runner.setup, &bytes)?;
            runner.expect_decided(decision);
        }
        if progress.finished {
            runner.open.clear();
        }
        Ok(runner)
    }
}

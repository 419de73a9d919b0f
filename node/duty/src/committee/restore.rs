//! A duty in the midst of its walk, put together from what it has done so far.

use std::sync::Arc;

use qbft::Controller;
use types::{BeaconVote, CommitteeDuty, Decode, OperatorId, SignatureBytes};

use super::input::OwnView;
use super::setup::Setup;
use super::vote_check::VoteCheck;
use super::{CommitteeRunner, Refusal};
use crate::collector::SignatureSlot;
use crate::consensus::Consensus;

/// What a committee's duty that began has done so far (`ssv-spec ssv/runner_state.go`).
#[derive(Debug)]
pub struct Progress {
    /// Its consensus.
    pub controller: Controller,
    /// Whether consensus on this duty was started here.
    pub running: bool,
    /// The own view of the chain and of the signing history.
    pub view: Option<OwnView>,
    /// Partial signatures.
    pub post: Vec<(SignatureSlot, OperatorId, SignatureBytes)>,
    /// The decided vote that this operator accepted.
    pub decided_value: Option<Vec<u8>>,
    /// Whether everything was submitted.
    pub finished: bool,
}

impl CommitteeRunner {
    /// The machine of a duty that began. It may speak in consensus, and asks for nothing again that it asked for before.
    ///
    /// # Errors
    /// Those of [`CommitteeRunner::new`], and a decided value that is no vote.
    pub fn restore(setup: Setup, duty: CommitteeDuty, progress: Progress) -> Result<Self, Refusal> {
        let mut runner = Self::new(setup, duty)?;
        runner.begun = true;
        runner.consensus = Consensus::restore(progress.controller, runner.duty.slot, progress.running);
        runner.check = progress.view.as_ref().map(|view| Arc::new(VoteCheck::new(view)));
        runner.view = progress.view;
        for (slot, signer, signature) in progress.post {
            runner.post.put_back(slot, signer, signature);
        }
        if let Some(bytes) = progress.decided_value {
            let vote = BeaconVote::from_ssz_bytes(&bytes).map_err(|_| Refusal::Undecodable)?;
            runner.expect(vote);
        }
        if progress.finished {
            runner.open.clear();
        }
        Ok(runner)
    }
}

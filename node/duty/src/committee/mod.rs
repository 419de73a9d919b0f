//! Attestations and sync committee messages of one committee and one slot, decided together.
//!
//! ```text
//!  Begin ─> BeginConsensus, FetchView ─> (permitted, view) ─> consensus on a BeaconVote
//!        ─> decided ─> Sign ─> Broadcast the bundle of partial signatures
//!        ─> quorum of bundles ─> Recombine ─> Submit ─> Ended, once for each validator and kind of duty
//! ```
//!
//! * The value in consensus is the vote of the leader's beacon node; every operator judges it with [`VoteCheck`].
//! * A node whose beacon node is slow takes part in consensus all the same if it knows the checkpoints of the epoch from an earlier slot: it
//!   judges votes by them, and leads from the second round on with the head of that slot if nothing newer has come. The leader of the first
//!   round waits for the own view. The reference waits in every case.
//! * A node that may have spoken in this slot's consensus before a restart follows without a word, and signs what is decided:
//!   a second proposal or prepare could differ from the first, a signature is guarded by its watermark.
//! * Messages that come too early wait (see [`crate::waiting`]).
//! * One bad partial signature costs nobody a duty: it is dropped and reported, and the next good one completes the quorum.
//! * Each of the duty's entries leaves exactly one [`Outcome`].
//! * A machine may be handed the consensus of the committee's earlier slots ([`CommitteeRunner::after`]). A slot that it has reached
//!   or passed does not begin (40).
//!
//! Sources: ssv-spec `ssv/committee.go`, `ssv/committee_runner.go`, `ssv/runner.go`, `ssv/runner_validations.go`. Codes
//! and their order are those of the reference.
//!
//! # Deviations
//!
//! * What the vault refuses, or what is withheld, is left out of the bundle; the reference sends nothing at all then. Receivers count per validator,
//!   so the other validators keep their quorum.
//! * Attestations and sync committee messages are submitted independently of each other's success.

mod consensus;
mod effect;
mod input;
mod outcome;
mod post;
mod restore;
mod setup;
mod vote_check;

use std::collections::BTreeMap;
use std::sync::Arc;

use qbft::Controller;
use types::{BeaconRole, BeaconVote, CommitteeDuty, ValidatorIndex};

use crate::collector::{Collector, SignatureSlot};
use crate::consensus::Consensus;
use crate::phase::Phase;
use crate::reason::FailureReason;
use crate::waiting::Waiting;

pub use crate::refusal::Refusal;
pub use effect::{
    Effect, Milestone, Outcome, SignRequest, SignedObject, SigningObject, SigningTask, Submission,
};
pub use input::{Input, OwnView, Signed, SubmitError, Watermark, Withheld};
pub use restore::Progress;
pub use setup::{AttestationIndex, Setup};
pub use vote_check::VoteCheck;

/// What one input led to. Both parts count: a refused message may have changed something before it was refused.
#[derive(Debug, Default)]
#[must_use = "effects that are not carried out stop the duty"]
pub struct Step {
    /// To be carried out in this order.
    pub effects: Vec<Effect>,
    /// Why the input was refused.
    pub refusal: Option<Refusal>,
}

/// What stands between an entry of the duty and its outcome.
#[derive(Debug, Clone, Copy, Default)]
struct Open {
    /// Why the own partial signature is missing.
    withheld: Option<Withheld>,
    /// A quorum came together, but some of it was bad.
    bad_parts: bool,
    /// The beacon nodes have it, and have not answered.
    submitting: bool,
}

/// The decided vote, and which entry of the duty each expected signature belongs to.
#[derive(Debug)]
struct Decision {
    vote: BeaconVote,
    expected: BTreeMap<SignatureSlot, usize>,
}

/// The machine of one committee's duty.
#[derive(Debug)]
pub struct CommitteeRunner {
    setup: Setup,
    duty: CommitteeDuty,
    consensus: Consensus,
    begun: bool,
    view: Option<OwnView>,
    foreseen: Option<OwnView>,
    check: Option<Arc<VoteCheck>>,
    decision: Option<Decision>,
    post: Phase,
    waiting: Waiting,
    open: BTreeMap<(ValidatorIndex, BeaconRole), Open>,
    stuck: Option<FailureReason>,
    saw_post_quorum: bool,
}

impl CommitteeRunner {
    /// The machine of this duty. Entries for validators without keys in the setup are left out.
    ///
    /// # Errors
    /// The first rule that the duty breaks: 24 for an empty duty, 25 if none of its validators is ours, and those of
    /// [`CommitteeDuty::validate`].
    pub fn new(setup: Setup, duty: CommitteeDuty) -> Result<Self, Refusal> {
        let earlier = Controller::new(setup.qbft_config(), setup.message_id());
        Self::after(earlier, setup, duty)
    }

    /// The machine of this duty, with the consensus of the committee's earlier slots: the height it has seen decides whether the
    /// duty is still to come.
    ///
    /// # Errors
    /// Those of [`CommitteeRunner::new`].
    pub fn after(earlier: Controller, setup: Setup, duty: CommitteeDuty) -> Result<Self, Refusal> {
        if duty.validator_duties.is_empty() {
            return Err(types::RefusalCode::NoBeaconDuties.into());
        }
        let ours = |entry: &types::ValidatorDuty| setup.keys.get(entry.validator_index).is_some();
        let duty = CommitteeDuty {
            slot: duty.slot,
            validator_duties: duty.validator_duties.into_iter().filter(ours).collect(),
        };
        if duty.validator_duties.is_empty() {
            return Err(types::RefusalCode::NoValidatorShares.into());
        }
        duty.validate(setup.fork)?;
        let open = duty.validator_duties.iter().map(|entry| (entry_key(entry), Open::default())).collect();
        let per_signer = types::PartialSignatureMessages::max_messages(setup.fork);
        let post = Phase::new(setup.quorum(), per_signer);
        let consensus = Consensus::new(earlier, duty.slot);
        Ok(Self {
            setup,
            duty,
            consensus,
            begun: false,
            view: None,
            foreseen: None,
            check: None,
            decision: None,
            post,
            waiting: Waiting::default(),
            open,
            stuck: None,
            saw_post_quorum: false,
        })
    }

    /// The duty this machine runs.
    #[must_use]
    pub const fn duty(&self) -> &CommitteeDuty {
        &self.duty
    }

    /// Whether every entry has its outcome.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.open.is_empty()
    }

    /// The consensus of this duty, and of earlier ones if it was handed over.
    #[must_use]
    pub const fn controller(&self) -> &Controller {
        self.consensus.controller()
    }

    /// What [`CommitteeRunner::after`] takes for a later slot.
    #[must_use]
    pub fn into_controller(self) -> Controller {
        self.consensus.into_controller()
    }

    /// The partial signatures held.
    #[must_use]
    pub const fn signatures(&self) -> &Collector {
        self.post.collector()
    }

    /// The decided vote, if this operator accepts it.
    #[must_use]
    pub fn decided_vote(&self) -> Option<BeaconVote> {
        self.decision.as_ref().map(|decision| decision.vote)
    }

    /// Messages that found no place to wait.
    #[must_use]
    pub const fn dropped_messages(&self) -> u64 {
        self.waiting.dropped()
    }

    /// Feeds one input.
    pub fn step(&mut self, input: Input) -> Step {
        let mut effects = Vec::new();
        let refusal = self.dispatch(input, &mut effects).err();
        if refusal.is_none() {
            self.offer_waiting(&mut effects);
        }
        Step { effects, refusal }
    }

    fn dispatch(&mut self, input: Input, out: &mut Vec<Effect>) -> Result<(), Refusal> {
        match input {
            Input::Begin => self.begin(out),
            Input::ConsensusPermitted(permitted) => {
                self.consensus.permit(permitted);
                self.start_if_ready(out)
            }
            Input::Foreseen(view) => self.on_foreseen(view, out),
            Input::View(view) => self.on_view(view, out),
            Input::Message(message) => self.on_message(message, out),
            Input::Timeout { round } => self.on_timeout(round, out),
            Input::Signed(signed) => self.on_signed(&signed, out),
            Input::Recombined(results) => self.on_recombined(results, out),
            Input::Submitted { objects, result } => {
                self.on_submitted(&objects, result, out);
                Ok(())
            }
            Input::GiveUp => {
                self.give_up(out);
                Ok(())
            }
        }
    }

    fn begin(&mut self, out: &mut Vec<Effect>) -> Result<(), Refusal> {
        if self.begun || self.consensus.has_passed() {
            return Err(types::RefusalCode::DutyAlreadyPassed.into());
        }
        self.begun = true;
        out.extend([Effect::BeginConsensus, Effect::FetchView]);
        Ok(())
    }
}

fn entry_key(entry: &types::ValidatorDuty) -> (ValidatorIndex, BeaconRole) {
    (entry.validator_index, entry.role)
}

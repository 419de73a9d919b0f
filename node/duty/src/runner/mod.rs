//! Every duty that begins with partial signatures: proposal, aggregation and contribution (Alan), the committee's aggregation
//! (Boole), builder registration and voluntary exit. One machine walks them all; a [`Plan`] says which one it is.
//!
//! ```text
//!  Begin ─> BeginConsensus, Sign ─> Broadcast ─> quorum ─> Recombine
//!        ─> registration, exit: Submit ─> Ended
//!        ─> the others: who is selected? ─> Fetch ─> consensus ─> decided
//!        ─> Sign ─> Broadcast ─> quorum ─> Recombine ─> Submit ─> Ended, once for each entry
//! ```
//!
//! * The duties of one validator are strict: a bundle is exactly what this operator expects (48, 49, 41), before consensus and
//!   after it. A committee's duty takes what it knows and lets the rest lie.
//! * The value of a proposal is the blinded block. The leader of the deciding round gives its own full block to the beacon
//!   nodes if it is the one decided, everybody else the decided one.
//! * Messages that come too early wait (see [`crate::waiting`]).
//! * Each entry leaves exactly one [`Outcome`].
//!
//! Sources: ssv-spec `ssv/{proposer,validator_registration,voluntary_exit,aggregator_committee}.go`,
//! `ssv/{aggregator,sync_committee_aggregator}.go` (Alan), `ssv/runner.go`, `ssv/runner_validations.go`. Codes and their order
//! are those of the reference.
//!
//! # Deviations
//!
//! * Consensus does not wait for the own beacon node: an operator that is still asking, or has got nothing, takes part as soon as others are
//!   at it. Its own value is for proposals of its own, when it comes. The reference hears nothing until then, so f + 1
//!   slow beacon nodes cost the duty.
//! * Selection proofs are matched to subcommittees by root. The reference pairs them by position, which names the wrong
//!   subcommittee when two positions lie in one.
//! * One validator's contributions go into consensus when all its proofs are whole, not with those that came first.
//! * A decision that this operator had no part in, because its beacon node was slow or its selection proofs were lost, is judged,
//!   signed and submitted all the same.
//! * No decided data make this operator sign two different objects for one duty of a validator: of a committee's data the first
//!   counts, one validator's contradictory contributions are refused. The reference signs whatever is decided.
//! * An entry of a committee's duty that is not in the decided data ends as such. The reference leaves the duty open for good;
//!   so does [`Runner::is_finished`], on which the refusal with 4 depends.

mod accept;
mod check;
mod decided;
mod effect;
mod expected;
mod input;
mod object;
mod outcome;
mod post;
mod pre;
mod pre_tasks;
mod restore;
mod selection;
mod setup;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use qbft::Controller;
use types::beacon::AnyProposedBlock;
use types::{
    BeaconRole, MessageId, OperatorId, PartialSignatureMessages, RefusalCode, SignatureBytes, ValidatorIndex,
};

use crate::collector::{Collector, SignatureSlot};
use crate::committee::Withheld;
use crate::consensus::Consensus;
use crate::phase::Phase;
use crate::reason::FailureReason;
use crate::refusal::Refusal;
use crate::waiting::Waiting;

pub use check::{AggregationCheck, DutyCheck};
pub use effect::{
    Effect, End, Fetch, Milestone, Outcome, ShareRequest, ShareTask, SignedShareObject, Submission,
};
pub use input::{Aggregate, Fetched, Input, Stage};
pub use object::{AggregateObject, Domains, ShareObject};
pub use restore::{Held, Progress};
pub use selection::{ByProof, Claim, Selection, Subject};
pub use setup::{Facts, Past, Plan, ProposalForm, RunnerSetup};

use decided::Decision;
use expected::Expected;
use outcome::Open;
use value::Selected;

/// What one input led to. Both parts count: a refused message may have changed something before it was refused.
#[derive(Debug, Default)]
#[must_use = "effects that are not carried out stop the duty"]
pub struct Step {
    /// To be carried out in this order.
    pub effects: Vec<Effect>,
    /// Why the input was refused.
    pub refusal: Option<Refusal>,
}

/// One stage of partial signatures.
#[derive(Debug)]
struct Side {
    phase: Phase,
    expected: Expected,
    saw_quorum: bool,
    /// Recombinations that were asked for and not answered.
    recombining: usize,
    bad_parts: bool,
    /// Why an own partial signature is missing.
    withheld: Option<Withheld>,
}

/// The machine of one duty.
#[derive(Debug)]
pub struct Runner {
    setup: RunnerSetup,
    plan: Plan,
    id: MessageId,
    begun: bool,
    /// The previous duty of the same role; a newer one must begin.
    past: Option<types::Slot>,
    pre: Side,
    post: Side,
    consensus: Consensus,
    /// Whole signatures from before consensus.
    proofs: BTreeMap<SignatureSlot, SignatureBytes>,
    /// Selections that were looked at and found negative.
    unselected: BTreeSet<SignatureSlot>,
    selected: Vec<Selected>,
    fetching: bool,
    /// The own beacon node was asked at least once: there is something to agree on.
    asked: bool,
    /// Operators of which a round change came before the own start.
    ahead: BTreeSet<OperatorId>,
    own_block: Option<AnyProposedBlock>,
    own_value: Option<Vec<u8>>,
    decision: Option<Decision>,
    /// Operators whose selection proofs came.
    seen: BTreeSet<OperatorId>,
    /// Operators of one validator's duty that signed something else than we did before consensus.
    disagreeing: BTreeSet<OperatorId>,
    open: BTreeMap<(ValidatorIndex, BeaconRole), Open>,
    /// Entries that ended without being submitted or found unselected by the reference's measure.
    left_open: bool,
    stuck: Option<FailureReason>,
    saw_own_value: bool,
    waiting: Waiting,
}

impl Runner {
    /// The machine of this duty. A committee's entries for validators without keys in the setup are left out.
    ///
    /// # Errors
    /// The keys of more or less than one validator for the duty of one ([`Refusal::NotOneShare`]); a duty that is malformed (91; a
    /// committee's 24, 82), or about nobody whose keys are in the setup (25).
    pub fn new(setup: RunnerSetup, plan: Plan, past: Past) -> Result<Self, Refusal> {
        let plan = own_part(&setup, plan)?;
        let id = setup.message_id(&plan);
        let controller = past.controller.unwrap_or_else(|| setup.controller(id));
        let side = || Side {
            phase: Phase::new(setup.quorum(), PartialSignatureMessages::max_messages(setup.fork)),
            expected: Expected::default(),
            saw_quorum: false,
            recombining: 0,
            bad_parts: false,
            withheld: None,
        };
        let open = plan.entries().iter().map(|duty| (entry_key(duty), Open::default())).collect();
        let (pre, post, slot) = (side(), side(), plan.slot());
        Ok(Self {
            setup,
            plan,
            id,
            begun: false,
            past: past.slot,
            pre,
            post,
            consensus: Consensus::new(controller, slot),
            proofs: BTreeMap::new(),
            unselected: BTreeSet::new(),
            selected: Vec::new(),
            fetching: false,
            asked: false,
            ahead: BTreeSet::new(),
            own_block: None,
            own_value: None,
            decision: None,
            seen: BTreeSet::new(),
            disagreeing: BTreeSet::new(),
            open,
            left_open: false,
            stuck: None,
            saw_own_value: false,
            waiting: Waiting::default(),
        })
    }

    /// The duty this machine runs.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether the reference would call the duty finished.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.begun && self.has_ended() && !self.left_open
    }

    /// Whether every entry has its outcome.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.open.is_empty()
    }

    /// The partial signatures of a stage.
    #[must_use]
    pub const fn signatures(&self, stage: Stage) -> &Collector {
        match stage {
            Stage::Pre => self.pre.phase.collector(),
            Stage::Post => self.post.phase.collector(),
        }
    }

    /// The consensus of this duty, and of the one before.
    #[must_use]
    pub const fn controller(&self) -> &Controller {
        self.consensus.controller()
    }

    /// The decided value, if this operator accepts it.
    #[must_use]
    pub fn decided_value(&self) -> Option<&[u8]> {
        self.decision.as_ref().map(|decision| decision.bytes.as_slice())
    }

    /// Messages that found no place to wait.
    #[must_use]
    pub const fn dropped_messages(&self) -> u64 {
        self.waiting.dropped()
    }

    /// What the next duty of this role and validator has to know.
    #[must_use]
    pub fn into_past(self) -> Past {
        let slot = self.begun.then(|| self.plan.slot()).or(self.past);
        Past { controller: Some(self.consensus.into_controller()), slot }
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
            Input::ConsensusPermitted(speak) => {
                self.consensus.permit(speak);
                self.start_if_ready(out)
            }
            Input::Signed { stage, signatures } => self.on_signed(stage, &signatures, out),
            Input::Fetched(fetched) => self.on_fetched(fetched, out),
            Input::Message(message) => self.on_message(message, out),
            Input::Timeout { round } => {
                let heard = self.consensus.on_timeout(round);
                self.carry(heard, out)
            }
            Input::Recombined { stage: Stage::Pre, results } => self.on_pre_recombined(results, out),
            Input::Recombined { stage: Stage::Post, results } => self.on_post_recombined(results, out),
            Input::Submitted { slots, result } => {
                self.on_submitted(&slots, result, out);
                Ok(())
            }
            Input::GiveUp => {
                self.give_up(out);
                Ok(())
            }
        }
    }

    fn begin(&mut self, out: &mut Vec<Effect>) -> Result<(), Refusal> {
        let slot = self.plan.slot();
        let passed = if self.plan.has_consensus() {
            self.consensus.has_passed()
        } else {
            self.past.is_some_and(|past| past >= slot)
        };
        if self.begun || passed {
            return Err(RefusalCode::DutyAlreadyPassed.into());
        }
        self.begun = true;
        self.pre.expected = Expected::new(pre_tasks::pre_tasks(&self.plan, &self.setup), &self.setup.domains);
        if self.pre.expected.is_empty() {
            self.end_before_consensus(out);
            return Ok(());
        }
        if self.plan.has_consensus() {
            out.push(Effect::BeginConsensus);
        }
        let tasks = self.pre.expected.tasks().to_vec();
        out.push(Effect::Sign(ShareRequest { stage: Stage::Pre, slot, tasks }));
        Ok(())
    }

    /// Whether partial signatures are of any use, by the reference's measure.
    fn is_running(&self) -> bool {
        self.begun && !self.is_finished()
    }

    const fn is_committee(&self) -> bool {
        self.plan.validator().is_none()
    }
}

fn own_part(setup: &RunnerSetup, plan: Plan) -> Result<Plan, Refusal> {
    let ours = |validator| setup.keys.get(validator).is_some();
    let Plan::AggregatorCommittee(mut duty) = plan else {
        // The reference's constructors look at the shares before there is a duty (`ssv/proposer.go` `NewProposerRunner`).
        let held = setup.keys.len();
        if held != 1 {
            return Err(Refusal::NotOneShare { held });
        }
        for entry in plan.entries() {
            entry.validate(setup.fork)?;
            if entry.role != plan.beacon_role() {
                return Err(RefusalCode::WrongBeaconRoleType.into());
            }
        }
        let is_ours = plan.validator().is_some_and(|duty| ours(duty.validator_index));
        return if is_ours { Ok(plan) } else { Err(RefusalCode::NoValidatorShares.into()) };
    };
    if duty.validator_duties.is_empty() {
        return Err(RefusalCode::NoBeaconDuties.into());
    }
    duty.validator_duties.retain(|entry| ours(entry.validator_index));
    if duty.validator_duties.is_empty() {
        return Err(RefusalCode::NoValidatorShares.into());
    }
    duty.validate(ours)?;
    Ok(Plan::AggregatorCommittee(duty))
}

const fn entry_key(duty: &types::ValidatorDuty) -> (ValidatorIndex, BeaconRole) {
    (duty.validator_index, duty.role)
}

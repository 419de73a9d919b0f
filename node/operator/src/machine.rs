//! The two duty machines as one: a committee's vote ([`CommitteeRunner`]), and every other duty ([`Runner`]).
//!
//! Both walk the same way, so what they want done and what can happen to them is one list each here. What only one of them knows is
//! never asked for by the other; an answer that comes to the wrong one is refused without a trace in it.

use duty::runner::{End, Fetch, Fetched, Plan, ShareRequest, Stage};
use duty::{
    CommitteeRunner, OwnView, RecombineTask, Recombined, Refusal, Runner, SignRequest, Signed, SubmitError,
    Withheld, collector::SignatureSlot,
};
use qbft::Unsigned;
use types::beacon::ValidatorRegistration;
use types::{
    BeaconRole, MessageId, OperatorId, Root, Round, SignatureBytes, SignedSsvMessage, Slot, ValidatorDuty,
    ValidatorIndex,
};

/// The machine of one duty.
pub(crate) enum Machine {
    /// Attestations and sync committee messages of a committee.
    Vote(Box<CommitteeRunner>),
    /// Any other duty.
    Walk(Box<Runner>),
}

/// What can happen to a duty.
#[derive(Debug, Clone)]
pub(crate) enum Input {
    /// It may start.
    Begin,
    /// Whether this node may speak in its consensus.
    Permitted(bool),
    /// A message for it.
    Message(SignedSsvMessage),
    /// A round timer ran out.
    Timeout { round: Round },
    /// Whole signatures, or the parts that are bad.
    Recombined { stage: Stage, results: Vec<Recombined> },
    /// It is worth nothing any more.
    GiveUp,
    /// A vote's: the own beacon node is slow, and this is what it said for an earlier slot of the epoch.
    Foreseen(OwnView),
    /// A vote's: what the own beacon node would vote for.
    View(Option<OwnView>),
    /// A vote's: the own partial signatures.
    VoteSigned(Vec<Signed>),
    /// A vote's: how the beacon nodes answered.
    VoteSubmitted { objects: Vec<(ValidatorIndex, BeaconRole)>, result: Result<(), SubmitError> },
    /// Any other's: the own partial signatures, in the order of the request.
    Signed { stage: Stage, signatures: Vec<Result<SignatureBytes, Withheld>> },
    /// Any other's: what consensus will be about.
    Fetched(Option<Fetched>),
    /// Any other's: how the beacon nodes answered.
    Submitted { slots: Vec<SignatureSlot>, result: Result<(), SubmitError> },
}

/// One thing to do, in the order in which it must happen.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    /// Write down that this node speaks in this consensus.
    BeginConsensus,
    /// Ask the beacon node what to vote for.
    FetchView,
    /// Ask the beacon node for a block or for aggregates.
    Fetch(Fetch),
    /// Replace the round timer.
    ArmTimer { round: Round },
    /// Sign with the operator's key, publish, and give back.
    Broadcast(Unsigned),
    /// Publish a decided message.
    PublishDecided(SignedSsvMessage),
    /// Have votes and sync committee messages signed.
    SignVote(SignRequest),
    /// Have anything else signed.
    Sign(ShareRequest),
    /// Recombine and verify.
    Recombine { stage: Stage, tasks: Vec<RecombineTask> },
    /// Give votes or sync committee messages to the beacon nodes.
    SubmitVotes(duty::Submission),
    /// Give anything else to the beacon nodes.
    Submit(duty::runner::Submission),
    /// A station of the walk.
    Reached(Station),
    /// An operator's partial signature does not verify.
    Blame { operator: OperatorId, validator: ValidatorIndex },
    /// An operator signed another object than we did before consensus.
    Disagrees { operator: OperatorId, validator: ValidatorIndex, root: Root },
    /// One entry of the duty ended.
    Ended(Outcome),
}

/// A station of the walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Station {
    /// A quorum of partial signatures of this stage is there.
    Quorum(Stage),
    /// The first whole signatures of this stage are there.
    Whole(Stage),
    /// The own value for consensus is there.
    Value,
    /// A proposal was accepted.
    Proposal { round: Round, leader: OperatorId },
    /// The committee decided.
    Decided { round: Round },
}

/// How one entry of a duty ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub validator: ValidatorIndex,
    pub role: BeaconRole,
    pub end: End,
}

/// What one input led to.
#[derive(Debug, Default)]
pub(crate) struct Step {
    pub effects: Vec<Effect>,
    pub refusal: Option<Refusal>,
}

impl Machine {
    pub(crate) fn slot(&self) -> Slot {
        match self {
            Self::Vote(machine) => machine.duty().slot,
            Self::Walk(machine) => machine.plan().slot(),
        }
    }

    /// The name that messages of this duty carry.
    pub(crate) fn message_id(&self) -> MessageId {
        match self {
            Self::Vote(machine) => machine.controller().id(),
            Self::Walk(machine) => machine.controller().id(),
        }
    }

    /// The entries that end with an outcome each.
    pub(crate) fn entries(&self) -> &[ValidatorDuty] {
        match self {
            Self::Vote(machine) => &machine.duty().validator_duties,
            Self::Walk(machine) => machine.plan().entries(),
        }
    }

    /// What is registered with builders, if that is the duty.
    pub(crate) const fn registration(&self) -> Option<&ValidatorRegistration> {
        match self {
            Self::Walk(machine) => match machine.plan() {
                Plan::Registration(_, registration) => Some(registration),
                Plan::Proposal(_)
                | Plan::Aggregation(_)
                | Plan::Contribution(_)
                | Plan::AggregatorCommittee(_)
                | Plan::Exit(..) => None,
            },
            Self::Vote(_) => None,
        }
    }

    /// Whether every entry has its outcome.
    pub(crate) fn has_ended(&self) -> bool {
        match self {
            Self::Vote(machine) => machine.is_finished(),
            Self::Walk(machine) => machine.has_ended(),
        }
    }

    /// Messages that found no place to wait.
    pub(crate) const fn dropped_messages(&self) -> u64 {
        match self {
            Self::Vote(machine) => machine.dropped_messages(),
            Self::Walk(machine) => machine.dropped_messages(),
        }
    }

    /// Feeds one input.
    pub(crate) fn step(&mut self, input: Input) -> Step {
        match self {
            Self::Vote(machine) => of_vote(input).map_or_else(Step::default, |i| machine.step(i).into()),
            Self::Walk(machine) => of_walk(input).map_or_else(Step::default, |i| machine.step(i).into()),
        }
    }
}

/// The vote's word for an input; `None` for the other machine's answers.
fn of_vote(input: Input) -> Option<duty::Input> {
    Some(match input {
        Input::Begin => duty::Input::Begin,
        Input::Permitted(permitted) => duty::Input::ConsensusPermitted(permitted),
        Input::Message(message) => duty::Input::Message(message),
        Input::Timeout { round } => duty::Input::Timeout { round },
        Input::Recombined { stage: Stage::Post, results } => duty::Input::Recombined(results),
        Input::GiveUp => duty::Input::GiveUp,
        Input::Foreseen(view) => duty::Input::Foreseen(view),
        Input::View(view) => duty::Input::View(view),
        Input::VoteSigned(signed) => duty::Input::Signed(signed),
        Input::VoteSubmitted { objects, result } => duty::Input::Submitted { objects, result },
        Input::Recombined { stage: Stage::Pre, .. }
        | Input::Signed { .. }
        | Input::Fetched(_)
        | Input::Submitted { .. } => return None,
    })
}

fn of_walk(input: Input) -> Option<duty::runner::Input> {
    use duty::runner::Input as Walk;
    Some(match input {
        Input::Begin => Walk::Begin,
        Input::Permitted(permitted) => Walk::ConsensusPermitted(permitted),
        Input::Message(message) => Walk::Message(message),
        Input::Timeout { round } => Walk::Timeout { round },
        Input::Recombined { stage, results } => Walk::Recombined { stage, results },
        Input::GiveUp => Walk::GiveUp,
        Input::Signed { stage, signatures } => Walk::Signed { stage, signatures },
        Input::Fetched(fetched) => Walk::Fetched(fetched),
        Input::Submitted { slots, result } => Walk::Submitted { slots, result },
        Input::Foreseen(_) | Input::View(_) | Input::VoteSigned(_) | Input::VoteSubmitted { .. } => {
            return None;
        }
    })
}

impl From<duty::Step> for Step {
    fn from(step: duty::Step) -> Self {
        Self { effects: step.effects.into_iter().map(Effect::from).collect(), refusal: step.refusal }
    }
}

impl From<duty::runner::Step> for Step {
    fn from(step: duty::runner::Step) -> Self {
        Self { effects: step.effects.into_iter().map(Effect::from).collect(), refusal: step.refusal }
    }
}

impl From<duty::Effect> for Effect {
    fn from(effect: duty::Effect) -> Self {
        use duty::Effect as Vote;
        match effect {
            Vote::BeginConsensus => Self::BeginConsensus,
            Vote::FetchView => Self::FetchView,
            Vote::ArmTimer { round } => Self::ArmTimer { round },
            Vote::Broadcast(message) => Self::Broadcast(message),
            Vote::PublishDecided(message) => Self::PublishDecided(message),
            Vote::Sign(request) => Self::SignVote(request),
            Vote::Recombine(tasks) => Self::Recombine { stage: Stage::Post, tasks },
            Vote::Submit(submission) => Self::SubmitVotes(submission),
            Vote::Reached(milestone) => Self::Reached(match milestone {
                duty::Milestone::View => Station::Value,
                duty::Milestone::Proposal { round, leader } => Station::Proposal { round, leader },
                duty::Milestone::Decided { round } => Station::Decided { round },
                duty::Milestone::PostQuorum => Station::Quorum(Stage::Post),
                duty::Milestone::Recombined => Station::Whole(Stage::Post),
            }),
            Vote::BadPartialSignature { operator, validator } => Self::Blame { operator, validator },
            Vote::Ended(duty::Outcome { validator, role, result }) => {
                let end = result.map_or_else(End::Failed, |()| End::Submitted);
                Self::Ended(Outcome { validator, role, end })
            }
        }
    }
}

impl From<duty::runner::Effect> for Effect {
    fn from(effect: duty::runner::Effect) -> Self {
        use duty::runner::{Effect as Walk, Milestone};
        match effect {
            Walk::BeginConsensus => Self::BeginConsensus,
            Walk::Sign(request) => Self::Sign(request),
            Walk::Broadcast(message) => Self::Broadcast(message),
            Walk::PublishDecided(message) => Self::PublishDecided(message),
            Walk::Recombine { stage, tasks } => Self::Recombine { stage, tasks },
            Walk::Fetch(fetch) => Self::Fetch(fetch),
            Walk::ArmTimer { round } => Self::ArmTimer { round },
            Walk::Submit(submission) => Self::Submit(submission),
            Walk::Reached(milestone) => Self::Reached(match milestone {
                Milestone::Quorum(stage) => Station::Quorum(stage),
                Milestone::Recombined(stage) => Station::Whole(stage),
                Milestone::Value => Station::Value,
                Milestone::Proposal { round, leader } => Station::Proposal { round, leader },
                Milestone::Decided { round } => Station::Decided { round },
            }),
            Walk::BadPartialSignature { operator, validator } => Self::Blame { operator, validator },
            Walk::Disagrees { operator, slot } => {
                Self::Disagrees { operator, validator: slot.validator, root: slot.root }
            }
            Walk::Ended(duty::runner::Outcome { validator, role, end }) => {
                Self::Ended(Outcome { validator, role, end })
            }
        }
    }
}

//! One committee, one task, one bounded mailbox.
//!
//! Everything that happens to a committee comes through its mailbox, in order: the duties of its slots, the messages of its
//! operators, timers, and the answers to what its machines asked for. So the machines need no lock, and what one committee
//! waits for delays no other. Each duty has a name, which its messages carry ([`RunId`]): the committee's vote, its aggregation, and
//! those of single validators run side by side.
//!
//! **Bounds**: the mailbox holds [`MAILBOX`] letters, the last [`RESERVED`] places of which are not for messages; a message that finds no
//! place is dropped and counted, answers and duties wait for one. Messages of duties that are not prepared yet (peers' clocks are a little ahead of ours)
//! are held ([`Early`]); what finds no place there is dropped and counted. Finished duties leave at once, unfinished ones when they are worth nothing any more.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use duty::runner::End;
use duty::{FailureReason, Warning};
use outbox::StartCause;
use tokio::sync::mpsc;
use types::{CommitteeId, Round, SignedSsvMessage, Slot};

use crate::clock::unix_micros;
use crate::context::Context;
use crate::drops::DropReason;
use crate::early::Early;
use crate::interpret::Interpreter;
use crate::machine::{Effect, Input};
use crate::run::{self, Assignment, Run, RunId};
use crate::worth;

/// Letters a committee's mailbox holds.
pub(crate) const MAILBOX: usize = 1024;
/// Places of it that messages leave free: duties, answers and timers must find one, or one committee's flood would hold up the schedule of all.
const RESERVED: usize = 128;

/// What comes into a committee's mailbox.
pub(crate) enum Letter {
    /// All duties of a slot, not yet begun.
    Prepare { slot: Slot, duties: Vec<Assignment> },
    /// Duties may start.
    Begin(Vec<RunId>, Start),
    /// A believed message.
    Message { id: RunId, message: SignedSsvMessage },
    /// A round timer ran out.
    Timeout { id: RunId, round: Round },
    /// The answer to an effect.
    Answer { id: RunId, input: Input },
    /// It is this slot: what is worth nothing any more ends.
    Tick { slot: Slot },
    /// The chain has what this duty was for: it ends, and its record has its outcome.
    Done(RunId),
    /// The committee is gone: everything ends.
    Leave,
}

/// What made duties start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    pub cause: StartCause,
    pub head_event_unix_micros: Option<u64>,
    pub teller: Option<beacon::NodeId>,
}

impl Start {
    /// By the clock.
    pub(crate) const CLOCK: Self =
        Self { cause: StartCause::Clock, head_event_unix_micros: None, teller: None };
}

/// The way to a committee's task. The task ends when the last of these is gone.
#[derive(Clone)]
pub(crate) struct Mailbox(mpsc::Sender<Letter>);

impl Mailbox {
    /// Brings a message; false if there is no place for it.
    pub(crate) fn offer(&self, id: RunId, message: SignedSsvMessage) -> bool {
        self.0.capacity() > RESERVED && self.0.try_send(Letter::Message { id, message }).is_ok()
    }

    /// Whether nobody reads the letters any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Brings a letter that must not be lost. Nobody reads it any more when the committee's task has ended.
    pub(crate) async fn send(&self, letter: Letter) {
        let _ = self.0.send(letter).await;
    }
}

struct Committee {
    id: CommitteeId,
    context: Arc<Context>,
    interpreter: Interpreter,
    runs: BTreeMap<RunId, Run>,
    early: Early,
}

/// Starts the task of a committee.
pub(crate) fn spawn(id: CommitteeId, context: Arc<Context>) -> Mailbox {
    let (sender, letters) = mpsc::channel(MAILBOX);
    let mailbox = Mailbox(sender);
    let committee = Committee::new(id, Arc::clone(&context), &mailbox);
    let runtime = context.runtime.clone();
    runtime.spawn(async move {
        let task = tokio::spawn(committee.run(letters));
        if task.await.is_err_and(|error| error.is_panic()) {
            tracing::error!(committee = %id, "the committee's task failed: this is a defect, please report it with the log");
            context.end_all(id, FailureReason::NodeStopped);
        }
    });
    mailbox
}

impl Committee {
    fn new(id: CommitteeId, context: Arc<Context>, mailbox: &Mailbox) -> Self {
        // The interpreter's own copy must not keep the task alive.
        let interpreter = Interpreter::new(id, Arc::clone(&context), mailbox.0.downgrade());
        Self { id, context, interpreter, runs: BTreeMap::new(), early: Early::default() }
    }

    async fn run(mut self, mut letters: mpsc::Receiver<Letter>) {
        let mut reason = FailureReason::NodeStopped;
        while let Some(letter) = letters.recv().await {
            if matches!(letter, Letter::Leave) {
                reason = FailureReason::CommitteeLeft;
            }
            self.open(letter).await;
        }
        // A duty that was prepared while its committee left has nobody else to end it.
        self.end_all(reason);
    }

    async fn open(&mut self, letter: Letter) {
        match letter {
            Letter::Prepare { slot, duties } => self.prepare(slot, duties).await,
            Letter::Begin(ids, start) => {
                for id in ids {
                    self.begin(id, start).await;
                }
            }
            Letter::Message { id, message } => self.message(id, message).await,
            Letter::Timeout { id, round } => self.feed(id, Input::Timeout { round }).await,
            Letter::Answer { id, input } => self.feed(id, input).await,
            Letter::Tick { slot } => self.tick(slot).await,
            Letter::Done(id) => self.leave(id),
            Letter::Leave => self.end_all(FailureReason::CommitteeLeft),
        }
    }

    /// Ends everything where it stands. The machines are not asked: they would name what they were waiting for, and blame peers or
    /// beacon nodes for it.
    fn end_all(&mut self, reason: FailureReason) {
        let count = self.runs.len();
        if count > 0 {
            tracing::info!(committee = %self.id, count, %reason, "running duties are ended");
        }
        for (id, run) in std::mem::take(&mut self.runs) {
            self.context.drops.count(DropReason::TooManyWaiting, run.dropped_messages());
            self.early.ended(id);
        }
        self.context.end_all(self.id, reason);
    }

    async fn prepare(&mut self, slot: Slot, duties: Vec<Assignment>) {
        for assignment in duties {
            let run = Run::new(self.id, assignment);
            self.runs.entry(run.id).or_insert(run);
        }
        for (id, message) in self.early.take(slot, |id| self.runs.contains_key(id)) {
            self.feed(id, Input::Message(message)).await;
        }
    }

    async fn begin(&mut self, id: RunId, start: Start) {
        if let Some(run) = self.runs.get_mut(&id) {
            run.teller = start.teller;
            let (ledger, clock) = (&self.context.ledger, &self.context.clock);
            run::note_start(ledger, clock, run.scope, start.cause, start.head_event_unix_micros);
            if self.context.guards.clock().is_off {
                ledger.note(run.scope, |record| run::warn(record, Warning::ClockOff));
            }
        }
        self.feed(id, Input::Begin).await;
    }

    async fn message(&mut self, id: RunId, message: SignedSsvMessage) {
        let micros = self.context.clock.micros_into(id.slot, unix_micros());
        self.context.ledger.hear(id.slot, self.id, &message, micros);
        if self.runs.contains_key(&id) {
            return self.feed(id, Input::Message(message)).await;
        }
        if !self.early.keep(id, message, self.context.clock.slot()) {
            self.context.drops.count(DropReason::TooManyEarly, 1);
        }
    }

    async fn tick(&mut self, slot: Slot) {
        let rules = Arc::clone(&self.context.clock.rules().network);
        let is_over = |id: &&RunId| worth::is_over(&rules, id.role(), id.slot, slot);
        for id in self.runs.keys().filter(is_over).copied().collect::<Vec<_>>() {
            self.feed(id, Input::GiveUp).await;
        }
        // What was to be prepared up to this slot is prepared.
        let _nobodys = self.early.take(slot, |_| false);
        self.early.forget(slot.saturating_sub(rules.slots_per_epoch()));
    }

    /// Feeds a machine, and then whatever its effects answer at once.
    async fn feed(&mut self, id: RunId, input: Input) {
        let Some(run) = self.runs.get_mut(&id) else { return };
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let step = run.step(input);
            if let Some(refusal) = &step.refusal {
                tracing::debug!(slot = %id.slot, role = ?id.role(), committee = %self.id, %refusal, "input refused");
            }
            for effect in step.effects {
                run::note_effect(&self.context.ledger, &self.context.clock, run.scope, &effect);
                log_outcome(id.slot, self.id, &effect);
                inputs.extend(self.interpreter.carry_out(run, effect).await);
            }
        }
        if run.has_ended() {
            self.leave(id);
        }
    }

    /// A duty that has its outcome leaves.
    fn leave(&mut self, id: RunId) {
        if let Some(run) = self.runs.remove(&id) {
            self.context.drops.count(DropReason::TooManyWaiting, run.dropped_messages());
            self.early.ended(id);
            self.context.books.write(id.slot, self.id);
        }
    }
}

fn log_outcome(slot: Slot, committee: CommitteeId, effect: &Effect) {
    match effect {
        Effect::Ended(outcome) => match outcome.end {
            End::Submitted => {
                tracing::debug!(%slot, validator = %outcome.validator, role = ?outcome.role, "duty submitted");
            }
            End::NotSelected => {
                tracing::trace!(%slot, validator = %outcome.validator, role = ?outcome.role, "not selected");
            }
            End::Failed(reason) => tracing::warn!(
                %slot, validator = %outcome.validator, role = ?outcome.role, %reason, room = reason.room().name(),
                "duty failed"
            ),
        },
        Effect::Blame { operator, validator } => {
            tracing::warn!(%slot, %committee, %operator, %validator, "an operator's partial signature does not verify");
        }
        Effect::Disagrees { operator, validator, root } => {
            tracing::warn!(%slot, %committee, %operator, %validator, %root, "an operator signed something else than we did before consensus");
        }
        Effect::BeginConsensus
        | Effect::FetchView
        | Effect::Fetch(_)
        | Effect::ArmTimer { .. }
        | Effect::Broadcast(_)
        | Effect::PublishDecided(_)
        | Effect::SignVote(_)
        | Effect::Sign(_)
        | Effect::Recombine { .. }
        | Effect::SubmitVotes(_)
        | Effect::Submit(_)
        | Effect::Reached(_) => {}
    }
}

#[cfg(test)]
mod tests;

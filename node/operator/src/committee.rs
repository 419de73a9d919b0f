//! One committee, one task, one bounded mailbox.
//!
//! Everything that happens to a committee comes through its mailbox, in order: the duties of its slots, the messages of its
//! operators, timers, and the answers to what its machines asked for. So the machines need no lock, and what one committee
//! waits for delays no other.
//!
//! **Bounds**: the mailbox holds [`MAILBOX`] letters, the last [`RESERVED`] places of which are not for messages; a message that finds no
//! place is dropped and counted, answers and duties wait for one. Messages of a slot whose duty is not prepared yet (peers' clocks are a little ahead of ours) are held, at most
//! [`EARLY`] of them; what comes then is dropped and counted. Finished duties leave at once, unfinished ones when they are worth nothing any more.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use duty::{CommitteeKeys, CommitteeRunner, Effect, Input};
use outbox::StartCause;
use tokio::sync::mpsc;
use types::{CommitteeId, Round, SignedSsvMessage, Slot, ValidatorIndex};

use crate::context::Context;
use crate::drops::DropReason;
use crate::interpret::Interpreter;
use crate::run::{self, Run};

/// Letters a committee's mailbox holds.
pub(crate) const MAILBOX: usize = 1024;
/// Places of it that messages leave free: duties, answers and timers must find one, or one committee's flood would hold up the schedule of all.
const RESERVED: usize = 128;
/// Messages held for duties that are not prepared yet.
const EARLY: usize = 256;

/// What comes into a committee's mailbox.
pub(crate) enum Letter {
    /// The duty of a slot, not yet begun.
    Prepare(Box<Assignment>),
    /// The duty may start.
    Begin {
        slot: Slot,
        cause: StartCause,
        head_event_unix_micros: Option<u64>,
        teller: Option<beacon::NodeId>,
    },
    /// A believed message.
    Message { slot: Slot, message: SignedSsvMessage },
    /// A round timer ran out.
    Timeout { slot: Slot, round: Round },
    /// The answer to an effect.
    Answer { slot: Slot, input: Input },
    /// Duties up to this slot are worth nothing any more.
    GiveUp { slot: Slot },
}

/// A duty with what is needed to run it.
pub(crate) struct Assignment {
    /// Its machine.
    pub machine: CommitteeRunner,
    /// The parsed keys of its validators.
    pub keys: Arc<CommitteeKeys>,
    /// The shares that sign for them.
    pub signers: HashMap<ValidatorIndex, vault::Signer>,
}

/// The way to a committee's task. The task ends when the last of these is gone.
#[derive(Clone)]
pub(crate) struct Mailbox(mpsc::Sender<Letter>);

impl Mailbox {
    /// Brings a message; false if there is no place for it.
    pub(crate) fn offer(&self, slot: Slot, message: SignedSsvMessage) -> bool {
        self.0.capacity() > RESERVED && self.0.try_send(Letter::Message { slot, message }).is_ok()
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
    runs: BTreeMap<Slot, Run>,
    early: VecDeque<(Slot, SignedSsvMessage)>,
    /// The newest slot whose duty was prepared.
    prepared: Option<Slot>,
}

/// Starts the task of a committee.
pub(crate) fn spawn(id: CommitteeId, context: Arc<Context>) -> Mailbox {
    let (sender, letters) = mpsc::channel(MAILBOX);
    let mailbox = Mailbox(sender);
    let committee = Committee::new(id, context, &mailbox);
    tokio::spawn(committee.run(letters));
    mailbox
}

impl Committee {
    fn new(id: CommitteeId, context: Arc<Context>, mailbox: &Mailbox) -> Self {
        // The interpreter's own copy must not keep the task alive.
        let interpreter = Interpreter::new(id, Arc::clone(&context), mailbox.0.downgrade());
        Self { id, context, interpreter, runs: BTreeMap::new(), early: VecDeque::new(), prepared: None }
    }

    async fn run(mut self, mut letters: mpsc::Receiver<Letter>) {
        while let Some(letter) = letters.recv().await {
            self.open(letter).await;
        }
        // A duty that was prepared while its committee left has nobody else to end it.
        self.open(Letter::GiveUp { slot: Slot(u64::MAX) }).await;
    }

    async fn open(&mut self, letter: Letter) {
        match letter {
            Letter::Prepare(assignment) => self.prepare(*assignment).await,
            Letter::Begin { slot, cause, head_event_unix_micros, teller } => {
                if let Some(run) = self.runs.get_mut(&slot) {
                    run.teller = teller;
                    let context = &self.context;
                    run::note_start(
                        &context.ledger,
                        &context.clock,
                        (slot, self.id),
                        cause,
                        head_event_unix_micros,
                    );
                }
                self.feed(slot, Input::Begin).await;
            }
            Letter::Message { slot, message } => self.message(slot, message).await,
            Letter::Timeout { slot, round } => self.feed(slot, Input::Timeout { round }).await,
            Letter::Answer { slot, input } => self.feed(slot, input).await,
            Letter::GiveUp { slot } => {
                let old: Vec<_> = self.runs.range(..=slot).map(|(slot, _)| *slot).collect();
                for slot in old {
                    self.feed(slot, Input::GiveUp).await;
                }
            }
        }
    }

    async fn prepare(&mut self, assignment: Assignment) {
        let run = Run::new(assignment);
        let slot = run.slot;
        self.prepared = self.prepared.max(Some(slot));
        self.runs.entry(slot).or_insert(run);
        let (ready, rest): (VecDeque<_>, _) =
            std::mem::take(&mut self.early).into_iter().partition(|(of, _)| *of <= slot);
        self.early = rest;
        for (of, message) in ready {
            self.feed(of, Input::Message(message)).await;
        }
    }

    async fn message(&mut self, slot: Slot, message: SignedSsvMessage) {
        if self.runs.contains_key(&slot) {
            return self.feed(slot, Input::Message(message)).await;
        }
        // Messages of a duty that has ended, or that is not ours, help nobody.
        if self.prepared >= Some(slot) || slot < self.context.clock.slot() {
            return;
        }
        if self.early.len() < EARLY {
            self.early.push_back((slot, message));
        } else {
            self.context.drops.count(DropReason::TooManyEarly, 1);
        }
    }

    /// Feeds a machine, and then whatever its effects answer at once.
    async fn feed(&mut self, slot: Slot, input: Input) {
        let Some(run) = self.runs.get_mut(&slot) else { return };
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let step = run.step(input);
            if let Some(refusal) = &step.refusal {
                tracing::debug!(%slot, committee = %self.id, %refusal, "input refused");
            }
            for effect in step.effects {
                run::note_effect(&self.context.ledger, &self.context.clock, (slot, self.id), &effect);
                log_outcome(slot, self.id, &effect);
                inputs.extend(self.interpreter.carry_out(run, effect).await);
            }
        }
        if run.is_finished() {
            self.context.drops.count(DropReason::TooManyWaiting, run.dropped_messages());
            self.runs.remove(&slot);
            self.context.books.write(slot, self.id);
        }
    }
}

fn log_outcome(slot: Slot, committee: CommitteeId, effect: &Effect) {
    match effect {
        Effect::Ended(outcome) => match outcome.result {
            Ok(()) => {
                tracing::debug!(%slot, validator = %outcome.validator, role = ?outcome.role, "duty submitted");
            }
            Err(reason) => tracing::warn!(
                %slot, validator = %outcome.validator, role = ?outcome.role, %reason, room = reason.room().name(),
                "duty failed"
            ),
        },
        Effect::BadPartialSignature { operator, validator } => {
            tracing::warn!(%slot, %committee, %operator, %validator, "an operator's partial signature does not verify");
        }
        Effect::BeginConsensus
        | Effect::FetchView
        | Effect::ArmTimer { .. }
        | Effect::Broadcast(_)
        | Effect::PublishDecided(_)
        | Effect::Sign(_)
        | Effect::Recombine(_)
        | Effect::Submit(_)
        | Effect::Reached(_) => {}
    }
}

#[cfg(test)]
mod tests;

//! One committee, one task, one bounded mailbox.
//!
//! Everything that happens to a committee comes through its mailbox, in order: the duties of its slots, the messages of its
//! operators, timers, and the answers to what its machines asked for. So the machines need no lock, and what one committee
//! waits for delays no other.
//!
//! **Bounds**: the mailbox holds [`MAILBOX`] letters; whoever brings a message to a full one drops it and counts it, answers and duties
//! wait for a place. Messages of a slot whose duty is not prepared yet (peers' clocks are a little ahead of ours) are held, at most
//! [`EARLY`] of them. Finished duties leave at once, unfinished ones when they are worth nothing any more.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use duty::{CommitteeKeys, CommitteeRunner, Effect, Input};
use outbox::StartCause;
use tokio::sync::mpsc;
use types::{CommitteeId, Round, SignedSsvMessage, Slot, ValidatorIndex};

use crate::context::Context;
use crate::interpret::Interpreter;
use crate::run::{self, Run};

/// Letters a committee's mailbox holds.
pub(crate) const MAILBOX: usize = 1024;
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
    /// Brings a message; false if the mailbox is full.
    pub(crate) fn offer(&self, slot: Slot, message: SignedSsvMessage) -> bool {
        self.0.try_send(Letter::Message { slot, message }).is_ok()
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
}

/// Starts the task of a committee.
pub(crate) fn spawn(id: CommitteeId, context: Arc<Context>) -> Mailbox {
    let (sender, mut letters) = mpsc::channel(MAILBOX);
    let mailbox = Mailbox(sender);
    // The interpreter's own copy must not keep the task alive.
    let interpreter = Interpreter::new(id, Arc::clone(&context), mailbox.0.downgrade());
    let mut committee = Committee { id, context, interpreter, runs: BTreeMap::new(), early: VecDeque::new() };
    tokio::spawn(async move {
        while let Some(letter) = letters.recv().await {
            committee.open(letter).await;
        }
    });
    mailbox
}

impl Committee {
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
        let newest = self.runs.last_key_value().map_or(Slot(0), |(slot, _)| *slot);
        if slot > newest && slot >= self.context.clock.slot() && self.early.len() < EARLY {
            self.early.push_back((slot, message));
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

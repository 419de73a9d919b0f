//! The consensus of one duty: a QBFT controller, with what the duty owes the rest of the node around it.
//!
//! * It starts once, when the own value is there and the start is on disk; or, for duties that can do so, without an own value when the
//!   others are at it ([`Consensus::join`]).
//! * A node that may have spoken in this slot before a restart is silent here and nowhere else: what it would send is left
//!   out, what it hears counts.
//! * What comes before the start, and what comes after the decision, is refused with the reference's numbers (2, 22).
//!
//! # Deviation
//! A decided message for this slot that comes before the own start is followed if the duty can judge it (`follow`), and waits
//! otherwise. The reference takes it over at once and can then neither start nor sign.

use std::sync::Arc;

use qbft::{Controller, Unsigned, Value, ValueCheck};
use types::{Decode, OperatorId, QbftMessage, QbftMessageType, RefusalCode, Round, SignedSsvMessage, Slot};

use crate::refusal::Refusal;

/// What consensus wants, in the order in which it must happen.
#[derive(Debug)]
pub(crate) enum Said {
    ArmTimer {
        round: Round,
    },
    Broadcast(Unsigned),
    PublishDecided(SignedSsvMessage),
    /// A proposal was accepted.
    Proposal {
        round: Round,
        leader: OperatorId,
    },
    /// A decision; not necessarily of the duty's own slot.
    Decided(Box<Decided>),
}

/// A decision.
#[derive(Debug)]
pub(crate) struct Decided {
    pub height: Slot,
    pub round: Round,
    pub message: SignedSsvMessage,
}

/// What one input led to; both parts count.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub said: Vec<Said>,
    pub refusal: Option<Refusal>,
}

/// The consensus of one duty.
#[derive(Debug)]
pub(crate) struct Consensus {
    controller: Controller,
    slot: Slot,
    permitted: Option<bool>,
    started: bool,
    /// Over, also if this operator does not sign what was decided.
    decided: bool,
    saw_proposal: bool,
}

/// Opens a message of consensus by the rules that need no state.
pub(crate) fn open(message: &SignedSsvMessage) -> Result<QbftMessage, Refusal> {
    let inner = QbftMessage::from_ssz_bytes(&message.ssv_message.data).map_err(|_| Refusal::Undecodable)?;
    inner.validate()?;
    Ok(inner)
}

impl Consensus {
    pub(crate) const fn new(controller: Controller, slot: Slot) -> Self {
        Self { controller, slot, permitted: None, started: false, decided: false, saw_proposal: false }
    }

    /// In the midst of a duty: `running` if it was started here.
    pub(crate) fn restore(controller: Controller, slot: Slot, running: bool) -> Self {
        let decided = controller.instance(slot).is_some_and(|instance| instance.state().decided);
        Self { permitted: Some(true), started: running, decided, ..Self::new(controller, slot) }
    }

    pub(crate) const fn controller(&self) -> &Controller {
        &self.controller
    }

    pub(crate) fn into_controller(self) -> Controller {
        self.controller
    }

    /// Whether the controller has seen this slot or a later one (ssv-spec `ssv/runner.go` `ShouldProcessDuty`). Height 0 is that of a
    /// controller which has seen nothing.
    pub(crate) fn has_passed(&self) -> bool {
        let height = self.controller.height();
        height >= self.slot && height != Slot(0)
    }

    /// The start is on disk; whether the node may speak.
    pub(crate) const fn permit(&mut self, speak: bool) {
        self.permitted = Some(speak);
    }

    /// Whether an own value would start it.
    pub(crate) const fn may_start(&self) -> bool {
        self.permitted.is_some() && !self.started && !self.decided
    }

    pub(crate) const fn is_started(&self) -> bool {
        self.started
    }

    pub(crate) const fn is_decided(&self) -> bool {
        self.decided
    }

    pub(crate) const fn saw_proposal(&self) -> bool {
        self.saw_proposal
    }

    pub(crate) fn start(&mut self, value: Value, check: Arc<dyn ValueCheck>) -> Heard {
        let step = self.controller.step(qbft::Input::Start { height: self.slot, value, check });
        self.started = step.refusal.is_none();
        self.hear(step)
    }

    /// Starts without an own value.
    pub(crate) fn join(&mut self, check: Arc<dyn ValueCheck>) -> Heard {
        let step = self.controller.step(qbft::Input::Join { height: self.slot, check });
        self.started = step.refusal.is_none();
        self.hear(step)
    }

    /// The own value after a start without one, or a better one, for proposals to come.
    pub(crate) fn replace_value(&mut self, value: Value) -> Heard {
        let step = self.controller.step(qbft::Input::Value { height: self.slot, value });
        self.hear(step)
    }

    /// `open_duty`: the duty has not ended. After that it is the controller that refuses (21), and a decided message passes
    /// without a word. `follow`: the duty can do with a decision that it had no part in.
    pub(crate) fn on_message(
        &mut self,
        inner: &QbftMessage,
        message: &SignedSsvMessage,
        open_duty: bool,
        follow: bool,
    ) -> Result<Heard, Refusal> {
        if self.decided && open_duty {
            return Err(RefusalCode::SkipConsensusMessageAsConsensusHasFinished.into());
        }
        let by_many = inner.msg_type == QbftMessageType::Commit && message.operator_ids.len() > 1;
        let unknown = inner.height == self.slot && self.controller.instance(self.slot).is_none();
        if !self.started && unknown && !(by_many && follow) {
            return Err(self.too_early(inner).into());
        }
        let step = self.controller.step(qbft::Input::Message(message.clone()));
        let mut heard = Heard::default();
        if step.refusal.is_none()
            && inner.msg_type == QbftMessageType::Proposal
            && let Some(leader) = message.operator_ids.first()
        {
            self.saw_proposal = true;
            heard.said.push(Said::Proposal { round: inner.round, leader: *leader });
        }
        let rest = self.hear(step);
        heard.said.extend(rest.said);
        Ok(Heard { refusal: rest.refusal, ..heard })
    }

    /// The controller looks at the identifier first (31).
    fn too_early(&self, inner: &QbftMessage) -> RefusalCode {
        if inner.identifier.as_slice() == self.controller.id().as_ref() {
            RefusalCode::FutureMessage
        } else {
            RefusalCode::MessageIdentifierInvalid
        }
    }

    pub(crate) fn on_timeout(&mut self, round: Round) -> Heard {
        if self.decided || !self.started {
            return Heard::default();
        }
        let step = self.controller.step(qbft::Input::Timeout { height: self.slot, round });
        self.hear(step)
    }

    /// A decided value that this operator does not sign is still published: others may have missed the commits.
    fn hear(&mut self, step: qbft::Step) -> Heard {
        let may_speak = self.permitted == Some(true);
        let mut heard = Heard { said: Vec::new(), refusal: step.refusal.map(Refusal::from) };
        for effect in step.effects {
            match effect {
                qbft::Effect::ArmTimer { round, .. } => heard.said.push(Said::ArmTimer { round }),
                qbft::Effect::Broadcast(message) if may_speak => heard.said.push(Said::Broadcast(message)),
                qbft::Effect::PublishDecided(message) if may_speak => {
                    heard.said.push(Said::PublishDecided(message));
                }
                qbft::Effect::Broadcast(_) | qbft::Effect::PublishDecided(_) => {}
                qbft::Effect::Decided(message) => match open(&message) {
                    Ok(inner) => {
                        self.decided |= inner.height == self.slot;
                        let decided = Decided { height: inner.height, round: inner.round, message };
                        heard.said.push(Said::Decided(Box::new(decided)));
                    }
                    Err(refusal) => heard.refusal = heard.refusal.or(Some(refusal)),
                },
            }
        }
        heard
    }
}

//! One consensus instance: the door through which every input comes, and the rules that all messages share.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use types::{MessageId, OperatorId, QbftMessageType, RefusalCode, Round, Slot};

use crate::config::{Committee, Config};
use crate::ports::NoValue;
use crate::{Effect, InstanceInput, ProcessingMessage, Refusal, State, Step, Unsigned, Value, ValueCheck};

/// What the handlers of one step have asked for so far.
pub(crate) type Effects = Vec<Effect>;

/// One value for one (identifier, height). See the [crate](crate) documentation for the rules.
#[derive(Debug, Clone)]
pub struct Instance {
    pub(crate) config: Arc<Config>,
    pub(crate) state: State,
    pub(crate) start_value: Option<Value>,
    pub(crate) value_check: Arc<dyn ValueCheck>,
    /// Begun without an own value.
    joined: bool,
    stopped: bool,
}

impl Instance {
    /// An instance before its start.
    #[must_use]
    pub fn new(config: Arc<Config>, id: MessageId, height: Slot, value_check: Arc<dyn ValueCheck>) -> Self {
        Self {
            config,
            state: State::new(id, height),
            start_value: None,
            value_check,
            joined: false,
            stopped: false,
        }
    }

    /// An instance that a decided message of others brings into being. It has no value and takes part in nothing.
    pub(crate) fn followed(config: Arc<Config>, id: MessageId, height: Slot) -> Self {
        Self::new(config, id, height, Arc::new(NoValue))
    }

    /// An instance in a given state, as if it had lived through the inputs that lead there.
    #[must_use]
    pub fn restore(
        config: Arc<Config>,
        state: State,
        start_value: Option<Value>,
        value_check: Arc<dyn ValueCheck>,
    ) -> Self {
        Self { config, state, start_value, value_check, joined: false, stopped: false }
    }

    /// What it knows.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The own value, if it was started here.
    #[must_use]
    pub fn start_value(&self) -> Option<&Value> {
        self.start_value.as_ref()
    }

    /// Was it started or joined here?
    pub(crate) const fn has_begun(&self) -> bool {
        self.joined || self.start_value.is_some()
    }

    /// Begun here, and the own value is still to come.
    pub(crate) const fn waits_for_value(&self) -> bool {
        self.joined && self.start_value.is_none()
    }

    /// Was it stopped because a later height began?
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Handles no message and no timeout from now on.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// One step. Effects are to be carried out in their order, also when the input was refused.
    pub fn step(&mut self, input: InstanceInput) -> Step {
        let mut effects = Effects::new();
        let result = match input {
            InstanceInput::Start { value } => self.start(value, &mut effects),
            InstanceInput::Join => self.join(&mut effects),
            InstanceInput::Value(value) => self.take_value(value, &mut effects),
            InstanceInput::Message(message) => self.process(message, &mut effects),
            InstanceInput::Timeout => self.time_out(&mut effects),
        };
        Step::from_result(effects, result)
    }

    fn start(&mut self, value: Value, effects: &mut Effects) -> Result<(), Refusal> {
        if self.has_begun() {
            return Err(RefusalCode::InstanceAlreadyRunning.into());
        }
        self.state.round = Round::FIRST;
        self.arm_timer(Round::FIRST, effects);
        let proposal = (self.leader(Round::FIRST) == self.committee().own())
            .then(|| self.create_proposal(&value, [], []))
            .transpose();
        self.start_value = Some(value);
        match proposal? {
            Some(proposal) => self.broadcast(proposal, effects),
            None => Ok(()),
        }
    }

    fn join(&mut self, effects: &mut Effects) -> Result<(), Refusal> {
        if self.has_begun() {
            return Err(RefusalCode::InstanceAlreadyRunning.into());
        }
        self.joined = true;
        self.state.round = Round::FIRST;
        self.arm_timer(Round::FIRST, effects);
        Ok(())
    }

    /// What has been proposed stays. An operator whose turn it was while it had nothing to propose does so now.
    fn take_value(&mut self, value: Value, effects: &mut Effects) -> Result<(), Refusal> {
        let was_waiting = self.waits_for_value();
        let value = self.start_value.insert(value).clone();
        let round = self.state.round;
        let is_its_turn =
            self.leader(round) == self.committee().own() && self.state.accepted_proposal.is_none();
        if !was_waiting || !is_its_turn || self.state.decided || !self.can_process() {
            return Ok(());
        }
        if round == Round::FIRST {
            let proposal = self.create_proposal(&value, [], [])?;
            return self.broadcast(proposal, effects);
        }
        self.propose_if_justified(effects)
    }

    fn process(&mut self, message: Arc<ProcessingMessage>, effects: &mut Effects) -> Result<(), Refusal> {
        if !self.can_process() {
            return Err(RefusalCode::InstanceStoppedProcessingMessages.into());
        }
        message.validate()?;
        if message.round() < self.state.round {
            return Err(RefusalCode::PastRound.into());
        }
        match message.kind() {
            QbftMessageType::Proposal => {
                self.check_proposal(&message)?;
                self.accept_proposal(message, effects)
            }
            QbftMessageType::Prepare => {
                self.check_live_prepare(&message)?;
                self.accept_prepare(message, effects)
            }
            QbftMessageType::Commit => {
                self.check_live_commit(&message)?;
                self.accept_commit(message, effects)
            }
            QbftMessageType::RoundChange => {
                self.check_round_change(&message, message.round(), message.full_data())?;
                self.accept_round_change(message, effects)
            }
            QbftMessageType::Other(_) => Err(RefusalCode::MessageTypeInvalid.into()),
        }
    }

    /// Stopped instances, and those at the cut-off round, neither listen nor speak.
    pub(crate) fn can_process(&self) -> bool {
        !self.stopped && self.state.round < self.config.cut_off
    }

    /// Sends, unless the cut-off round was reached meanwhile: then the state has moved and this is the refusal.
    pub(crate) fn broadcast(&self, message: Unsigned, effects: &mut Effects) -> Result<(), Refusal> {
        if !self.can_process() {
            return Err(RefusalCode::InstanceStoppedProcessingMessages.into());
        }
        effects.push(Effect::Broadcast(message));
        Ok(())
    }

    pub(crate) fn arm_timer(&self, round: Round, effects: &mut Effects) {
        effects.push(Effect::ArmTimer { height: self.state.height, round });
    }

    /// Enters a round that has no proposal yet.
    pub(crate) fn move_to(&mut self, round: Round, effects: &mut Effects) {
        self.state.round = round;
        self.state.accepted_proposal = None;
        self.arm_timer(round, effects);
    }

    pub(crate) fn committee(&self) -> &Committee {
        &self.config.committee
    }

    pub(crate) fn leader(&self, round: Round) -> OperatorId {
        self.config.leader.leader(self.state.height, round)
    }

    pub(crate) fn check_height(&self, message: &ProcessingMessage) -> Result<(), Refusal> {
        if message.qbft().height == self.state.height {
            return Ok(());
        }
        Err(RefusalCode::WrongMessageHeight.into())
    }

    /// One signer, and a member.
    pub(crate) fn check_single_member(&self, message: &ProcessingMessage) -> Result<(), Refusal> {
        let signer = message.single_signer()?;
        if self.committee().contains(signer) {
            return Ok(());
        }
        Err(RefusalCode::SignerIsNotInCommittee.into())
    }

    /// Every RSA signature of the message.
    pub(crate) fn check_signatures(&self, message: &ProcessingMessage) -> Result<(), Refusal> {
        let signed = message.signed();
        let digest = Sha256::digest(signed.ssv_message.signed_bytes()).into();
        let mut pairs = signed.operator_ids.iter().zip(&signed.signatures);
        if pairs.all(|(signer, signature)| self.config.verifier.verify(*signer, &digest, signature)) {
            return Ok(());
        }
        Err(RefusalCode::MessageSignatureInvalid.into())
    }
}

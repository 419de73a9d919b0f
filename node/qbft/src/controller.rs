//! The instances of one duty runner, by height (ssv-spec `qbft/controller.go`).
//!
//! Bound: the controller keeps [`Config::capacity`] instances; a further one displaces the lowest height.
//!
//! Nothing is buffered. A refusal that a later state would lift (2, 55, 57, no instance) is the caller's to retry.

use std::sync::Arc;

use types::{MessageId, QbftMessageType, RefusalCode, Round, SignedSsvMessage, Slot};

use crate::config::Config;
use crate::{Effect, Input, Instance, InstanceInput, ProcessingMessage, Refusal, Step, Value, ValueCheck};

/// Routes inputs to the instance of their height and takes over what others decided.
#[derive(Debug, Clone)]
pub struct Controller {
    config: Arc<Config>,
    id: MessageId,
    height: Slot,
    instances: Vec<Instance>,
}

impl Controller {
    /// A controller that has started nothing.
    #[must_use]
    pub fn new(config: Config, id: MessageId) -> Self {
        Self::restore(Arc::new(config), id, Slot(0), Vec::new())
    }

    /// A controller in a given state; `instances` by descending height.
    #[must_use]
    pub fn restore(config: Arc<Config>, id: MessageId, height: Slot, instances: Vec<Instance>) -> Self {
        Self { config, id, height, instances }
    }

    /// The identifier every message must carry.
    #[must_use]
    pub fn id(&self) -> MessageId {
        self.id
    }

    /// The highest height started or decided, 0 before.
    #[must_use]
    pub fn height(&self) -> Slot {
        self.height
    }

    /// The instances kept, by descending height.
    #[must_use]
    pub fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// The instance of a height, if it is kept.
    #[must_use]
    pub fn instance(&self, height: Slot) -> Option<&Instance> {
        self.instances.iter().find(|instance| instance.state.height == height)
    }

    /// One step. Effects are to be carried out in their order, also when the input was refused.
    pub fn step(&mut self, input: Input) -> Step {
        match input {
            Input::Start { height, value, check } => self.start(height, value, check),
            Input::Join { height, check } => self.begin(height, check, InstanceInput::Join),
            Input::Value { height, value } => self.replace_value(height, value),
            Input::Message(signed) => self.process(signed),
            Input::Timeout { height, round } => self.time_out(height, round),
        }
    }

    fn start(&mut self, height: Slot, value: Value, check: Arc<dyn ValueCheck>) -> Step {
        if let Err(refusal) = check.check(&value) {
            return Step::refused(refusal.into());
        }
        self.begin(height, check, InstanceInput::Start { value })
    }

    fn begin(&mut self, height: Slot, check: Arc<dyn ValueCheck>, how: InstanceInput) -> Step {
        if height < self.height {
            return Step::refused(RefusalCode::StartInstance.into());
        }
        if self.instance(height).is_some() {
            return Step::refused(RefusalCode::InstanceAlreadyRunning.into());
        }
        self.height = height;
        let mut instance = Instance::new(Arc::clone(&self.config), self.id, height, check);
        let step = instance.step(how);
        self.instances.iter_mut().for_each(Instance::stop);
        self.insert(instance);
        step
    }

    /// An instance that was not started here has no value to be replaced.
    fn replace_value(&mut self, height: Slot, value: Value) -> Step {
        let Some(instance) = self.instance_mut(height).filter(|instance| instance.has_begun()) else {
            return Step::refused(Refusal::NoInstance);
        };
        if let Err(refusal) = instance.value_check.check(&value) {
            return Step::refused(refusal.into());
        }
        instance.step(InstanceInput::Value(value))
    }

    fn process(&mut self, signed: SignedSsvMessage) -> Step {
        let message = match ProcessingMessage::new(signed) {
            Ok(message) => message,
            Err(refusal) => return Step::refused(refusal),
        };
        if message.qbft().identifier.as_slice() != self.id.as_ref() {
            return Step::refused(RefusalCode::MessageIdentifierInvalid.into());
        }
        if self.is_decided_message(&message) {
            return self.take_over(message);
        }
        let height = message.qbft().height;
        let nothing_started = self.height == Slot(0) && self.instance(Slot(0)).is_none();
        if nothing_started || height > self.height {
            return Step::refused(RefusalCode::FutureMessage.into());
        }
        let Some(instance) = self.instance_mut(height) else {
            return Step::refused(Refusal::NoInstance);
        };
        if instance.state.decided {
            return Step::refused(RefusalCode::SkipConsensusMessageAsInstanceIsDecided.into());
        }
        publish_own_decision(instance.step(InstanceInput::Message(Arc::new(message))))
    }

    /// By its count of signers; whether they differ is checked later.
    fn is_decided_message(&self, message: &ProcessingMessage) -> bool {
        message.kind() == QbftMessageType::Commit && self.config.committee.has_quorum(message.signers().len())
    }

    /// A decided message of others: valid for any height and round, past cut-off and stop.
    fn take_over(&mut self, message: ProcessingMessage) -> Step {
        let height = message.qbft().height;
        let mut followed = Instance::followed(Arc::clone(&self.config), self.id, height);
        if let Err(refusal) = followed.check_decided(&message) {
            return Step::refused(refusal);
        }
        let message = Arc::new(message);
        let decided = Effect::Decided(message.signed().clone());
        let decided_now = match self.instance_mut(height) {
            Some(instance) => instance.accept_decided(message),
            None => {
                followed.accept_decided(message);
                self.insert(followed);
                true
            }
        };
        self.height = self.height.max(height);
        let effects = if decided_now { vec![decided] } else { Vec::new() };
        Step { effects, refusal: None }
    }

    /// Timers of unknown, decided or already left rounds mean nothing.
    fn time_out(&mut self, height: Slot, round: Round) -> Step {
        match self.instance_mut(height) {
            Some(instance) if !instance.state.decided && round >= instance.state.round => {
                instance.step(InstanceInput::Timeout)
            }
            _ => Step::default(),
        }
    }

    fn instance_mut(&mut self, height: Slot) -> Option<&mut Instance> {
        self.instances.iter_mut().find(|instance| instance.state.height == height)
    }

    fn insert(&mut self, instance: Instance) {
        let at = self.instances.partition_point(|other| other.state.height > instance.state.height);
        self.instances.insert(at, instance);
        self.instances.truncate(self.config.capacity);
    }
}

/// The operators that missed commits get the decision from whoever saw a quorum of them.
fn publish_own_decision(mut step: Step) -> Step {
    let decided = step.effects.iter().find_map(|effect| match effect {
        Effect::Decided(message) => Some(message.clone()),
        Effect::ArmTimer { .. } | Effect::Broadcast(_) | Effect::PublishDecided(_) => None,
    });
    step.effects.extend(decided.map(Effect::PublishDecided));
    step
}

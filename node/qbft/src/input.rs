//! What can happen to a controller and to one instance.

use std::sync::Arc;

use types::{Round, SignedSsvMessage, Slot};

use crate::{ProcessingMessage, Value, ValueCheck};

/// What can happen to a [`Controller`](crate::Controller).
#[derive(Debug, Clone)]
pub enum Input {
    /// The duty of this height begins here with an own value.
    Start {
        /// The slot of the duty.
        height: Slot,
        /// The own value, as raw full data.
        value: Value,
        /// Judges this value now and every proposal later.
        check: Arc<dyn ValueCheck>,
    },
    /// The duty of this height begins here, and the own value is still to come: this operator follows what others propose, and proposes
    /// nothing before [`Input::Value`].
    Join {
        /// The slot of the duty.
        height: Slot,
        /// Judges every proposal, and the own value when it comes.
        check: Arc<dyn ValueCheck>,
    },
    /// The own value came after the start, or a better one. What has been proposed stays; proposals to come are of this one.
    Value {
        /// The slot of the duty.
        height: Slot,
        /// The own value, as raw full data. It must pass the check that the duty began with.
        value: Value,
    },
    /// A consensus message came, from a peer or from ourselves. Its own RSA signatures have been verified.
    Message(SignedSsvMessage),
    /// A timer armed by [`Effect::ArmTimer`](crate::Effect::ArmTimer) ran out.
    Timeout {
        /// The height the timer was armed for.
        height: Slot,
        /// The round the timer was armed for.
        round: Round,
    },
}

/// What can happen to one [`Instance`](crate::Instance).
#[derive(Debug, Clone)]
pub enum InstanceInput {
    /// Begin with round 1 and this value.
    Start {
        /// The own value, as raw full data.
        value: Value,
    },
    /// Begin with round 1, and without a value.
    Join,
    /// The value of an instance that began without.
    Value(Value),
    /// A message for this instance came.
    Message(Arc<ProcessingMessage>),
    /// The timer of the current round ran out.
    Timeout,
}

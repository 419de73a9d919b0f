//! One consensus instance, and its controller, as a pure machine.
//!
//! QBFT lets the operators of a committee agree on one value for one (identifier, height); the height is the slot of the
//! duty. Each round has a leader. The leader proposes a value, each operator that finds it acceptable prepares it, each that
//! sees a quorum of prepares commits to it, and a quorum of commits decides. When a round takes too long, operators ask for
//! the next one; they carry along what they had prepared, so that a value that may have been decided cannot be replaced.
//!
//! ```text
//!  Input                         Instance                                     Effect
//!  Start, Message, Timeout  ->   rules of the type -> handler of the type ->  Broadcast, ArmTimer, Decided
//!                                proposal, prepare, commit, round_change, timeout
//! ```
//!
//! [`Controller`] keeps the instances of one duty runner, routes inputs to them, and takes over what others decided.
//! Nothing here knows a clock, a socket, a key or a random source. [`Controller::step`] answers with effects in the order
//! in which they must happen, and with the [`Refusal`] of the input if there is one.
//!
//! # What the caller owes
//! * Own messages must come back as inputs once they are published. Nothing counts before that.
//! * The RSA signatures of a message itself are verified before it comes here. What it carries inside, and decided
//!   messages, are verified here through [`VerifySigner`].
//! * Refusals that a later state would lift (2, 55, 57 and [`Refusal::NoInstance`]) are kept and tried again outside.
//! * How long a round lasts is the caller's: it turns [`Effect::ArmTimer`] into a deadline.
//!
//! # Rules
//! Source: ssv-spec `qbft/*.go`. The order of the checks is part of the protocol as far as the published vectors can see it: the
//! first broken rule names the refusal. Each module carries the rules of one message type in that order.
//!
//! # Deviations
//! * A round change to a round past the cut-off is not stored. The reference stores it, and f+1 of them would move it to a round
//!   in which it does nothing. No honest operator sends one, and the rounds are what bounds the container.
//! * A container stops storing at [`container::MAX_MESSAGES`].
//! * [`Effect::Decided`] comes once per instance and before the decided message is published: signing what was decided is what
//!   the duty waits for.

#![deny(clippy::arithmetic_side_effects)]

mod commit;
mod config;
pub mod container;
mod controller;
mod create;
mod effect;
mod input;
mod instance;
mod justification;
mod keys;
mod leader;
mod message;
mod ports;
mod prepare;
mod proposal;
mod refusal;
mod round_change;
mod state;
mod timeout;

pub use config::{CUT_OFF_ROUND, Committee, Config, INSTANCE_CAPACITY};
pub use container::Container;
pub use controller::Controller;
pub use effect::{Effect, Step};
pub use input::{Input, InstanceInput};
pub use instance::Instance;
pub use keys::CommitteeKeys;
pub use leader::RoundRobin;
pub use message::{ProcessingMessage, Unsigned, Value};
pub use ports::{Leader, ValueCheck, VerifySigner};
pub use refusal::{Refusal, ValueRefusal};
pub use state::State;

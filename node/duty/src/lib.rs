//! One duty from assignment to submission as a pure machine, per runner role.
//!
//! A machine is fed [`Input`]s and answers with a [`Step`]: effects in the order in which they must happen, and perhaps a
//! refusal. It knows no clock, no socket, no disk and no key. What takes time or must be durable (the own view of the
//! chain, signing, the heavy mathematics, submitting) leaves as an effect and comes back as an input.
//!
//! * [`committee`]: attestations and sync committee messages of one committee and slot, decided together;
//! * [`runner`]: every other duty: proposal, aggregation, contribution, registration, exit;
//! * [`collector`]: partial signatures until a quorum signs the same;
//! * [`recombine`]: from a quorum of partial signatures to the validator's signature, many at once;
//! * [`reason`]: why a duty failed, and in which room; [`Warning`]: what else is to be said of it.

#![deny(clippy::arithmetic_side_effects)]

mod bundle;
pub mod collector;
pub mod committee;
mod consensus;
mod phase;
pub mod reason;
pub mod recombine;
mod refusal;
pub mod runner;
mod waiting;
mod warning;

pub use committee::{
    AttestationIndex, CommitteeRunner, Effect, Input, Milestone, Outcome, OwnView, Refusal, Setup,
    SignRequest, Signed, SignedObject, SigningObject, SigningTask, Step, Submission, SubmitError, VoteCheck,
    Watermark, Withheld,
};
pub use reason::{FailureReason, Room};
pub use recombine::{CommitteeKeys, RecombineTask, Recombined, ValidatorKeys, recombine};
pub use runner::Runner;
pub use warning::Warning;

//! Talks to one or many beacon nodes.
//!
//! [`BeaconNodes`] is the door. It starts at once and needs no node to be up; each configured node is looked after by a task of
//! its own (`supervise`): is it there, on our chain (`agreement`), in step (`health`), and do connections lie open for the next
//! duty? Only the chain itself is waited for ([`BeaconNodes::chain`]), and only another chain than the expected one is an error
//! that ends the process ([`ChainError`]).
//!
//! * Every node has a score, one integer (`score`); the order of asking follows it.
//! * Reads go to the best node first and to the next one after a short patience; the first good answer wins (`failover`).
//! * Submissions go to all nodes at once; the first that accepts everything wins, partial refusals are reported item by item
//!   (`broadcast`).
//! * Events of all nodes come through one bounded queue, each once, with the moment its first byte was read (`stream`, `sse`).
//! * Blocks are raced for among the nodes in step, and published through all (`blocks`).
//! * Attestation data is fetched once per slot, from every node (`data`, `gather`); the best answer within a deadline is taken, and
//!   only if as many nodes as must agree on its checkpoints (`choice`).
//!
//! Every call has a budget, and every budget is a row in [`Budgets`]. Sources of the calls and their forms: beacon-APIs; how the
//! reference node uses them: `ssv beacon/goclient`.

mod aggregation;
mod agreement;
mod blocks;
mod broadcast;
mod chain;
mod choice;
mod data;
mod error;
mod event;
mod failover;
mod gather;
mod heads;
mod health;
mod liveness;
mod node;
mod nodes;
mod pool;
mod quoted;
mod score;
mod settings;
mod sse;
mod state;
mod status;
mod supervise;
mod timekeeper;
mod validators;
mod votes;
mod wishes;
mod witness;

pub mod call;
pub mod duties;
pub mod http;
pub mod stream;

pub use aggregation::Aggregate;
pub use agreement::Expectations;
pub use blocks::ProducedBlock;
pub use broadcast::Submission;
pub use call::{Budget, Budgets, Call};
pub use data::DataAnswer;
pub use duties::{AttesterDuties, AttesterDuty, ProposerDuties, ProposerDuty, SyncDuties, SyncDuty};
pub use error::{BeaconError, CallError, ChainError, ItemFailure, NodeName, SettingsError};
pub use event::{BeaconEvent, EventKind, Finalized, Head, NodeId, Reorg};
pub use nodes::{BeaconNodes, ConnectError};
pub use pool::{Attestations, CommitteeSubscription, SyncSubscription};
pub use score::Score;
pub use settings::{MAX_NODES, Settings};
pub use state::Finality;
pub use status::{NodeStatus, Status};
pub use validators::{Validator, ValidatorStatus};
pub use votes::{BlockId, BlockVotes};
pub use wishes::ITEMS_PER_CALL;
pub use witness::{ClockOffset, unix_micros};

//! The read-only HTTP interface of a node.
//!
//! | Path | Answer |
//! |---|---|
//! | `GET /v1/status` | [`Status`]: what the node is, how far it has come, and why it is not ready if it is not |
//! | `GET /v1/duties?from_slot=A&to_slot=B` | [`Duties`]: every duty of these slots, at most [`MAX_SLOTS`] of them |
//! | `GET /v1/peers` | [`Peers`]: the peers and what is known of them |
//! | `GET /metrics` | the same sums, and how long the steps of duties took, as Prometheus text |
//!
//! Nothing here changes anything: the node is asked through [`NodeView`], and every answer is JSON. Errors are JSON too:
//! `{"error": "what is wrong and what to do"}`.

mod answers;
mod figures;
mod metrics;
mod safety;
mod server;

pub use answers::{
    Balance, BeaconStatus, Duties, OperatorStatus, Peer, Peers, PeersStatus, RegistryStatus, Status,
    ValidatorsStatus,
};
pub use safety::{Clock, Doppelganger, RegistrationDifference, Safety};
pub use server::{MAX_SLOTS, NodeView, Server, ServerError, ViewError};

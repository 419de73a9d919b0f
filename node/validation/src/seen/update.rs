//! What one message will have shown, once it is believed.

use types::{Epoch, OperatorId, Slot};

use super::{Key, Observation};

/// The change of [`crate::SeenState`] that follows from one message. Commit it only when the message is acted on: one that
/// is refused for its signature must leave no trace.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "what has been seen is forgotten unless the update is committed"]
pub struct Update {
    /// Who forwarded it, and its message id.
    pub(crate) key: Key,
    pub(crate) slot: Slot,
    pub(crate) epoch: Epoch,
    pub(crate) signers: Vec<OperatorId>,
    /// One bit for each place in the committee.
    pub(crate) signer_mask: u16,
    pub(crate) observation: Observation,
    /// Duties of one signer in the epoch; `None` for any number.
    pub(crate) duty_limit: Option<u64>,
    /// Whether a signer may return to an earlier slot.
    pub(crate) slots_may_overlap: bool,
}

//! What one instance knows.

use std::sync::Arc;

use types::{MessageId, Round, Slot};

use crate::{Container, ProcessingMessage, Value};

/// The state of one instance (ssv-spec `qbft/types.go` `State`), plain data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The 56-byte identifier of the duty runner.
    pub id: MessageId,
    /// The slot of the duty.
    pub height: Slot,
    /// The current round, 1 at the start.
    pub round: Round,
    /// The round of the latest quorum of prepares seen, 0 if there was none.
    pub last_prepared_round: Round,
    /// The value of that quorum.
    pub last_prepared_value: Option<Value>,
    /// The proposal that prepares and commits of the current round refer to.
    pub accepted_proposal: Option<Arc<ProcessingMessage>>,
    /// Is a value decided?
    pub decided: bool,
    /// The decided value.
    pub decided_value: Option<Value>,
    /// Proposals by round.
    pub proposals: Container,
    /// Prepares by round.
    pub prepares: Container,
    /// Commits, and decided messages, by round.
    pub commits: Container,
    /// Round changes by round.
    pub round_changes: Container,
}

impl State {
    /// The state before anything happened.
    #[must_use]
    pub fn new(id: MessageId, height: Slot) -> Self {
        Self {
            id,
            height,
            round: Round::FIRST,
            last_prepared_round: Round::NONE,
            last_prepared_value: None,
            accepted_proposal: None,
            decided: false,
            decided_value: None,
            proposals: Container::default(),
            prepares: Container::default(),
            commits: Container::default(),
            round_changes: Container::default(),
        }
    }

    /// The round and value of the latest quorum of prepares, if there was one.
    #[must_use]
    pub fn prepared(&self) -> Option<(Round, &Value)> {
        match &self.last_prepared_value {
            Some(value) if self.last_prepared_round != Round::NONE => Some((self.last_prepared_round, value)),
            _ => None,
        }
    }
}

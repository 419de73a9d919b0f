//! What an instance is told once: its committee, who leads, who verifies, and where it stops.

use std::sync::Arc;

use types::rules::RoundTimeouts;
use types::{CommitteeMember, OperatorId, Round, Thresholds};

use crate::{Leader, VerifySigner};

/// The committee as consensus sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committee {
    own: OperatorId,
    members: Vec<OperatorId>,
    thresholds: Thresholds,
}

impl Committee {
    /// A committee of `members`, in the order of the committee record; `own` is the local operator.
    #[must_use]
    pub fn new(own: OperatorId, members: Vec<OperatorId>, thresholds: Thresholds) -> Self {
        Self { own, members, thresholds }
    }

    /// The local operator.
    #[must_use]
    pub fn own(&self) -> OperatorId {
        self.own
    }

    /// All operators, in the order of the committee record.
    #[must_use]
    pub fn members(&self) -> &[OperatorId] {
        &self.members
    }

    /// Is this operator a member?
    #[must_use]
    pub fn contains(&self, operator: OperatorId) -> bool {
        self.members.contains(&operator)
    }

    /// Are so many different operators enough to decide (2f + 1)?
    #[must_use]
    pub fn has_quorum(&self, operators: usize) -> bool {
        self.thresholds.has_quorum(operators)
    }

    /// Is there an honest one among so many different operators (f + 1)?
    #[must_use]
    pub fn has_partial_quorum(&self, operators: usize) -> bool {
        self.thresholds.has_partial_quorum(operators)
    }
}

impl From<&CommitteeMember> for Committee {
    fn from(member: &CommitteeMember) -> Self {
        Self::new(member.operator_id, member.operator_ids().collect(), member.thresholds())
    }
}

/// Everything that is the same for all instances of a controller.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who decides.
    pub committee: Committee,
    /// Who proposes in a round.
    pub leader: Arc<dyn Leader>,
    /// Verifies what messages carry inside.
    pub verifier: Arc<dyn VerifySigner>,
    /// An instance that reaches this round stops: [`types::rules::RoundTimeouts::cutoff_round`] of the network.
    pub cut_off: Round,
    /// How many instances a controller keeps; see [`INSTANCE_CAPACITY`].
    pub capacity: usize,
}

/// The cut-off round of the public networks: 8 quick and 3 slow rounds are about one epoch.
pub const CUT_OFF_ROUND: Round = RoundTimeouts::PUBLIC.cutoff_round;

/// A duty and its predecessor, of which late messages may still arrive.
pub const INSTANCE_CAPACITY: usize = 2;

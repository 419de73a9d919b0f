//! Prepares: live ones, and those that justify a prepared value (ssv-spec `qbft/prepare.go`).

use std::sync::Arc;

use types::{QbftMessageType, RefusalCode, Root, Round};

use crate::container::distinct_signers;
use crate::instance::Effects;
use crate::{Instance, ProcessingMessage, Refusal};

impl Instance {
    /// The rules of a live prepare: it must be for the accepted proposal of the current round.
    pub(crate) fn check_live_prepare(&self, message: &ProcessingMessage) -> Result<(), Refusal> {
        let Some(proposal) = &self.state.accepted_proposal else {
            return Err(RefusalCode::NoProposalForCurrentRound.into());
        };
        self.check_prepare(message, self.state.round, proposal.root())
    }

    /// The rules of a prepare for `root` in `round`, in the order that decides which refusal is given.
    pub(crate) fn check_prepare(
        &self,
        message: &ProcessingMessage,
        round: Round,
        root: Root,
    ) -> Result<(), Refusal> {
        if message.kind() != QbftMessageType::Prepare {
            return Err(Refusal::NotPrepare);
        }
        self.check_height(message)?;
        if message.round() != round {
            return Err(RefusalCode::WrongMessageRound.into());
        }
        message.validate()?;
        if message.root() != root {
            return Err(RefusalCode::ProposedDataMismatch.into());
        }
        self.check_single_member(message)
    }

    /// The same for a prepare that arrived inside another message, with its signature.
    pub(crate) fn check_signed_prepare(
        &self,
        message: &ProcessingMessage,
        round: Round,
        root: Root,
    ) -> Result<(), Refusal> {
        self.check_prepare(message, round, root)?;
        self.check_signatures(message)
    }

    /// Stores a valid prepare; the one that completes a quorum makes the value prepared, and we commit to it.
    pub(crate) fn accept_prepare(
        &mut self,
        message: Arc<ProcessingMessage>,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        let had_quorum = self.has_prepare_quorum();
        if !self.state.prepares.add_first(message) || had_quorum || !self.has_prepare_quorum() {
            return Ok(());
        }
        let Some(proposal) = &self.state.accepted_proposal else { return Ok(()) };
        let root = proposal.root();
        self.state.last_prepared_value = Some(proposal.full_data().clone());
        self.state.last_prepared_round = self.state.round;
        let commit = self.create_commit(root)?;
        self.broadcast(commit, effects)
    }

    fn has_prepare_quorum(&self) -> bool {
        let prepares = self.state.prepares.of_round(self.state.round);
        self.committee().has_quorum(distinct_signers(prepares.iter().map(Arc::as_ref)))
    }
}

//! Proposals: when one is acceptable, and what accepting it does (ssv-spec `qbft/proposal.go`).

use std::sync::Arc;

use types::RefusalCode;

use crate::instance::Effects;
use crate::{Instance, ProcessingMessage, Refusal};

impl Instance {
    /// The rules of a proposal, in the order that decides which refusal is given.
    pub(crate) fn check_proposal(&self, message: &ProcessingMessage) -> Result<(), Refusal> {
        self.check_height(message)?;
        let signer = message.single_signer()?;
        if !self.committee().contains(signer) {
            return Err(RefusalCode::SignerIsNotInCommittee.into());
        }
        if signer != self.leader(message.round()) {
            return Err(RefusalCode::ProposalLeaderInvalid.into());
        }
        // The reference repeats the structural check here (61); the base validation has already refused those.
        if !message.full_data_matches() {
            return Err(RefusalCode::RootHashInvalid.into());
        }
        let round_changes = message.round_change_justification()?;
        let prepares = message.prepare_justification()?;
        self.check_justified(&round_changes, &prepares, message.round(), message.full_data())?;
        let first_of_this_round =
            self.state.accepted_proposal.is_none() && message.round() == self.state.round;
        if first_of_this_round || message.round() > self.state.round {
            return Ok(());
        }
        Err(RefusalCode::ProposalInvalid.into())
    }

    /// Accepts a valid proposal: its round becomes ours, and we prepare it.
    pub(crate) fn accept_proposal(
        &mut self,
        message: Arc<ProcessingMessage>,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        if !self.state.proposals.add_first(Arc::clone(&message)) {
            return Ok(());
        }
        let round = message.round();
        // The root was checked against the full data.
        let root = message.root();
        self.state.accepted_proposal = Some(message);
        if round > self.state.round {
            self.arm_timer(round, effects);
        }
        self.state.round = round;
        let prepare = self.create_prepare(round, root)?;
        self.broadcast(prepare, effects)
    }
}

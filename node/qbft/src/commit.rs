//! Commits: when they count, and how a quorum of them becomes a decided message (ssv-spec `qbft/commit.go`,
//! `qbft/decided.go`).

use std::sync::Arc;

use types::{QbftMessageType, RefusalCode, SignedSsvMessage};

use crate::instance::Effects;
use crate::{Effect, Instance, ProcessingMessage, Refusal};

impl Instance {
    /// The rules of a live commit: one signer, for the accepted proposal of the current round.
    pub(crate) fn check_live_commit(&self, message: &ProcessingMessage) -> Result<(), Refusal> {
        let Some(proposal) = &self.state.accepted_proposal else {
            return Err(RefusalCode::NoProposalForCurrentRound.into());
        };
        self.check_commit(message)?;
        message.single_signer()?;
        if message.round() != self.state.round {
            return Err(RefusalCode::WrongMessageRound.into());
        }
        if message.root() != proposal.root() {
            return Err(RefusalCode::ProposedDataMismatch.into());
        }
        Ok(())
    }

    /// The rules that live commits and decided messages share.
    pub(crate) fn check_commit(&self, message: &ProcessingMessage) -> Result<(), Refusal> {
        message.validate().map_err(|_| RefusalCode::CommitMessageInvalid)?;
        if message.kind() != QbftMessageType::Commit {
            return Err(RefusalCode::CommitMessageTypeWrong.into());
        }
        self.check_height(message)?;
        if message.signers().iter().all(|signer| self.committee().contains(*signer)) {
            return Ok(());
        }
        Err(RefusalCode::SignerIsNotInCommittee.into())
    }

    /// The rules of a decided message. Neither its round nor its value is looked at: a quorum has signed it.
    pub(crate) fn check_decided(&self, message: &ProcessingMessage) -> Result<(), Refusal> {
        self.check_commit(message)?;
        self.check_signatures(message)?;
        if !message.full_data_matches() {
            return Err(RefusalCode::RootHashInvalid.into());
        }
        Ok(())
    }

    /// Stores a valid commit; the one that completes a quorum decides.
    pub(crate) fn accept_commit(
        &mut self,
        message: Arc<ProcessingMessage>,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        let (round, root) = (message.round(), message.root());
        if !self.state.commits.add_first(message) || self.state.decided {
            return Ok(());
        }
        let quorum = self.state.commits.longest_unique_signers(round, root);
        if !self.committee().has_quorum(quorum.signers.len()) {
            return Ok(());
        }
        let Some(proposal) = &self.state.accepted_proposal else { return Ok(()) };
        let decided = aggregate(&quorum.messages, proposal)?;
        self.state.decided_value = Some(proposal.full_data().clone());
        self.state.decided = true;
        effects.push(Effect::Decided(decided));
        Ok(())
    }

    /// Takes over a valid decided message. True if it decided this instance.
    pub(crate) fn accept_decided(&mut self, message: Arc<ProcessingMessage>) -> bool {
        let state = &mut self.state;
        if state.decided {
            let known = state.commits.longest_unique_signers(message.round(), message.root());
            if message.signers().len() > known.signers.len() {
                state.commits.add(message);
            }
            return false;
        }
        state.decided = true;
        state.round = message.round();
        state.decided_value = Some(message.full_data().clone());
        state.commits.add(message);
        true
    }
}

/// One message with the signatures of all commits, sorted by operator, and the decided value.
fn aggregate(
    commits: &[&ProcessingMessage],
    proposal: &ProcessingMessage,
) -> Result<SignedSsvMessage, Refusal> {
    let first = commits.first().ok_or(RefusalCode::ZeroCommitMessages)?.signed();
    let mut pairs = Vec::new();
    for commit in commits {
        let signed = commit.signed();
        if signed.ssv_message != first.ssv_message {
            return Err(Refusal::CommitsDiffer);
        }
        pairs.extend(signed.operator_ids.iter().copied().zip(signed.signatures.iter().cloned()));
    }
    pairs.sort_by_key(|(operator, _)| *operator);
    let (operators, signatures): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    Ok(SignedSsvMessage {
        signatures: signatures.try_into().map_err(|_| Refusal::TooLarge)?,
        operator_ids: operators.try_into().map_err(|_| Refusal::TooLarge)?,
        ssv_message: first.ssv_message.clone(),
        full_data: proposal.signed().full_data.clone(),
    })
}

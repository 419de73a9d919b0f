//! What lets a proposal carry its value: nothing in round 1, a quorum of round changes later, and a quorum of prepares
//! when one of those had prepared (ssv-spec `qbft/proposal.go` `isProposalJustification`).
//!
//! The round changes travel without full data and are judged with the proposal's. So every prepared one among them must
//! carry the proposed root, not only the highest: stricter than the QBFT paper, and what all implementations do.

use std::borrow::Borrow;

use types::{RefusalCode, Round};

use crate::container::distinct_signers;
use crate::{Instance, ProcessingMessage, Refusal};
use types::message::full_data_root;

impl Instance {
    /// Is a proposal of `full_data` for `round` justified by these messages?
    pub(crate) fn check_justified<M: Borrow<ProcessingMessage>>(
        &self,
        round_changes: &[M],
        prepares: &[ProcessingMessage],
        round: Round,
        full_data: &[u8],
    ) -> Result<(), Refusal> {
        self.value_check.check(full_data)?;
        if round == Round::FIRST {
            return Ok(());
        }
        for round_change in round_changes {
            self.check_signed_round_change(round_change.borrow(), round, full_data)?;
        }
        if !self.committee().has_quorum(distinct_signers(round_changes.iter().map(Borrow::borrow))) {
            return Err(RefusalCode::RoundChangeNoQuorum.into());
        }
        match highest_prepared(round_changes.iter().map(Borrow::borrow)) {
            None => Ok(()),
            Some((prepared, highest)) => self.check_highest(highest, prepared, prepares, full_data),
        }
    }

    /// The value must be the highest prepared one, and the prepares must prove it.
    fn check_highest(
        &self,
        highest: &ProcessingMessage,
        prepared: Round,
        prepares: &[ProcessingMessage],
        full_data: &[u8],
    ) -> Result<(), Refusal> {
        if !self.committee().has_quorum(distinct_signers(prepares)) {
            return Err(Refusal::PreparesNoQuorum);
        }
        if full_data_root(full_data) != highest.root() {
            return Err(Refusal::NotHighestPrepared);
        }
        for prepare in prepares {
            self.check_signed_prepare(prepare, prepared, highest.root())
                .map_err(|_| RefusalCode::PrepareMessageInvalid)?;
        }
        Ok(())
    }
}

/// The round change with the highest prepared round; the first one wins ties.
fn highest_prepared<'a>(
    round_changes: impl Iterator<Item = &'a ProcessingMessage>,
) -> Option<(Round, &'a ProcessingMessage)> {
    let mut highest = None;
    for message in round_changes {
        if let Some(round) = message.prepared_round()
            && highest.is_none_or(|(top, _)| round > top)
        {
            highest = Some((round, message));
        }
    }
    highest
}

//! Round changes: when they count, when f+1 of them pull us along, and when they let us propose (ssv-spec
//! `qbft/round_change.go`).

use std::sync::Arc;

use types::{QbftMessageType, RefusalCode, Round};

use crate::container::distinct_signers;
use crate::instance::Effects;
use crate::{Instance, ProcessingMessage, Refusal, Value};
use types::message::full_data_root;

/// What a round-change quorum allows the leader to propose.
struct Candidate {
    value: Value,
    prepares: Vec<ProcessingMessage>,
}

impl Instance {
    /// The rules of a round change to `round`, in the order that decides which refusal is given. `full_data` is the
    /// prepared value: the message's own when it is live, the proposed one when it justifies a proposal (it then
    /// travels without).
    pub(crate) fn check_round_change(
        &self,
        message: &ProcessingMessage,
        round: Round,
        full_data: &[u8],
    ) -> Result<(), Refusal> {
        if message.kind() != QbftMessageType::RoundChange {
            return Err(Refusal::NotRoundChange);
        }
        self.check_height(message)?;
        if message.round() != round {
            return Err(RefusalCode::WrongMessageRound.into());
        }
        message.single_signer()?;
        message.validate()?;
        self.check_single_member(message)?;
        match message.prepared_round() {
            // Nothing else in it means anything.
            None => Ok(()),
            Some(prepared) => self.check_prepared(message, prepared, round, full_data),
        }
    }

    /// The same for a round change that arrived inside a proposal, with its signature.
    pub(crate) fn check_signed_round_change(
        &self,
        message: &ProcessingMessage,
        round: Round,
        full_data: &[u8],
    ) -> Result<(), Refusal> {
        self.check_round_change(message, round, full_data)?;
        self.check_signatures(message)
    }

    /// The claim of a round change to have prepared its root in round `prepared`.
    fn check_prepared(
        &self,
        message: &ProcessingMessage,
        prepared: Round,
        round: Round,
        full_data: &[u8],
    ) -> Result<(), Refusal> {
        // Prepares travel in the field named after round changes.
        let prepares = message.round_change_justification()?;
        for prepare in &prepares {
            self.check_signed_prepare(prepare, prepared, message.root())?;
        }
        if full_data_root(full_data) != message.root() {
            return Err(RefusalCode::RootHashInvalid.into());
        }
        if !self.committee().has_quorum(distinct_signers(&prepares)) {
            return Err(RefusalCode::JustificationsNoQuorumInvalid.into());
        }
        if prepared > round {
            return Err(Refusal::PreparedAboveRound);
        }
        Ok(())
    }

    /// Stores a valid round change. The one that completes a quorum lets the leader propose; f+1 for higher rounds
    /// move us to the lowest of them.
    pub(crate) fn accept_round_change(
        &mut self,
        message: Arc<ProcessingMessage>,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        let round = message.round();
        if round > self.config.cut_off {
            // No honest operator asks for a round past the cut-off, and rounds are what bounds the container.
            return Ok(());
        }
        let had_quorum = self.has_round_change_quorum(round);
        if !self.state.round_changes.add_first(message) || had_quorum {
            return Ok(());
        }
        if let Some(candidate) = self.justified_candidate(round) {
            return self.propose(&candidate, effects);
        }
        self.follow_partial_quorum(effects)
    }

    /// Proposes in the current round if we lead it and a quorum asks for it.
    pub(crate) fn propose_if_justified(&mut self, effects: &mut Effects) -> Result<(), Refusal> {
        self.justified_candidate(self.state.round)
            .map_or(Ok(()), |candidate| self.propose(&candidate, effects))
    }

    fn propose(&mut self, candidate: &Candidate, effects: &mut Effects) -> Result<(), Refusal> {
        let round_changes = self.state.round_changes.of_round(self.state.round);
        let proposal = self.create_proposal(
            &candidate.value,
            round_changes.iter().map(Arc::as_ref),
            &candidate.prepares,
        )?;
        self.broadcast(proposal, effects)
    }

    fn has_round_change_quorum(&self, round: Round) -> bool {
        let messages = self.state.round_changes.of_round(round);
        self.committee().has_quorum(distinct_signers(messages.iter().map(Arc::as_ref)))
    }

    /// If we lead `round` and a quorum asks for it: the first stored round change whose value can be justified. One bad
    /// message must not silence us, so the others are tried.
    fn justified_candidate(&self, round: Round) -> Option<Candidate> {
        let may_propose =
            round > self.state.round || (round == self.state.round && self.state.accepted_proposal.is_none());
        if !may_propose
            || self.leader(round) != self.committee().own()
            || !self.has_round_change_quorum(round)
        {
            return None;
        }
        let stored = self.state.round_changes.of_round(round);
        let round_changes: Vec<&ProcessingMessage> = stored.iter().map(Arc::as_ref).collect();
        stored.iter().find_map(|message| {
            let prepares = message.round_change_justification().ok()?;
            let value = match message.prepared_round() {
                Some(_) => message.full_data().clone(),
                None if self.waits_for_value() => return None,
                None => self.start_value.clone().unwrap_or_default(),
            };
            self.check_justified(&round_changes, &prepares, round, &value).ok()?;
            Some(Candidate { value, prepares })
        })
    }

    /// f+1 operators in higher rounds include an honest one: go to the lowest round they ask for.
    fn follow_partial_quorum(&mut self, effects: &mut Effects) -> Result<(), Refusal> {
        let ahead = || self.state.round_changes.above(self.state.round).map(Arc::as_ref);
        if !self.committee().has_partial_quorum(distinct_signers(ahead())) {
            return Ok(());
        }
        let Some(round) = ahead().map(ProcessingMessage::round).min() else { return Ok(()) };
        self.move_to(round, effects);
        let round_change = self.create_round_change(round)?;
        self.broadcast(round_change, effects)
    }
}

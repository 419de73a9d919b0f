//! The messages this operator sends (ssv-spec `qbft/messages.go`, `Create*`). They are built here and signed outside.

use std::sync::Arc;

use types::message::{Justification, full_data_root};
use types::{ByteList, Encode, List, MsgType, QbftMessage, QbftMessageType, Root, Round, SsvMessage};

use crate::container::distinct_signers;
use crate::{Instance, ProcessingMessage, Refusal, Unsigned, Value};

/// The fields in which our messages differ; the rest is the same for all of an instance.
struct Draft {
    kind: QbftMessageType,
    round: Round,
    root: Root,
    data_round: Round,
    round_changes: Vec<Vec<u8>>,
    prepares: Vec<Vec<u8>>,
    full_data: Value,
}

impl Draft {
    fn new(kind: QbftMessageType, round: Round, root: Root) -> Self {
        Self {
            kind,
            round,
            root,
            data_round: Round::NONE,
            round_changes: Vec::new(),
            prepares: Vec::new(),
            full_data: Value::empty(),
        }
    }
}

impl Instance {
    /// A proposal of `value` for the current round.
    ///
    /// # Errors
    /// [`Refusal::TooLarge`] if the justifications exceed their lists.
    pub fn create_proposal<'a>(
        &self,
        value: &Value,
        round_changes: impl IntoIterator<Item = &'a ProcessingMessage>,
        prepares: impl IntoIterator<Item = &'a ProcessingMessage>,
    ) -> Result<Unsigned, Refusal> {
        self.draft(Draft {
            round_changes: round_changes.into_iter().map(justification).collect(),
            prepares: prepares.into_iter().map(justification).collect(),
            full_data: value.clone(),
            ..Draft::new(QbftMessageType::Proposal, self.state.round, full_data_root(value))
        })
    }

    /// A prepare of `root` in `round`.
    ///
    /// # Errors
    /// None in practice: it carries no list.
    pub fn create_prepare(&self, round: Round, root: Root) -> Result<Unsigned, Refusal> {
        self.draft(Draft::new(QbftMessageType::Prepare, round, root))
    }

    /// A commit to `root` in the current round.
    ///
    /// # Errors
    /// None in practice: it carries no list.
    pub fn create_commit(&self, root: Root) -> Result<Unsigned, Refusal> {
        self.draft(Draft::new(QbftMessageType::Commit, self.state.round, root))
    }

    /// A round change to `round`, with the prepared value and its proof if there is one.
    ///
    /// # Errors
    /// [`Refusal::TooLarge`] if the prepares exceed their list.
    pub fn create_round_change(&self, round: Round) -> Result<Unsigned, Refusal> {
        let Some((prepared, value)) = self.state.prepared() else {
            return self.draft(Draft::new(QbftMessageType::RoundChange, round, Root::ZERO));
        };
        let root = full_data_root(value);
        self.draft(Draft {
            data_round: prepared,
            round_changes: self.prepared_proof(prepared, root),
            full_data: value.clone(),
            ..Draft::new(QbftMessageType::RoundChange, round, root)
        })
    }

    /// The stored prepares that prove a prepared value. Without a quorum of them the list stays empty; others then refuse
    /// the round change, as the reference's would be.
    fn prepared_proof(&self, prepared: Round, root: Root) -> Vec<Vec<u8>> {
        let prepares: Vec<&ProcessingMessage> = self
            .state
            .prepares
            .of_round(prepared)
            .iter()
            .map(Arc::as_ref)
            .filter(|prepare| self.check_prepare(prepare, prepared, root).is_ok())
            .collect();
        if !self.committee().has_quorum(distinct_signers(prepares.iter().copied())) {
            return Vec::new();
        }
        prepares.into_iter().map(justification).collect()
    }

    fn draft(&self, draft: Draft) -> Result<Unsigned, Refusal> {
        let message = QbftMessage {
            msg_type: draft.kind,
            height: self.state.height,
            round: draft.round,
            identifier: ByteList::try_from(self.state.id.as_ref())?,
            root: draft.root,
            data_round: draft.data_round,
            round_change_justification: justifications(draft.round_changes)?,
            prepare_justification: justifications(draft.prepares)?,
        };
        Ok(Unsigned {
            message: SsvMessage {
                msg_type: MsgType::Consensus,
                msg_id: self.state.id,
                data: ByteList::try_from(message.as_ssz_bytes())?,
            },
            full_data: draft.full_data,
        })
    }
}

/// The encoding of a message inside another: without its full data. Its signature stays valid, because that covers the
/// SSVMessage alone.
fn justification(message: &ProcessingMessage) -> Vec<u8> {
    message.signed().without_full_data().as_ssz_bytes()
}

fn justifications<const N: usize>(items: Vec<Vec<u8>>) -> Result<List<Justification<N>, 13>, Refusal> {
    let items: Vec<_> = items.into_iter().map(ByteList::try_from).collect::<Result<_, _>>()?;
    Ok(List::new(items)?)
}

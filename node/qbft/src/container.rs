//! Messages of one type, by round, in the order of their arrival.
//!
//! The first message of a signer counts, whatever it says: a second one of the same signer set in the same round is not
//! stored (ssv-spec `qbft/message_container.go`).
//!
//! Bound: a container holds at most [`MAX_MESSAGES`] messages; beyond that nothing is stored. A committee of 13 over 15
//! rounds fills 195 places, so only a flood reaches it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use types::{OperatorId, Root, Round};

use crate::ProcessingMessage;

/// The most messages of one type that an instance keeps.
pub const MAX_MESSAGES: usize = 512;

/// Messages by round. See the [module](self).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Container {
    rounds: BTreeMap<Round, Vec<Arc<ProcessingMessage>>>,
}

impl Container {
    /// Stores the message unless its round already has one of the same signers. True if it was stored.
    pub fn add_first(&mut self, message: Arc<ProcessingMessage>) -> bool {
        let known =
            self.of_round(message.round()).iter().any(|other| other.signed().same_signers(message.signed()));
        !known && self.add(message)
    }

    /// Stores the message. True if there was room.
    pub fn add(&mut self, message: Arc<ProcessingMessage>) -> bool {
        if self.len() >= MAX_MESSAGES {
            return false;
        }
        self.rounds.entry(message.round()).or_default().push(message);
        true
    }

    /// The messages of one round.
    #[must_use]
    pub fn of_round(&self, round: Round) -> &[Arc<ProcessingMessage>] {
        self.rounds.get(&round).map_or(&[], Vec::as_slice)
    }

    /// All rounds that have messages, ascending, with their messages.
    pub fn rounds(&self) -> impl Iterator<Item = (Round, &[Arc<ProcessingMessage>])> {
        self.rounds.iter().map(|(round, messages)| (*round, messages.as_slice()))
    }

    /// The messages of all rounds above `round`.
    pub fn above(&self, round: Round) -> impl Iterator<Item = &Arc<ProcessingMessage>> {
        self.rounds.range(round..).filter(move |(at, _)| **at > round).flat_map(|(_, messages)| messages)
    }

    /// How many messages are stored.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rounds.values().map(Vec::len).sum()
    }

    /// Is nothing stored?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rounds.is_empty()
    }

    /// The largest set of messages for `root` in `round` that share no signer, found greedily from each start; the
    /// first of equal size wins.
    #[must_use]
    pub fn longest_unique_signers(&self, round: Round, root: Root) -> UniqueSigners<'_> {
        let matching: Vec<&ProcessingMessage> =
            self.of_round(round).iter().map(Arc::as_ref).filter(|message| message.root() == root).collect();
        let mut longest = UniqueSigners::default();
        for start in 0..matching.len() {
            let candidate = UniqueSigners::collect(matching.iter().skip(start).copied());
            if candidate.signers.len() > longest.signers.len() {
                longest = candidate;
            }
        }
        longest
    }
}

/// Messages that share no signer.
#[derive(Debug, Default)]
pub struct UniqueSigners<'a> {
    /// All signers of the messages.
    pub signers: BTreeSet<OperatorId>,
    /// The messages, in the order of arrival.
    pub messages: Vec<&'a ProcessingMessage>,
}

impl<'a> UniqueSigners<'a> {
    fn collect(messages: impl Iterator<Item = &'a ProcessingMessage>) -> Self {
        let mut unique = Self::default();
        for message in messages {
            if message.signers().iter().all(|signer| !unique.signers.contains(signer)) {
                unique.signers.extend(message.signers());
                unique.messages.push(message);
            }
        }
        unique
    }
}

/// How many different operators signed these messages.
pub(crate) fn distinct_signers<'a>(messages: impl IntoIterator<Item = &'a ProcessingMessage>) -> usize {
    messages.into_iter().flat_map(|message| message.signers()).collect::<BTreeSet<_>>().len()
}

//! What a judgement is about: bytes, and the circumstances in which they came.

use std::sync::Arc;

use types::{MessageId, SsvFork, SubnetId};

/// The subnet and fork of a gossip topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Topic {
    /// The fork that names it.
    pub fork: SsvFork,
    /// The subnet.
    pub subnet: SubnetId,
}

/// The peer that forwarded a message, as opaque bytes. What was seen is kept per forwarder, so that each answers for what
/// it forwards and for nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerKey(Arc<[u8]>);

impl PeerKey {
    /// From the peer's id.
    #[must_use]
    pub fn new(id: &[u8]) -> Self {
        Self(id.into())
    }
}

/// A message as it came.
#[derive(Clone, Copy, Debug)]
pub struct Inbound<'a> {
    /// The encoded [`types::SignedSsvMessage`], unchecked.
    pub data: &'a [u8],
    /// Where it came.
    pub topic: Topic,
    /// From whom.
    pub forwarder: &'a PeerKey,
    /// When, in Unix milliseconds.
    pub received_at_millis: u64,
}

/// The message id that a payload names, read without decoding it and worth nothing but as a guess: the third offset of the envelope points at the
/// inner message, whose id follows its kind.
#[must_use]
pub fn claimed_id(payload: &[u8]) -> Option<MessageId> {
    let offset = u32::from_le_bytes(*payload.get(8..12)?.first_chunk()?);
    let start = usize::try_from(offset).ok()?.checked_add(8)?;
    MessageId::try_from(payload.get(start..start.checked_add(MessageId::LEN)?)?).ok()
}

//! Gossip: what a message is called, who may author it, how peers are scored.

pub(crate) mod admission;
pub(crate) mod author;
pub(crate) mod fresh;
pub(crate) mod message_id;
pub(crate) mod params;
pub(crate) mod rate;
pub(crate) mod score;

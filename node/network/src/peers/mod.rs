//! Peers: who may connect, whom to dial, who is connected and who left why.

pub(crate) mod candidates;
pub(crate) mod gate;
pub(crate) mod relevance;
pub(crate) mod table;
pub(crate) mod trim;

//! Should this gossip message be believed, ignored or punished?
//!
//! The reference's rules are run in their order, up to the first that is broken, and nothing is changed:
//! [`Context::examine`] decodes a message and applies what needs no memory, [`Examined::judge`] the rest, duplicates among it.
//! What comes out is a [`Candidate`]: the decoded message, the RSA signatures that remain to be checked
//! (by the caller, on its pool for heavy mathematics) and an [`Update`] of what has been seen. Only if the
//! signatures hold and the message is acted on does the caller [`SeenState::commit`] the update; the state is looked
//! at once more at that moment, because another message may have come in between.
//!
//! ```text
//! bytes, topic, forwarder, receive time
//!   rules::envelope   size, SSZ, signatures and signers             1 to 18
//!   rules::address    domain, role, committee, validator, topic    19 to 28
//!   rules::consensus  one QBFT message                             29 to 45, then 46 to 55
//!   rules::partial    one bundle of partial signatures             57 to 65, then 66 to 75
//!   (the caller)      RSA                                          56, 76
//! ```
//!
//! The numbers count the reference's rules (ssv `message/validation`) in their order; each [`Refusal`] carries
//! its own, and [`Refusal::verdict`] is the whole policy. `RULES.md` beside this crate shows them all. The order matters: a message that breaks two rules must be
//! punished or spared as the other implementations do it. Rules that cannot be broken by what comes off the wire
//! have no refusal: an absent message (4, 14), a registry that fails to answer (12; ours is in memory), data above
//! the consensus limit (16, 29; the SSZ limit is lower), a hash that fails (34).
//!
//! # Deviations
//!
//! * Fork: domain, role, topic, leader and limits follow the fork of the message's own slot
//!   (`SIPs sips/network_topics_minhash.md`); the reference's branches use the wall clock. A message whose content does not
//!   decode has no slot and is judged under the fork of its receive time until rule 30 or 58 refuses it.
//! * A bundle of a committee role may name validators that are not of the committee, as in the reference; the SIP would
//!   ignore it, but a registry that lags by a block would then silence its own committee.
//! * What was seen by a forwarder under a message id is forgotten as many slots as are kept after its last accepted message; the
//!   reference counts from the last look at it. Only messages that are never late (registrations, exits) live so long.
//! * Boole's partial signatures may be as large as its types allow; a branch of the reference kept the smaller limit.
//!
//! Source: `ssv message/validation`.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod candidate;
mod inbound;
mod ports;
mod refusal;
mod rules;
mod seen;
#[cfg(test)]
mod tests;

pub use candidate::{Candidate, Content, SignatureCheck};
pub use inbound::{Inbound, PeerKey, Topic, claimed_id};
pub use ports::{
    CommitteeView, DutyKnowledge, DutyView, NoDuties, RegistryView, ValidatorStanding, ValidatorView,
};
pub use refusal::{Refusal, Rule, Verdict};
pub use rules::{Context, Examined};
pub use seen::{SeenState, Update};

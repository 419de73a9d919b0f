//! Identifiers. Every one is a type of its own, so that two of them cannot be confused.
//!
//! Counters are transparent numbers in JSON; byte ids are `0x` hex. (The beacon API quotes its numbers; the
//! containers that travel there say so field by field.)

mod bytes;
mod committee_id;
mod message_id;
mod numbers;

pub use alloy_primitives::{Address, B256 as Root};
pub use bytes::{DomainType, ParseBytesError, PublicKeyBytes, SignatureBytes};
pub use committee_id::CommitteeId;
pub use message_id::MessageId;
pub use numbers::{CommitteeIndex, Epoch, OperatorId, Round, Slot, ValidatorIndex};

pub(crate) use bytes::byte_id;

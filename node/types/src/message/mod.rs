//! What travels by gossip, and what travels inside it.
//!
//! ```text
//! SignedSsvMessage  signatures, operator ids, full data
//!   SsvMessage      kind, message id, data = one of
//!     QbftMessage                consensus; justifications are SignedSsvMessages again
//!     PartialSignatureMessages   one operator's BLS signatures
//! ```
//!
//! Decoding is strict and canonical: what decodes encodes back to the same bytes. The two forks share every
//! layout and differ in two list limits, which the types cannot both carry: types hold the larger one and
//! [`Wire`] applies the one of the fork.

mod partial;
mod qbft;
mod signed;
mod ssv;
#[cfg(test)]
mod tests;

use ssz::{Decode, Encode};

use crate::role::SsvFork;

pub use partial::{PartialSignatureMessage, PartialSignatureMessages, PartialSignatureType};
pub use qbft::{Justification, QbftMessage, QbftMessageType};
pub use signed::{MAX_FULL_DATA_LEN, RsaSignature, SignedSsvMessage, full_data_root};
pub use ssv::{MsgType, SsvMessage};

/// Bytes that are not a message, or a message that its fork cannot carry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The bytes do not decode.
    #[error("{what} is not valid SSZ: {reason}")]
    Undecodable {
        /// The type that was expected.
        what: &'static str,
        /// The decoder's words.
        reason: String,
    },
    /// A list above the limit of its fork.
    #[error("{field} holds {len} where {fork} allows {limit}")]
    OverLimit {
        /// The field.
        field: &'static str,
        /// Its length in items or bytes.
        len: usize,
        /// The fork's limit.
        limit: usize,
        /// The fork.
        fork: SsvFork,
    },
}

/// A message with limits that depend on the fork.
pub trait Wire: Encode + Decode {
    /// The type's name for errors.
    const NAME: &'static str;

    /// Checks the limits that the type itself cannot express.
    ///
    /// # Errors
    /// [`WireError::OverLimit`] with the field.
    fn check_limits(&self, fork: SsvFork) -> Result<(), WireError>;

    /// Encodes for `fork`.
    ///
    /// # Errors
    /// [`WireError::OverLimit`] when the fork cannot carry it.
    fn to_wire(&self, fork: SsvFork) -> Result<Vec<u8>, WireError> {
        self.check_limits(fork)?;
        Ok(self.as_ssz_bytes())
    }

    /// Decodes under the limits of `fork`.
    ///
    /// # Errors
    /// [`WireError`].
    fn from_wire(bytes: &[u8], fork: SsvFork) -> Result<Self, WireError> {
        let message = Self::from_ssz_bytes(bytes)
            .map_err(|error| WireError::Undecodable { what: Self::NAME, reason: format!("{error:?}") })?;
        message.check_limits(fork)?;
        Ok(message)
    }
}

fn within(field: &'static str, len: usize, limit: usize, fork: SsvFork) -> Result<(), WireError> {
    if len > limit {
        return Err(WireError::OverLimit { field, len, limit, fork });
    }
    Ok(())
}

//! Who this node is among the operators.

use std::sync::Arc;

use crypto::rsa::{OperatorPrivateKey, RsaError};
use qbft::Unsigned;
use types::{ByteList, OperatorId, SignedSsvMessage};

/// The operator's number and its RSA key.
#[derive(Clone)]
pub struct Identity {
    /// The operator's number in the registry.
    pub id: OperatorId,
    key: Arc<OperatorPrivateKey>,
}

/// Why a message was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The RSA library refused.
    #[error("the operator key does not sign: {0}")]
    Rsa(#[from] RsaError),
    /// A signature of another length than the network's.
    #[error("the operator key makes signatures that the network does not carry")]
    Length,
}

impl Identity {
    /// This operator with its key.
    #[must_use]
    pub const fn new(id: OperatorId, key: Arc<OperatorPrivateKey>) -> Self {
        Self { id, key }
    }

    /// Signs a message of ours; some hundred microseconds, so on the crypto pool.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign(&self, message: Unsigned) -> Result<SignedSsvMessage, SignError> {
        let signature = self.key.sign(&message.message.signed_bytes())?;
        let signature = ByteList::new(signature.to_vec()).map_err(|_| SignError::Length)?;
        Ok(message.signed(self.id, signature))
    }
}

//! Who this node is among the operators.

use std::sync::Arc;

use crypto::rsa::{OperatorPrivateKey, RsaError};
use qbft::Unsigned;
use types::{ByteList, OperatorId, SignedSsvMessage};

use crate::second_copy::Voice;

/// The operator's number and its RSA key.
#[derive(Clone)]
pub struct Identity {
    /// The operator's number in the registry.
    pub id: OperatorId,
    key: Arc<OperatorPrivateKey>,
    voice: Voice,
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
    /// Another live copy of this operator was heard: this one says nothing more.
    #[error("another live copy of this operator is at work: this one says nothing more")]
    SecondCopy,
}

impl Identity {
    /// This operator with its key.
    #[must_use]
    pub fn new(id: OperatorId, key: Arc<OperatorPrivateKey>) -> Self {
        Self { id, key, voice: Voice::default() }
    }

    /// What this process has said under this identity.
    pub(crate) const fn voice(&self) -> &Voice {
        &self.voice
    }

    /// Signs a message of ours; some hundred microseconds, so on the crypto pool. It is remembered as ours before anybody has it.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign(&self, message: Unsigned) -> Result<SignedSsvMessage, SignError> {
        if self.voice.is_doubled() {
            return Err(SignError::SecondCopy);
        }
        self.voice.say(&message.message);
        let signature = self.key.sign(&message.message.signed_bytes())?;
        let signature = ByteList::new(signature.to_vec()).map_err(|_| SignError::Length)?;
        Ok(message.signed(self.id, signature))
    }
}

//! What the registry needs of others: someone who opens shares, and someone who arms them and keeps what their owners ask for.

use crypto::bls::SecretKey;
use crypto::rsa::{OperatorPrivateKey, ShareError};
use store::{FileId, Generation};
use types::PublicKeyBytes;

use crate::set::ExitRequest;

/// Opens our own shares. A pure call: the same bytes give the same answer.
pub trait ShareDecryptor: Send + Sync {
    /// The secret in a ciphertext, if it is that of the registered share key.
    ///
    /// # Errors
    /// [`ShareError`]; the registration is malformed for us then.
    fn decrypt(&self, ciphertext: &[u8], registered: &PublicKeyBytes) -> Result<SecretKey, ShareError>;
}

impl ShareDecryptor for OperatorPrivateKey {
    fn decrypt(&self, ciphertext: &[u8], registered: &PublicKeyBytes) -> Result<SecretKey, ShareError> {
        self.decrypt_share(ciphertext, registered).map(|(secret, _)| secret)
    }
}

/// A validator and our share of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SharePlace {
    /// The validator.
    pub validator: PublicKeyBytes,
    /// Public key of our share.
    pub share: PublicKeyBytes,
}

/// An opened share on its way to the vault.
pub struct ShareToArm {
    /// Whose.
    pub place: SharePlace,
    /// The secret.
    pub secret: SecretKey,
}

/// Why shares are armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arming {
    /// They were ours before this process began.
    Resume,
    /// They were assigned or reactivated now: nothing signed elsewhere until this moment may be contradicted.
    Anew,
}

/// A state of the signing history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryMark {
    /// Identity of the file.
    pub id: FileId,
    /// Number of its last commit.
    pub generation: Generation,
}

/// Why shares could not be armed or disarmed, or exits not be written down; it is tried again.
pub type ArmFailed = Box<dyn std::error::Error + Send + Sync>;

/// Who makes shares able to sign: the vault, behind a narrow door. Calls block.
pub trait Armer: Send + Sync {
    /// Makes shares able to sign, durably and idempotently. Called before the validators are published.
    ///
    /// # Errors
    /// Nothing was armed; the blocks are not applied, and tried again.
    fn arm(&self, shares: Vec<ShareToArm>, arming: Arming) -> Result<(), ArmFailed>;

    /// Takes that ability away. Called once the validators are gone, liquidated, or not ours any more.
    ///
    /// # Errors
    /// As [`Armer::arm`].
    fn disarm(&self, places: &[SharePlace]) -> Result<(), ArmFailed>;

    /// Writes down exits that owners of validators of ours ask for, durably and idempotently. Called before the cursor goes past their
    /// blocks: the event is read once.
    ///
    /// # Errors
    /// Not all are written down; the blocks are not applied, and tried again.
    fn keep_exits(&self, requests: &[ExitRequest]) -> Result<(), ArmFailed>;

    /// The present state of the history, to be compared at the next start.
    fn mark(&self) -> HistoryMark;
}

//! Secrets under a password: EIP-2335 validator keystores and the operator key file.
//!
//! Both are the same four steps (EIP-2335): a slow function turns the password into 32 bytes; the second half and the
//! ciphertext hash to a checksum that tells a wrong password from a damaged file; the first half is the AES-128-CTR key.
//! A validator keystore holds the three modules under `crypto` and a 32-byte secret; an operator key file holds them at
//! top level and the text of an RSA private key (see [`OperatorKeyFile`]).
//!
//! Nothing here touches a file: callers read and write them (mode 0600, atomically).

mod module;
mod operator_file;
mod password;
mod validator;

pub use module::{Encrypted, Kdf};
pub use operator_file::{EncryptedOperatorKey, OperatorKeyFile, encrypt_operator_key};
pub use password::{Password, Trimmed};
pub use validator::ValidatorKeystore;

use crate::rsa::RsaError;

/// Why a keystore or key file does not open.
#[derive(Debug, thiserror::Error)]
pub enum KeystoreError {
    /// Not the expected JSON.
    #[error("not a keystore: {0}")]
    Json(#[from] serde_json::Error),
    /// A member names a version or function that this program does not know.
    #[error("unsupported keystore {what}: found {found}, expected {expected}")]
    Unsupported {
        /// The member.
        what: &'static str,
        /// What it says.
        found: String,
        /// What it may say.
        expected: &'static str,
    },
    /// The parameters ask for more work or memory than an honest keystore does.
    #[error("keystore parameter {0} is out of range: the file is damaged or hostile")]
    Limits(&'static str),
    /// The checksum does not match.
    #[error("wrong password (or the keystore is damaged): its checksum does not match")]
    WrongPassword,
    /// Nothing is left of the password after trimming and normalising.
    #[error("the password is empty")]
    EmptyPassword,
    /// The password is not UTF-8 text.
    #[error("the password is not UTF-8 text")]
    PasswordText,
    /// Decrypted, but not a BLS secret key.
    #[error("the keystore decrypts to something that is not a BLS secret key")]
    NotASecretKey,
    /// Decrypted, but to the key of another public key than the file says.
    #[error("the keystore says public key {stated} and holds the secret of {found}")]
    PublicKeyMismatch {
        /// What the file says.
        stated: String,
        /// What it holds.
        found: String,
    },
    /// The operator key is not usable.
    #[error("operator key: {0}")]
    OperatorKey(#[from] RsaError),
    /// An encrypted file was opened without a password.
    #[error("the operator key file is encrypted: give its password file")]
    PasswordNeeded,
    /// The library could not derive or encrypt.
    #[error("the cryptographic library failed: the machine is out of memory")]
    Library,
}

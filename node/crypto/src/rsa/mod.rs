//! The operator's RSA-2048 identity: it signs network messages and decrypts key shares.
//!
//! Signatures are RSASSA-PKCS1-v1_5 with SHA-256 over the SSZ encoding of an `SSVMessage` (deterministic: equal input,
//! equal bytes). Shares are encrypted with RSAES-PKCS1-v1_5 (`ssv-spec types/encryption.go`).
//!
//! The public key has an odd coat: a SubjectPublicKeyInfo in PEM armour that says `RSA PUBLIC KEY`, which elsewhere
//! means PKCS#1. That text, 459 bytes, is what messages carry, and its base64, 612 characters, is what the contract
//! registers. Operators are compared by it, so it is reproduced exactly.

mod der;
mod pem;
mod private_key;
mod public_key;
mod share;
#[cfg(test)]
mod tests;

pub use private_key::OperatorPrivateKey;
pub use public_key::OperatorPublicKey;
pub use share::{ShareError, encrypt_share};

/// Length of a signature and of an encrypted share, in bytes.
pub const RSA_LEN: usize = 256;

/// Bits of an operator key.
const MODULUS_BITS: usize = 2048;

/// Why text is not an operator key, or why the library refused to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RsaError {
    /// No PEM armour, or text inside it that is not base64.
    #[error("not PEM text: expected `-----BEGIN ...` armour around base64")]
    Pem,
    /// Not standard base64 without line breaks.
    #[error("not base64 text")]
    Base64,
    /// Armoured, but not a private key in PKCS#1 (`RSA PRIVATE KEY`) or PKCS#8 (`PRIVATE KEY`) form.
    #[error("PEM text is not an RSA private key: expected `RSA PRIVATE KEY` or unencrypted `PRIVATE KEY`")]
    NotPrivate,
    /// Well-formed armour around something that is no RSA key.
    #[error("the encoded key is damaged or is no RSA key")]
    Key,
    /// An RSA key of another length.
    #[error("the key has {0} bits; operator keys have 2048")]
    Size(usize),
    /// The library could not generate, sign or encrypt (out of memory or entropy).
    #[error("the cryptographic library failed: the machine is out of memory or entropy")]
    Library,
}

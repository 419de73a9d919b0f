//! Key shares on their way to an operator.
//!
//! The plaintext is text: the share as hex digits, which ssv-keys writes with `0x` (66 bytes) and ssv-dkg without (64
//! bytes). Readers take both, either letter case, and shorter hex with its leading zeros dropped.

use super::{OperatorPrivateKey, OperatorPublicKey, RSA_LEN, RsaError};
use crate::bls::{PublicKey, SecretKey};
use types::PublicKeyBytes;
use zeroize::Zeroizing;

/// Why an encrypted share is not ours to use. A registration with such a share is malformed for this operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    /// The ciphertext was made for another key, or is damaged.
    #[error("the share does not decrypt with this operator's key: it was encrypted for another key")]
    Decrypt,
    /// The plaintext is not the hex form of a BLS secret key.
    #[error("the decrypted share is not a BLS secret key in hex")]
    Plaintext,
    /// The share is a key, but not that of the registered share public key.
    #[error("the decrypted share belongs to public key {found}, the registration says {registered}")]
    PublicKey {
        /// The public key of what was decrypted.
        found: PublicKeyBytes,
        /// What the registration claims.
        registered: PublicKeyBytes,
    },
}

/// Encrypts a share to an operator, in the form of ssv-keys.
///
/// # Errors
/// [`RsaError::Library`].
pub fn encrypt_share(operator: &OperatorPublicKey, share: &SecretKey) -> Result<[u8; RSA_LEN], RsaError> {
    let mut text = Zeroizing::new([0u8; 66]);
    let (prefix, digits) = text.split_at_mut(2);
    prefix.copy_from_slice(b"0x");
    hex::encode_to_slice(*share.to_be_bytes(), digits).map_err(|_| RsaError::Library)?;
    operator.encrypt(text.as_slice())
}

impl OperatorPrivateKey {
    /// Decrypts an own share and checks that it is the one that was registered.
    ///
    /// # Errors
    /// [`ShareError`]; each makes the registration malformed for this operator, none speaks against this key.
    pub fn decrypt_share(
        &self,
        ciphertext: &[u8],
        registered: &PublicKeyBytes,
    ) -> Result<(SecretKey, PublicKey), ShareError> {
        let plaintext = self.decrypt(ciphertext).ok_or(ShareError::Decrypt)?;
        let secret = parse_share(&plaintext).ok_or(ShareError::Plaintext)?;
        let public = secret.public_key();
        if public.to_bytes() == *registered {
            Ok((secret, public))
        } else {
            Err(ShareError::PublicKey { found: public.to_bytes(), registered: *registered })
        }
    }
}

/// Reads a share from its text.
fn parse_share(text: &[u8]) -> Option<SecretKey> {
    let digits = text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"0X")).unwrap_or(text);
    let mut padded = Zeroizing::new([b'0'; 64]);
    let start = padded.len().checked_sub(digits.len()).filter(|_| !digits.is_empty())?;
    padded.get_mut(start..)?.copy_from_slice(digits);
    let mut bytes = Zeroizing::new([0u8; 32]);
    hex::decode_to_slice(padded.as_slice(), bytes.as_mut_slice()).ok()?;
    SecretKey::from_be_bytes(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_text_in_all_its_spellings() {
        let digits = "0ef51261f9680caefeafd3a2b19c9a067ba938bb620b7bb2c4e831ff12d58df0";
        let expected = SecretKey::from_be_bytes(&hex::decode(digits).unwrap().try_into().unwrap()).unwrap();
        for text in [
            digits.to_owned(),
            format!("0x{digits}"),
            format!("0X{}", digits.to_uppercase()),
            digits.trim_start_matches('0').to_owned(),
        ] {
            assert_eq!(*parse_share(text.as_bytes()).unwrap().to_be_bytes(), *expected.to_be_bytes());
        }
        for text in ["", "0x", "zz", "0x0", &"f".repeat(64), &format!("0{digits}"), "12 34"] {
            assert!(parse_share(text.as_bytes()).is_none(), "{text}");
        }
    }
}

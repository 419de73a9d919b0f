//! The operator's key file.
//!
//! Written in one form, the encrypted one that the other clients read: the EIP-2335 modules at top level and the public
//! key beside them; the secret is the PEM text of the private key. Read in all forms that are around:
//!
//! | Content | What it is |
//! |---|---|
//! | JSON with `pubkey` | the Go node's `encrypted_private_key.json` |
//! | JSON with `pubKey`, or without either | older files |
//! | `-----BEGIN ...` | PEM text |
//! | base64 | the configuration form, base64 of the PEM text |

use super::{Encrypted, Kdf, KeystoreError, Password};
use crate::rsa::{OperatorPrivateKey, OperatorPublicKey, RsaError};
use rand::CryptoRng;
use serde::{Deserialize, Serialize};

/// An operator key as it was found.
pub enum OperatorKeyFile {
    /// Without protection: PEM or base64.
    Plain(Box<OperatorPrivateKey>),
    /// Under a password.
    Encrypted(Box<EncryptedOperatorKey>),
}

/// The encrypted form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncryptedOperatorKey {
    #[serde(flatten)]
    modules: Encrypted,
    /// The public key in its registered form; absent in old files.
    #[serde(default, alias = "pubKey", skip_serializing_if = "Option::is_none")]
    pubkey: Option<String>,
}

impl OperatorKeyFile {
    /// Recognises the form of a key file.
    ///
    /// # Errors
    /// [`KeystoreError`] with what is wrong with that form.
    pub fn parse(text: &str) -> Result<Self, KeystoreError> {
        let text = text.trim();
        if text.starts_with('{') {
            return Ok(Self::Encrypted(serde_json::from_str(text)?));
        }
        let key = if text.starts_with("-----BEGIN") {
            OperatorPrivateKey::from_pem(text)?
        } else {
            OperatorPrivateKey::from_base64(text)?
        };
        Ok(Self::Plain(Box::new(key)))
    }

    /// Opens the file; a plain one needs no password and ignores a given one.
    ///
    /// # Errors
    /// [`KeystoreError::PasswordNeeded`], [`KeystoreError::WrongPassword`], or what is wrong with the key.
    pub fn open(self, password: Option<&Password>) -> Result<OperatorPrivateKey, KeystoreError> {
        match self {
            Self::Plain(key) => Ok(*key),
            Self::Encrypted(encrypted) => encrypted.decrypt(password.ok_or(KeystoreError::PasswordNeeded)?),
        }
    }

    /// The public key that the file names without being opened.
    pub fn public_key(&self) -> Option<OperatorPublicKey> {
        match self {
            Self::Plain(key) => Some(key.public_key().clone()),
            Self::Encrypted(encrypted) => encrypted.pubkey.as_deref()?.parse().ok(),
        }
    }
}

impl EncryptedOperatorKey {
    fn decrypt(&self, password: &Password) -> Result<OperatorPrivateKey, KeystoreError> {
        let secret = self.modules.decrypt(password)?;
        let key = OperatorPrivateKey::from_pem(str::from_utf8(&secret).map_err(|_| RsaError::Pem)?)?;
        let found = key.public_key().to_base64();
        match &self.pubkey {
            Some(stated) if *stated != found => {
                Err(KeystoreError::PublicKeyMismatch { stated: stated.clone(), found })
            }
            Some(_) | None => Ok(key),
        }
    }
}

/// The text of an encrypted operator key file.
///
/// # Errors
/// [`KeystoreError::Library`].
pub fn encrypt_operator_key(
    key: &OperatorPrivateKey,
    password: &Password,
    rng: &mut dyn CryptoRng,
) -> Result<String, KeystoreError> {
    let modules = Encrypted::encrypt(key.to_pem().as_bytes(), password, Kdf::Pbkdf2, rng)?;
    let file = EncryptedOperatorKey { modules, pubkey: Some(key.public_key().to_base64()) };
    Ok(serde_json::to_string_pretty(&file)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    fn password() -> Password {
        Password::new("12345678").unwrap()
    }

    #[test]
    fn every_form_opens_to_the_same_key() {
        let key = OperatorPrivateKey::generate().unwrap();
        let public = key.public_key().clone();
        let pem = key.to_pem();
        let base64 = base64::engine::general_purpose::STANDARD.encode(pem.as_bytes());
        let json = encrypt_operator_key(&key, &password(), &mut ChaCha20Rng::seed_from_u64(1)).unwrap();
        let older = json.replace("\"pubkey\"", "\"pubKey\"");
        for text in [pem.as_str(), &base64, &format!("{base64}\n"), &json, &older] {
            let file = OperatorKeyFile::parse(text).unwrap();
            assert_eq!(file.public_key().as_ref(), Some(&public));
            assert_eq!(file.open(Some(&password())).ok().unwrap().public_key(), &public);
        }
        let mut anonymous: serde_json::Value = serde_json::from_str(&json).unwrap();
        anonymous.as_object_mut().unwrap().remove("pubkey");
        let file = OperatorKeyFile::parse(&anonymous.to_string()).unwrap();
        assert!(file.public_key().is_none());
        assert_eq!(file.open(Some(&password())).ok().unwrap().public_key(), &public);
    }

    #[test]
    fn errors_name_the_fix() {
        let key = OperatorPrivateKey::generate().unwrap();
        let other = OperatorPrivateKey::generate().unwrap();
        let json = encrypt_operator_key(&key, &password(), &mut ChaCha20Rng::seed_from_u64(2)).unwrap();
        let open = |text: &str, password: Option<&Password>| {
            OperatorKeyFile::parse(text).and_then(|file| file.open(password)).err()
        };
        assert!(matches!(open(&json, None), Some(KeystoreError::PasswordNeeded)));
        let wrong = Password::new("87654321").unwrap();
        assert!(matches!(open(&json, Some(&wrong)), Some(KeystoreError::WrongPassword)));
        let swapped = json.replace(&key.public_key().to_base64(), &other.public_key().to_base64());
        assert!(matches!(open(&swapped, Some(&password())), Some(KeystoreError::PublicKeyMismatch { .. })));
        assert!(matches!(open("{}", None), Some(KeystoreError::Json(_))));
        assert!(matches!(open("???", None), Some(KeystoreError::OperatorKey(RsaError::Base64))));
        assert!(matches!(open("aGVsbG8=", None), Some(KeystoreError::OperatorKey(RsaError::Pem))));
        let public = key.public_key().to_pem();
        assert!(matches!(open(&public, None), Some(KeystoreError::OperatorKey(RsaError::NotPrivate))));
    }
}

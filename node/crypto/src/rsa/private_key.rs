//! The operator's private key.

use super::public_key::sha256;
use super::{MODULUS_BITS, OperatorPublicKey, RSA_LEN, RsaError, der, pem};
use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeySize, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// The label of a private key in the form all SSV clients read.
const PKCS1_LABEL: &str = "RSA PRIVATE KEY";
/// The label that other tools write.
const PKCS8_LABEL: &str = "PRIVATE KEY";

/// An operator's RSA-2048 private key. No `Debug`, no `Clone`; what holds key bytes is wiped on drop.
pub struct OperatorPrivateKey {
    signing: RsaKeyPair,
    decrypting: Pkcs1PrivateDecryptingKey,
    public: OperatorPublicKey,
    pkcs1: Zeroizing<Vec<u8>>,
}

impl OperatorPrivateKey {
    /// Generates a key with exponent 65537, from the library's own generator.
    ///
    /// # Errors
    /// [`RsaError::Library`].
    pub fn generate() -> Result<Self, RsaError> {
        let key = PrivateDecryptingKey::generate(KeySize::Rsa2048).map_err(|_| RsaError::Library)?;
        let pkcs8 = AsDer::<Pkcs8V1Der<'_>>::as_der(&key).map_err(|_| RsaError::Library)?;
        Self::from_pkcs8(pkcs8.as_ref())
    }

    /// Reads PEM text, PKCS#1 under `RSA PRIVATE KEY` or PKCS#8 under `PRIVATE KEY`.
    ///
    /// # Errors
    /// [`RsaError`].
    pub fn from_pem(text: &str) -> Result<Self, RsaError> {
        let (label, bytes) = pem::unwrap(text)?;
        match label {
            PKCS1_LABEL => Self::from_pkcs1(bytes),
            PKCS8_LABEL => Self::from_pkcs8(&bytes),
            _ => Err(RsaError::NotPrivate),
        }
    }

    /// Reads the configuration form of the other clients: base64 of the PEM text.
    ///
    /// # Errors
    /// [`RsaError`].
    pub fn from_base64(text: &str) -> Result<Self, RsaError> {
        let pem = Zeroizing::new(STANDARD.decode(text).map_err(|_| RsaError::Base64)?);
        Self::from_pem(str::from_utf8(&pem).map_err(|_| RsaError::Pem)?)
    }

    fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, RsaError> {
        Self::from_pkcs1(der::pkcs1_of_pkcs8(pkcs8)?)
    }

    fn from_pkcs1(pkcs1: Zeroizing<Vec<u8>>) -> Result<Self, RsaError> {
        let signing = RsaKeyPair::from_der(&pkcs1).map_err(|_| RsaError::Key)?;
        let bits = signing.public_modulus_len().saturating_mul(8);
        if bits != MODULUS_BITS {
            return Err(RsaError::Size(bits));
        }
        let public = OperatorPublicKey::from_der(signing.public_key().as_ref())?;
        let decrypting = PrivateDecryptingKey::from_pkcs8(&der::pkcs8_of_pkcs1(&pkcs1))
            .map_err(|_| RsaError::Key)
            .and_then(|key| Pkcs1PrivateDecryptingKey::new(key).map_err(|_| RsaError::Key))?;
        Ok(Self { signing, decrypting, public, pkcs1 })
    }

    /// The PEM text, PKCS#1 under `RSA PRIVATE KEY`: the secret of an encrypted operator key file.
    pub fn to_pem(&self) -> Zeroizing<String> {
        pem::wrap(PKCS1_LABEL, &self.pkcs1)
    }

    /// The public key.
    pub fn public_key(&self) -> &OperatorPublicKey {
        &self.public
    }

    /// Signs a message (about 200 microseconds).
    ///
    /// # Errors
    /// [`RsaError::Library`].
    pub fn sign(&self, message: &[u8]) -> Result<[u8; RSA_LEN], RsaError> {
        self.sign_digest(&sha256(message))
    }

    /// Signs the SHA-256 digest of a message.
    ///
    /// # Errors
    /// [`RsaError::Library`].
    pub fn sign_digest(&self, digest: &[u8; 32]) -> Result<[u8; RSA_LEN], RsaError> {
        let mut signature = [0; RSA_LEN];
        let digest =
            digest::Digest::import_less_safe(digest, &digest::SHA256).map_err(|_| RsaError::Library)?;
        self.signing
            .sign_digest(&RSA_PKCS1_SHA256, &digest, &mut signature)
            .map_err(|_| RsaError::Library)?;
        Ok(signature)
    }

    /// Decrypts a ciphertext; `None` when it was not made for this key, which says nothing about this key.
    pub(super) fn decrypt(&self, ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mut buffer = Zeroizing::new([0u8; RSA_LEN]);
        let plaintext = self.decrypting.decrypt(ciphertext, buffer.as_mut_slice()).ok()?;
        Some(Zeroizing::new(plaintext.to_vec()))
    }
}

//! `encryption.EncryptionSpecTest`: the operator key's PEM forms, and encryption to it.
//!
//! What is decrypted never leaves `crypto` but as a key share. So a plaintext that is a key makes the round trip as a share,
//! and of any other it shows that it decrypts and is then refused as no key.

use anyhow::{Result, bail, ensure};
use crypto::bls::SecretKey;
use crypto::rsa::{OperatorPrivateKey, ShareError, encrypt_share};
use serde::Deserialize;
use types::PublicKeyBytes;

use crate::json::Base64;
use crate::suite::Vector;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Test {
    #[serde(rename = "SKPem")]
    private: Base64,
    #[serde(rename = "PKPem")]
    public: Base64,
    plain_text: Base64,
}

pub(super) fn run(vector: &Vector<'_>) -> Result<()> {
    let test: Test = vector.parse()?;
    let key = OperatorPrivateKey::from_pem(std::str::from_utf8(test.private.bytes())?)?;
    let public = key.public_key();
    ensure!(
        public.to_pem().as_bytes() == test.public.bytes(),
        "another public key text: {}",
        public.to_pem()
    );

    let plaintext = test.plain_text.bytes();
    match key.decrypt_share(&public.encrypt(plaintext)?, &PublicKeyBytes::default()) {
        Err(ShareError::Plaintext) => {}
        Err(other) => bail!("the plaintext did not come back: {other}"),
        Ok(_) => bail!("a plaintext that is no hex was taken for a key"),
    }
    if let Ok(bytes) = <&[u8; 32]>::try_from(plaintext) {
        let share = SecretKey::from_be_bytes(bytes)?;
        let ciphertext = encrypt_share(public, &share)?;
        let (decrypted, _) = key.decrypt_share(&ciphertext, &share.public_key().to_bytes())?;
        ensure!(*decrypted.to_be_bytes() == *bytes, "another share came back");
    }
    Ok(())
}

//! EIP-2335 keystores: one BLS secret key each.

use super::{Encrypted, Kdf, KeystoreError, Password};
use crate::bls::SecretKey;
use rand::CryptoRng;
use serde::{Deserialize, Serialize};
use types::PublicKeyBytes;
use zeroize::Zeroizing;

/// The only version of EIP-2335. Versions 1 and 3 are the older Ethereum account keystores.
const VERSION: u64 = 4;

/// A validator keystore as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidatorKeystore {
    crypto: Encrypted,
    #[serde(default)]
    description: String,
    /// Hex without prefix; may be empty in an anonymous keystore.
    #[serde(default)]
    pubkey: String,
    #[serde(default)]
    path: String,
    uuid: String,
    version: u64,
}

impl ValidatorKeystore {
    /// Reads a keystore file.
    ///
    /// # Errors
    /// [`KeystoreError::Json`], or [`KeystoreError::Unsupported`] for another version.
    pub fn from_json(text: &str) -> Result<Self, KeystoreError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u64,
        }
        let Versioned { version } = serde_json::from_str(text)?;
        if version != VERSION {
            let found = version.to_string();
            return Err(KeystoreError::Unsupported { what: "version", found, expected: "4 (EIP-2335)" });
        }
        Ok(serde_json::from_str(text)?)
    }

    /// The text of a keystore file.
    ///
    /// # Errors
    /// [`KeystoreError::Json`], never in practice.
    pub fn to_json(&self) -> Result<String, KeystoreError> {
        Ok(serde_json::to_string_pretty(self)?)
    }

    /// The public key that the file names, if it names one.
    pub fn public_key(&self) -> Option<PublicKeyBytes> {
        self.pubkey.parse().ok()
    }

    /// Decrypts the secret and checks that it belongs to the public key that the file names.
    ///
    /// # Errors
    /// [`KeystoreError`].
    pub fn decrypt(&self, password: &Password) -> Result<SecretKey, KeystoreError> {
        let secret = self.crypto.decrypt(password)?;
        let bytes = <[u8; 32]>::try_from(secret.as_slice()).map(Zeroizing::new);
        let bytes = bytes.map_err(|_| KeystoreError::NotASecretKey)?;
        let key = SecretKey::from_be_bytes(&bytes).map_err(|_| KeystoreError::NotASecretKey)?;
        let found = key.public_key().to_bytes();
        if !self.pubkey.is_empty() && self.public_key() != Some(found) {
            let stated = self.pubkey.clone();
            return Err(KeystoreError::PublicKeyMismatch { stated, found: found.to_string() });
        }
        Ok(key)
    }

    /// Encrypts a secret key; `path` is its EIP-2334 derivation path, or empty.
    ///
    /// # Errors
    /// [`KeystoreError::Library`].
    pub fn encrypt(
        key: &SecretKey,
        password: &Password,
        kdf: Kdf,
        path: &str,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, KeystoreError> {
        Ok(Self {
            crypto: Encrypted::encrypt(key.to_be_bytes().as_slice(), password, kdf, rng)?,
            description: String::new(),
            pubkey: hex::encode(key.public_key().to_bytes()),
            path: path.to_owned(),
            uuid: random_uuid(rng),
            version: VERSION,
        })
    }
}

/// A version 4 UUID.
fn random_uuid(rng: &mut dyn CryptoRng) -> String {
    let mut bytes = [0u8; 16];
    rng.fill_bytes(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex::encode(bytes);
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    /// The two test vectors of EIP-2335.
    const SCRYPT: &str = r#"{
        "crypto": {
            "kdf": {"function": "scrypt", "params": {"dklen": 32, "n": 262144, "p": 1, "r": 8,
                "salt": "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"}, "message": ""},
            "checksum": {"function": "sha256", "params": {},
                "message": "d2217fe5f3e9a1e34581ef8a78f7c9928e436d36dacc5e846690a5581e8ea484"},
            "cipher": {"function": "aes-128-ctr", "params": {"iv": "264daa3f303d7259501c93d997d84fe6"},
                "message": "06ae90d55fe0a6e9c5c3bc5b170827b2e5cce3929ed3f116c2811e6366dfe20f"}
        },
        "description": "This is a test keystore that uses scrypt to secure the secret.",
        "pubkey": "9612d7a727c9d0a22e185a1c768478dfe919cada9266988cb32359c11f2b7b27f4ae4040902382ae2910c15e2b420d07",
        "path": "m/12381/60/3141592653/589793238",
        "uuid": "1d85ae20-35c5-4611-98e8-aa14a633906f",
        "version": 4
    }"#;
    const PBKDF2: &str = r#"{
        "crypto": {
            "kdf": {"function": "pbkdf2", "params": {"dklen": 32, "c": 262144, "prf": "hmac-sha256",
                "salt": "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"}, "message": ""},
            "checksum": {"function": "sha256", "params": {},
                "message": "8a9f5d9912ed7e75ea794bc5a89bca5f193721d30868ade6f73043c6ea6febf1"},
            "cipher": {"function": "aes-128-ctr", "params": {"iv": "264daa3f303d7259501c93d997d84fe6"},
                "message": "cee03fde2af33149775b7223e7845e4fb2c8ae1792e5f99fe9ecf474cc8c16ad"}
        },
        "description": "This is a test keystore that uses PBKDF2 to secure the secret.",
        "pubkey": "9612d7a727c9d0a22e185a1c768478dfe919cada9266988cb32359c11f2b7b27f4ae4040902382ae2910c15e2b420d07",
        "path": "m/12381/60/0/0",
        "uuid": "64625def-3331-4eea-ab6f-782f3ed16a83",
        "version": 4
    }"#;
    const SECRET: &str = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";

    #[test]
    fn official_vectors() {
        let password = Password::new("𝔱𝔢𝔰𝔱𝔭𝔞𝔰𝔰𝔴𝔬𝔯𝔡🔑").unwrap();
        for text in [SCRYPT, PBKDF2] {
            let keystore = ValidatorKeystore::from_json(text).unwrap();
            assert_eq!(hex::encode(*keystore.decrypt(&password).unwrap().to_be_bytes()), SECRET);
            let again = ValidatorKeystore::from_json(&keystore.to_json().unwrap()).unwrap();
            assert_eq!(again, keystore);
        }
        let wrong = Password::new("testpassword").unwrap();
        let keystore = ValidatorKeystore::from_json(PBKDF2).unwrap();
        assert!(matches!(keystore.decrypt(&wrong), Err(KeystoreError::WrongPassword)));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let key = SecretKey::from_be_bytes(&hex::decode(SECRET).unwrap().try_into().unwrap()).unwrap();
        // Control characters are dropped, so these two are the same password.
        let (typed, read) = (Password::new("pass word\t1").unwrap(), Password::new("pass word1").unwrap());
        for kdf in [Kdf::Pbkdf2, Kdf::Scrypt] {
            let written =
                ValidatorKeystore::encrypt(&key, &typed, kdf, "m/12381/3600/0/0/0", &mut rng).unwrap();
            let keystore = ValidatorKeystore::from_json(&written.to_json().unwrap()).unwrap();
            assert_eq!(hex::encode(*keystore.decrypt(&read).unwrap().to_be_bytes()), SECRET);
        }
    }

    #[test]
    fn other_versions_and_other_keys_are_named() {
        let old = SCRYPT.replace("\"version\": 4", "\"version\": 3");
        assert!(matches!(
            ValidatorKeystore::from_json(&old),
            Err(KeystoreError::Unsupported { what: "version", .. })
        ));
        let other = PBKDF2.replace("\"9612", "\"9712");
        let keystore = ValidatorKeystore::from_json(&other).unwrap();
        let password = Password::new("𝔱𝔢𝔰𝔱𝔭𝔞𝔰𝔰𝔴𝔬𝔯𝔡🔑").unwrap();
        assert!(matches!(keystore.decrypt(&password), Err(KeystoreError::PublicKeyMismatch { .. })));
    }
}

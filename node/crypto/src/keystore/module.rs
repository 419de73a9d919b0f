//! The three modules of EIP-2335: key derivation, checksum, cipher.

use super::{KeystoreError, Password};
use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::{digest, pbkdf2};
use rand::CryptoRng;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;
use zeroize::Zeroizing;

/// Bytes of derived key that are used: 16 for the cipher, 16 for the checksum.
const KEY_LEN: usize = 32;
/// Iterations that every SSV client writes.
const PBKDF2_ITERATIONS: u32 = 262_144;
/// Iterations above which a file is refused (about four seconds of work).
const MAX_PBKDF2_ITERATIONS: u32 = 10_000_000;
/// Cost parameters of scrypt as EIP-2335 writes them.
const SCRYPT_N: u64 = 262_144;
const SCRYPT_R: u32 = 8;
/// Memory (`128 n r` bytes) above which a file is refused.
const MAX_SCRYPT_MEMORY: u64 = 1 << 30;
/// Parallel lanes above which a file is refused.
const MAX_SCRYPT_P: u32 = 16;

/// Which slow function to write a keystore with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kdf {
    /// PBKDF2-HMAC-SHA-256 with 262,144 iterations: what the SSV tools write.
    Pbkdf2,
    /// scrypt with n = 262,144, r = 8, p = 1 (256 MiB).
    Scrypt,
}

/// An encrypted secret: the object under `crypto` of a keystore, or the top level of an operator key file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encrypted {
    kdf: KdfModule,
    checksum: ChecksumModule,
    cipher: CipherModule,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KdfModule {
    #[serde(flatten)]
    function: KdfFunction,
    #[serde(default)]
    message: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "function", content = "params", rename_all = "lowercase")]
enum KdfFunction {
    Pbkdf2 { c: u32, dklen: usize, prf: String, salt: HexBytes },
    Scrypt { n: u64, r: u32, p: u32, dklen: usize, salt: HexBytes },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ChecksumModule {
    function: String,
    params: Empty,
    message: HexBytes,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct CipherModule {
    function: String,
    params: CipherParams,
    message: HexBytes,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct CipherParams {
    iv: HexBytes,
}

/// An object without members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Empty {}

/// Bytes as lower-case hex without prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
struct HexBytes(Vec<u8>);

impl Serialize for HexBytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for HexBytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(&text).map(Self).map_err(serde::de::Error::custom)
    }
}

impl Encrypted {
    /// Encrypts a secret. Salt and initialisation vector come from `rng`.
    ///
    /// # Errors
    /// [`KeystoreError::Library`].
    pub fn encrypt(
        secret: &[u8],
        password: &Password,
        kdf: Kdf,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, KeystoreError> {
        let mut salt = vec![0; 32];
        rng.fill_bytes(&mut salt);
        let mut iv = [0; 16];
        rng.fill_bytes(&mut iv);
        let salt = HexBytes(salt);
        let function = match kdf {
            Kdf::Pbkdf2 => {
                KdfFunction::Pbkdf2 { c: PBKDF2_ITERATIONS, dklen: KEY_LEN, prf: "hmac-sha256".into(), salt }
            }
            Kdf::Scrypt => KdfFunction::Scrypt { n: SCRYPT_N, r: SCRYPT_R, p: 1, dklen: KEY_LEN, salt },
        };
        let key = derive(&function, password.normalised())?;
        let ciphertext = apply_cipher(&key, iv, secret)?;
        Ok(Self {
            kdf: KdfModule { function, message: String::new() },
            checksum: ChecksumModule {
                function: "sha256".into(),
                params: Empty {},
                message: HexBytes(checksum(&key, &ciphertext).as_ref().to_vec()),
            },
            cipher: CipherModule {
                function: "aes-128-ctr".into(),
                params: CipherParams { iv: HexBytes(iv.to_vec()) },
                message: HexBytes(ciphertext.to_vec()),
            },
        })
    }

    /// Decrypts the secret, with the normalised password and, if that fails, with the password as it was typed.
    ///
    /// # Errors
    /// [`KeystoreError::WrongPassword`], or what is wrong with the file.
    pub fn decrypt(&self, password: &Password) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
        expect("checksum function", &self.checksum.function, "sha256")?;
        expect("cipher function", &self.cipher.function, "aes-128-ctr")?;
        let iv: [u8; 16] =
            self.cipher.params.iv.0.as_slice().try_into().map_err(|_| KeystoreError::Limits("iv"))?;
        for candidate in password.candidates() {
            let key = derive(&self.kdf.function, candidate)?;
            let found = checksum(&key, &self.cipher.message.0);
            if verify_slices_are_equal(found.as_ref(), &self.checksum.message.0).is_ok() {
                return apply_cipher(&key, iv, &self.cipher.message.0);
            }
        }
        Err(KeystoreError::WrongPassword)
    }
}

fn expect(what: &'static str, found: &str, expected: &'static str) -> Result<(), KeystoreError> {
    if found == expected {
        Ok(())
    } else {
        Err(KeystoreError::Unsupported { what, found: found.to_owned(), expected })
    }
}

/// The first 32 bytes of the derived key. Both functions give the same prefix for any longer length.
fn derive(function: &KdfFunction, password: &[u8]) -> Result<Zeroizing<[u8; KEY_LEN]>, KeystoreError> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    match function {
        KdfFunction::Pbkdf2 { c, dklen, prf, salt } => {
            expect("prf", prf, "hmac-sha256")?;
            check_dklen(*dklen)?;
            let iterations = NonZeroU32::new(*c)
                .filter(|c| c.get() <= MAX_PBKDF2_ITERATIONS)
                .ok_or(KeystoreError::Limits("c"))?;
            pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, &salt.0, password, key.as_mut_slice());
        }
        KdfFunction::Scrypt { n, r, p, dklen, salt } => {
            check_dklen(*dklen)?;
            let params = scrypt_params(*n, *r, *p)?;
            scrypt::scrypt(password, &salt.0, &params, key.as_mut_slice())
                .map_err(|_| KeystoreError::Library)?;
        }
    }
    Ok(key)
}

fn check_dklen(dklen: usize) -> Result<(), KeystoreError> {
    if (KEY_LEN..=1024).contains(&dklen) { Ok(()) } else { Err(KeystoreError::Limits("dklen")) }
}

fn scrypt_params(n: u64, r: u32, p: u32) -> Result<scrypt::Params, KeystoreError> {
    let log_n = u8::try_from(n.trailing_zeros()).map_err(|_| KeystoreError::Limits("n"))?;
    if !n.is_power_of_two() || n < 2 {
        return Err(KeystoreError::Limits("n"));
    }
    let memory = n.saturating_mul(u64::from(r)).saturating_mul(128);
    if r == 0 || memory > MAX_SCRYPT_MEMORY {
        return Err(KeystoreError::Limits("n * r"));
    }
    if p == 0 || p > MAX_SCRYPT_P {
        return Err(KeystoreError::Limits("p"));
    }
    scrypt::Params::new(log_n, r, p, KEY_LEN).map_err(|_| KeystoreError::Limits("n * r"))
}

fn checksum(key: &[u8; KEY_LEN], ciphertext: &[u8]) -> digest::Digest {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&key[16..]);
    context.update(ciphertext);
    context.finish()
}

/// AES-128-CTR with the first half of the key; encryption and decryption are the same.
fn apply_cipher(key: &[u8; KEY_LEN], iv: [u8; 16], text: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeystoreError> {
    let mut out = Zeroizing::new(text.to_vec());
    UnboundCipherKey::new(&AES_128, &key[..16])
        .and_then(EncryptingKey::ctr)
        .and_then(|cipher| {
            cipher.less_safe_encrypt(&mut out, EncryptionContext::Iv128(FixedLength::from(iv)))
        })
        .map_err(|_| KeystoreError::Library)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(kdf: &str) -> KeystoreError {
        let text = format!(
            r#"{{"kdf":{kdf},"checksum":{{"function":"sha256","params":{{}},"message":""}},
                "cipher":{{"function":"aes-128-ctr","params":{{"iv":"{}"}},"message":""}}}}"#,
            "00".repeat(16)
        );
        let encrypted: Encrypted = serde_json::from_str(&text).unwrap();
        encrypted.decrypt(&Password::new("x").unwrap()).err().unwrap()
    }

    #[test]
    fn hostile_parameters_are_refused_before_the_work() {
        let scrypt = |n: u64, r: u32, p: u32| {
            format!(
                r#"{{"function":"scrypt","params":{{"n":{n},"r":{r},"p":{p},"dklen":32,"salt":""}},"message":""}}"#
            )
        };
        for (n, r, p) in
            [(0, 8, 1), (3, 8, 1), (1 << 40, 8, 1), (1 << 18, 1 << 20, 1), (2, 0, 1), (2, 8, 0), (2, 8, 1000)]
        {
            assert!(matches!(refused(&scrypt(n, r, p)), KeystoreError::Limits(_)), "{n} {r} {p}");
        }
        let pbkdf2 = |c: u32, dklen: u32, prf: &str| {
            format!(
                r#"{{"function":"pbkdf2","params":{{"c":{c},"dklen":{dklen},"prf":"{prf}","salt":""}},"message":""}}"#
            )
        };
        assert!(matches!(refused(&pbkdf2(0, 32, "hmac-sha256")), KeystoreError::Limits("c")));
        assert!(matches!(refused(&pbkdf2(u32::MAX, 32, "hmac-sha256")), KeystoreError::Limits("c")));
        assert!(matches!(refused(&pbkdf2(1, 16, "hmac-sha256")), KeystoreError::Limits("dklen")));
        assert!(matches!(
            refused(&pbkdf2(1, 32, "hmac-sha1")),
            KeystoreError::Unsupported { what: "prf", .. }
        ));
        assert!(matches!(refused(&pbkdf2(1, 32, "hmac-sha256")), KeystoreError::WrongPassword));
    }
}

//! Against OpenSSL: the fixtures were made by its command line from a key generated for this test alone.

use super::*;
use crate::bls::SecretKey;
use types::PublicKeyBytes;

const PRIVATE: &str = include_str!("fixtures/private.pem");
const PRIVATE_PKCS8: &str = include_str!("fixtures/private-pkcs8.pem");
const PUBLIC: &str = include_str!("fixtures/public.pem");
const PUBLIC_3072: &str = include_str!("fixtures/public-3072.pem");
/// RSASSA-PKCS1-v1_5 with SHA-256 of [`MESSAGE`].
const SIGNATURE: &str = include_str!("fixtures/signature.hex");
/// RSAES-PKCS1-v1_5 of [`SHARE`] as ssv-keys writes it.
const CIPHERTEXT: &str = include_str!("fixtures/ciphertext.hex");
const MESSAGE: &[u8] = b"The SSZ encoding of an SSVMessage";
const SHARE: &str = "0ef51261f9680caefeafd3a2b19c9a067ba938bb620b7bb2c4e831ff12d58df0";

fn share() -> SecretKey {
    SecretKey::from_be_bytes(&hex::decode(SHARE).unwrap().try_into().unwrap()).unwrap()
}

#[test]
fn public_key_text_is_reproduced_exactly() {
    let key = OperatorPublicKey::from_pem(PUBLIC).unwrap();
    assert_eq!((key.to_der().len(), PUBLIC.len()), (294, 459));
    assert_eq!(key.to_pem(), PUBLIC);
    let text = key.to_base64();
    assert_eq!((text.len(), &text[..14]), (612, "LS0tLS1CRUdJTi"));
    assert_eq!(text.parse(), Ok(key.clone()));
    let pem = key.to_key_pem().unwrap();
    assert_eq!(pem.as_ref(), PUBLIC.as_bytes());
    assert_eq!(OperatorPublicKey::try_from(&pem), Ok(key.clone()));
    assert_eq!(
        hex::encode(key.fingerprint()),
        "361d003e16a83c5d800688d80dbcf013b725b66e2b6b11d456e68d1a53b1b0eb"
    );
    // Another label, other line ends and no last line end do not matter to a reader.
    let other = PUBLIC.replace("RSA PUBLIC", "PUBLIC").replace('\n', "\r\n");
    assert_eq!(OperatorPublicKey::from_pem(other.trim_end()), Ok(key));
}

#[test]
fn both_private_forms_are_one_key() {
    for text in [PRIVATE, PRIVATE_PKCS8] {
        let key = OperatorPrivateKey::from_pem(text).unwrap();
        assert_eq!(key.to_pem().as_str(), PRIVATE);
        assert_eq!(key.public_key().to_pem(), PUBLIC);
        assert_eq!(hex::encode(key.sign(MESSAGE).unwrap()), SIGNATURE.trim());
    }
}

#[test]
fn verification() {
    let key = OperatorPublicKey::from_pem(PUBLIC).unwrap();
    let signature = hex::decode(SIGNATURE.trim()).unwrap();
    let digest = public_key::sha256(MESSAGE);
    assert!(key.verify(MESSAGE, &signature));
    assert!(key.verify_digest(&digest, &signature));
    assert!(!key.verify(&MESSAGE[1..], &signature));
    assert!(!key.verify_digest(&public_key::sha256(b""), &signature));
    for place in [0, 100, 255] {
        let mut flipped = signature.clone();
        flipped[place] ^= 1;
        assert!(!key.verify(MESSAGE, &flipped) && !key.verify_digest(&digest, &flipped));
    }
    for wrong in [&signature[..255], &[], &[signature.as_slice(), &[0]].concat()] {
        assert!(!key.verify(MESSAGE, wrong) && !key.verify_digest(&digest, wrong));
    }
    let other = OperatorPrivateKey::generate().unwrap();
    assert!(!other.public_key().verify(MESSAGE, &signature));
}

#[test]
fn shares_reach_their_operator_only() {
    let key = OperatorPrivateKey::from_pem(PRIVATE).unwrap();
    let registered = share().public_key().to_bytes();
    let theirs = hex::decode(CIPHERTEXT.trim()).unwrap();
    let ours = encrypt_share(key.public_key(), &share()).unwrap();
    assert_ne!(ours, encrypt_share(key.public_key(), &share()).unwrap());
    let bare = key.public_key().encrypt(SHARE.as_bytes()).unwrap();
    for ciphertext in [theirs.as_slice(), &ours, &bare] {
        let (secret, public) = key.decrypt_share(ciphertext, &registered).unwrap();
        assert_eq!(hex::encode(*secret.to_be_bytes()), SHARE);
        assert_eq!(public.to_bytes(), registered);
    }
    let refusal = |ciphertext: &[u8], registered| key.decrypt_share(ciphertext, registered).err();
    let wrong = PublicKeyBytes([1; 48]);
    assert_eq!(refusal(&ours, &wrong), Some(ShareError::PublicKey { found: registered, registered: wrong }));
    let other = OperatorPrivateKey::generate().unwrap();
    let foreign = encrypt_share(other.public_key(), &share()).unwrap();
    assert!(matches!(refusal(&foreign, &registered), Some(ShareError::Decrypt | ShareError::Plaintext)));
    assert_eq!(refusal(&[0; 10], &registered), Some(ShareError::Decrypt));
    assert_eq!(refusal(&[0xff; 256], &registered), Some(ShareError::Decrypt));
    let nonsense = key.public_key().encrypt(b"not hex").unwrap();
    assert_eq!(refusal(&nonsense, &registered), Some(ShareError::Plaintext));
    assert_eq!(key.public_key().encrypt(&[0; 246]), Err(RsaError::Library));
}

#[test]
fn text_that_is_no_operator_key() {
    assert_eq!(OperatorPublicKey::from_pem(PUBLIC_3072), Err(RsaError::Size(3072)));
    assert_eq!(OperatorPublicKey::from_pem("hello"), Err(RsaError::Pem));
    assert_eq!(OperatorPublicKey::from_base64("*"), Err(RsaError::Base64));
    assert_eq!(OperatorPublicKey::from_der(&[0x30, 0x00]), Err(RsaError::Key));
    // Lines exchanged: the armour and the base64 are fine, the key is not.
    let mut lines: Vec<_> = PRIVATE.lines().collect();
    lines.swap(3, 4);
    assert_eq!(OperatorPrivateKey::from_pem(&lines.join("\n")).err(), Some(RsaError::Key));
    assert_eq!(OperatorPrivateKey::from_pem(PUBLIC).err(), Some(RsaError::NotPrivate));
    let cut = &PRIVATE[..PRIVATE.len() - 100];
    assert_eq!(OperatorPrivateKey::from_pem(cut).err(), Some(RsaError::Pem));
}

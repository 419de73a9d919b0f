//! A stand-in for RSA.

use qbft::VerifySigner;
use sha2::{Digest, Sha256};
use types::{ByteList, OperatorId, RsaSignature};

/// Stands for RSA: 256 bytes that follow from the signer and the message.
#[derive(Debug)]
pub struct Tag;

impl Tag {
    pub fn of(signer: OperatorId, digest: &[u8; 32]) -> RsaSignature {
        let digest = Sha256::new().chain_update(signer.get().to_le_bytes()).chain_update(digest).finalize();
        ByteList::new(digest.repeat(8)).unwrap()
    }
}

impl VerifySigner for Tag {
    fn verify(&self, signer: OperatorId, digest: &[u8; 32], signature: &[u8]) -> bool {
        Self::of(signer, digest).as_slice() == signature
    }
}

//! The signature that ties a validator's registration to its owner and to one moment of the owner's history.
//!
//! The validator key signs `keccak256("<owner>:<nonce>")`, the owner as an EIP-55 address and the nonce in decimal; the
//! 32-byte hash is the BLS message itself (`ssv-spec`, ssv-keys). Without it anyone could register anyone's validator,
//! or replay a registration.

use crate::bls::{self, PublicKey, SecretKey, Signature};
use alloy_primitives::keccak256;
use types::{Address, PublicKeyBytes, Root, SignatureBytes};

/// What the validator key signs.
pub fn message(owner: &Address, nonce: u64) -> Root {
    keccak256(format!("{}:{nonce}", owner.to_checksum(None)))
}

/// Signs a registration.
pub fn sign(validator: &SecretKey, owner: &Address, nonce: u64) -> SignatureBytes {
    bls::sign(validator, message(owner, nonce))
}

/// Whether `signature` ties `validator` to this owner and nonce. Bytes that are no key or no signature do not.
#[must_use]
pub fn verify(validator: &PublicKeyBytes, signature: &SignatureBytes, owner: &Address, nonce: u64) -> bool {
    let (Ok(key), Ok(signature)) = (PublicKey::from_bytes(validator), Signature::from_bytes(signature))
    else {
        return false;
    };
    bls::verify(&key, message(owner, nonce), &signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "51b37d08dc99efb1aa6d02b2d3ad4f0796f96ea1590c46044da463856341ec5f";
    const SIGNATURE: &str = "a8370c7dd790f28dd828929b9ff259ad0fe287b6a393da96e5792ccabd34097e6c4985cca81399ee2dd82a15\
                             1f6240c91666f6f3b37622d4af635ea83dbab6afb8ab1089cb999fba0832dc43f4b9efa2ca761a6ba8c87eca\
                             cecd578488ad2e35";

    /// Computed apart from this code.
    #[test]
    fn published_signature() {
        let owner: Address = "0xdcc846fa10c7cfce9e6eb37e06ed93b666cfc5e9".parse().unwrap();
        let secret = SecretKey::from_be_bytes(&hex::decode(SECRET).unwrap().try_into().unwrap()).unwrap();
        assert_eq!(
            hex::encode(message(&owner, 0)),
            "71b6c092fbac3cfd2a68dfa1bca3f0c4aee90e8ba7bd2958de2f0a3f9ac42423"
        );
        let signature = sign(&secret, &owner, 0);
        assert_eq!(signature, SIGNATURE.parse().unwrap());
        let key = secret.public_key().to_bytes();
        assert!(verify(&key, &signature, &owner, 0));
        assert!(!verify(&key, &signature, &owner, 1));
        assert!(!verify(&key, &signature, &Address::ZERO, 0));
        assert!(!verify(&PublicKeyBytes([0xc0; 48]), &signature, &owner, 0));
        assert!(!verify(&key, &SignatureBytes([0; 96]), &owner, 0));
    }
}

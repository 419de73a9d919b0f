//! The network key: one secp256k1 secret that is the node's peer id, noise identity, ENR signature and handshake signature.
//!
//! It is unrelated to the operator's RSA key. Files are the caller's business: this module takes and returns 32 bytes.

use enr::{CombinedKey, EnrKey, NodeId};
use libp2p::PeerId;
use libp2p::identity::{Keypair, secp256k1};
use zeroize::Zeroizing;

/// A secp256k1 secret key (32 bytes, big endian). Zeroized when dropped, never printed.
pub struct NetworkKey {
    secret: Zeroizing<[u8; 32]>,
}

/// Why 32 bytes are not a network key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Zero, or not below the order of the curve.
    #[error("these 32 bytes are not a secp256k1 secret key; create one with `capstan network key new`")]
    OutOfRange,
}

impl NetworkKey {
    /// A fresh key from the operating system's randomness.
    #[must_use]
    pub fn generate() -> Self {
        Self { secret: Zeroizing::new(secp256k1::SecretKey::generate().to_bytes()) }
    }

    /// Takes a key over.
    ///
    /// # Errors
    /// [`KeyError::OutOfRange`] if the bytes are no scalar of the curve.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, KeyError> {
        let secret = Zeroizing::new(bytes);
        let mut copy = Zeroizing::new(*secret);
        secp256k1::SecretKey::try_from_bytes(&mut *copy).map_err(|_| KeyError::OutOfRange)?;
        Ok(Self { secret })
    }

    /// The 32 bytes to store (mode 0600, by the caller).
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.secret.clone()
    }

    /// The libp2p identity, `16Uiu2HA...`: identity multihash of the protobuf-encoded compressed point.
    ///
    /// # Errors
    /// [`KeyError::OutOfRange`], which a constructed key cannot give.
    pub fn peer_id(&self) -> Result<PeerId, KeyError> {
        Ok(self.keypair()?.public().to_peer_id())
    }

    /// The discv5 node id: keccak256 of the uncompressed point.
    ///
    /// # Errors
    /// [`KeyError::OutOfRange`], which a constructed key cannot give.
    pub fn node_id(&self) -> Result<[u8; 32], KeyError> {
        Ok(NodeId::from(self.enr_key()?.public()).raw())
    }

    pub(crate) fn keypair(&self) -> Result<Keypair, KeyError> {
        let mut copy = Zeroizing::new(*self.secret);
        let secret = secp256k1::SecretKey::try_from_bytes(&mut *copy).map_err(|_| KeyError::OutOfRange)?;
        Ok(secp256k1::Keypair::from(secret).into())
    }

    pub(crate) fn enr_key(&self) -> Result<CombinedKey, KeyError> {
        let mut copy = Zeroizing::new(*self.secret);
        CombinedKey::secp256k1_from_bytes(&mut *copy).map_err(|_| KeyError::OutOfRange)
    }
}

impl std::fmt::Debug for NetworkKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NetworkKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of the worked handshake example: bytes 01..20.
    fn counting_key() -> NetworkKey {
        let bytes: [u8; 32] = std::array::from_fn(|i| u8::try_from(i + 1).unwrap());
        NetworkKey::from_bytes(bytes).unwrap()
    }

    #[test]
    fn the_worked_example_has_its_peer_id() {
        assert_eq!(
            counting_key().peer_id().unwrap().to_base58(),
            "16Uiu2HAm4Ms862Gnqafssgvik4JJ1LuqWMcKNipq4nm2UaoLRbeP"
        );
    }

    #[test]
    fn zero_and_the_curve_order_are_refused() {
        let order = hex::decode("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141").unwrap();
        assert_eq!(NetworkKey::from_bytes([0; 32]).unwrap_err(), KeyError::OutOfRange);
        assert_eq!(NetworkKey::from_bytes(order.try_into().unwrap()).unwrap_err(), KeyError::OutOfRange);
    }

    #[test]
    fn bytes_go_out_as_they_came_in_and_debug_hides_them() {
        let key = counting_key();
        assert_eq!(key.to_bytes()[..3], [1, 2, 3]);
        assert_eq!(format!("{key:?}"), "NetworkKey(..)");
        assert_ne!(*NetworkKey::generate().to_bytes(), *NetworkKey::generate().to_bytes());
    }
}

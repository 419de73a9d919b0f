//! A BLS secret key: a validator key before it is split, or one operator's share of it.

use super::{BlsError, PublicKey};
use crate::field::Scalar;
use zeroize::Zeroizing;

/// A BLS secret key, zeroized on drop. It has no `Debug` and no `Clone`: a key has one owner.
pub struct SecretKey(blst::min_pk::SecretKey);

impl SecretKey {
    /// The key of 32 big-endian bytes.
    ///
    /// # Errors
    /// [`BlsError::SecretKey`] when the number is zero or not below the group order.
    pub fn from_be_bytes(bytes: &[u8; 32]) -> Result<Self, BlsError> {
        blst::min_pk::SecretKey::from_bytes(bytes).map(Self).map_err(|_| BlsError::SecretKey)
    }

    /// The key of a field element.
    ///
    /// # Errors
    /// [`BlsError::SecretKey`] for zero.
    pub fn from_scalar(scalar: Scalar) -> Result<Self, BlsError> {
        Self::from_be_bytes(&Zeroizing::new(scalar.to_be_bytes()))
    }

    /// The key as 32 big-endian bytes, the form of every file and of the encrypted share.
    pub fn to_be_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The key as a field element, wiped when dropped.
    pub fn to_scalar(&self) -> Zeroizing<Scalar> {
        // A valid key is below the group order, so the default is never taken.
        Zeroizing::new(Scalar::from_be_bytes(&self.to_be_bytes()).unwrap_or_default())
    }

    /// The public key.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::from_valid(self.0.sk_to_pk())
    }

    pub(super) fn inner(&self) -> &blst::min_pk::SecretKey {
        &self.0
    }
}

//! A BLS public key, validated once.

use super::BlsError;
use std::fmt;
use std::hash::{Hash, Hasher};
use types::PublicKeyBytes;

/// A public key that is on the curve, in the subgroup and not infinity; kept in affine form beside its 48 bytes.
///
/// Reading one costs a decompression and a subgroup check (about 60 microseconds), so keep it and pass references.
#[derive(Clone, Copy)]
pub struct PublicKey {
    point: blst::min_pk::PublicKey,
    bytes: PublicKeyBytes,
}

impl PublicKey {
    /// Reads and validates 48 compressed bytes.
    ///
    /// # Errors
    /// [`BlsError::PublicKey`] when they are no point of the group, or infinity.
    pub fn from_bytes(bytes: &PublicKeyBytes) -> Result<Self, BlsError> {
        let point = blst::min_pk::PublicKey::uncompress(&bytes.0).map_err(|_| BlsError::PublicKey)?;
        point.validate().map_err(|_| BlsError::PublicKey)?;
        Ok(Self { point, bytes: *bytes })
    }

    /// The 48 compressed bytes.
    pub fn to_bytes(&self) -> PublicKeyBytes {
        self.bytes
    }

    /// Wraps a point that is valid by construction (a multiple of the generator by a non-zero scalar).
    pub(super) fn from_valid(point: blst::min_pk::PublicKey) -> Self {
        Self { bytes: PublicKeyBytes(point.compress()), point }
    }

    pub(crate) fn affine(&self) -> blst::blst_p1_affine {
        self.point.into()
    }

    pub(super) fn inner(&self) -> &blst::min_pk::PublicKey {
        &self.point
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for PublicKey {}

impl Hash for PublicKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?})", self.bytes)
    }
}

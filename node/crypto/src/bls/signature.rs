//! A BLS signature as a point of the curve.

use super::BlsError;
use std::fmt;
use types::SignatureBytes;

/// A signature, whole or partial: a point of the G2 curve that is not infinity.
///
/// Membership in the subgroup is **not** checked here but by every verification (see the module story).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(blst::min_pk::Signature);

impl Signature {
    /// Reads 96 compressed bytes (about 20 microseconds).
    ///
    /// # Errors
    /// [`BlsError::Signature`] when they are no point of the curve, or infinity.
    pub fn from_bytes(bytes: &SignatureBytes) -> Result<Self, BlsError> {
        let point = blst::min_pk::Signature::uncompress(&bytes.0).map_err(|_| BlsError::Signature)?;
        Self::from_point(point).ok_or(BlsError::Signature)
    }

    /// The 96 compressed bytes.
    pub fn to_bytes(&self) -> SignatureBytes {
        SignatureBytes(self.0.compress())
    }

    /// Wraps a point of the curve; `None` for infinity, which no valid signature is.
    pub(crate) fn from_affine(point: blst::blst_p2_affine) -> Option<Self> {
        Self::from_point(point.into())
    }

    pub(super) fn from_point(point: blst::min_pk::Signature) -> Option<Self> {
        let affine: blst::blst_p2_affine = point.into();
        (affine != blst::blst_p2_affine::default()).then_some(Self(point))
    }

    pub(crate) fn affine(&self) -> blst::blst_p2_affine {
        self.0.into()
    }

    pub(super) fn in_subgroup(&self) -> bool {
        self.0.subgroup_check()
    }

    pub(super) fn inner(&self) -> &blst::min_pk::Signature {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({:?})", self.to_bytes())
    }
}

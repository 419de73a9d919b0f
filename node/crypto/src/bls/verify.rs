//! Verifying one signature.

use super::pairing::PairingProduct;
use super::{DST, HashedRoot, PublicKey, Signature};
use types::Root;

/// Whether `signature` is the signature of `root` under `public_key`: the plain path of `blst`, with all its checks.
///
/// Everything else in this module is measured against this function.
#[must_use]
pub fn verify(public_key: &PublicKey, root: Root, signature: &Signature) -> bool {
    // The key was validated when it was read; membership of the signature is checked here.
    signature.inner().verify(true, root.as_slice(), DST, &[], public_key.inner(), false)
        == blst::BLST_ERROR::BLST_SUCCESS
}

/// As [`verify`], for a root whose hash to the curve is at hand.
#[must_use]
pub fn verify_hashed(public_key: &PublicKey, root: &HashedRoot, signature: &Signature) -> bool {
    if !signature.in_subgroup() {
        return false;
    }
    let mut product = PairingProduct::default();
    product.push(public_key.affine(), *root.point());
    product.equals_signature(signature.affine())
}

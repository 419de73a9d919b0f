//! Signing a root with one key or with many.

use super::{DST, HashedRoot, SecretKey};
use blst::MultiPoint;
use blst::min_pk::Signature as BlstSignature;
use types::{Root, SignatureBytes};
use zeroize::Zeroizing;

/// Bits of a scalar below the group order.
const SCALAR_BITS: usize = 255;

/// The signature of `root` under `key`, for a root that nothing else signs or verifies.
///
/// Validator signatures are made in the vault only, which asks the signing history first.
pub fn sign(key: &SecretKey, root: Root) -> SignatureBytes {
    SignatureBytes(key.inner().sign(root.as_slice(), DST, &[]).compress())
}

/// The signatures of one root under many keys, in the order of the keys.
///
/// The hash to the curve is shared; what remains per key is one multiplication, done in constant time.
pub fn sign_many<'k>(
    root: &HashedRoot,
    keys: impl IntoIterator<Item = &'k SecretKey>,
) -> Vec<SignatureBytes> {
    let points: Vec<_> = keys.into_iter().map(|key| multiply(root, key)).collect();
    if points.is_empty() {
        return Vec::new();
    }
    // One shared inversion brings all of them to affine form.
    let affine = blst::p2_affines::from(&points);
    affine.as_slice().iter().map(|point| SignatureBytes(BlstSignature::from(*point).compress())).collect()
}

fn multiply(root: &HashedRoot, key: &SecretKey) -> blst::blst_p2 {
    let scalar = Zeroizing::new(key.to_scalar().to_le_bytes());
    // For a single point `blst` multiplies with constant-time table look-ups, not by buckets.
    [*root.point()].as_slice().mult(scalar.as_slice(), SCALAR_BITS)
}

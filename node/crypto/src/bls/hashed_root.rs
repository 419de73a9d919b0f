//! A signing root hashed to the curve, computed once and shared by all who sign or verify it.

use super::DST;
use types::Root;

/// A signing root and its point in G2.
///
/// Making one costs about a signature (250 microseconds). It is worth it from the second use on; a message that is
/// verified once goes through [`super::verify`] or [`super::verify_distinct`].
#[derive(Clone, Copy)]
pub struct HashedRoot {
    root: Root,
    point: blst::blst_p2_affine,
}

impl HashedRoot {
    /// Hashes a signing root to the curve.
    pub fn new(root: Root) -> Self {
        Self { root, point: unit_key().sign(root.as_slice(), DST, &[]).into() }
    }

    /// The signing root.
    pub fn root(&self) -> Root {
        self.root
    }

    pub(super) fn point(&self) -> &blst::blst_p2_affine {
        &self.point
    }
}

impl std::fmt::Debug for HashedRoot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HashedRoot({})", self.root)
    }
}

/// The secret key 1, whose signature of a message is the message's point and whose public key is the generator.
pub(super) fn unit_key() -> blst::min_pk::SecretKey {
    let mut one = [0; 32];
    one[31] = 1;
    // One is a valid scalar; the default (zero) is never reached and would only fail verifications.
    blst::min_pk::SecretKey::from_bytes(&one).unwrap_or_default()
}

//! The check at the end of every verification: a product of pairings is one.

use super::hashed_root::unit_key;
use blst::{blst_fp12, blst_p1_affine, blst_p2_affine};
use std::sync::LazyLock;

/// The generator of G1, negated.
static NEGATED_GENERATOR: LazyLock<blst_p1_affine> = LazyLock::new(|| {
    let generator = unit_key().sk_to_pk();
    let infinity: blst::blst_p1 = blst::blst_p1::default();
    let mut negated = blst::min_pk::AggregatePublicKey::from(infinity);
    negated.sub_aggregate(&blst::min_pk::AggregatePublicKey::from_public_key(&generator));
    negated.to_public_key().into()
});

/// Pairs to be multiplied together: `e(P1, Q1) * e(P2, Q2) * ...`.
#[derive(Default)]
pub(super) struct PairingProduct {
    g1: Vec<blst_p1_affine>,
    g2: Vec<blst_p2_affine>,
    has_infinity: bool,
}

impl PairingProduct {
    /// Multiplies by `e(public key, hashed root)`.
    pub(super) fn push(&mut self, public_key: blst_p1_affine, point: blst_p2_affine) {
        self.has_infinity |= public_key == blst_p1_affine::default() || point == blst_p2_affine::default();
        self.g1.push(public_key);
        self.g2.push(point);
    }

    /// Whether the product equals `e(g1, signature)`. All points must be in their subgroups.
    ///
    /// A point at infinity on either side fails: no honest signature and no validated key is infinite, and a random sum
    /// of them is not either, but for chances of 2^-64.
    pub(super) fn equals_signature(mut self, signature: blst_p2_affine) -> bool {
        self.push(*NEGATED_GENERATOR, signature);
        if self.has_infinity {
            return false;
        }
        let product = blst_fp12::miller_loop_n(&self.g2, &self.g1);
        blst_fp12::finalverify(&product, &blst_fp12::default())
    }
}

//! Random sums of points, with the membership of every signature in the subgroup checked on the way.
//!
//! For each item a random coefficient `c` of 65 bits is drawn as thirteen independent digits of five bits,
//! `c = sum d_j 32^j`. The sum of signatures is built digit by digit, `sum_j 32^j W_j` with `W_j = sum_v d_vj S_v`, and
//! **each `W_j` must be in the subgroup**.
//!
//! Why that is sound, while checking only the total is not: suppose some `S_v` has a part outside G2 of order `q >= 13`
//! (13 is the smallest factor of the cofactor). With all other digits fixed, `W_j` is in the subgroup for at most one
//! residue of `d_vj` modulo `q`, which is at most 3 of the 32 values. The digits of different windows are independent,
//! so all thirteen pass with probability at most `(3/32)^13 < 2^-44`. Digits must be drawn after all signatures are
//! fixed, from a private generator. A false accept would cost one missed duty, never a key.
//!
//! Below [`CHECK_EACH_BELOW`] items it is cheaper to check each point and to build one sum.

use super::{PublicKey, Signature};
use blst::{MultiPoint, blst_p1_affine, blst_p2_affine};
use rand::CryptoRng;

/// Bits of a digit.
const DIGIT_BITS: usize = 5;
/// Digits of a coefficient.
const DIGITS: usize = 13;
/// Bits of a coefficient.
const COEFFICIENT_BITS: usize = 65;
/// Bytes in which `blst` reads a coefficient.
const COEFFICIENT_BYTES: usize = 9;
/// From this many signatures on the windows are checked instead of the points. Below it `blst` adds by tables and not by
/// buckets, and thirteen sums would cost more than all the points.
const CHECK_EACH_BELOW: usize = 32;

const _: () = assert!(DIGIT_BITS * DIGITS == COEFFICIENT_BITS && COEFFICIENT_BITS <= COEFFICIENT_BYTES * 8);

/// A random coefficient as digits, least significant first.
#[derive(Clone, Copy)]
pub(super) struct Coefficient([u8; DIGITS]);

impl Coefficient {
    /// Draws a coefficient. All signatures of the batch must be fixed before.
    pub(super) fn draw(rng: &mut dyn CryptoRng) -> Self {
        let mut digits = [0; DIGITS];
        rng.fill_bytes(&mut digits);
        Self(digits.map(|byte| byte & 0x1f))
    }

    /// The coefficient as a little-endian number.
    fn to_le_bytes(self) -> [u8; COEFFICIENT_BYTES] {
        let number = self.0.iter().rev().fold(0u128, |number, digit| number << 5 | u128::from(*digit));
        let mut bytes = [0; COEFFICIENT_BYTES];
        bytes.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
        bytes
    }
}

/// `sum c PK`.
pub(super) fn sum_public_keys(keys: &[&PublicKey], coefficients: &[Coefficient]) -> blst_p1_affine {
    let points: Vec<blst_p1_affine> = keys.iter().map(|key| key.affine()).collect();
    if points.is_empty() {
        return blst_p1_affine::default();
    }
    let sum = points.as_slice().mult(&scalars(coefficients), COEFFICIENT_BITS);
    blst::min_pk::AggregatePublicKey::from(sum).to_public_key().into()
}

/// `sum c S`, or `None` when a signature is outside the subgroup.
pub(super) fn sum_signatures(
    signatures: &[&Signature],
    coefficients: &[Coefficient],
) -> Option<blst_p2_affine> {
    if signatures.len() < CHECK_EACH_BELOW {
        sum_checking_each(signatures, coefficients)
    } else {
        sum_checking_windows(signatures, coefficients)
    }
}

fn sum_checking_each(signatures: &[&Signature], coefficients: &[Coefficient]) -> Option<blst_p2_affine> {
    if signatures.is_empty() || !signatures.iter().all(|signature| signature.in_subgroup()) {
        return None;
    }
    let points: Vec<blst_p2_affine> = signatures.iter().map(|signature| signature.affine()).collect();
    let sum = points.as_slice().mult(&scalars(coefficients), COEFFICIENT_BITS);
    Some(blst::min_pk::AggregateSignature::from(sum).to_signature().into())
}

fn sum_checking_windows(signatures: &[&Signature], coefficients: &[Coefficient]) -> Option<blst_p2_affine> {
    let points: Vec<blst_p2_affine> = signatures.iter().map(|signature| signature.affine()).collect();
    let mut total = blst::min_pk::AggregateSignature::from(blst::blst_p2::default());
    for window in (0..DIGITS).rev() {
        for _ in 0..DIGIT_BITS {
            let same = total;
            total.add_aggregate(&same);
        }
        let digits: Vec<u8> = coefficients.iter().map(|coefficient| coefficient.0[window]).collect();
        let sum = blst::min_pk::AggregateSignature::from(points.as_slice().mult(&digits, DIGIT_BITS));
        sum.validate().ok()?;
        total.add_aggregate(&sum);
    }
    Some(total.to_signature().into())
}

fn scalars(coefficients: &[Coefficient]) -> Vec<u8> {
    coefficients.iter().flat_map(|coefficient| coefficient.to_le_bytes()).collect()
}

#[cfg(test)]
pub(super) mod testing {
    //! What the tests look at.
    use super::*;

    pub(in crate::bls) fn both_sums(
        signatures: &[&Signature],
        rng: &mut dyn CryptoRng,
    ) -> (Option<blst_p2_affine>, Option<blst_p2_affine>) {
        let coefficients: Vec<_> = signatures.iter().map(|_| Coefficient::draw(rng)).collect();
        (sum_checking_each(signatures, &coefficients), sum_checking_windows(signatures, &coefficients))
    }
}

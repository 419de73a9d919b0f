//! The scalar field of BLS12-381: integers modulo the group order `r`.
//!
//! Shamir shares are points of a polynomial over this field and Lagrange coefficients are its elements. Values are
//! kept in Montgomery form (`a * 2^256 mod r`) in four 64-bit limbs, least significant first. No branch and no
//! memory address depends on a value, because the coefficients of a sharing polynomial are key material.

use crate::montgomery;
use rand::RngCore;
use zeroize::DefaultIsZeroes;

/// The group order `r`.
const MODULUS: [u64; 4] =
    [0xffff_ffff_0000_0001, 0x53bd_a402_fffe_5bfe, 0x3339_d808_09a1_d805, 0x73ed_a753_299d_7d48];
/// `-r^-1 mod 2^64`.
const NEGATED_INVERSE: u64 = 0xffff_fffe_ffff_ffff;
/// `2^256 mod r`, which is one in Montgomery form.
const R1: [u64; 4] =
    [0x0000_0001_ffff_fffe, 0x5884_b7fa_0003_4802, 0x998c_4fef_ecbc_4ff5, 0x1824_b159_acc5_056f];
/// `2^512 mod r`.
const R2: [u64; 4] =
    [0xc999_e990_f3f2_9c6d, 0x2b6c_edcb_8792_5c23, 0x05d3_1496_7254_398f, 0x0748_d9d9_9f59_ff11];
/// `2^768 mod r`.
const R3: [u64; 4] =
    [0xc62c_1807_439b_73af, 0x1b3e_0d18_8cf0_6990, 0x73d1_3c71_c7b5_f418, 0x6e2a_5bb9_c8db_33e9];
/// `r - 2`, the exponent of Fermat inversion.
const MODULUS_MINUS_TWO: [u64; 4] = [0xffff_fffe_ffff_ffff, MODULUS[1], MODULUS[2], MODULUS[3]];

/// An element of the scalar field.
///
/// `Copy`, so that polynomials can be written plainly; a container of secret scalars wraps them in
/// [`zeroize::Zeroizing`]. There is no `Debug`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Scalar([u64; 4]);

impl Default for Scalar {
    fn default() -> Self {
        Self::ZERO
    }
}

impl DefaultIsZeroes for Scalar {}

impl Scalar {
    /// Zero.
    pub const ZERO: Self = Self([0; 4]);
    /// One.
    pub const ONE: Self = Self(R1);

    /// The scalar of 32 big-endian bytes, or `None` when the number is not below `r`.
    pub fn from_be_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let limbs = limbs_from_be(bytes);
        let (_, borrow) = montgomery::sub(&limbs, &MODULUS);
        borrow.then(|| Self(montgomery_mul(&limbs, &R2)))
    }

    /// The scalar as 32 big-endian bytes.
    pub fn to_be_bytes(self) -> [u8; 32] {
        let mut bytes = self.to_le_bytes();
        bytes.reverse();
        bytes
    }

    /// The scalar as 32 little-endian bytes, the order in which `blst` takes multipliers.
    pub fn to_le_bytes(self) -> [u8; 32] {
        let limbs = montgomery_mul(&self.0, &[1, 0, 0, 0]);
        let mut bytes = [0; 32];
        for (chunk, limb) in bytes.chunks_exact_mut(8).zip(limbs) {
            chunk.copy_from_slice(&limb.to_le_bytes());
        }
        bytes
    }

    /// A uniformly random scalar: 512 random bits reduced modulo `r`, so that the bias is below 2^-256.
    pub fn random(rng: &mut (impl RngCore + ?Sized)) -> Self {
        let mut limbs = [[0u64; 4]; 2];
        for limb in limbs.iter_mut().flatten() {
            *limb = rng.next_u64();
        }
        let [low, high] = limbs;
        // low + high * 2^256; a product with a factor below r is reduced for any 256-bit other factor.
        Self(montgomery_mul(&low, &R2)).plus(Self(montgomery_mul(&high, &R3)))
    }

    /// Whether this is zero.
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    /// The sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let mut sum = [0; 4];
        let mut carry = false;
        for (out, (a, b)) in sum.iter_mut().zip(self.0.iter().zip(&other.0)) {
            (*out, carry) = a.carrying_add(*b, carry);
        }
        // Both terms are below r < 2^255, so the sum does not leave 256 bits.
        Self(montgomery::reduce_once(&sum, &MODULUS))
    }

    /// The difference.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        let (difference, borrow) = montgomery::sub(&self.0, &other.0);
        let mask = montgomery::mask_of(borrow);
        let mut out = [0; 4];
        let mut carry = false;
        for (out, (d, m)) in out.iter_mut().zip(difference.iter().zip(&MODULUS)) {
            (*out, carry) = d.carrying_add(m & mask, carry);
        }
        Self(out)
    }

    /// The product.
    #[must_use]
    pub fn times(self, other: Self) -> Self {
        Self(montgomery_mul(&self.0, &other.0))
    }

    /// The multiplicative inverse, or `None` for zero.
    #[must_use]
    pub fn invert(self) -> Option<Self> {
        let mut result = Self::ONE;
        for limb in MODULUS_MINUS_TWO.iter().rev() {
            for bit in (0..64u32).rev() {
                result = result.times(result);
                // The exponent is a public constant, so this branch says nothing about the value.
                if limb.unbounded_shr(bit) & 1 == 1 {
                    result = result.times(self);
                }
            }
        }
        (!self.is_zero()).then_some(result)
    }
}

impl From<u64> for Scalar {
    fn from(value: u64) -> Self {
        Self(montgomery_mul(&[value, 0, 0, 0], &R2))
    }
}

fn limbs_from_be(bytes: &[u8; 32]) -> [u64; 4] {
    let mut limbs = [0u64; 4];
    for (limb, chunk) in limbs.iter_mut().rev().zip(bytes.chunks_exact(8)) {
        *limb = chunk.iter().fold(0, |acc, byte| acc.unbounded_shl(8) | u64::from(*byte));
    }
    limbs
}

/// `a * b * 2^-256 mod r`, for any `a` and a `b` below `r`.
fn montgomery_mul(a: &[u64; 4], b: &[u64; 4]) -> [u64; 4] {
    montgomery::mul(a, b, &MODULUS, NEGATED_INVERSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    fn scalar(seed: u64) -> Scalar {
        Scalar::random(&mut ChaCha20Rng::seed_from_u64(seed))
    }

    #[test]
    fn bytes_round_trip_and_the_modulus_is_refused() {
        let mut modulus = [0u8; 32];
        for (chunk, limb) in modulus.chunks_exact_mut(8).zip(MODULUS.iter().rev()) {
            chunk.copy_from_slice(&limb.to_be_bytes());
        }
        assert!(Scalar::from_be_bytes(&modulus).is_none());
        assert!(Scalar::from_be_bytes(&[0xff; 32]).is_none());
        let mut largest = modulus;
        largest[31] = 0;
        let minus_one = Scalar::from_be_bytes(&largest).unwrap();
        assert!(minus_one.plus(Scalar::ONE).is_zero());
        assert_eq!(minus_one.to_be_bytes(), largest);
        assert!(minus_one.times(minus_one) == Scalar::ONE);
        assert!(Scalar::ZERO.invert().is_none());
    }

    /// The field axioms, and agreement of addition with `blst`, which adds the public keys of the scalars.
    #[test]
    fn addition_agrees_with_the_curve() {
        for seed in 0..8 {
            let (a, b) = (scalar(seed), scalar(seed + 100));
            let key = |s: Scalar| blst::min_pk::SecretKey::from_bytes(&s.to_be_bytes()).unwrap().sk_to_pk();
            let mut sum = blst::min_pk::AggregatePublicKey::from_public_key(&key(a));
            sum.add_public_key(&key(b), false).unwrap();
            assert_eq!(sum.to_public_key().to_bytes(), key(a.plus(b)).to_bytes(), "seed {seed}");
        }
    }

    proptest! {
        #[test]
        fn field_axioms(x in any::<u64>(), y in any::<u64>(), z in any::<u64>()) {
            let (a, b, c) = (scalar(x), scalar(y), scalar(z));
            prop_assert!(a.times(b.plus(c)) == a.times(b).plus(a.times(c)));
            prop_assert!(a.times(b) == b.times(a));
            prop_assert!(a.minus(b).plus(b) == a);
            prop_assert!(a.minus(a).is_zero());
            prop_assert!(a.times(a.invert().unwrap()) == Scalar::ONE);
            prop_assert!(Scalar::from_be_bytes(&a.to_be_bytes()).unwrap() == a);
        }

        #[test]
        fn small_numbers_multiply_as_integers(x in any::<u32>(), y in any::<u32>()) {
            let product = u64::from(x) * u64::from(y);
            prop_assert!(Scalar::from(u64::from(x)).times(Scalar::from(u64::from(y))) == Scalar::from(product));
        }
    }
}

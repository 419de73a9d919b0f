//! Two cheap maps of the G2 curve that the safe half of `blst` does not offer: the negative of a point, and `psi`.
//!
//! `psi(x, y) = (conj(x) c_x, conj(y) c_y)` is an endomorphism of the whole curve. On the subgroup it is multiplication by
//! `-u`, where `u = 0xd201000000010000` is the parameter of the curve: a quarter of a 255-bit multiplication for the
//! price of four products. Outside the subgroup it is something else, so whoever multiplies unchecked points with it
//! verifies the result.
//!
//! Coordinates are Montgomery residues below `p`, which is how `blst` keeps them in its public structures.

use crate::montgomery;
use blst::{blst_fp, blst_fp2, blst_p2_affine};

/// The prime `p` of the base field.
const MODULUS: [u64; 6] = [
    0xb9fe_ffff_ffff_aaab,
    0x1eab_fffe_b153_ffff,
    0x6730_d2a0_f6b0_f624,
    0x6477_4b84_f385_12bf,
    0x4b1b_a7b6_434b_acd7,
    0x1a01_11ea_397f_e69a,
];
/// `-p^-1 mod 2^64`.
const NEGATED_INVERSE: u64 = 0x89f3_fffc_fffc_fffd;
/// The imaginary part of `c_x = (1 + i)^-((p - 1) / 3)`; its real part is zero.
const PSI_X: [u64; 6] = [
    0x890d_c9e4_8675_45c3,
    0x2af3_2253_3285_a5d5,
    0x5088_0866_309b_7e2c,
    0xa20d_1b8c_7e88_1024,
    0x14e4_f04f_e2db_9068,
    0x14e5_6d3f_1564_853a,
];
/// The real part of `c_y = (1 + i)^-((p - 1) / 2)`; its imaginary part is the negative.
const PSI_Y: [u64; 6] = [
    0x3e2f_585d_a55c_9ad1,
    0x4294_213d_86c1_8183,
    0x3828_44c8_8b62_3732,
    0x92ad_2afd_1910_3e18,
    0x1d79_4e4f_ac7c_f0b9,
    0x0bd5_92fc_7d82_5ec8,
];

/// `-P`.
pub(crate) fn negate(point: &blst_p2_affine) -> blst_p2_affine {
    let [real, imaginary] = point.y.fp;
    blst_p2_affine { x: point.x, y: fp2(neg(&real.l), neg(&imaginary.l)) }
}

/// `psi(P)`, which is `[-u]P` for a point of the subgroup. Infinity, `(0, 0)` in this form, stays infinity.
pub(crate) fn psi(point: &blst_p2_affine) -> blst_p2_affine {
    let ([x0, x1], [y0, y1]) = (point.x.fp, point.y.fp);
    // conj(x) * (0, k) = (k x1, k x0); conj(y) * (k, -k) = (k (y0 - y1), -k (y0 + y1)).
    let difference = add(&y0.l, &neg(&y1.l));
    let sum = add(&y0.l, &y1.l);
    blst_p2_affine {
        x: fp2(mul(&x1.l, &PSI_X), mul(&x0.l, &PSI_X)),
        y: fp2(mul(&difference, &PSI_Y), neg(&mul(&sum, &PSI_Y))),
    }
}

fn fp2(real: [u64; 6], imaginary: [u64; 6]) -> blst_fp2 {
    blst_fp2 { fp: [blst_fp { l: real }, blst_fp { l: imaginary }] }
}

fn mul(a: &[u64; 6], b: &[u64; 6]) -> [u64; 6] {
    montgomery::mul(a, b, &MODULUS, NEGATED_INVERSE)
}

fn add(a: &[u64; 6], b: &[u64; 6]) -> [u64; 6] {
    let mut sum = [0; 6];
    let mut carry = false;
    for (out, (a, b)) in sum.iter_mut().zip(a.iter().zip(b)) {
        (*out, carry) = a.carrying_add(*b, carry);
    }
    // Both terms are below p < 2^381, so the sum does not leave the limbs.
    montgomery::reduce_once(&sum, &MODULUS)
}

/// `-a`, where the negative of zero is zero.
fn neg(a: &[u64; 6]) -> [u64; 6] {
    montgomery::reduce_once(&montgomery::sub(&MODULUS, a).0, &MODULUS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bls::{SecretKey, Signature, sign};
    use crate::field::Scalar;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;
    use types::Root;

    /// Multiplying the key multiplies the signature; `blst` signs, so it is the judge of both maps.
    #[test]
    fn maps_agree_with_signatures_of_multiplied_keys() {
        let mut rng = ChaCha20Rng::seed_from_u64(5);
        for i in 0..8 {
            let key = Scalar::random(&mut rng);
            let point = |key: Scalar| {
                let made = sign(&SecretKey::from_scalar(key).unwrap(), Root::repeat_byte(i));
                Signature::from_bytes(&made).unwrap().affine()
            };
            let minus_u = Scalar::ZERO.minus(Scalar::from(0xd201_0000_0001_0000));
            assert_eq!(negate(&point(key)), point(Scalar::ZERO.minus(key)));
            assert_eq!(psi(&point(key)), point(key.times(minus_u)));
        }
        let infinity = blst_p2_affine::default();
        assert!(negate(&infinity) == infinity && psi(&infinity) == infinity);
    }
}

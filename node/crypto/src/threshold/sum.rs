//! Weighted sums of partial signatures by short integers, `S = D^-1 * sum n_i S_i`.
//!
//! The sum costs as many doublings as the largest `n_i` has bits. `D^-1` modulo the group order has 255 bits again; it is
//! written in powers of `u`, each of which is an application of `psi` (`bls::endomorphism`), so that 64 doublings remain:
//!
//! * where `D` divides `u`, `u + 1` or `u - 1`, one point is multiplied by the quotient, because modulo the order
//!   `u^-1 = u - u^3`, `(u + 1)^-1 = u^2 - u^3` and `(u - 1)^-1 = -u^2 - u^3`;
//! * otherwise four points by the four digits of `D^-1` in base `u`.
//!
//! Points outside the subgroup come out as nonsense. That is allowed: the result is verified.

use super::fractions::Fractions;
use crate::bls::{negate, psi};
use crate::field::Scalar;
use blst::min_pk::AggregateSignature;
use blst::{MultiPoint, blst_p2, blst_p2_affine};

/// The parameter of the curve, without its sign.
const U: u64 = 0xd201_0000_0001_0000;
/// Bits of a digit in base `u`, and of a quotient of `u`.
const DIGIT_BITS: usize = 64;
/// Up to this many bits points are added directly; above, the tables of `blst` pay for themselves.
const DIRECT_BITS: u32 = 32;

/// How to multiply by `D^-1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inverse {
    /// `D` is 1.
    One,
    /// `(u / D) (psi^3 - psi)`.
    OfU(u64),
    /// `((u + 1) / D) (psi^3 + psi^2)`.
    OfUPlusOne(u64),
    /// `((u - 1) / D) (psi^3 - psi^2)`.
    OfUMinusOne(u64),
    /// `d_0 - d_1 psi + d_2 psi^2 - d_3 psi^3`.
    Digits([u64; 4]),
}

impl Inverse {
    fn new(denominator: u128) -> Self {
        let quotient = |number: u64| {
            let exact = u128::from(number).checked_rem(denominator) == Some(0);
            exact.then(|| u128::from(number).checked_div(denominator)).flatten()?.try_into().ok()
        };
        if denominator == 1 {
            Self::One
        } else if let Some(quotient) = quotient(U) {
            Self::OfU(quotient)
        } else if let Some(quotient) = quotient(U.saturating_add(1)) {
            Self::OfUPlusOne(quotient)
        } else if let Some(quotient) = quotient(U.saturating_sub(1)) {
            Self::OfUMinusOne(quotient)
        } else {
            Self::Digits(digits(scalar(denominator).invert().unwrap_or_default()))
        }
    }
}

fn scalar(number: u128) -> Scalar {
    let half = |number: u128| Scalar::from(u64::try_from(number & u128::from(u64::MAX)).unwrap_or_default());
    let shift = Scalar::from(1 << 32);
    half(number >> 64).times(shift).times(shift).plus(half(number))
}

/// A scalar in base `u`, lowest digit first. The order is below `u^4`, so there are four. Scalars here are public.
fn digits(scalar: Scalar) -> [u64; 4] {
    let bytes = scalar.to_be_bytes();
    let mut limbs = [0u64; 4];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
        *limb = chunk.iter().fold(0, |limb, byte| limb << 8 | u64::from(*byte));
    }
    [(); 4].map(|()| divide_by_u(&mut limbs))
}

/// Divides a number, highest limb first, by `u` and returns the remainder.
fn divide_by_u(limbs: &mut [u64; 4]) -> u64 {
    let mut remainder = 0u64;
    for limb in limbs {
        let number = u128::from(remainder) << 64 | u128::from(*limb);
        let (quotient, rest) = (number.checked_div(U.into()), number.checked_rem(U.into()));
        // The remainder is below u, hence the quotient below 2^64.
        *limb = quotient.and_then(|q| u64::try_from(q).ok()).unwrap_or_default();
        remainder = rest.and_then(|r| u64::try_from(r).ok()).unwrap_or_default();
    }
    remainder
}

/// Short weights, ready to be applied.
pub(super) struct ShortSum {
    fractions: Fractions,
    inverse: Inverse,
}

impl ShortSum {
    pub(super) fn new(fractions: Fractions) -> Self {
        Self { inverse: Inverse::new(fractions.denominator.unsigned_abs()), fractions }
    }

    /// What the division costs, in multiplications of a point by 64 bits. Four of them share their doublings.
    pub(super) fn division_cost(&self) -> u32 {
        match self.inverse {
            Inverse::One => 0,
            Inverse::OfU(_) | Inverse::OfUPlusOne(_) | Inverse::OfUMinusOne(_) => 1,
            Inverse::Digits(_) => 2,
        }
    }

    /// Whether no multiplication by `D^-1` is needed.
    pub(super) fn is_integral(&self) -> bool {
        self.division_cost() == 0
    }

    /// `sum n_i S_i`, for as many points as there are weights.
    pub(super) fn sum(&self, points: &[blst_p2_affine]) -> blst_p2 {
        let signed = points.iter().zip(&self.fractions.numerators);
        let signed = signed.map(|(point, n)| (if *n < 0 { negate(point) } else { *point }, n.unsigned_abs()));
        if self.fractions.bits() <= DIRECT_BITS { add_directly(signed) } else { self.add_by_table(signed) }
    }

    fn add_by_table(&self, signed: impl Iterator<Item = (blst_p2_affine, u128)>) -> blst_p2 {
        let bits = usize::try_from(self.fractions.bits()).unwrap_or_default();
        let (points, numbers): (Vec<_>, Vec<_>) = signed.unzip();
        let scalars: Vec<u8> =
            numbers.iter().flat_map(|n| n.to_le_bytes().into_iter().take(bits.div_ceil(8))).collect();
        points.as_slice().mult(&scalars, bits)
    }

    /// `D^-1 P`.
    pub(super) fn scale(&self, point: &blst_p2_affine) -> blst_p2 {
        let first = psi(point);
        let second = psi(&first);
        let third = psi(&second);
        match self.inverse {
            Inverse::One => AggregateSignature::from_signature(&(*point).into()).into(),
            Inverse::OfU(quotient) => multiply_sum(third, negate(&first), quotient),
            Inverse::OfUPlusOne(quotient) => multiply_sum(third, second, quotient),
            Inverse::OfUMinusOne(quotient) => multiply_sum(third, negate(&second), quotient),
            Inverse::Digits(digits) => {
                let scalars = digits.map(u64::to_le_bytes);
                [*point, negate(&first), second, negate(&third)]
                    .as_slice()
                    .mult(scalars.as_flattened(), DIGIT_BITS)
            }
        }
    }
}

/// `scalar * (a + b)`.
fn multiply_sum(a: blst_p2_affine, b: blst_p2_affine, scalar: u64) -> blst_p2 {
    let mut sum = AggregateSignature::from_signature(&a.into());
    add(&mut sum, &b);
    let sum: blst_p2_affine = sum.to_signature().into();
    [sum].as_slice().mult(&scalar.to_le_bytes(), DIGIT_BITS)
}

/// One number in non-adjacent form: at most every second digit is not zero.
struct SignedDigits {
    plus: u128,
    minus: u128,
}

impl SignedDigits {
    fn new(number: u128) -> Self {
        let thrice = number.saturating_mul(3);
        Self { plus: (thrice & !number) >> 1, minus: (number & !thrice) >> 1 }
    }
}

/// Doubles and adds, for numbers of at most [`DIRECT_BITS`] bits.
fn add_directly(signed: impl Iterator<Item = (blst_p2_affine, u128)>) -> blst_p2 {
    let terms: Vec<_> =
        signed.map(|(point, number)| (point, negate(&point), SignedDigits::new(number))).collect();
    let mut sum: Option<AggregateSignature> = None;
    for bit in (0..=DIRECT_BITS).rev() {
        if let Some(sum) = &mut sum {
            let same = *sum;
            sum.add_aggregate(&same);
        }
        let is_set = |digits: u128| digits.unbounded_shr(bit) & 1 == 1;
        for (point, negated, digits) in &terms {
            let point = match (is_set(digits.plus), is_set(digits.minus)) {
                (true, _) => point,
                (false, true) => negated,
                (false, false) => continue,
            };
            match &mut sum {
                Some(sum) => add(sum, point),
                None => sum = Some(AggregateSignature::from_signature(&(*point).into())),
            }
        }
    }
    sum.map(blst_p2::from).unwrap_or_default()
}

/// Adds a point of whatever relation to the sum: equal, opposite, or with either at infinity.
fn add(sum: &mut AggregateSignature, point: &blst_p2_affine) {
    // It fails for a failed subgroup check alone, and none is asked for.
    let _ = sum.add_signature(&(*point).into(), false);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The identities of the module story, in the scalar field: `psi` is `-u` there.
    #[test]
    fn every_inverse_is_the_inverse() {
        let u = Scalar::from(U);
        let psi = Scalar::ZERO.minus(u);
        let (second, third) = (psi.times(psi), psi.times(psi).times(psi));
        for denominator in [1, 2, 3, 4, 5, 6, 7, 8, 11, 16, 33, 0xffff, 1 << 40, (1 << 100) + 1] {
            let factor = match Inverse::new(denominator) {
                Inverse::One => Scalar::ONE,
                Inverse::OfU(quotient) => Scalar::from(quotient).times(third.minus(psi)),
                Inverse::OfUPlusOne(quotient) => Scalar::from(quotient).times(third.plus(second)),
                Inverse::OfUMinusOne(quotient) => Scalar::from(quotient).times(third.minus(second)),
                Inverse::Digits([a, b, c, d]) => {
                    let [a, b, c, d] = [a, b, c, d].map(Scalar::from);
                    a.minus(b.times(psi)).plus(c.times(second)).minus(d.times(third))
                }
            };
            assert!(factor.times(scalar(denominator)) == Scalar::ONE, "{denominator}");
        }
        assert_eq!(Inverse::new(3), Inverse::OfUPlusOne(0x4600_5555_5555_aaab));
        assert!(matches!(Inverse::new(8), Inverse::OfU(_)));
        assert!(matches!(Inverse::new(5), Inverse::Digits(_)));
    }

    #[test]
    fn signed_digits_add_up_and_do_not_touch() {
        for number in (0..5000).chain([(1 << 24) - 1, 1 << 23]) {
            let SignedDigits { plus, minus } = SignedDigits::new(number);
            assert_eq!(plus - minus, number);
            assert_eq!((plus | minus) & ((plus | minus) >> 1), 0);
        }
    }
}

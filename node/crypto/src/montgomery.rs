//! Montgomery arithmetic on little-endian limbs, shared by the scalar field (four limbs) and the base field (six).
//!
//! No branch and no memory address depends on a value.

/// All bits set for `true`.
pub(crate) fn mask_of(flag: bool) -> u64 {
    u64::from(flag).wrapping_neg()
}

/// `a - b`, and whether it went below zero.
pub(crate) fn sub<const N: usize>(a: &[u64; N], b: &[u64; N]) -> ([u64; N], bool) {
    let mut out = [0; N];
    let mut borrow = false;
    for (out, (a, b)) in out.iter_mut().zip(a.iter().zip(b)) {
        (*out, borrow) = a.borrowing_sub(*b, borrow);
    }
    (out, borrow)
}

/// `a mod modulus` for `a < 2 modulus`.
pub(crate) fn reduce_once<const N: usize>(a: &[u64; N], modulus: &[u64; N]) -> [u64; N] {
    let (reduced, borrow) = sub(a, modulus);
    let mask = mask_of(borrow);
    let mut out = [0; N];
    for (out, (kept, reduced)) in out.iter_mut().zip(a.iter().zip(&reduced)) {
        *out = (kept & mask) | (reduced & !mask);
    }
    out
}

/// `a * b * 2^-64N mod modulus`, for any `a` and a `b` below the modulus (coarsely integrated operand scanning).
///
/// `negated_inverse` is `-modulus^-1 mod 2^64`. Twice the modulus must fit into the limbs.
pub(crate) fn mul<const N: usize>(
    a: &[u64; N],
    b: &[u64; N],
    modulus: &[u64; N],
    negated_inverse: u64,
) -> [u64; N] {
    let mut t = [0u64; N];
    let mut top = 0u64;
    for limb in a {
        let mut carry = 0;
        for (t, b) in t.iter_mut().zip(b) {
            (*t, carry) = limb.carrying_mul_add(*b, *t, carry);
        }
        let (high, overflow) = top.overflowing_add(carry);

        let m = t[0].wrapping_mul(negated_inverse);
        let (_, mut carry) = m.carrying_mul_add(modulus[0], t[0], 0);
        for i in 1..N {
            (t[i.saturating_sub(1)], carry) = m.carrying_mul_add(modulus[i], t[i], carry);
        }
        let (last, carried) = high.overflowing_add(carry);
        t[N.saturating_sub(1)] = last;
        top = u64::from(overflow).wrapping_add(u64::from(carried));
    }
    // With b below the modulus the result is below twice the modulus: the limb above the others is zero.
    reduce_once(&t, modulus)
}

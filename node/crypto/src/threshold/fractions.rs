//! Lagrange weights at zero as integers over one common denominator, `lambda_i = n_i / D`.
//!
//! Ids are small numbers, so the integers are short where the weights modulo the group order have 255 bits: `3, -3, 1` over
//! 1 for the ids 1, 2, 3. As long as they fit into 127 bits they are cheaper than the weights themselves, division
//! included; those of nine ids in the thousands do not fit, and would save little.

use types::OperatorId;

/// Integers `n_i` and `D > 0` with `sum n_i f(x_i) = D f(0)` for polynomials of low degree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fractions {
    /// `n_i`, in the order of the ids.
    pub(super) numerators: Vec<i128>,
    /// `D`.
    pub(super) denominator: i128,
}

impl Fractions {
    /// The weights of distinct non-zero ids, right for every polynomial of a degree below their number. `None` when the
    /// integers do not fit.
    pub(super) fn at_zero(ids: &[OperatorId]) -> Option<Self> {
        let points: Vec<i128> = ids.iter().map(|id| i128::from(id.0)).collect();
        let weight = |own: &i128| {
            points.iter().filter(|other| *other != own).try_fold((1, 1), |(n, d), other| {
                reduced(i128::checked_mul(n, *other)?, i128::checked_mul(d, other.checked_sub(*own)?)?)
            })
        };
        Self::over_common_denominator(&points.iter().map(weight).collect::<Option<Vec<_>>>()?)
    }

    /// Weights that are right only for degrees below the number of ids less one, which is the case when one more part is at
    /// hand than the threshold asks for. That freedom often makes the denominator 1.
    ///
    /// The weights of all subsets that leave out one id are combined to the greatest common divisor of their denominators;
    /// then a multiple of `1 / product of (x_i - x_j)`, under which those polynomials vanish, is taken off to make the
    /// integers short again.
    pub(super) fn with_one_to_spare(ids: &[OperatorId]) -> Option<Self> {
        let mut combined: Option<Self> = None;
        for left_out in 0..ids.len() {
            let subset = Self::leaving_out(ids, left_out)?;
            combined = Some(match combined {
                Some(known) => known.combined_with(&subset)?,
                None => subset,
            });
        }
        combined?.shortened(&vanishing(ids)?)
    }

    fn leaving_out(ids: &[OperatorId], left_out: usize) -> Option<Self> {
        let others = ids.iter().enumerate().filter(|(i, _)| *i != left_out).map(|(_, id)| *id);
        let mut fractions = Self::at_zero(&others.collect::<Vec<_>>())?;
        fractions.numerators.insert(left_out, 0);
        Some(fractions)
    }

    fn combined_with(&self, other: &Self) -> Option<Self> {
        let (denominator, own, theirs) = bezout(self.denominator, other.denominator)?;
        let sum = |(a, b): (&i128, &i128)| a.checked_mul(own)?.checked_add(b.checked_mul(theirs)?);
        let numerators = self.numerators.iter().zip(&other.numerators).map(sum).collect::<Option<_>>()?;
        Some(Self { numerators, denominator })
    }

    fn shortened(&self, vanishing: &[i128]) -> Option<Self> {
        let pairs = || self.numerators.iter().zip(vanishing);
        let (number, largest) = pairs().max_by_key(|(_, v)| v.unsigned_abs())?;
        let quotient = number.checked_div(*largest)?;
        let less = |times: i128| {
            let terms = pairs().map(|(n, v)| n.checked_sub(v.checked_mul(times)?));
            Some(Self { numerators: terms.collect::<Option<_>>()?, ..*self })
        };
        // The division rounds towards zero; the shortest lies next to it.
        let around = [quotient.checked_sub(1)?, quotient, quotient.checked_add(1)?];
        around.into_iter().filter_map(less).min_by_key(Self::largest)
    }

    /// Bits of the largest numerator.
    pub(super) fn bits(&self) -> u32 {
        u128::BITS.saturating_sub(self.largest().leading_zeros())
    }

    fn largest(&self) -> u128 {
        self.numerators.iter().map(|n| n.unsigned_abs()).max().unwrap_or_default()
    }

    fn over_common_denominator(weights: &[(i128, i128)]) -> Option<Self> {
        let denominator = weights.iter().try_fold(1i128, |all, (_, own)| {
            all.checked_mul(own.checked_div(gcd(all, *own)?)?)?.checked_abs()
        })?;
        let scaled = |(n, d): &(i128, i128)| n.checked_mul(denominator.checked_div(*d)?);
        Some(Self { numerators: weights.iter().map(scaled).collect::<Option<_>>()?, denominator })
    }
}

/// The integers without a common factor that are proportional to `1 / product over j != i of (x_i - x_j)`.
fn vanishing(ids: &[OperatorId]) -> Option<Vec<i128>> {
    let points: Vec<i128> = ids.iter().map(|id| i128::from(id.0)).collect();
    let product = |own: &i128| {
        let mut others = points.iter().filter(|other| *other != own);
        Some((1, others.try_fold(1i128, |d, other| d.checked_mul(own.checked_sub(*other)?))?))
    };
    let weights = points.iter().map(product).collect::<Option<Vec<_>>>()?;
    Some(Fractions::over_common_denominator(&weights)?.numerators)
}

fn gcd(a: i128, b: i128) -> Option<i128> {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a.checked_rem(b)?);
    }
    a.checked_abs()
}

fn reduced(numerator: i128, denominator: i128) -> Option<(i128, i128)> {
    let common = gcd(numerator, denominator)?;
    Some((numerator.checked_div(common)?, denominator.checked_div(common)?))
}

/// `(g, s, t)` with `g = gcd(a, b) = s a + t b`, for positive `a` and `b`.
fn bezout(a: i128, b: i128) -> Option<(i128, i128, i128)> {
    let (mut old, mut new) = ((a, 1i128, 0i128), (b, 0i128, 1i128));
    while new.0 != 0 {
        let q = old.0.checked_div(new.0)?;
        let less = |old: i128, new: i128| old.checked_sub(q.checked_mul(new)?);
        (old, new) = (new, (less(old.0, new.0)?, less(old.1, new.1)?, less(old.2, new.2)?));
    }
    Some(old)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[u64]) -> Vec<OperatorId> {
        ids.iter().copied().map(OperatorId).collect()
    }

    #[test]
    fn small_ids_by_hand() {
        let made = |list: &[u64]| Fractions::at_zero(&ids(list)).unwrap();
        assert_eq!(made(&[1, 2, 3]), Fractions { numerators: vec![3, -3, 1], denominator: 1 });
        assert_eq!(made(&[1, 2, 4]), Fractions { numerators: vec![8, -6, 1], denominator: 3 });
        assert_eq!(made(&[1, 2, 3, 4]), Fractions { numerators: vec![4, -6, 4, -1], denominator: 1 });
        assert_eq!(made(&[1, 2, 4]).bits(), 4);
    }

    /// The fourth part makes the denominator of these ids 1, with integers of 26 bits.
    #[test]
    fn one_to_spare() {
        let four = ids(&[34, 512, 911, 1320]);
        let made = Fractions::with_one_to_spare(&four).unwrap();
        assert_eq!(made.denominator, 1);
        for power in 0..3u32 {
            let terms = made.numerators.iter().zip(&four).map(|(n, id)| n * i128::from(id.0).pow(power));
            assert_eq!(terms.sum::<i128>(), if power == 0 { 1 } else { 0 });
        }
        assert!(made.bits() <= 26, "{made:?}");
    }

    #[test]
    fn integers_that_do_not_fit_are_refused() {
        let huge: Vec<_> = (0..9).map(|i| OperatorId(u64::MAX - i * i * 7919)).collect();
        assert_eq!(Fractions::at_zero(&huge), None);
        assert_eq!(Fractions::with_one_to_spare(&huge[..8]), None);
    }
}

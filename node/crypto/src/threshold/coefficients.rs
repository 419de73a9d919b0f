//! Lagrange coefficients over operator ids.

use super::fractions::Fractions;
use super::sum::ShortSum;
use crate::field::Scalar;
use crate::shamir::{ShamirError, check_ids};
use std::collections::HashMap;
use std::sync::Arc;
use types::OperatorId;

/// The weights with which values at the ids add up to the value elsewhere, in the order of the ids. They are public.
///
/// Weights for the value at zero also know their short form, with which points are added up to fifty times faster; see
/// [`super::recombine`].
pub struct Coefficients {
    scalars: Vec<Scalar>,
    short: Option<ShortSum>,
}

impl Coefficients {
    /// The weights for the value at zero: `lambda_i = product over j != i of x_j / (x_j - x_i)`.
    ///
    /// The number of ids is not checked: with fewer than the threshold the result is a point that does not verify,
    /// and the caller sees the same error as for a bad share.
    ///
    /// # Errors
    /// [`ShamirError`] for an id that is zero or repeated.
    pub fn at_zero(ids: &[OperatorId]) -> Result<Self, ShamirError> {
        let plain = Self::at(ids, Scalar::ZERO)?;
        Ok(Self { short: Fractions::at_zero(ids).map(ShortSum::new), ..plain })
    }

    /// As [`Self::at_zero`], for parts of a committee of `3f + 1` operators with a quorum of `2f + 1`.
    ///
    /// A quorum is odd, so an even number of parts is either too few or at least one more than needed; the short form may
    /// then be one that is right for polynomials of the lower degree only, where that makes the division cheaper.
    ///
    /// # Errors
    /// As [`Self::at_zero`].
    pub fn of_committee(ids: &[OperatorId]) -> Result<Self, ShamirError> {
        let mut coefficients = Self::at_zero(ids)?;
        let cost = coefficients.short.as_ref().map_or(u32::MAX, ShortSum::division_cost);
        if cost > 0 && ids.len() >= 4 && ids.len().is_multiple_of(2) {
            let spare = Fractions::with_one_to_spare(ids).map(ShortSum::new);
            coefficients.short = spare.filter(|spare| spare.division_cost() < cost).or(coefficients.short);
        }
        Ok(coefficients)
    }

    /// The weights for the value at `x`: `lambda_i = product over j != i of (x_j - x) / (x_j - x_i)`.
    ///
    /// They have no short form: points are added with all 255 bits, which is what the short form is measured against.
    ///
    /// # Errors
    /// As [`Self::at_zero`].
    pub fn at(ids: &[OperatorId], x: Scalar) -> Result<Self, ShamirError> {
        check_ids(ids)?;
        let points: Vec<Scalar> = ids.iter().map(|id| Scalar::from(id.0)).collect();
        let weight = |(i, own): (usize, &Scalar)| {
            let others = points.iter().enumerate().filter(|(j, _)| *j != i);
            let (numerator, denominator) = others.fold((Scalar::ONE, Scalar::ONE), |(n, d), (_, other)| {
                (n.times(other.minus(x)), d.times(other.minus(*own)))
            });
            // Distinct ids below 2^64 are distinct modulo the order, so the denominator is not zero.
            numerator.times(denominator.invert().unwrap_or_default())
        };
        Ok(Self { scalars: points.iter().enumerate().map(weight).collect(), short: None })
    }

    /// The weights.
    pub fn scalars(&self) -> &[Scalar] {
        &self.scalars
    }

    pub(super) fn short(&self) -> Option<&ShortSum> {
        self.short.as_ref()
    }

    /// The weights one after the other, 32 little-endian bytes each.
    pub fn to_le_bytes(&self) -> Vec<u8> {
        self.scalars.iter().flat_map(|scalar| scalar.to_le_bytes()).collect()
    }
}

/// Coefficients by id subset, so that a committee pays for each of its quorums once.
///
/// Bounded by [`Self::MAX_ENTRIES`] subsets (a committee of 13 has 715 quorums of nine, and uses few of them); when it is
/// full it is emptied, which costs some microseconds of recomputation.
#[derive(Default)]
pub struct CoefficientCache(HashMap<Vec<OperatorId>, Arc<Coefficients>>);

impl CoefficientCache {
    /// The most subsets kept.
    pub const MAX_ENTRIES: usize = 1024;

    /// The weights at zero for these ids of a committee, in their order ([`Coefficients::of_committee`]).
    ///
    /// # Errors
    /// As [`Coefficients::at_zero`].
    pub fn at_zero(&mut self, ids: &[OperatorId]) -> Result<Arc<Coefficients>, ShamirError> {
        if let Some(known) = self.0.get(ids) {
            return Ok(Arc::clone(known));
        }
        let computed = Arc::new(Coefficients::of_committee(ids)?);
        if self.0.len() >= Self::MAX_ENTRIES {
            self.0.clear();
        }
        self.0.insert(ids.to_vec(), Arc::clone(&computed));
        Ok(computed)
    }
}

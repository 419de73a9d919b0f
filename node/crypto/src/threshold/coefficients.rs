//! Lagrange coefficients over operator ids.

use crate::field::Scalar;
use crate::shamir::{ShamirError, check_ids};
use std::collections::HashMap;
use std::sync::Arc;
use types::OperatorId;

/// The weights with which values at the ids add up to the value elsewhere, in the order of the ids. They are public.
pub struct Coefficients(Vec<Scalar>);

impl Coefficients {
    /// The weights for the value at zero: `lambda_i = product over j != i of x_j / (x_j - x_i)`.
    ///
    /// The number of ids is not checked: with fewer than the threshold the result is a point that does not verify,
    /// and the caller sees the same error as for a bad share.
    ///
    /// # Errors
    /// [`ShamirError`] for an id that is zero or repeated.
    pub fn at_zero(ids: &[OperatorId]) -> Result<Self, ShamirError> {
        Self::at(ids, Scalar::ZERO)
    }

    /// The weights for the value at `x`: `lambda_i = product over j != i of (x_j - x) / (x_j - x_i)`.
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
        Ok(Self(points.iter().enumerate().map(weight).collect()))
    }

    /// The weights.
    pub fn scalars(&self) -> &[Scalar] {
        &self.0
    }

    /// The weights one after the other, 32 little-endian bytes each.
    pub fn to_le_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|scalar| scalar.to_le_bytes()).collect()
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

    /// The weights at zero for these ids, in their order.
    ///
    /// # Errors
    /// As [`Coefficients::at_zero`].
    pub fn at_zero(&mut self, ids: &[OperatorId]) -> Result<Arc<Coefficients>, ShamirError> {
        if let Some(known) = self.0.get(ids) {
            return Ok(Arc::clone(known));
        }
        let computed = Arc::new(Coefficients::at_zero(ids)?);
        if self.0.len() >= Self::MAX_ENTRIES {
            self.0.clear();
        }
        self.0.insert(ids.to_vec(), Arc::clone(&computed));
        Ok(computed)
    }
}

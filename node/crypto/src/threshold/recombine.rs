//! Interpolating points: partial signatures to an unverified signature.
//!
//! A batch goes through in two steps, each of which ends with one inversion that all items share: the sum by short
//! integers, and the division where there is one to do.

use super::Coefficients;
use crate::bls::Signature;
use blst::{MultiPoint, blst_p2, blst_p2_affine};
use std::sync::Arc;

/// Bits of a coefficient.
const SCALAR_BITS: usize = 255;

/// Recombines partial signatures with the coefficients of their operators. The result is **not verified**.
///
/// `None` when the parts cancel out to infinity, which only lies can do.
pub fn recombine(coefficients: &Coefficients, signatures: &[Signature]) -> Option<Signature> {
    let sum = [sum(coefficients, signatures)?];
    let point = to_affine(&sum).next()?;
    match divide(coefficients, &point) {
        Some(quotient) => to_affine(&[quotient]).next().and_then(Signature::from_affine),
        None => Signature::from_affine(point),
    }
}

/// As [`recombine`] for each item, in their order.
pub(super) fn recombine_many(items: &[(Arc<Coefficients>, Vec<Signature>)]) -> Vec<Option<Signature>> {
    let sums: Vec<_> = items.iter().map(|(coefficients, points)| sum(coefficients, points)).collect();
    let mut points = fill(&sums);
    let divided: Vec<_> = items
        .iter()
        .zip(&points)
        .map(|((coefficients, _), point)| divide(coefficients, point.as_ref()?))
        .collect();
    for (point, quotient) in points.iter_mut().zip(fill(&divided)) {
        *point = quotient.or(*point);
    }
    points.into_iter().map(|point| point.and_then(Signature::from_affine)).collect()
}

/// The sum by the short integers where there are any, else the whole interpolation.
fn sum(coefficients: &Coefficients, signatures: &[Signature]) -> Option<blst_p2> {
    if signatures.is_empty() || signatures.len() != coefficients.scalars().len() {
        return None;
    }
    let points: Vec<_> = signatures.iter().map(Signature::affine).collect();
    Some(match coefficients.short() {
        Some(short) => short.sum(&points),
        None => points.as_slice().mult(&coefficients.to_le_bytes(), SCALAR_BITS),
    })
}

/// What is left to do after the sum, if anything.
fn divide(coefficients: &Coefficients, point: &blst_p2_affine) -> Option<blst_p2> {
    coefficients.short().filter(|short| !short.is_integral()).map(|short| short.scale(point))
}

/// The points that are there, in affine form, at their places.
fn fill(points: &[Option<blst_p2>]) -> Vec<Option<blst_p2_affine>> {
    let present: Vec<_> = points.iter().copied().flatten().collect();
    let mut affine = to_affine(&present);
    points.iter().map(|point| point.and_then(|_| affine.next())).collect()
}

/// Affine forms with one shared inversion; infinity becomes `(0, 0)`, which is no signature.
fn to_affine(points: &[blst_p2]) -> impl Iterator<Item = blst_p2_affine> {
    let affine = (!points.is_empty()).then(|| blst::p2_affines::from(points));
    affine.map(|affine| affine.as_slice().to_vec()).unwrap_or_default().into_iter()
}

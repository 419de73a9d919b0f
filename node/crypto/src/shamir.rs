//! Splitting a validator key into shares, and checking shares against each other.
//!
//! The secret is the value at zero of a random polynomial of degree `threshold - 1`; operator `x` holds its value at
//! `x`, where `x` is the operator's id on the registry itself, not its position in the committee
//! (ssv-keys `src/lib/Threshold`). Any `threshold` shares interpolate to the secret, fewer say nothing.

use crate::bls::{BlsError, PublicKey, SecretKey};
use crate::field::Scalar;
use crate::threshold::Coefficients;
use blst::MultiPoint;
use rand::CryptoRng;
use types::OperatorId;
use zeroize::Zeroizing;

/// The largest committee the network knows.
pub const MAX_SHARES: usize = 13;

/// One operator's share of a validator key.
pub struct Share {
    /// Who holds it; also the point at which the polynomial was evaluated.
    pub operator: OperatorId,
    /// The share itself.
    pub secret: SecretKey,
}

/// Why a key cannot be split, or why ids cannot be interpolated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShamirError {
    /// Operator id zero: its share would be the secret.
    #[error("operator id 0 is not allowed: its share would be the validator key")]
    ZeroId,
    /// An operator appears twice.
    #[error("operator {0} appears twice: name each operator once")]
    DuplicateId(OperatorId),
    /// Not `2 <= threshold <= shares <= 13`.
    #[error("threshold {threshold} of {shares} shares is not possible (2 <= threshold <= shares <= 13)")]
    Threshold {
        /// The threshold asked for.
        threshold: usize,
        /// The number of operators.
        shares: usize,
    },
    /// A coefficient or share came out zero (chance 2^-255): split again.
    #[error("the random polynomial has a zero where none may be: split again")]
    ZeroShare,
}

/// Splits `secret` among `operators`, so that any `threshold` of them can sign. Shares come in the order of the ids.
///
/// # Errors
/// [`ShamirError`] for ids that are zero or repeated and thresholds that make no sense.
pub fn split(
    secret: &SecretKey,
    operators: &[OperatorId],
    threshold: usize,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<Share>, ShamirError> {
    let mut polynomial = Zeroizing::new(vec![*secret.to_scalar()]);
    for _ in 1..threshold.min(MAX_SHARES) {
        polynomial.push(Scalar::random(rng));
    }
    evaluate_all(&polynomial, operators, threshold)
}

/// The shares of a given polynomial (constant term first).
fn evaluate_all(
    polynomial: &[Scalar],
    operators: &[OperatorId],
    threshold: usize,
) -> Result<Vec<Share>, ShamirError> {
    let shares = operators.len();
    if threshold < 2 || threshold > shares || shares > MAX_SHARES {
        return Err(ShamirError::Threshold { threshold, shares });
    }
    check_ids(operators)?;
    if polynomial.iter().any(|coefficient| coefficient.is_zero()) {
        return Err(ShamirError::ZeroShare);
    }
    operators
        .iter()
        .map(|operator| {
            let x = Scalar::from(operator.0);
            let value = Zeroizing::new(
                polynomial
                    .iter()
                    .rev()
                    .fold(Scalar::ZERO, |sum, coefficient| sum.times(x).plus(*coefficient)),
            );
            let secret = SecretKey::from_scalar(*value).map_err(|_| ShamirError::ZeroShare)?;
            Ok(Share { operator: *operator, secret })
        })
        .collect()
}

/// Refuses ids that are zero or repeated.
pub(crate) fn check_ids(operators: &[OperatorId]) -> Result<(), ShamirError> {
    for (i, operator) in operators.iter().enumerate() {
        if operator.0 == 0 {
            return Err(ShamirError::ZeroId);
        }
        if operators.iter().take(i).any(|earlier| earlier == operator) {
            return Err(ShamirError::DuplicateId(*operator));
        }
    }
    Ok(())
}

/// The secret that shares interpolate to. Used to check a split before it leaves the machine.
///
/// # Errors
/// [`ShamirError`] for unusable ids; [`ShamirError::ZeroShare`] when the result is no key.
pub fn combine(shares: &[Share]) -> Result<SecretKey, ShamirError> {
    let ids: Vec<_> = shares.iter().map(|share| share.operator).collect();
    let coefficients = Coefficients::at_zero(&ids)?;
    let secret = Zeroizing::new(
        shares
            .iter()
            .zip(coefficients.scalars())
            .fold(Scalar::ZERO, |sum, (share, lambda)| sum.plus(share.secret.to_scalar().times(*lambda))),
    );
    SecretKey::from_scalar(*secret).map_err(|_| ShamirError::ZeroShare)
}

/// The public key of the polynomial at `at` (zero: the validator key), interpolated from share public keys.
///
/// # Errors
/// [`ShamirError`] for unusable ids; [`ShamirError::ZeroShare`] when the result is no key.
pub fn interpolate_public_key(shares: &[(OperatorId, PublicKey)], at: u64) -> Result<PublicKey, ShamirError> {
    let ids: Vec<_> = shares.iter().map(|(operator, _)| *operator).collect();
    let coefficients = Coefficients::at(&ids, Scalar::from(at))?;
    let points: Vec<_> = shares.iter().map(|(_, key)| key.affine()).collect();
    let sum = points.as_slice().mult(&coefficients.to_le_bytes(), 255);
    let key = blst::min_pk::AggregatePublicKey::from(sum).to_public_key();
    let bytes = types::PublicKeyBytes(key.compress());
    PublicKey::from_bytes(&bytes).map_err(|_: BlsError| ShamirError::ZeroShare)
}

/// Whether share public keys are points of one polynomial of degree `threshold - 1` whose value at zero is the
/// validator key: the check of a keyshares file.
///
/// # Errors
/// [`ShamirError`] for unusable ids or a threshold that does not fit.
pub fn shares_match_validator(
    validator: &PublicKey,
    shares: &[(OperatorId, PublicKey)],
    threshold: usize,
) -> Result<bool, ShamirError> {
    if threshold < 2 || threshold > shares.len() || shares.len() > MAX_SHARES {
        return Err(ShamirError::Threshold { threshold, shares: shares.len() });
    }
    let ids: Vec<_> = shares.iter().map(|(operator, _)| *operator).collect();
    check_ids(&ids)?;
    let (base, others) = shares.split_at(threshold);
    if interpolate_public_key(base, 0)? != *validator {
        return Ok(false);
    }
    for (operator, key) in others {
        if interpolate_public_key(base, operator.0)? != *key {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests;

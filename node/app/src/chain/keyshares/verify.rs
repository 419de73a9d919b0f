//! What can be checked of one validator's entry without the chain and without any secret: that registering it, by the
//! stated owner as the stated nonce, gives operators that can sign.

use crypto::bls::PublicKey;
use crypto::owner_nonce;
use crypto::rsa::OperatorPublicKey;
use crypto::shamir::{ShamirError, shares_match_validator};
use types::committee::Thresholds;
use types::{OperatorId, PublicKeyBytes};

use super::file::{Data, Item};
use super::layout;

/// What is wrong with an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// `data` and `payload` name different validators.
    #[error("data and payload name different validators")]
    OtherValidator,
    /// Not a key.
    #[error("the validator's public key is not a BLS public key")]
    NotAKey,
    /// `data` and `payload` name different operators.
    #[error("data and payload name different operators")]
    OtherOperators,
    /// Not ascending, or repeated.
    #[error("the operators are not in ascending order, each once")]
    NotAscending,
    /// Not a committee.
    #[error("a committee has 4, 7, 10 or 13 operators, not {0}")]
    Size(usize),
    /// An operator key that is none.
    #[error("the key of operator {0} is not an RSA-2048 public key")]
    OperatorKey(OperatorId),
    /// Two operators with one key.
    #[error("operators {0} and {1} have the same key")]
    SameOperatorKey(OperatorId, OperatorId),
    /// Wrong length of the shares.
    #[error("sharesData has {found} bytes instead of {expected}")]
    Length {
        /// For this many operators.
        expected: usize,
        /// What is there.
        found: usize,
    },
    /// The signature is not the validator's for this owner and nonce.
    #[error("the signature is not the validator's for owner {owner} and nonce {nonce}")]
    Signature {
        /// In EIP-55 form.
        owner: String,
        /// The nonce.
        nonce: u64,
    },
    /// A share public key that is none.
    #[error("the share public key of operator {0} is not a BLS public key")]
    ShareKey(OperatorId),
    /// The share public keys do not interpolate to the validator's key, or not all of them.
    #[error("the shares do not belong to the validator's key")]
    OtherKey,
}

impl Item {
    /// Checks the entry.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn verify(&self) -> Result<(), VerifyError> {
        let Self { data, payload } = self;
        if data.public_key != payload.public_key {
            return Err(VerifyError::OtherValidator);
        }
        let validator = PublicKey::from_bytes(&data.public_key).map_err(|_| VerifyError::NotAKey)?;
        let ids: Vec<_> = data.operators.iter().map(|operator| operator.id).collect();
        check_operators(data, &ids)?;
        if ids != payload.operator_ids {
            return Err(VerifyError::OtherOperators);
        }
        let (expected, found) = (layout::len(ids.len()), payload.shares_data.len());
        let (signature, share_keys) = layout::signature_and_keys(&payload.shares_data, ids.len())
            .ok_or(VerifyError::Length { expected, found })?;
        let (owner, nonce) = (&data.owner_address, data.owner_nonce);
        if !owner_nonce::verify(&data.public_key, &signature, owner, nonce) {
            return Err(VerifyError::Signature { owner: owner.to_checksum(None), nonce });
        }
        check_shares(&validator, &ids, &share_keys)
    }
}

fn check_operators(data: &Data, ids: &[OperatorId]) -> Result<(), VerifyError> {
    if ids.first().is_some_and(|first| first.get() == 0) || ids.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(VerifyError::NotAscending);
    }
    if !matches!(ids.len(), 4 | 7 | 10 | 13) {
        return Err(VerifyError::Size(ids.len()));
    }
    let mut keys: Vec<(OperatorId, OperatorPublicKey)> = Vec::with_capacity(ids.len());
    for operator in &data.operators {
        let key = OperatorPublicKey::from_base64(&operator.operator_key)
            .map_err(|_| VerifyError::OperatorKey(operator.id))?;
        if let Some((other, _)) = keys.iter().find(|(_, earlier)| *earlier == key) {
            return Err(VerifyError::SameOperatorKey(*other, operator.id));
        }
        keys.push((operator.id, key));
    }
    Ok(())
}

fn check_shares(
    validator: &PublicKey,
    ids: &[OperatorId],
    keys: &[PublicKeyBytes],
) -> Result<(), VerifyError> {
    let mut shares = Vec::with_capacity(ids.len());
    for (id, key) in ids.iter().zip(keys) {
        shares.push((*id, PublicKey::from_bytes(key).map_err(|_| VerifyError::ShareKey(*id))?));
    }
    let threshold = usize::try_from(Thresholds::of_size(ids.len()).quorum()).unwrap_or(usize::MAX);
    match shares_match_validator(validator, &shares, threshold) {
        Ok(true) => Ok(()),
        Ok(false)
        | Err(
            ShamirError::ZeroId
            | ShamirError::DuplicateId(_)
            | ShamirError::Threshold { .. }
            | ShamirError::ZeroShare,
        ) => Err(VerifyError::OtherKey),
    }
}

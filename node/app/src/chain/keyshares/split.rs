//! Splits a validator's secret key among operators.

use alloy_primitives::{Address, Bytes};
use crypto::bls::SecretKey;
use crypto::owner_nonce;
use crypto::rsa::{RsaError, encrypt_share};
use crypto::shamir::{self, ShamirError};
use rand::CryptoRng;
use types::OperatorId;
use types::committee::Thresholds;

use super::file::{Data, Item, OperatorEntry, Payload};
use super::layout;
use super::verify::VerifyError;
use crate::chain::history::RegisteredOperator;

/// Why a key cannot be split.
#[derive(Debug, thiserror::Error)]
pub enum SplitError {
    /// The ids or the threshold do not work.
    #[error(transparent)]
    Shamir(#[from] ShamirError),
    /// A share could not be encrypted.
    #[error("encrypting the share of operator {operator}: {source}")]
    Encrypt {
        /// To whom.
        operator: OperatorId,
        /// Why.
        source: RsaError,
    },
    /// What came out does not pass our own check: it is not used.
    #[error(
        "the finished key shares do not pass their own check ({0}): this machine cannot be trusted with keys"
    )]
    Verify(#[from] VerifyError),
}

/// Who will register, and who will hold the shares.
#[derive(Debug, Clone, Copy)]
pub struct Committee<'a> {
    /// The account that registers the validator.
    pub owner: Address,
    /// The operators, ascending by id.
    pub operators: &'a [RegisteredOperator],
}

impl Committee<'_> {
    /// Splits a key so that a quorum of the operators can sign, for the owner's registration number `nonce`. The result
    /// is checked before it is returned.
    ///
    /// # Errors
    /// [`SplitError`]
    pub fn split(&self, key: &SecretKey, nonce: u64, rng: &mut dyn CryptoRng) -> Result<Item, SplitError> {
        let ids: Vec<_> = self.operators.iter().map(|operator| operator.id).collect();
        let threshold = usize::try_from(Thresholds::of_size(ids.len()).quorum()).unwrap_or(usize::MAX);
        let shares = shamir::split(key, &ids, threshold, rng)?;
        let share_keys: Vec<_> = shares.iter().map(|share| share.secret.public_key().to_bytes()).collect();
        let encrypted: Vec<_> = shares
            .iter()
            .zip(self.operators)
            .map(|(share, to)| {
                encrypt_share(&to.key, &share.secret)
                    .map_err(|source| SplitError::Encrypt { operator: to.id, source })
            })
            .collect::<Result<_, _>>()?;
        let signature = owner_nonce::sign(key, &self.owner, nonce);
        let item = self.item(key, nonce, layout::join(&signature, &share_keys, &encrypted).into());
        item.verify()?;
        Ok(item)
    }

    fn item(&self, key: &SecretKey, nonce: u64, shares_data: Bytes) -> Item {
        let public_key = key.public_key().to_bytes();
        let entry = |operator: &RegisteredOperator| OperatorEntry {
            id: operator.id,
            operator_key: operator.text.clone(),
        };
        let data = Data {
            owner_nonce: nonce,
            owner_address: self.owner,
            public_key,
            operators: self.operators.iter().map(entry).collect(),
        };
        let operator_ids = self.operators.iter().map(|operator| operator.id).collect();
        Item { data, payload: Payload { public_key, operator_ids, shares_data } }
    }
}

//! The gossip payload: a message, who signed it, and the value it is about.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::{SsvMessage, Wire, WireError};
use crate::ids::{OperatorId, Root};
use crate::list::{ByteList, List};
use crate::refusal::RefusalCode;
use crate::role::SsvFork;

/// Largest full data in bytes: the largest proposer consensus data.
pub const MAX_FULL_DATA_LEN: usize = 8_388_836;

/// An RSA-2048 signature, 256 bytes when well formed. Its length is checked by the rules, not by the encoding.
pub type RsaSignature = ByteList<256>;

/// The SHA-256 that binds full data to a QBFT message's root.
#[must_use]
pub fn full_data_root(full_data: &[u8]) -> Root {
    Root::from(<[u8; 32]>::from(Sha256::digest(full_data)))
}

/// A message with the RSA signatures of one or more operators (`ssv-spec types/messages.go`).
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, ssz_derive::Encode, ssz_derive::Decode, tree_hash_derive::TreeHash,
)]
pub struct SignedSsvMessage {
    /// `signatures[i]` belongs to `operator_ids[i]`.
    pub signatures: List<RsaSignature, 13>,
    /// Who signed.
    pub operator_ids: List<OperatorId, 13>,
    /// What they signed.
    pub ssv_message: SsvMessage,
    /// The value in consensus; bound by the root inside the QBFT message, empty where it is not needed.
    pub full_data: ByteList<MAX_FULL_DATA_LEN>,
}

impl SignedSsvMessage {
    /// Upper bound of the encoding in bytes, from the list limits alone.
    pub const MAX_SSZ_LEN: usize = 9_119_336;

    /// The rules a message can check on itself.
    ///
    /// Signature lengths and the order of ids belong to gossip validation, counts to the encoding.
    ///
    /// # Errors
    /// The code of the first broken rule, in the reference's order.
    pub fn validate(&self) -> Result<(), RefusalCode> {
        if self.operator_ids.is_empty() {
            return Err(RefusalCode::NoSigners);
        }
        let mut seen = BTreeSet::new();
        for id in &self.operator_ids {
            if !seen.insert(*id) {
                return Err(RefusalCode::NonUniqueSigner);
            }
            if *id == OperatorId(0) {
                return Err(RefusalCode::ZeroSignerNotAllowed);
            }
        }
        if self.signatures.is_empty() {
            return Err(RefusalCode::NoSignatures);
        }
        if self.signatures.iter().any(|signature| signature.is_empty()) {
            return Err(RefusalCode::EmptySignature);
        }
        if self.signatures.len() != self.operator_ids.len() {
            return Err(RefusalCode::IncorrectNumberOfSignatures);
        }
        self.ssv_message.validate()
    }

    /// The same message as it travels inside a justification.
    #[must_use]
    pub fn without_full_data(&self) -> Self {
        Self { full_data: ByteList::empty(), ..self.clone() }
    }

    /// Whether both have exactly the same signers, in any order.
    #[must_use]
    pub fn same_signers(&self, other: &Self) -> bool {
        let set = |message: &Self| message.operator_ids.iter().copied().collect::<BTreeSet<_>>();
        self.operator_ids.len() == other.operator_ids.len() && set(self) == set(other)
    }
}

impl Wire for SignedSsvMessage {
    const NAME: &'static str = "SignedSSVMessage";

    fn check_limits(&self, fork: SsvFork) -> Result<(), WireError> {
        self.ssv_message.check_limits(fork)
    }
}

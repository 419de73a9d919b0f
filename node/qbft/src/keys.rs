//! The RSA keys of a committee, parsed once: parsing costs more than verifying.

use crypto::rsa::{OperatorPublicKey, RsaError};
use types::{CommitteeMember, OperatorId};

use crate::VerifySigner;

/// The keys of the members; nobody else's signature is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitteeKeys {
    keys: Vec<(OperatorId, OperatorPublicKey)>,
}

impl CommitteeKeys {
    /// From keys that are parsed already; at most one per operator counts, the first.
    #[must_use]
    pub fn new(keys: Vec<(OperatorId, OperatorPublicKey)>) -> Self {
        Self { keys }
    }
}

impl TryFrom<&CommitteeMember> for CommitteeKeys {
    type Error = RsaError;

    /// From the PEM texts of a committee record.
    fn try_from(member: &CommitteeMember) -> Result<Self, RsaError> {
        let keys = member.committee.iter().map(|operator| {
            OperatorPublicKey::try_from(&operator.public_key).map(|key| (operator.operator_id, key))
        });
        Ok(Self { keys: keys.collect::<Result<_, _>>()? })
    }
}

impl VerifySigner for CommitteeKeys {
    fn verify(&self, signer: OperatorId, digest: &[u8; 32], signature: &[u8]) -> bool {
        self.keys
            .iter()
            .find(|(operator, _)| *operator == signer)
            .is_some_and(|(_, key)| key.verify_digest(digest, signature))
    }
}

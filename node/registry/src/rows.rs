//! What is known about operators, validators and owners. The same containers are rows of the database (layout:
//! `migrations/registry`), leaves of the digest and content of the published set.

use ssz_derive::{Decode, Encode};
use types::{Address, CommitteeId, OperatorId, PublicKeyBytes};

/// A registered operator.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OperatorRow {
    /// Given out by the contract.
    pub id: OperatorId,
    /// The account that registered it.
    pub owner: Address,
    /// Base64 of the PEM form of its RSA key, as registered; nobody checked that it is one.
    pub public_text: Vec<u8>,
}

/// One operator of a validator's committee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Member {
    /// The operator.
    pub operator: OperatorId,
    /// Public key of its share; nobody checked that it is one.
    pub share: PublicKeyBytes,
}

/// A registered validator.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ValidatorRow {
    /// Its key.
    pub key: PublicKeyBytes,
    /// The account that registered it.
    pub owner: Address,
    /// Its operators, in the order of the event.
    pub committee: Vec<Member>,
    /// Whether its cluster is liquidated.
    pub liquidated: bool,
}

impl ValidatorRow {
    /// Its operators.
    #[must_use]
    pub fn operators(&self) -> Vec<OperatorId> {
        self.committee.iter().map(|member| member.operator).collect()
    }

    /// The name of its set of operators.
    #[must_use]
    pub fn committee_id(&self) -> CommitteeId {
        CommitteeId::of(&self.operators())
    }

    /// The share of an operator.
    #[must_use]
    pub fn share_of(&self, operator: OperatorId) -> Option<PublicKeyBytes> {
        self.committee.iter().find(|member| member.operator == operator).map(|member| member.share)
    }
}

/// What is kept per owner of validators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OwnerRow {
    /// The owner.
    pub owner: Address,
    /// Where the rewards of its validators go.
    pub fee_recipient: Address,
    /// The nonce of its next registration: the number of its decodable registrations so far, 16 bits wide as in the reference.
    pub next_nonce: u16,
}

/// The ciphertext of our own share of a validator, and whether it is one.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct ShareRow {
    /// It decrypts to the share that was registered.
    pub usable: bool,
    /// As registered.
    pub ciphertext: Vec<u8>,
}

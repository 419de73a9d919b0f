//! What a BLS signature on the beacon chain is over: the root of an object, mixed with a domain.
//!
//! Source: consensus-specs `specs/phase0/beacon-chain.md`, `compute_domain` and `compute_signing_root`.

use ssz_derive::{Decode, Encode};
use tree_hash::TreeHash;
use tree_hash_derive::TreeHash;

use crate::beacon::ForkVersion;
use crate::ids::{Root, byte_id};

byte_id! {
    /// Separates signatures over different kinds of objects, forks and chains.
    BeaconDomain, 32
}

/// The kind of object that is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BeaconDomainType {
    /// A block.
    Proposer,
    /// Attestation data.
    Attester,
    /// An epoch, for a block's randomness.
    Randao,
    /// A deposit message.
    Deposit,
    /// A voluntary exit.
    VoluntaryExit,
    /// A slot, to become an aggregator.
    SelectionProof,
    /// An aggregate and proof.
    AggregateAndProof,
    /// A block root, by a sync committee member.
    SyncCommittee,
    /// Selection data, to become a sync committee aggregator.
    SyncCommitteeSelectionProof,
    /// A contribution and proof.
    ContributionAndProof,
    /// A builder registration.
    ApplicationBuilder,
}

impl BeaconDomainType {
    /// The four bytes.
    #[must_use]
    pub const fn bytes(self) -> [u8; 4] {
        match self {
            Self::Proposer => [0, 0, 0, 0],
            Self::Attester => [1, 0, 0, 0],
            Self::Randao => [2, 0, 0, 0],
            Self::Deposit => [3, 0, 0, 0],
            Self::VoluntaryExit => [4, 0, 0, 0],
            Self::SelectionProof => [5, 0, 0, 0],
            Self::AggregateAndProof => [6, 0, 0, 0],
            Self::SyncCommittee => [7, 0, 0, 0],
            Self::SyncCommitteeSelectionProof => [8, 0, 0, 0],
            Self::ContributionAndProof => [9, 0, 0, 0],
            Self::ApplicationBuilder => [0, 0, 0, 1],
        }
    }
}

/// A fork on a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TreeHash)]
pub struct ForkData {
    /// The fork.
    pub current_version: ForkVersion,
    /// The chain.
    pub genesis_validators_root: Root,
}

/// What is hashed into the message that BLS signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TreeHash)]
pub struct SigningData {
    /// Hash tree root of the object.
    pub object_root: Root,
    /// Its domain.
    pub domain: BeaconDomain,
}

/// The domain of a kind of object on a fork of a chain.
#[must_use]
pub fn compute_domain(
    kind: BeaconDomainType,
    version: ForkVersion,
    genesis_validators_root: Root,
) -> BeaconDomain {
    let fork_data = ForkData { current_version: version, genesis_validators_root }.tree_hash_root();
    let mut domain = [0; 32];
    domain[..4].copy_from_slice(&kind.bytes());
    domain[4..].copy_from_slice(&fork_data[..28]);
    BeaconDomain(domain)
}

/// The 32 bytes that are signed for an object with this root.
#[must_use]
pub fn signing_root(object_root: Root, domain: BeaconDomain) -> Root {
    SigningData { object_root, domain }.tree_hash_root()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beacon::{AttestationData, ValidatorRegistration};
    use crate::ids::{Address, CommitteeIndex, Epoch, PublicKeyBytes, Slot};
    use crate::vote::Checkpoint;

    /// The published examples use version 00000000 and a zero genesis root.
    fn root_of(object_root: Root, kind: BeaconDomainType) -> String {
        hex::encode(signing_root(object_root, compute_domain(kind, ForkVersion::default(), Root::ZERO)))
    }

    fn counting_root() -> Root {
        let mut root = [0; 32];
        for (byte, value) in root.iter_mut().zip((1..=10_u8).cycle()) {
            *byte = value;
        }
        Root::from(root)
    }

    #[test]
    fn published_attestation_signing_root() {
        let root = counting_root();
        let data = AttestationData {
            slot: Slot(12),
            index: CommitteeIndex(3),
            beacon_block_root: root,
            source: Checkpoint { epoch: Epoch(0), root },
            target: Checkpoint { epoch: Epoch(1), root },
        };
        assert_eq!(
            root_of(data.tree_hash_root(), BeaconDomainType::Attester),
            "4ae32f48079745930bc24da670a6fe72052e13e3832728c6aa2580adc0307b83"
        );
    }

    #[test]
    fn published_sync_committee_signing_root() {
        assert_eq!(
            root_of(counting_root().tree_hash_root(), BeaconDomainType::SyncCommittee),
            "85794142e7b2a4c66a79a68377705fb95f84197a4d2ca354d3b72580a0b7529e"
        );
    }

    #[test]
    fn published_registration_signing_root() {
        let registration = ValidatorRegistration {
            fee_recipient: "535953b5a6040074948cf185eaa7d2abbd66808f".parse::<Address>().unwrap(),
            gas_limit: 30_000_000,
            timestamp: 1_616_508_000,
            pubkey: "8e80066551a81b318258709edaf7dd1f63cd686a0e4db8b29bbb7acfe65608677af5a527d9448ee47835485e02b50bc0"
                .parse::<PublicKeyBytes>()
                .unwrap(),
        };
        assert_eq!(
            root_of(registration.tree_hash_root(), BeaconDomainType::ApplicationBuilder),
            "614710073b626a56b407f238887212626104b4c38e5627d787a284b310952f46"
        );
    }
}

//! Aggregates, contributions and builder registrations with the validator's signature. Attestations, sync committee messages, blocks
//! and exits have theirs beside the unsigned form.

use super::attestation::{AggregateAndProof, AggregateAndProofElectra, AnyAggregateAndProof};
use super::block::operations::SignedVoluntaryExit;
use super::sync_committee::{AnyContributionAndProof, ContributionAndProof};
use super::{BeaconFork, ValidatorRegistration, VoluntaryExit, container};
use crate::ids::SignatureBytes;
use crate::preset::{ByPreset, Mainnet, Minimal, Preset};

container! {
    /// A signed aggregate, before Electra.
    pub struct SignedAggregateAndProof {
        /// The aggregate.
        pub message: AggregateAndProof,
        /// The aggregator's signature.
        pub signature: SignatureBytes,
    }
}

container! {
    /// A signed aggregate, from Electra on.
    pub struct SignedAggregateAndProofElectra<P: Preset> {
        /// The aggregate.
        pub message: AggregateAndProofElectra<P>,
        /// The aggregator's signature.
        pub signature: SignatureBytes,
    }
}

container! {
    /// A signed sync committee contribution.
    pub struct SignedContributionAndProof<P: Preset> {
        /// The contribution.
        pub message: ContributionAndProof<P>,
        /// The aggregator's signature.
        pub signature: SignatureBytes,
    }
}

container! {
    /// A signed builder registration (builder-specs `SignedValidatorRegistrationV1`); 180 bytes.
    #[derive(Copy)]
    pub struct SignedValidatorRegistration {
        /// The registration.
        pub message: ValidatorRegistration,
        /// The validator's signature.
        pub signature: SignatureBytes,
    }
}

/// A signed Electra aggregate in the layout of the node's preset.
pub type AnySignedAggregateAndProof =
    ByPreset<SignedAggregateAndProofElectra<Mainnet>, SignedAggregateAndProofElectra<Minimal>>;

/// A signed contribution in the layout of the node's preset.
pub type SignedContribution =
    ByPreset<SignedContributionAndProof<Mainnet>, SignedContributionAndProof<Minimal>>;

/// A signed aggregate in the layout of its fork.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(untagged)]
pub enum SignedAggregate {
    /// Before Electra.
    Phase0(Box<SignedAggregateAndProof>),
    /// From Electra on.
    Electra(Box<AnySignedAggregateAndProof>),
}

impl SignedAggregate {
    /// Whether the layout is the fork's.
    #[must_use]
    pub fn fits(&self, fork: BeaconFork) -> bool {
        match self {
            Self::Phase0(_) => !fork.has_electra_attestations(),
            Self::Electra(_) => fork.has_electra_attestations(),
        }
    }
}

impl AggregateAndProof {
    /// Puts the aggregator's signature to it.
    #[must_use]
    pub fn sign(self, signature: SignatureBytes) -> SignedAggregate {
        SignedAggregate::Phase0(Box::new(SignedAggregateAndProof { message: self, signature }))
    }
}

impl AnyAggregateAndProof {
    /// Puts the aggregator's signature to it.
    #[must_use]
    pub fn sign(self, signature: SignatureBytes) -> SignedAggregate {
        SignedAggregate::Electra(Box::new(match self {
            Self::Mainnet(message) => {
                ByPreset::Mainnet(SignedAggregateAndProofElectra { message, signature })
            }
            Self::Minimal(message) => {
                ByPreset::Minimal(SignedAggregateAndProofElectra { message, signature })
            }
        }))
    }
}

impl AnyContributionAndProof {
    /// Puts the aggregator's signature to it.
    #[must_use]
    pub fn sign(self, signature: SignatureBytes) -> SignedContribution {
        match self {
            Self::Mainnet(message) => ByPreset::Mainnet(SignedContributionAndProof { message, signature }),
            Self::Minimal(message) => ByPreset::Minimal(SignedContributionAndProof { message, signature }),
        }
    }
}

impl ValidatorRegistration {
    /// Puts the validator's signature to it.
    #[must_use]
    pub const fn sign(self, signature: SignatureBytes) -> SignedValidatorRegistration {
        SignedValidatorRegistration { message: self, signature }
    }
}

impl VoluntaryExit {
    /// Puts the validator's signature to it.
    #[must_use]
    pub const fn sign(self, signature: SignatureBytes) -> SignedVoluntaryExit {
        SignedVoluntaryExit { message: self, signature }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Root;
    use ssz::{Decode, Encode};
    use tree_hash::TreeHash;

    /// Objects as Lodestar 1.44.0 writes them (`@lodestar/types`, minimal preset): JSON, SSZ and root.
    const WRITTEN: &str = include_str!("fixtures/signed.json");

    fn agrees<T>(name: &str) -> T
    where
        T: Encode
            + Decode
            + TreeHash
            + serde::Serialize
            + serde::de::DeserializeOwned
            + PartialEq
            + std::fmt::Debug,
    {
        let written: serde_json::Value = serde_json::from_str(WRITTEN).unwrap();
        let written = &written[name];
        let object: T = serde_json::from_value(written["json"].clone()).unwrap();
        assert_eq!(serde_json::to_value(&object).unwrap(), written["json"]);
        let ssz = hex::decode(written["ssz"].as_str().unwrap().trim_start_matches("0x")).unwrap();
        assert_eq!(object.as_ssz_bytes(), ssz);
        assert_eq!(T::from_ssz_bytes(&ssz).unwrap(), object);
        assert_eq!(object.tree_hash_root(), written["root"].as_str().unwrap().parse::<Root>().unwrap());
        object
    }

    #[test]
    fn signed_objects_are_those_of_another_client() {
        let phase0: SignedAggregateAndProof = agrees("signed_aggregate_phase0");
        let electra: SignedAggregateAndProofElectra<Minimal> = agrees("signed_aggregate");
        let contribution: SignedContributionAndProof<Minimal> = agrees("signed_contribution");
        let registration: SignedValidatorRegistration = agrees("registration");

        assert_eq!(registration.message.sign(registration.signature), registration);
        let any = AnyContributionAndProof::Minimal(contribution.message.clone());
        assert_eq!(any.sign(contribution.signature), ByPreset::Minimal(contribution));
        let any = AnyAggregateAndProof::Minimal(electra.message.clone()).sign(electra.signature);
        assert!(any.fits(BeaconFork::Electra) && any.fits(BeaconFork::Fulu) && !any.fits(BeaconFork::Deneb));
        assert_eq!(serde_json::to_value(&any).unwrap(), serde_json::to_value(&electra).unwrap());
        let any = phase0.message.clone().sign(phase0.signature);
        assert!(any.fits(BeaconFork::Deneb) && !any.fits(BeaconFork::Electra));
        assert_eq!(serde_json::to_value(&any).unwrap(), serde_json::to_value(&phase0).unwrap());
    }
}

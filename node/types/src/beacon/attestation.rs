//! Attestations in both layouts, and their aggregation.

use ssz::{BitList, BitVector};
use typenum::U2048;

use super::container;
use crate::ids::{CommitteeIndex, Root, SignatureBytes, Slot, ValidatorIndex};
use crate::preset::{ByPreset, Mainnet, Minimal, Preset};
use crate::vote::{BeaconVote, Checkpoint};

container! {
    /// What an attester signs; 128 bytes.
    #[derive(Copy, Default)]
    pub struct AttestationData {
        /// When.
        #[serde(with = "serde_utils::quoted_u64")]
        pub slot: Slot,
        /// The beacon committee before Electra, 0 from Electra on.
        #[serde(with = "serde_utils::quoted_u64")]
        pub index: CommitteeIndex,
        /// Head block.
        pub beacon_block_root: Root,
        /// Justified checkpoint.
        pub source: Checkpoint,
        /// Checkpoint of the slot's epoch.
        pub target: Checkpoint,
    }
}

impl AttestationData {
    /// The data that a decided vote and a duty make (`ssv-spec ssv/committee.go`). `index` is the duty's committee
    /// before Electra and 0 from Electra on.
    #[must_use]
    pub const fn of_vote(vote: &BeaconVote, slot: Slot, index: CommitteeIndex) -> Self {
        Self { slot, index, beacon_block_root: vote.block_root, source: vote.source, target: vote.target }
    }
}

container! {
    /// An attestation of one committee, before Electra.
    pub struct Attestation {
        /// Members of the committee that signed.
        pub aggregation_bits: BitList<U2048>,
        /// What they signed.
        pub data: AttestationData,
        /// Their aggregate signature.
        pub signature: SignatureBytes,
    }
}

container! {
    /// An attestation of one or more committees, from Electra on.
    pub struct AttestationElectra<P: Preset> {
        /// Members of the committees that signed, one committee after the other.
        pub aggregation_bits: BitList<P::MaxValidatorsPerSlot>,
        /// What they signed.
        pub data: AttestationData,
        /// Their aggregate signature.
        pub signature: SignatureBytes,
        /// The committees.
        pub committee_bits: BitVector<P::MaxCommitteesPerSlot>,
    }
}

container! {
    /// One validator's attestation on its way to a beacon node, from Electra on; 240 bytes.
    #[derive(Copy)]
    pub struct SingleAttestation {
        /// The attester's beacon committee.
        #[serde(with = "serde_utils::quoted_u64")]
        pub committee_index: CommitteeIndex,
        /// The attester.
        #[serde(with = "serde_utils::quoted_u64")]
        pub attester_index: ValidatorIndex,
        /// What it signed.
        pub data: AttestationData,
        /// Its signature.
        pub signature: SignatureBytes,
    }
}

container! {
    /// What an aggregator signs, before Electra.
    pub struct AggregateAndProof {
        /// The aggregator.
        #[serde(with = "serde_utils::quoted_u64")]
        pub aggregator_index: ValidatorIndex,
        /// The aggregate.
        pub aggregate: Attestation,
        /// Signature over the slot that made it an aggregator.
        pub selection_proof: SignatureBytes,
    }
}

container! {
    /// What an aggregator signs, from Electra on.
    pub struct AggregateAndProofElectra<P: Preset> {
        /// The aggregator.
        #[serde(with = "serde_utils::quoted_u64")]
        pub aggregator_index: ValidatorIndex,
        /// The aggregate.
        pub aggregate: AttestationElectra<P>,
        /// Signature over the slot that made it an aggregator.
        pub selection_proof: SignatureBytes,
    }
}

/// An Electra attestation in the layout of the node's preset.
pub type AnyAttestation = ByPreset<AttestationElectra<Mainnet>, AttestationElectra<Minimal>>;

/// An Electra aggregate in the layout of the node's preset.
pub type AnyAggregateAndProof =
    ByPreset<AggregateAndProofElectra<Mainnet>, AggregateAndProofElectra<Minimal>>;

#[cfg(test)]
mod tests {
    use super::*;
    use ssz::{Decode, Encode};

    #[test]
    fn fixed_sizes() {
        assert_eq!(AttestationData::default().as_ssz_bytes().len(), 128);
        assert_eq!(<SingleAttestation as Encode>::ssz_fixed_len(), 240);
    }

    #[test]
    fn the_largest_attestations_have_the_published_sizes() {
        let bits = BitList::with_capacity(2048).unwrap();
        let data = AttestationData::default();
        let signature = SignatureBytes::default();
        let phase0 = Attestation { aggregation_bits: bits, data, signature };
        // 4 + 128 + 96 of head, then the bits with their length bit.
        assert_eq!(phase0.as_ssz_bytes().len(), 228 + 257);

        let electra = AttestationElectra::<Mainnet> {
            aggregation_bits: BitList::with_capacity(131_072).unwrap(),
            data,
            signature,
            committee_bits: BitVector::new(),
        };
        let bytes = electra.as_ssz_bytes();
        assert_eq!(bytes.len(), 236 + 16_385);
        assert_eq!(AttestationElectra::<Mainnet>::from_ssz_bytes(&bytes).unwrap(), electra);
        // The same bytes are not an attestation of the other preset.
        assert!(AttestationElectra::<Minimal>::from_ssz_bytes(&bytes).is_err());
    }

    #[test]
    fn json_is_that_of_the_beacon_api() {
        let data = AttestationData { slot: Slot(7), ..AttestationData::default() };
        let json = serde_json::to_value(data).unwrap();
        assert_eq!(json["slot"], "7");
        assert_eq!(json["source"]["epoch"], "0");
        assert_eq!(json["beacon_block_root"], format!("0x{}", "00".repeat(32)));
        assert_eq!(serde_json::from_value::<AttestationData>(json).unwrap(), data);
    }
}

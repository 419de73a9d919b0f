//! Sync committee messages and their aggregation.

use ssz::BitVector;

use super::container;
use crate::ids::{Root, SignatureBytes, Slot, ValidatorIndex};
use crate::preset::{ByPreset, Mainnet, Minimal, Preset};

container! {
    /// One sync committee member's vote for a head block; the signature is over the block root alone.
    #[derive(Copy)]
    pub struct SyncCommitteeMessage {
        /// When.
        #[serde(with = "serde_utils::quoted_u64")]
        pub slot: Slot,
        /// Head block.
        pub beacon_block_root: Root,
        /// The member.
        #[serde(with = "serde_utils::quoted_u64")]
        pub validator_index: ValidatorIndex,
        /// Its signature.
        pub signature: SignatureBytes,
    }
}

container! {
    /// The votes of one subcommittee; 160 bytes (mainnet), 145 (minimal).
    pub struct SyncCommitteeContribution<P: Preset> {
        /// When.
        #[serde(with = "serde_utils::quoted_u64")]
        pub slot: Slot,
        /// Head block.
        pub beacon_block_root: Root,
        /// The subcommittee, 0 to 3.
        #[serde(with = "serde_utils::quoted_u64")]
        pub subcommittee_index: u64,
        /// Members that voted.
        pub aggregation_bits: BitVector<P::SyncSubcommitteeSize>,
        /// Their aggregate signature.
        pub signature: SignatureBytes,
    }
}

container! {
    /// What a sync committee member signs to find out whether it aggregates for a subcommittee.
    #[derive(Copy)]
    pub struct SyncAggregatorSelectionData {
        /// When.
        #[serde(with = "serde_utils::quoted_u64")]
        pub slot: Slot,
        /// The subcommittee.
        #[serde(with = "serde_utils::quoted_u64")]
        pub subcommittee_index: u64,
    }
}

container! {
    /// What a sync committee aggregator signs.
    pub struct ContributionAndProof<P: Preset> {
        /// The aggregator.
        #[serde(with = "serde_utils::quoted_u64")]
        pub aggregator_index: ValidatorIndex,
        /// The contribution.
        pub contribution: SyncCommitteeContribution<P>,
        /// Signature over the selection data that made it an aggregator.
        pub selection_proof: SignatureBytes,
    }
}

/// A contribution in the layout of the node's preset.
pub type AnyContribution = ByPreset<SyncCommitteeContribution<Mainnet>, SyncCommitteeContribution<Minimal>>;

/// A contribution and proof in the layout of the node's preset.
pub type AnyContributionAndProof = ByPreset<ContributionAndProof<Mainnet>, ContributionAndProof<Minimal>>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::PresetName;
    use ssz::Encode;

    #[test]
    fn a_contribution_is_160_or_145_bytes() {
        assert_eq!(<SyncCommitteeContribution<Mainnet> as Encode>::ssz_fixed_len(), 160);
        assert_eq!(<SyncCommitteeContribution<Minimal> as Encode>::ssz_fixed_len(), 145);
        assert!(AnyContribution::from_ssz_bytes(PresetName::Minimal, &[0; 145]).is_ok());
        assert!(AnyContribution::from_ssz_bytes(PresetName::Mainnet, &[0; 145]).is_err());
    }
}

//! What the operators of a committee agree on: the full data of their consensus instances.
//!
//! | Runner | Alan | Boole |
//! |---|---|---|
//! | Committee | [`crate::BeaconVote`] | [`crate::BeaconVote`] |
//! | Proposer | [`ValidatorConsensusData`] | [`ProposerConsensusData`], the same layout |
//! | Aggregator | [`ValidatorConsensusData`] with an aggregate | |
//! | Sync committee contribution | [`ValidatorConsensusData`] with [`Contributions`] | |
//! | Aggregator committee | | [`AggregatorCommitteeConsensusData`] |
//!
//! Source: `ssv-spec types/consensus_data.go`, `types/contributions.go`.

mod aggregator_committee;
mod contributions;
mod validity;

use ssz_derive::{Decode, Encode};
use tree_hash_derive::TreeHash;

use crate::beacon::DataVersion;
use crate::duty::ValidatorDuty;
use crate::list::ByteList;

pub use aggregator_committee::{AggregatorCommitteeConsensusData, AssignedAggregator};
pub use contributions::{Contribution, Contributions};
pub use validity::AlanDataError;

/// A duty and the object that its validator will sign.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, TreeHash)]
pub struct ProposerConsensusData {
    /// The duty.
    pub duty: ValidatorDuty,
    /// The beacon fork that gives the object its layout.
    pub version: DataVersion,
    /// The object, encoded.
    pub data_ssz: ByteList<8_388_608>,
}

/// Alan's name for the same layout, shared by three runners.
pub type ValidatorConsensusData = ProposerConsensusData;

impl ProposerConsensusData {
    /// Largest encoding in bytes.
    pub const MAX_SSZ_LEN: usize = 8_388_836;
}

// The full data of a message has room for the largest proposer data, and for nothing larger.
const _: () = assert!(ProposerConsensusData::MAX_SSZ_LEN == crate::message::MAX_FULL_DATA_LEN);
const _: () = assert!(
    ProposerConsensusData::MAX_SSZ_LEN == 16 + ValidatorDuty::MAX_SSZ_LEN + ByteList::<8_388_608>::LIMIT
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{CommitteeIndex, PublicKeyBytes, Slot, ValidatorIndex};
    use crate::list::List;
    use crate::role::BeaconRole;
    use ssz::{Decode, Encode};

    #[test]
    fn layout_and_largest_size() {
        let duty = ValidatorDuty {
            role: BeaconRole::Proposer,
            public_key: PublicKeyBytes([1; 48]),
            slot: Slot(2),
            validator_index: ValidatorIndex(3),
            committee_index: CommitteeIndex(4),
            committee_length: 5,
            committees_at_slot: 6,
            validator_committee_index: 7,
            validator_sync_committee_indices: List::new((0..13).collect()).unwrap(),
        };
        let data = ProposerConsensusData {
            duty,
            version: DataVersion::Deneb,
            data_ssz: ByteList::new(vec![9; 8_388_608]).unwrap(),
        };
        let bytes = data.as_ssz_bytes();
        assert_eq!(bytes.len(), ProposerConsensusData::MAX_SSZ_LEN);
        assert_eq!(&bytes[..16], &[16, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 228, 0, 0, 0]);
        assert_eq!(ProposerConsensusData::from_ssz_bytes(&bytes).unwrap(), data);
        assert!(ProposerConsensusData::from_ssz_bytes(&[bytes, vec![0]].concat()).is_err());
    }
}

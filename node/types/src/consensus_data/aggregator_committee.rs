//! What a committee agrees on before it aggregates (Boole).

use std::collections::BTreeSet;

use ssz::Decode;
use ssz_derive::{Decode, Encode};
use tree_hash_derive::TreeHash;

use crate::beacon::{Attestation, AttestationElectra, DataVersion, SyncCommitteeContribution};
use crate::ids::{CommitteeIndex, SignatureBytes, ValidatorIndex};
use crate::list::{ByteList, List};
use crate::preset::Preset;
use crate::refusal::RefusalCode;

/// A validator that aggregates; 112 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, TreeHash)]
pub struct AssignedAggregator {
    /// The validator.
    pub validator_index: ValidatorIndex,
    /// The signature that made it an aggregator.
    pub selection_proof: SignatureBytes,
    /// Its beacon committee; for a contributor, its sync subnet.
    pub committee_index: CommitteeIndex,
}

/// Aggregates and contributions of a committee's validators at one slot (`ssv-spec types/consensus_data.go`).
///
/// Its own limits allow 8 970 524 bytes, more than full data can carry: an encoder also checks
/// [`crate::message::MAX_FULL_DATA_LEN`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode, Decode, TreeHash)]
pub struct AggregatorCommitteeConsensusData<P: Preset> {
    /// The beacon fork that gives the attestations their layout.
    pub version: DataVersion,
    /// Aggregators of attestations.
    pub aggregators: List<AssignedAggregator, 3_000>,
    /// Beacon committees, one for each of the attestations.
    pub aggregators_committee_indexes: List<CommitteeIndex, 64>,
    /// Aggregate attestations, encoded.
    pub aggregated_attestations: List<ByteList<131_308>, 64>,
    /// Aggregators of sync committee messages.
    pub contributors: List<AssignedAggregator, 2_048>,
    /// Sync committee contributions, at most one for each subnet.
    pub sync_committee_contributions: List<SyncCommitteeContribution<P>, 4>,
}

impl<P: Preset> AggregatorCommitteeConsensusData<P> {
    /// The rules the data can check on itself.
    ///
    /// # Errors
    /// The code of the first broken rule, in the reference's order.
    pub fn validate(&self) -> Result<(), RefusalCode> {
        if self.aggregators.is_empty() && self.contributors.is_empty() {
            return Err(RefusalCode::AggCommConsensusDataNoValidator);
        }
        self.validate_aggregators()?;
        self.validate_attestations()?;
        self.validate_contributors()
    }

    fn validate_aggregators(&self) -> Result<(), RefusalCode> {
        if self.aggregators_committee_indexes.len() != self.aggregated_attestations.len() {
            return Err(RefusalCode::AggCommAggCommIdxCntMismatch);
        }
        let listed: BTreeSet<_> = self.aggregators_committee_indexes.iter().copied().collect();
        if listed.len() != self.aggregators_committee_indexes.len() {
            return Err(RefusalCode::AggCommDuplicatedCommIdx);
        }
        let used: BTreeSet<_> =
            self.aggregators.iter().map(|aggregator| aggregator.committee_index).collect();
        if !used.is_subset(&listed) {
            return Err(RefusalCode::AggCommCommIdxMismatch);
        }
        if used != listed {
            return Err(RefusalCode::AggCommUnusedCommIdx);
        }
        Ok(())
    }

    fn validate_attestations(&self) -> Result<(), RefusalCode> {
        let decodes = |bytes: &ByteList<131_308>| {
            if self.version.number() >= DataVersion::Electra.number() {
                AttestationElectra::<P>::from_ssz_bytes(bytes).is_ok()
            } else {
                Attestation::from_ssz_bytes(bytes).is_ok()
            }
        };
        if self.aggregated_attestations.iter().all(decodes) {
            return Ok(());
        }
        Err(RefusalCode::AggCommAttestationDecoding)
    }

    fn validate_contributors(&self) -> Result<(), RefusalCode> {
        let subnets: BTreeSet<_> = self
            .sync_committee_contributions
            .iter()
            .map(|contribution| contribution.subcommittee_index)
            .collect();
        if subnets.len() != self.sync_committee_contributions.len() {
            return Err(RefusalCode::AggCommSccSubnetDuplicate);
        }
        let used: BTreeSet<_> =
            self.contributors.iter().map(|contributor| contributor.committee_index.get()).collect();
        if !used.is_subset(&subnets) {
            return Err(RefusalCode::AggCommSubnetNotInScSubnets);
        }
        if used != subnets {
            return Err(RefusalCode::AggCommUnusedSubnet);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::beacon::AttestationData;
    use crate::ids::{Root, Slot};
    use crate::preset::Mainnet;
    use ssz::{BitList, BitVector, Encode};

    type Data = AggregatorCommitteeConsensusData<Mainnet>;

    fn assigned(committee_index: u64) -> AssignedAggregator {
        AssignedAggregator {
            validator_index: ValidatorIndex(1),
            selection_proof: SignatureBytes([1; 96]),
            committee_index: CommitteeIndex(committee_index),
        }
    }

    fn contribution(subcommittee_index: u64) -> SyncCommitteeContribution<Mainnet> {
        SyncCommitteeContribution {
            slot: Slot(1),
            beacon_block_root: Root::ZERO,
            subcommittee_index,
            aggregation_bits: BitVector::new(),
            signature: SignatureBytes::default(),
        }
    }

    fn data() -> Data {
        let attestation = AttestationElectra::<Mainnet> {
            aggregation_bits: BitList::with_capacity(128).unwrap(),
            data: AttestationData::default(),
            signature: SignatureBytes::default(),
            committee_bits: BitVector::new(),
        };
        Data {
            version: DataVersion::Electra,
            aggregators: List::new(vec![assigned(5), assigned(5)]).unwrap(),
            aggregators_committee_indexes: List::new(vec![CommitteeIndex(5)]).unwrap(),
            aggregated_attestations: List::new(vec![ByteList::new(attestation.as_ssz_bytes()).unwrap()])
                .unwrap(),
            contributors: List::new(vec![assigned(2)]).unwrap(),
            sync_committee_contributions: List::new(vec![contribution(2)]).unwrap(),
        }
    }

    fn check(change: impl FnOnce(&mut Data)) -> Result<(), RefusalCode> {
        let mut changed = data();
        change(&mut changed);
        changed.validate()
    }

    #[test]
    fn each_rule_refuses_with_its_code() {
        assert_eq!(check(|_| ()), Ok(()));
        let no_validator = check(|d| {
            d.aggregators = List::empty();
            d.contributors = List::empty();
        });
        assert_eq!(no_validator.unwrap_err().code(), 78);
        assert_eq!(check(|d| d.aggregated_attestations = List::empty()).unwrap_err().code(), 71);
        let duplicate = check(|d| {
            d.aggregators_committee_indexes.push(CommitteeIndex(5)).unwrap();
            let again = d.aggregated_attestations[0].clone();
            d.aggregated_attestations.push(again).unwrap();
        });
        assert_eq!(duplicate.unwrap_err().code(), 74);
        assert_eq!(check(|d| d.aggregators.push(assigned(6)).unwrap()).unwrap_err().code(), 72);
        assert_eq!(check(|d| d.aggregators = List::empty()).unwrap_err().code(), 73);
        assert_eq!(check(|d| d.version = DataVersion::Deneb).unwrap_err().code(), 84);
        let twice = check(|d| d.sync_committee_contributions.push(contribution(2)).unwrap());
        assert_eq!(twice.unwrap_err().code(), 76);
        assert_eq!(check(|d| d.contributors.push(assigned(3)).unwrap()).unwrap_err().code(), 75);
        assert_eq!(check(|d| d.contributors = List::empty()).unwrap_err().code(), 77);
    }

    #[test]
    fn the_largest_size_is_beyond_full_data() {
        let largest = Data {
            version: DataVersion::Electra,
            aggregators: List::new(vec![assigned(0); 3_000]).unwrap(),
            aggregators_committee_indexes: List::new((0..64).map(CommitteeIndex).collect()).unwrap(),
            aggregated_attestations: List::new(vec![ByteList::new(vec![0; 131_308]).unwrap(); 64]).unwrap(),
            contributors: List::new(vec![assigned(0); 2_048]).unwrap(),
            sync_committee_contributions: List::new((0..4).map(contribution).collect()).unwrap(),
        };
        assert_eq!(largest.as_ssz_bytes().len(), 8_970_524);
        assert_eq!(Data::from_ssz_bytes(&data().as_ssz_bytes()).unwrap(), data());
    }
}

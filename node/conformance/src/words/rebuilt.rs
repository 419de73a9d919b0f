//! The largest objects, whose files are too large for the archives: built here as `maxmsgsize` describes them.

use anyhow::Result;
use types::beacon::SyncCommitteeContribution;
use types::consensus_data::{AggregatorCommitteeConsensusData, AssignedAggregator, ProposerConsensusData};
use types::{
    BeaconRole, ByteList, CommitteeIndex, DataVersion, Encode, List, Mainnet, MessageId, MsgType, OperatorId,
    PublicKeyBytes, QbftMessage, QbftMessageType, Root, Round, SignatureBytes, SignedSsvMessage, Slot,
    SsvFork, SsvMessage, ValidatorDuty, ValidatorIndex,
};

use super::size::Measured;
use crate::report::Family;

/// Builds and measures them for a fork.
#[must_use]
pub fn families(archive: &str, fork: SsvFork) -> Vec<Family> {
    let mut family = Family::new(format!("{archive} types maxmsgsize, rebuilt"));
    let mut record = |name: &str, result: Result<()>| {
        family.found += 1;
        family.record(name, result.into());
    };
    record("max SignedSSVMessage from qbftMessage with 2 justifications", signed(fork));
    match fork {
        SsvFork::Boole => {
            record("max ProposerConsensusData", consensus_data());
            record("max AggregatorCommitteeConsensusData", aggregator_committee());
        }
        SsvFork::Alan => record("max ValidatorConsensusData", consensus_data()),
    }
    vec![family]
}

fn full<const N: usize>() -> Result<ByteList<N>> {
    Ok(ByteList::new(vec![1; N])?)
}

fn repeated<T: Clone, const N: usize>(item: &T) -> Result<List<T, N>> {
    Ok(List::new(vec![item.clone(); N])?)
}

fn signed(fork: SsvFork) -> Result<()> {
    let inner = QbftMessage {
        msg_type: QbftMessageType::Prepare,
        height: Slot(1),
        round: Round(1),
        identifier: full()?,
        root: Root::ZERO,
        data_round: Round(1),
        round_change_justification: repeated(&full()?)?,
        prepare_justification: repeated(&full()?)?,
    };
    let message = SignedSsvMessage {
        signatures: repeated(&full()?)?,
        operator_ids: repeated(&OperatorId(1))?,
        ssv_message: SsvMessage {
            msg_type: MsgType::Consensus,
            msg_id: MessageId([1; 56]),
            data: ByteList::new(inner.as_ssz_bytes())?,
        },
        full_data: full()?,
    };
    types::Wire::check_limits(&message, fork)?;
    Measured::new(&message).bytes("FullData", &message.full_data).check(9_114_816, true)
}

fn consensus_data() -> Result<()> {
    let duty = ValidatorDuty {
        role: BeaconRole::Proposer,
        public_key: PublicKeyBytes([1; 48]),
        slot: Slot(1),
        validator_index: ValidatorIndex(1),
        committee_index: CommitteeIndex(1),
        committee_length: 1,
        committees_at_slot: 1,
        validator_committee_index: 1,
        validator_sync_committee_indices: repeated(&1)?,
    };
    let data = ProposerConsensusData { duty, version: DataVersion::Deneb, data_ssz: full()? };
    Measured::new(&data).bytes("DataSSZ", &data.data_ssz).check(8_388_836, true)
}

fn aggregator_committee() -> Result<()> {
    let assigned = AssignedAggregator {
        validator_index: ValidatorIndex(1),
        selection_proof: SignatureBytes([1; 96]),
        committee_index: CommitteeIndex(1),
    };
    let contribution = SyncCommitteeContribution::<Mainnet> {
        slot: Slot(1),
        beacon_block_root: Root::ZERO,
        subcommittee_index: 1,
        aggregation_bits: ssz::BitVector::new(),
        signature: SignatureBytes([1; 96]),
    };
    let data = AggregatorCommitteeConsensusData::<Mainnet> {
        version: DataVersion::Electra,
        aggregators: repeated(&assigned)?,
        aggregators_committee_indexes: repeated(&CommitteeIndex(1))?,
        aggregated_attestations: repeated(&full()?)?,
        contributors: repeated(&assigned)?,
        sync_committee_contributions: repeated(&contribution)?,
    };
    Measured::new(&data).list("Aggregators", &data.aggregators).check(8_970_524, true)
}

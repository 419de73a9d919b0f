//! From what the beacon node gave to the own value in consensus.

use std::collections::BTreeSet;

use types::beacon::{
    AggregateAndProof, AggregateAndProofElectra, AnyContribution, AnyProposedBlock, AttestationElectra,
    SyncCommitteeContribution,
};
use types::consensus_data::{
    AggregatorCommitteeConsensusData, AssignedAggregator, Contribution, Contributions, ProposerConsensusData,
};
use types::{
    BeaconFork, BeaconRole, ByteList, CommitteeIndex, DataVersion, Decode, Encode, List, Mainnet, Minimal,
    Preset, PresetName, SignatureBytes, ValidatorDuty, ValidatorIndex,
};

use super::input::Aggregate;
use super::setup::{Plan, ProposalForm, RunnerSetup};

/// A validator that was selected, with its proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Selected {
    /// To aggregate attestations of a beacon committee.
    Aggregator { validator: ValidatorIndex, committee: CommitteeIndex, proof: SignatureBytes },
    /// To aggregate sync committee messages of a subcommittee.
    Contributor { validator: ValidatorIndex, subcommittee: u64, proof: SignatureBytes },
}

impl Selected {
    /// The entry of the duty that this is about.
    pub(super) const fn entry(self) -> (ValidatorIndex, BeaconRole) {
        match self {
            Self::Aggregator { validator, .. } => (validator, BeaconRole::Aggregator),
            Self::Contributor { validator, .. } => (validator, BeaconRole::SyncCommitteeContribution),
        }
    }

    pub(super) const fn committee(self) -> Option<CommitteeIndex> {
        match self {
            Self::Aggregator { committee, .. } => Some(committee),
            Self::Contributor { .. } => None,
        }
    }

    pub(super) const fn subcommittee(self) -> Option<u64> {
        match self {
            Self::Contributor { subcommittee, .. } => Some(subcommittee),
            Self::Aggregator { .. } => None,
        }
    }
}

/// The value of a proposal.
pub(super) fn of_block(
    duty: &ValidatorDuty,
    setup: &RunnerSetup,
    block: &AnyProposedBlock,
) -> Option<Vec<u8>> {
    let data = match setup.proposal_form {
        ProposalForm::Blinded => block.to_blinded().as_ssz_bytes(),
        ProposalForm::AsFetched => block.as_ssz_bytes(),
    };
    duty_value(duty, block.fork().data_version(), data)
}

fn duty_value(duty: &ValidatorDuty, version: DataVersion, data: Vec<u8>) -> Option<Vec<u8>> {
    let data_ssz = ByteList::new(data).ok()?;
    Some(ProposerConsensusData { duty: duty.clone(), version, data_ssz }.as_ssz_bytes())
}

/// The value of an aggregation, of whichever role; `None` if the beacon node gave nothing for anybody selected, or more than fits.
pub(super) fn of_aggregates(
    plan: &Plan,
    setup: &RunnerSetup,
    selected: &[Selected],
    aggregates: &[(CommitteeIndex, Aggregate)],
    contributions: &[AnyContribution],
) -> Option<Vec<u8>> {
    match setup.preset {
        PresetName::Mainnet => given::<Mainnet>(plan, setup, selected, aggregates, contributions),
        PresetName::Minimal => given::<Minimal>(plan, setup, selected, aggregates, contributions),
    }
}

fn given<P: Preset>(
    plan: &Plan,
    setup: &RunnerSetup,
    selected: &[Selected],
    aggregates: &[(CommitteeIndex, Aggregate)],
    contributions: &[AnyContribution],
) -> Option<Vec<u8>> {
    let contributions: Vec<SyncCommitteeContribution<P>> = contributions
        .iter()
        .filter_map(|any| SyncCommitteeContribution::from_ssz_bytes(&any.as_ssz_bytes()).ok())
        .collect();
    match plan {
        Plan::Aggregation(duty) => one_aggregate::<P>(duty, setup.beacon_fork, selected, aggregates),
        Plan::Contribution(duty) => one_validators_contributions(duty, selected, &contributions),
        Plan::AggregatorCommittee(_) => {
            committee_data(setup.beacon_fork, selected, aggregates, &contributions)
        }
        Plan::Proposal(_) | Plan::Registration(..) | Plan::Exit(..) => None,
    }
}

fn one_aggregate<P: Preset>(
    duty: &ValidatorDuty,
    fork: BeaconFork,
    selected: &[Selected],
    aggregates: &[(CommitteeIndex, Aggregate)],
) -> Option<Vec<u8>> {
    let Selected::Aggregator { validator, committee, proof } = *selected.first()? else { return None };
    let (_, aggregate) = aggregates.iter().find(|(index, _)| *index == committee)?;
    let (aggregator_index, selection_proof) = (validator, proof);
    let data = match aggregate {
        Aggregate::Phase0(aggregate) => {
            let aggregate = aggregate.clone();
            AggregateAndProof { aggregator_index, aggregate, selection_proof }.as_ssz_bytes()
        }
        Aggregate::Electra(any) => {
            let aggregate = AttestationElectra::<P>::from_ssz_bytes(&any.as_ssz_bytes()).ok()?;
            AggregateAndProofElectra { aggregator_index, aggregate, selection_proof }.as_ssz_bytes()
        }
    };
    duty_value(duty, fork.data_version(), data)
}

/// The reference gives this value the version of Altair whatever the fork.
fn one_validators_contributions<P: Preset>(
    duty: &ValidatorDuty,
    selected: &[Selected],
    contributions: &[SyncCommitteeContribution<P>],
) -> Option<Vec<u8>> {
    let entry = |selected: &Selected| {
        let Selected::Contributor { subcommittee, proof, .. } = *selected else { return None };
        let contribution = contributions.iter().find(|c| c.subcommittee_index == subcommittee)?.clone();
        Some(Contribution { selection_proof: proof, contribution })
    };
    let entries: Vec<_> = selected.iter().filter_map(entry).collect();
    if entries.is_empty() {
        return None;
    }
    let data = Contributions(List::new(entries).ok()?).as_ssz_bytes();
    duty_value(duty, DataVersion::Altair, data)
}

fn committee_data<P: Preset>(
    fork: BeaconFork,
    selected: &[Selected],
    aggregates: &[(CommitteeIndex, Aggregate)],
    contributions: &[SyncCommitteeContribution<P>],
) -> Option<Vec<u8>> {
    let mut data = AggregatorCommitteeConsensusData::<P> {
        version: fork.data_version(),
        aggregators: List::empty(),
        aggregators_committee_indexes: List::empty(),
        aggregated_attestations: List::empty(),
        contributors: List::empty(),
        sync_committee_contributions: List::empty(),
    };
    let (mut committees, mut subcommittees) = (BTreeSet::new(), BTreeSet::new());
    for selected in selected {
        match *selected {
            Selected::Aggregator { validator, committee, proof } => {
                let Some((_, aggregate)) = aggregates.iter().find(|(index, _)| *index == committee) else {
                    continue;
                };
                if committees.insert(committee) {
                    data.aggregators_committee_indexes.push(committee).ok()?;
                    data.aggregated_attestations.push(ByteList::new(bytes_of(aggregate)).ok()?).ok()?;
                }
                data.aggregators.push(assigned(validator, committee, proof)).ok()?;
            }
            Selected::Contributor { validator, subcommittee, proof } => {
                let Some(contribution) = contributions.iter().find(|c| c.subcommittee_index == subcommittee)
                else {
                    continue;
                };
                if subcommittees.insert(subcommittee) {
                    data.sync_committee_contributions.push(contribution.clone()).ok()?;
                }
                data.contributors.push(assigned(validator, CommitteeIndex(subcommittee), proof)).ok()?;
            }
        }
    }
    let nobody = data.aggregators.is_empty() && data.contributors.is_empty();
    (!nobody).then(|| data.as_ssz_bytes())
}

fn bytes_of(aggregate: &Aggregate) -> Vec<u8> {
    match aggregate {
        Aggregate::Phase0(aggregate) => aggregate.as_ssz_bytes(),
        Aggregate::Electra(aggregate) => aggregate.as_ssz_bytes(),
    }
}

const fn assigned(
    validator_index: ValidatorIndex,
    committee_index: CommitteeIndex,
    selection_proof: SignatureBytes,
) -> AssignedAggregator {
    AssignedAggregator { validator_index, selection_proof, committee_index }
}

//! From decided bytes to what is signed of them.

use types::beacon::{
    AggregateAndProof, AggregateAndProofElectra, AnyAggregateAndProof, AnyContributionAndProof,
    AnyProposedBlock, Attestation, AttestationElectra, ContributionAndProof,
};
use types::consensus_data::{
    AggregatorCommitteeConsensusData, AssignedAggregator, Contributions, ProposerConsensusData,
};
use types::{
    BeaconFork, BeaconRole, Decode, Encode, Mainnet, Minimal, Preset, PresetName, PublicKeyBytes,
    RefusalCode, Slot, ValidatorDuty, ValidatorIndex,
};

use super::effect::ShareTask;
use super::object::{AggregateObject, ShareObject};
use super::setup::{Plan, RunnerSetup};
use crate::refusal::Refusal;

/// A decided value, read.
#[derive(Debug)]
pub(super) struct Decision {
    /// The slot that bundles of its signatures carry.
    pub slot: Slot,
    /// The value as it was decided.
    pub bytes: Vec<u8>,
    /// The block, of a proposal.
    pub block: Option<AnyProposedBlock>,
    /// What is signed, with the kind of duty it fulfils.
    pub items: Vec<(ShareTask, BeaconRole)>,
}

/// Reads decided bytes as the role's type. What does not decode has no number in the reference.
pub(super) fn read(plan: &Plan, setup: &RunnerSetup, bytes: &[u8]) -> Result<Decision, Refusal> {
    match plan {
        Plan::Proposal(duty) => block(duty, setup, bytes),
        Plan::Aggregation(duty) => aggregate(duty, setup, bytes),
        Plan::Contribution(duty) => match setup.preset {
            PresetName::Mainnet => contributions::<Mainnet>(duty, setup, bytes),
            PresetName::Minimal => contributions::<Minimal>(duty, setup, bytes),
        },
        Plan::AggregatorCommittee(duty) => match setup.preset {
            PresetName::Mainnet => committee::<Mainnet>(duty.slot, setup, bytes),
            PresetName::Minimal => committee::<Minimal>(duty.slot, setup, bytes),
        },
        Plan::Registration(..) | Plan::Exit(..) => Err(Refusal::WrongPhase),
    }
}

fn duty_data(bytes: &[u8]) -> Result<ProposerConsensusData, Refusal> {
    ProposerConsensusData::from_ssz_bytes(bytes).map_err(|_| Refusal::Undecodable)
}

fn block(duty: &ValidatorDuty, setup: &RunnerSetup, bytes: &[u8]) -> Result<Decision, Refusal> {
    let data = duty_data(bytes)?;
    let block = data.block(setup.preset)?;
    let task = own(duty, ShareObject::Block(block.header()));
    Ok(Decision {
        slot: data.duty.slot,
        bytes: bytes.to_vec(),
        block: Some(block),
        items: vec![(task, BeaconRole::Proposer)],
    })
}

fn own(duty: &ValidatorDuty, object: ShareObject) -> ShareTask {
    ShareTask { public_key: duty.public_key, validator: duty.validator_index, object }
}

fn aggregate(duty: &ValidatorDuty, setup: &RunnerSetup, bytes: &[u8]) -> Result<Decision, Refusal> {
    let data = duty_data(bytes)?;
    let fork = data.version.fork().ok_or(Refusal::Undecodable)?;
    let object = if fork.has_electra_attestations() {
        AggregateObject::Electra(Box::new(electra(setup.preset, &data.data_ssz)?))
    } else {
        let aggregate = AggregateAndProof::from_ssz_bytes(&data.data_ssz);
        AggregateObject::Phase0(Box::new(aggregate.map_err(|_| Refusal::Undecodable)?))
    };
    let items = vec![(own(duty, ShareObject::Aggregate(object)), BeaconRole::Aggregator)];
    Ok(Decision { slot: data.duty.slot, bytes: bytes.to_vec(), block: None, items })
}

fn electra(preset: PresetName, bytes: &[u8]) -> Result<AnyAggregateAndProof, Refusal> {
    AnyAggregateAndProof::from_ssz_bytes(preset, bytes).map_err(|_| Refusal::Undecodable)
}

fn contributions<P: Preset>(
    duty: &ValidatorDuty,
    setup: &RunnerSetup,
    bytes: &[u8],
) -> Result<Decision, Refusal> {
    let data = duty_data(bytes)?;
    let contributions =
        Contributions::<P>::from_ssz_bytes(&data.data_ssz).map_err(|_| Refusal::Undecodable)?;
    let mut items = Vec::with_capacity(contributions.0.len());
    for entry in contributions.0 {
        let signed = ContributionAndProof {
            aggregator_index: duty.validator_index,
            contribution: entry.contribution,
            selection_proof: entry.selection_proof,
        };
        let object = contribution_object(setup.preset, &signed)?;
        items.push((own(duty, object), BeaconRole::SyncCommitteeContribution));
    }
    Ok(Decision { slot: data.duty.slot, bytes: bytes.to_vec(), block: None, items })
}

fn contribution_object<P: Preset>(
    preset: PresetName,
    signed: &ContributionAndProof<P>,
) -> Result<ShareObject, Refusal> {
    let any = AnyContributionAndProof::from_ssz_bytes(preset, &signed.as_ssz_bytes());
    Ok(ShareObject::Contribution(Box::new(any.map_err(|_| Refusal::Undecodable)?)))
}

/// All validators in the data that this operator has keys of, whether its own duty knows them or not: aggregators first. Where
/// the data say two different things of one validator's duty, the first counts.
fn committee<P: Preset>(slot: Slot, setup: &RunnerSetup, bytes: &[u8]) -> Result<Decision, Refusal> {
    let data =
        AggregatorCommitteeConsensusData::<P>::from_ssz_bytes(bytes).map_err(|_| Refusal::Undecodable)?;
    let mut items = Vec::new();
    for aggregator in &data.aggregators {
        if let Some(public_key) = key_of(setup, aggregator.validator_index) {
            let object = ShareObject::Aggregate(committee_aggregate(&data, aggregator, setup.preset)?);
            let validator = aggregator.validator_index;
            add(&mut items, ShareTask { public_key, validator, object }, BeaconRole::Aggregator);
        }
    }
    for contributor in &data.contributors {
        if let Some(public_key) = key_of(setup, contributor.validator_index) {
            let object = committee_contribution(&data, contributor, setup.preset)?;
            let validator = contributor.validator_index;
            let task = ShareTask { public_key, validator, object };
            add(&mut items, task, BeaconRole::SyncCommitteeContribution);
        }
    }
    Ok(Decision { slot, bytes: bytes.to_vec(), block: None, items })
}

/// The same object twice stays twice, as the reference has it: a validator may have two places in one subcommittee.
fn add(items: &mut Vec<(ShareTask, BeaconRole)>, task: ShareTask, role: BeaconRole) {
    let contradicts = |(other, other_role): &(ShareTask, BeaconRole)| {
        other.validator == task.validator
            && *other_role == role
            && other.object.subcommittee() == task.object.subcommittee()
            && other.object != task.object
    };
    if !items.iter().any(contradicts) {
        items.push((task, role));
    }
}

fn key_of(setup: &RunnerSetup, validator: ValidatorIndex) -> Option<PublicKeyBytes> {
    setup.keys.get(validator).map(|keys| keys.validator.to_bytes())
}

fn committee_aggregate<P: Preset>(
    data: &AggregatorCommitteeConsensusData<P>,
    aggregator: &AssignedAggregator,
    preset: PresetName,
) -> Result<AggregateObject, Refusal> {
    let place = data
        .aggregators_committee_indexes
        .iter()
        .position(|index| *index == aggregator.committee_index)
        .ok_or(RefusalCode::AggCommCommIdxMismatch)?;
    let bytes = data.aggregated_attestations.get(place).ok_or(RefusalCode::AggCommAggCommIdxCntMismatch)?;
    let fork: BeaconFork = data.version.fork().ok_or(RefusalCode::UnknownBlockVersion)?;
    let (aggregator_index, selection_proof) = (aggregator.validator_index, aggregator.selection_proof);
    if fork.has_electra_attestations() {
        let aggregate =
            AttestationElectra::<P>::from_ssz_bytes(bytes).map_err(|_| RefusalCode::UnmarshalSsz)?;
        let signed = AggregateAndProofElectra { aggregator_index, aggregate, selection_proof };
        return Ok(AggregateObject::Electra(Box::new(electra(preset, &signed.as_ssz_bytes())?)));
    }
    let aggregate = Attestation::from_ssz_bytes(bytes).map_err(|_| RefusalCode::UnmarshalSsz)?;
    let signed = AggregateAndProof { aggregator_index, aggregate, selection_proof };
    Ok(AggregateObject::Phase0(Box::new(signed)))
}

fn committee_contribution<P: Preset>(
    data: &AggregatorCommitteeConsensusData<P>,
    contributor: &AssignedAggregator,
    preset: PresetName,
) -> Result<ShareObject, Refusal> {
    let contribution = data
        .sync_committee_contributions
        .iter()
        .find(|contribution| contribution.subcommittee_index == contributor.committee_index.get())
        .ok_or(RefusalCode::AggCommSubnetNotInScSubnets)?;
    let signed = ContributionAndProof {
        aggregator_index: contributor.validator_index,
        contribution: contribution.clone(),
        selection_proof: contributor.selection_proof,
    };
    contribution_object(preset, &signed)
}

//! Rules 57 to 75: one operator's partial signatures.

use std::collections::BTreeMap;

use types::rules::GossipLimits;
use types::{PartialSignatureMessages, PartialSignatureType, RunnerRole, SsvFork};

use super::Subject;
use super::address::Executor;
use crate::refusal::Refusal;
use crate::seen::{Before, Observation, Phase};

/// Rules 57 and 59 to 65, and what rules 72 to 75 will say; rule 58 is the caller's.
pub(super) fn examine(
    subject: &Subject<'_>,
    bundle: &PartialSignatureMessages,
) -> Result<(Observation, Result<(), Refusal>), Refusal> {
    data_fits(subject)?;
    kind(subject, bundle)?;
    entries(subject, bundle)?;
    Ok((Observation::PartialSignatures(phase_of(bundle.msg_type)), count(subject, bundle)))
}

/// Rules 66 to 71.
pub(super) fn judge(
    subject: &Subject<'_>,
    bundle: &PartialSignatureMessages,
    before: &Before<'_>,
) -> Result<(), Refusal> {
    before.slot_is_not_behind()?;
    subject.duty_exists(bundle.slot, Some(bundle.msg_type))?;
    before.step_is_new()?;
    subject.arrived_in_time(bundle.slot)?;
    before.duty_is_within_limit()
}

/// Rule 57.
pub(super) fn data_fits(subject: &Subject<'_>) -> Result<(), Refusal> {
    let limit = GossipLimits::of(subject.fork).max_partial_signatures_len;
    if subject.message.ssv_message.data.len() > limit {
        return Err(Refusal::PartialSignaturesTooBig);
    }
    Ok(())
}

/// Rules 59 to 62.
fn kind(subject: &Subject<'_>, bundle: &PartialSignatureMessages) -> Result<(), Refusal> {
    if subject.message.operator_ids.len() != 1 {
        return Err(Refusal::PartialSignatureOneSigner);
    }
    if !subject.message.full_data.is_empty() {
        return Err(Refusal::FullDataNotInConsensus);
    }
    if !exists_in(bundle.msg_type, subject.fork) {
        return Err(Refusal::InvalidPartialSignatureType);
    }
    if !subject.role_rules()?.partial_types.contains(&bundle.msg_type) {
        return Err(Refusal::PartialSignatureTypeRoleMismatch);
    }
    Ok(())
}

const fn exists_in(kind: PartialSignatureType, fork: SsvFork) -> bool {
    match (kind, fork) {
        (
            PartialSignatureType::PostConsensus
            | PartialSignatureType::Randao
            | PartialSignatureType::ValidatorRegistration
            | PartialSignatureType::VoluntaryExit,
            SsvFork::Alan | SsvFork::Boole,
        )
        | (PartialSignatureType::SelectionProof | PartialSignatureType::ContributionProofs, SsvFork::Alan)
        | (PartialSignatureType::AggregatorCommittee, SsvFork::Boole) => true,
        (PartialSignatureType::SelectionProof | PartialSignatureType::ContributionProofs, SsvFork::Boole)
        | (PartialSignatureType::AggregatorCommittee, SsvFork::Alan)
        | (PartialSignatureType::Other(_), SsvFork::Alan | SsvFork::Boole) => false,
    }
}

/// Everything but the last phase counts as before consensus, as in the reference.
const fn phase_of(kind: PartialSignatureType) -> Phase {
    match kind {
        PartialSignatureType::PostConsensus => Phase::PostConsensus,
        PartialSignatureType::Randao
        | PartialSignatureType::SelectionProof
        | PartialSignatureType::ContributionProofs
        | PartialSignatureType::ValidatorRegistration
        | PartialSignatureType::VoluntaryExit
        | PartialSignatureType::AggregatorCommittee
        | PartialSignatureType::Other(_) => Phase::PreConsensus,
    }
}

/// Rules 63 to 65, the last two entry by entry.
fn entries(subject: &Subject<'_>, bundle: &PartialSignatureMessages) -> Result<(), Refusal> {
    if bundle.messages.is_empty() {
        return Err(Refusal::NoPartialSignatures);
    }
    let signer = subject.message.operator_ids.first().copied();
    for entry in &bundle.messages {
        if Some(entry.signer) != signer {
            return Err(Refusal::InconsistentSigners);
        }
        match subject.address.executor {
            Executor::Validator(_, index) if entry.validator_index != index => {
                return Err(Refusal::ValidatorIndexMismatch);
            }
            Executor::Validator(..) | Executor::Committee { .. } => {}
        }
    }
    Ok(())
}

/// How many entries a bundle may have, and how many of one validator.
struct CountLimits {
    entries: usize,
    per_validator: usize,
    above_per_validator: Refusal,
}

/// Rules 72 to 75.
fn count(subject: &Subject<'_>, bundle: &PartialSignatureMessages) -> Result<(), Refusal> {
    let limits = count_limits(subject);
    if bundle.messages.len() > limits.entries {
        return Err(Refusal::TooManyPartialSignatures);
    }
    let mut of_validator = BTreeMap::new();
    for entry in &bundle.messages {
        let count: &mut usize = of_validator.entry(entry.validator_index).or_default();
        *count = count.saturating_add(1);
        if *count > limits.per_validator {
            return Err(limits.above_per_validator);
        }
    }
    Ok(())
}

fn count_limits(subject: &Subject<'_>) -> CountLimits {
    let validators = match subject.address.executor {
        Executor::Committee { registered, .. } => registered,
        Executor::Validator(..) => 1,
    };
    let sync_committee = usize::try_from(subject.context.rules.network.preset.sync_committee_size());
    match subject.role() {
        // One attestation each, and one sync committee message for those that are in it.
        RunnerRole::Committee => CountLimits {
            entries: validators
                .saturating_mul(2)
                .min(validators.saturating_add(sync_committee.unwrap_or(usize::MAX))),
            per_validator: 2,
            above_per_validator: Refusal::TripleValidatorIndex,
        },
        // One aggregation, and one contribution for each of four subnets.
        RunnerRole::AggregatorCommittee => CountLimits {
            entries: validators.saturating_mul(13),
            per_validator: 5,
            above_per_validator: Refusal::SextupleValidatorIndex,
        },
        RunnerRole::SyncCommitteeContribution => CountLimits {
            entries: 13,
            per_validator: 13,
            above_per_validator: Refusal::TooManyPartialSignatures,
        },
        RunnerRole::Aggregator
        | RunnerRole::Proposer
        | RunnerRole::ValidatorRegistration
        | RunnerRole::VoluntaryExit
        | RunnerRole::Other(_) => CountLimits {
            entries: 1,
            per_validator: 1,
            above_per_validator: Refusal::TooManyPartialSignatures,
        },
    }
}

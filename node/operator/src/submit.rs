//! Signed objects, in the form of the beacon fork, to the beacon nodes.

use beacon::{Attestations, BeaconError};
use duty::{SignedObject, SigningObject, Submission, SubmitError};
use ssz::BitList;
use types::beacon::{Attestation, SingleAttestation, SyncCommitteeMessage};
use types::{BeaconRole, ValidatorIndex};

use crate::context::Context;

/// Which objects, and what became of them.
pub(crate) type Answer = (Vec<(ValidatorIndex, BeaconRole)>, Result<(), SubmitError>);

/// Submits all objects of one kind; the answer says for each what became of it.
pub(crate) async fn submit(context: &Context, submission: Submission) -> Vec<Answer> {
    let objects = submission.objects;
    let is_sync = objects.first().is_some_and(|object| object.duty.role == BeaconRole::SyncCommittee);
    let result =
        if is_sync { sync_messages(context, &objects).await } else { attestations(context, &objects).await };
    let all: Vec<_> = objects.iter().map(|object| (object.duty.validator_index, object.duty.role)).collect();
    match result {
        Ok(submission) => split(&all, &submission),
        Err(error) => {
            tracing::warn!(count = all.len(), %error, "submission failed");
            let unanswered = matches!(error, BeaconError::NoUsableNode { .. }) || !was_refused(&error);
            vec![(all, Err(if unanswered { SubmitError::Unanswered } else { SubmitError::Refused }))]
        }
    }
}

/// Whether some node answered, and said no.
fn was_refused(error: &BeaconError) -> bool {
    match error {
        BeaconError::AllFailed { attempts, .. } => {
            attempts.iter().any(|(_, attempt)| !attempt.is_transport())
        }
        BeaconError::NoUsableNode { .. } | BeaconError::Unsendable { .. } => false,
    }
}

fn split(all: &[(ValidatorIndex, BeaconRole)], submission: &beacon::Submission) -> Vec<Answer> {
    let mut refused = Vec::new();
    for failure in &submission.refused {
        if let Some(object) = all.get(failure.index) {
            tracing::warn!(validator = %object.0, reason = %failure.message, "a beacon node refused the object");
            refused.push(*object);
        }
    }
    let accepted: Vec<_> = all.iter().filter(|object| !refused.contains(object)).copied().collect();
    let answers = [(accepted, Ok(())), (refused, Err(SubmitError::Refused))];
    answers.into_iter().filter(|(objects, _)| !objects.is_empty()).collect()
}

async fn attestations(
    context: &Context,
    objects: &[SignedObject],
) -> Result<beacon::Submission, BeaconError> {
    let rules = context.clock.rules();
    let slot = objects.first().map_or_else(Default::default, |object| object.duty.slot);
    let fork = rules.beacon.fork_at(rules.network.epoch_of(slot));
    if fork.has_electra_attestations() {
        let single: Vec<_> = objects.iter().filter_map(single).collect();
        return context.beacon.submit_attestations(fork, Attestations::Single(&single)).await;
    }
    let committee: Vec<_> = objects.iter().filter_map(in_committee).collect();
    context.beacon.submit_attestations(fork, Attestations::Committee(&committee)).await
}

fn single(object: &SignedObject) -> Option<SingleAttestation> {
    let SigningObject::Attestation(data) = &object.object else { return None };
    Some(SingleAttestation {
        committee_index: object.duty.committee_index,
        attester_index: object.duty.validator_index,
        data: *data,
        signature: object.signature,
    })
}

fn in_committee(object: &SignedObject) -> Option<Attestation> {
    let SigningObject::Attestation(data) = &object.object else { return None };
    let length = usize::try_from(object.duty.committee_length).ok()?;
    let mut aggregation_bits = BitList::with_capacity(length).ok()?;
    aggregation_bits.set(usize::try_from(object.duty.validator_committee_index).ok()?, true).ok()?;
    Some(Attestation { aggregation_bits, data: *data, signature: object.signature })
}

async fn sync_messages(
    context: &Context,
    objects: &[SignedObject],
) -> Result<beacon::Submission, BeaconError> {
    let message = |object: &SignedObject| {
        let SigningObject::SyncMessage(beacon_block_root) = &object.object else { return None };
        Some(SyncCommitteeMessage {
            slot: object.duty.slot,
            beacon_block_root: *beacon_block_root,
            validator_index: object.duty.validator_index,
            signature: object.signature,
        })
    };
    let messages: Vec<_> = objects.iter().filter_map(message).collect();
    context.beacon.submit_sync_messages(&messages).await
}

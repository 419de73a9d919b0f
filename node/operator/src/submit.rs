//! Signed objects, in the form of the beacon fork, to the beacon nodes.

use std::fmt;

use beacon::{Attestations, BeaconError, CallError};
use duty::collector::SignatureSlot;
use duty::runner::{AggregateObject, ShareObject, SignedShareObject};
use duty::{SignedObject, SigningObject, SubmitError};
use ssz::BitList;
use types::beacon::{
    AnySignedProposal, Attestation, SignedVoluntaryExit, SingleAttestation, SyncCommitteeMessage,
};
use types::{BeaconRole, Slot, ValidatorIndex};

use crate::clock::unix_millis;
use crate::context::Context;
use crate::run::Scope;
use crate::together::Refused;

/// How long to wait before it is looked again whether the chain has a block, in milliseconds.
const LOOK_AGAIN: u64 = 100;

/// Which objects, and what became of them.
pub(crate) type Answer<K> = (Vec<K>, Result<(), SubmitError>);

/// The name of a vote or sync committee message in its duty.
type Entry = (ValidatorIndex, BeaconRole);

/// Submits all votes or all sync committee messages; the answer says for each what became of it.
pub(crate) async fn submit_votes(context: &Context, submission: duty::Submission) -> Vec<Answer<Entry>> {
    let objects = submission.objects;
    let is_sync = objects.first().is_some_and(|object| object.duty.role == BeaconRole::SyncCommittee);
    let result =
        if is_sync { sync_messages(context, &objects).await } else { attestations(context, &objects).await };
    let all: Vec<_> = objects.iter().map(|object| (object.duty.validator_index, object.duty.role)).collect();
    let slot = submission.slot;
    answers(all, result, |entry, said| {
        context.ledger.note_one(slot, entry, |record| record.note_answer(said));
    })
}

/// Submits a block, or objects of one kind; the answer says for each what became of it.
pub(crate) async fn submit(
    context: &Context,
    scope: Scope,
    submission: duty::runner::Submission,
) -> Vec<Answer<SignatureSlot>> {
    let note = |slot: SignatureSlot, said: &str| {
        let one = Scope { validator: Some(slot.validator), ..scope };
        context.ledger.note(one, |record| record.note_answer(said));
    };
    match submission {
        duty::runner::Submission::Block { slot, proposal } => {
            answers(vec![slot], block(context, scope.slot, &proposal).await, note)
        }
        duty::runner::Submission::Objects(objects) => {
            let all = objects.iter().map(|object| object.slot).collect();
            answers(all, objects_of_one_kind(context, scope.slot, objects).await, note)
        }
    }
}

/// Publishes a block. All operators do, and a node may refuse it: because it has it from another operator already, or because it was made by
/// another operator's node, which alone has what a blinded block leaves out. So what counts is whether the chain has it by the end of
/// its slot.
async fn block(context: &Context, slot: Slot, proposal: &AnySignedProposal) -> Result<Refused, BeaconError> {
    let (root, blinded, clock) = (proposal.block_root(), proposal.is_blinded(), &context.clock);
    let end = clock.start_of(slot.next());
    let knows = || async { context.beacon.block_votes(root).await.is_ok() };
    let wait = || async {
        clock.sleep_until(unix_millis().saturating_add(LOOK_AGAIN).min(end)).await;
        unix_millis() < end
    };
    published(context.beacon.publish_block(proposal), knows, wait).await?;
    tracing::info!(%root, blinded, "block published");
    Ok(Refused::new())
}

/// Whether a block is out: it was taken, or some node `knows` it while `wait` says that there is time.
async fn published<E: fmt::Display, K: Future<Output = bool>, W: Future<Output = bool>>(
    publish: impl Future<Output = Result<(), E>>,
    knows: impl Fn() -> K,
    wait: impl Fn() -> W,
) -> Result<(), E> {
    let Err(error) = publish.await else { return Ok(()) };
    tracing::debug!(%error, "the beacon nodes do not take the block; another operator's may have it out");
    loop {
        if knows().await {
            return Ok(());
        }
        if !wait().await {
            return Err(error);
        }
    }
}

async fn objects_of_one_kind(
    context: &Context,
    slot: Slot,
    objects: Vec<SignedShareObject>,
) -> Result<Refused, BeaconError> {
    let rules = context.clock.rules();
    let fork = rules.beacon.fork_at(rules.network.epoch_of(slot));
    let (mut aggregates, mut contributions) = (Vec::new(), Vec::new());
    for SignedShareObject { object, signature, .. } in objects {
        match object {
            ShareObject::Aggregate(AggregateObject::Phase0(message)) => {
                aggregates.push(message.sign(signature));
            }
            ShareObject::Aggregate(AggregateObject::Electra(message)) => {
                aggregates.push(message.sign(signature));
            }
            ShareObject::Contribution(message) => contributions.push(message.sign(signature)),
            ShareObject::Registration(message) => {
                let signed = message.sign(signature);
                context.registrations.hold(signed);
                context.beacon.register_validators(&[signed]).await?;
            }
            ShareObject::Exit(message) => hand_in(context, slot, &message.sign(signature)).await,
            // Nobody submits these: they are for the way to a block or an aggregate.
            ShareObject::Randao(_)
            | ShareObject::Block(_)
            | ShareObject::SlotSelection(_)
            | ShareObject::SyncSelection(_) => {}
        }
    }
    if !aggregates.is_empty() {
        return context.aggregates.submit(fork, aggregates).await;
    }
    if !contributions.is_empty() {
        return context.contributions.submit(fork, contributions).await;
    }
    Ok(Refused::new())
}

/// Offers an exit in every slot until a beacon node takes it or the chain knows of it: it is asked for once, and it may come too early for a
/// young validator. Then the request is struck out.
async fn hand_in(context: &Context, slot: Slot, exit: &SignedVoluntaryExit) {
    let validator = exit.message.validator_index;
    loop {
        match context.beacon.submit_exit(exit).await {
            Ok(()) => tracing::info!(%validator, epoch = %exit.message.epoch, "voluntary exit handed in"),
            Err(_) if context.roster.leaves(validator) => {
                tracing::info!(%validator, "the chain knows of the exit already");
            }
            Err(error) => {
                tracing::warn!(%validator, %error, "the exit is not taken; offering it again in the next slot");
                context.clock.sleep_until(context.clock.start_of(context.clock.slot().next())).await;
                continue;
            }
        }
        let done = context.exits.pending().into_iter().filter(|pending| pending.slot == slot);
        for exit in done.filter(|pending| context.roster.index_of(&pending.validator) == Some(validator)) {
            context.exits.done(exit).await;
        }
        return;
    }
}

/// What became of each object; what the beacon nodes said of those that failed is noted.
fn answers<K: Copy + PartialEq>(
    all: Vec<K>,
    result: Result<Refused, BeaconError>,
    note: impl Fn(K, &str),
) -> Vec<Answer<K>> {
    match result {
        Ok(failures) => split(&all, &failures, note),
        Err(error) => {
            let said = error.to_string();
            all.iter().for_each(|object| note(*object, &said));
            tracing::warn!(count = all.len(), %error, "submission failed");
            let refused = was_refused(&error);
            vec![(all, Err(if refused { SubmitError::Refused } else { SubmitError::Unanswered }))]
        }
    }
}

/// Whether some node answered, and said no.
fn was_refused(error: &BeaconError) -> bool {
    let refuses = |attempt: &CallError| matches!(attempt, CallError::Status { .. } | CallError::Malformed(_));
    match error {
        BeaconError::AllFailed { attempts, .. } => attempts.iter().any(|(_, attempt)| refuses(attempt)),
        BeaconError::NoUsableNode { .. } | BeaconError::Unsendable { .. } => false,
    }
}

fn split<K: Copy + PartialEq>(all: &[K], failures: &Refused, note: impl Fn(K, &str)) -> Vec<Answer<K>> {
    let mut refused = Vec::new();
    for failure in failures {
        if let Some(object) = all.get(failure.index) {
            tracing::warn!(index = failure.index, reason = %failure.message, "a beacon node refused the object");
            note(*object, &failure.message);
            refused.push(*object);
        }
    }
    let accepted: Vec<_> = all.iter().filter(|object| !refused.contains(object)).copied().collect();
    let answers = [(accepted, Ok(())), (refused, Err(SubmitError::Refused))];
    answers.into_iter().filter(|(objects, _)| !objects.is_empty()).collect()
}

async fn attestations(context: &Context, objects: &[SignedObject]) -> Result<Refused, BeaconError> {
    let rules = context.clock.rules();
    let slot = objects.first().map_or_else(Default::default, |object| object.duty.slot);
    let fork = rules.beacon.fork_at(rules.network.epoch_of(slot));
    if fork.has_electra_attestations() {
        let single: Vec<_> = objects.iter().filter_map(single).collect();
        let done = context.beacon.submit_attestations(fork, Attestations::Single(&single)).await;
        return done.map(|done| done.refused);
    }
    let committee: Vec<_> = objects.iter().filter_map(in_committee).collect();
    let done = context.beacon.submit_attestations(fork, Attestations::Committee(&committee)).await;
    done.map(|done| done.refused)
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

async fn sync_messages(context: &Context, objects: &[SignedObject]) -> Result<Refused, BeaconError> {
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
    context.beacon.submit_sync_messages(&messages).await.map(|done| done.refused)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::ready;

    use super::*;

    /// How a block ends whose publication is answered so, which the chain has at the look with number `known`, where there is time for
    /// `looks`; and how often it was looked.
    async fn end_of(answer: Result<(), &'static str>, known: u32, looks: u32) -> (bool, u32) {
        let count = Cell::new(0);
        let knows = || {
            count.set(count.get() + 1);
            ready(count.get() >= known)
        };
        let is_out = published(ready(answer), knows, || ready(count.get() < looks)).await;
        assert!(is_out.is_ok() || is_out == answer);
        (is_out.is_ok(), count.get())
    }

    /// Only the leader's beacon node has the rest of a local block that was decided in its blinded form; it takes a moment to come round.
    #[tokio::test]
    async fn a_refused_block_that_the_chain_has_by_the_end_of_the_slot_is_out() {
        assert_eq!(end_of(Ok(()), 1, 9).await, (true, 0), "taken");
        assert_eq!(end_of(Err("known"), 1, 9).await, (true, 1), "there already");
        assert_eq!(end_of(Err("no payload"), 4, 9).await, (true, 4), "there a moment later");
        assert_eq!(end_of(Err("no payload"), 10, 9).await, (false, 9), "not there when the slot ends");
    }
}

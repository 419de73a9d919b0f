//! What consensus will be about, from the own beacon nodes: blocks, aggregates and contributions.
//!
//! * A block is asked for after the configured delay, and again in the first half of the slot: one that comes later is decided too late. Which of a local and a
//!   builder's block it is, is the beacon node's choice by the configured boost. When no block is there after [`patience`], a local one is
//!   asked for beside it, and the first that comes is proposed: no relay costs more than that.
//! * Aggregates are asked for at two thirds of the slot: then the votes are there. They are of the data that the own beacon node gave for the
//!   slot; a contribution is of the head of the same data. What cannot be had is left out.

use std::time::Duration;

use beacon::{BeaconError, ProducedBlock};
use duty::runner::{Aggregate, Fetch, Fetched};
use futures::future::{Either, join_all, select};
use tokio::sync::oneshot;
use tokio::time::timeout;
use types::beacon::{AnyContribution, AttestationData};
use types::{CommitteeIndex, RunnerRole, SignatureBytes, Slot, TreeHash};

use crate::clock::unix_millis;
use crate::context::Context;
use crate::proposals::LOCAL;
use crate::worth;

/// How long to wait before a block is asked for again.
const RETRY: Duration = Duration::from_millis(100);

/// Takes what the beacon nodes say where they give nothing.
type Note<'a> = dyn Fn(&str) + Send + Sync + 'a;

/// Asks; `None` if no beacon node gave anything while it was worth something.
pub(crate) async fn fetch(
    context: &Context,
    role: RunnerRole,
    question: Fetch,
    note: &Note<'_>,
) -> Option<Fetched> {
    match question {
        Fetch::Block { slot, randao_reveal } => block(context, slot, randao_reveal, note).await,
        Fetch::Aggregates { slot, committees, subcommittees } => {
            let (clock, rules) = (&context.clock, &context.clock.rules().network);
            let due = worth::due_millis(rules, role, slot);
            clock.sleep_until(clock.start_of(slot).saturating_add(due)).await;
            aggregates(context, slot, (&committees, &subcommittees), note).await
        }
    }
}

async fn block(context: &Context, slot: Slot, randao: SignatureBytes, note: &Note<'_>) -> Option<Fetched> {
    let clock = &context.clock;
    // Beyond that the slot's votes would be for the block before.
    let delay = context.proposals.delay_millis.min(clock.rules().network.slot_millis() / 6);
    clock.sleep_until(clock.start_of(slot).saturating_add(delay)).await;
    let last = clock.start_of(slot).saturating_add(clock.rules().network.slot_millis() / 2);
    while unix_millis() < last {
        match ask_for_block(context, slot, randao).await {
            Ok(ProducedBlock { proposal, node }) => {
                tracing::debug!(%slot, %node, blinded = proposal.is_blinded(), "a block to propose");
                return Some(Fetched::Block(Box::new(proposal)));
            }
            Err(error) => {
                note(&error.to_string());
                tracing::warn!(%slot, %error, "no block yet");
            }
        }
        tokio::time::sleep(RETRY).await;
    }
    None
}

/// How long a builder's block is waited for before a local one is asked for: half of what lies between the start of a slot and its votes.
fn patience(slot_millis: u64) -> Duration {
    Duration::from_millis(slot_millis / 6)
}

async fn ask_for_block(
    context: &Context,
    slot: Slot,
    randao: SignatureBytes,
) -> Result<ProducedBlock, BeaconError> {
    let settings = &context.proposals;
    let ask = |boost| context.beacon.produce_block(slot, randao, settings.graffiti, boost, None);
    let boost = settings.boost();
    if boost == LOCAL {
        return ask(LOCAL).await;
    }
    let patience = patience(context.clock.rules().network.slot_millis());
    in_time(ask(boost), patience, || {
        tracing::debug!(%slot, "no block in time: a local one is asked for");
        ask(LOCAL)
    })
    .await
}

/// The first good answer: of `best`, or of `other`, which is asked once, when `best` has failed or `patience` is over.
async fn in_time<T, E, F: Future<Output = Result<T, E>>>(
    best: impl Future<Output = Result<T, E>>,
    patience: Duration,
    other: impl FnOnce() -> F,
) -> Result<T, E> {
    let (fail, failed) = oneshot::channel::<()>();
    let best = std::pin::pin!(best);
    let late = std::pin::pin!(async {
        let _ = timeout(patience, failed).await;
        other().await
    });
    match select(best, late).await {
        Either::Left((Ok(answer), _)) | Either::Right((Ok(answer), _)) => Ok(answer),
        Either::Left((Err(_), late)) => {
            drop(fail);
            late.await
        }
        Either::Right((Err(_), best)) => best.await,
    }
}

async fn aggregates(
    context: &Context,
    slot: Slot,
    (committees, subcommittees): (&[CommitteeIndex], &[u64]),
    note: &Note<'_>,
) -> Option<Fetched> {
    let data = context.views.data(slot, None).await?;
    let aggregates = join_all(committees.iter().map(|committee| aggregate(context, &data, *committee, note)));
    let contributions =
        join_all(subcommittees.iter().map(|subcommittee| contribution(context, &data, *subcommittee, note)));
    let (aggregates, contributions) = tokio::join!(aggregates, contributions);
    let aggregates: Vec<_> = aggregates.into_iter().flatten().collect();
    let contributions: Vec<_> = contributions.into_iter().flatten().collect();
    let nothing = aggregates.is_empty() && contributions.is_empty();
    (!nothing).then_some(Fetched::Aggregates { aggregates, contributions })
}

async fn aggregate(
    context: &Context,
    data: &AttestationData,
    committee: CommitteeIndex,
    note: &Note<'_>,
) -> Option<(CommitteeIndex, Aggregate)> {
    let rules = context.clock.rules();
    let fork = rules.beacon.fork_at(rules.network.epoch_of(data.slot));
    let index = if fork.has_electra_attestations() { CommitteeIndex(0) } else { committee };
    let root = AttestationData { index, ..*data }.tree_hash_root();
    let ask = context.beacon.aggregate(data.slot, fork, root, committee);
    match context.given_aggregates.get((root, committee), ask).await {
        Ok(beacon::Aggregate::Phase0(aggregate)) => Some((committee, Aggregate::Phase0(aggregate))),
        Ok(beacon::Aggregate::Electra(aggregate)) => Some((committee, Aggregate::Electra(aggregate))),
        Err(error) => {
            note(&error.to_string());
            tracing::warn!(slot = %data.slot, %committee, %error, "no aggregate");
            None
        }
    }
}

async fn contribution(
    context: &Context,
    data: &AttestationData,
    subcommittee: u64,
    note: &Note<'_>,
) -> Option<AnyContribution> {
    let question = (data.slot, data.beacon_block_root, subcommittee);
    let ask = context.beacon.contribution(data.slot, subcommittee, data.beacon_block_root);
    match context.given_contributions.get(question, ask).await {
        Ok(contribution) => Some(contribution),
        Err(error) => {
            note(&error.to_string());
            tracing::warn!(slot = %data.slot, subcommittee, %error, "no contribution");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::future::{pending, ready};

    type Answer = Result<&'static str, &'static str>;

    async fn first(best: impl Future<Output = Answer>, other: Answer) -> Answer {
        in_time(best, Duration::ZERO, || ready(other)).await
    }

    #[tokio::test]
    async fn no_relay_is_waited_for_beyond_patience_and_none_is_needed() {
        assert_eq!(first(ready(Ok("builder's")), Ok("local")).await, Ok("builder's"));
        assert_eq!(first(pending(), Ok("local")).await, Ok("local"), "a relay that is silent");
        assert_eq!(first(ready(Err("garbage")), Ok("local")).await, Ok("local"));
        assert_eq!(first(ready(Err("garbage")), Err("no")).await, Err("no"));
        let (tell, told) = tokio::sync::oneshot::channel();
        let slow = async { told.await.unwrap_or(Err("gone")) };
        let (answer, ()) = tokio::join!(first(slow, Err("no local one")), async {
            tokio::task::yield_now().await;
            tell.send(Ok("builder's")).unwrap();
        });
        assert_eq!(answer, Ok("builder's"), "late, but all there is");
    }

    #[tokio::test]
    async fn a_local_block_that_is_asked_for_already_is_not_asked_for_again() {
        let (fail, failed) = tokio::sync::oneshot::channel::<()>();
        let (give, given) = tokio::sync::oneshot::channel();
        let (fail, given, asked) = (Cell::new(Some(fail)), Cell::new(Some(given)), Cell::new(0));
        // The builder's answer fails when the local block is under way, and that one comes then.
        let best = async {
            assert!(failed.await.is_err() && give.send(Ok("local")).is_ok());
            Err("garbage")
        };
        let other = || {
            asked.set(asked.get() + 1);
            drop(fail.take());
            let given = given.take();
            async move { given.ok_or("asked again")?.await.unwrap_or(Err("gone")) }
        };
        let answer = in_time(best, Duration::ZERO, other).await;
        assert_eq!((answer, asked.get()), (Ok("local"), 1));
    }
}

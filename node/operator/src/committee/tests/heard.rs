//! What the ledger hears of a duty: the own messages and those of the others, late ones included.

use outbox::{DutyRecord, Outcome};

use super::promise::run;
use super::*;

fn record(world: &World) -> DutyRecord {
    world.context.ledger.of_slot(world.slot).unwrap().remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operators_words_and_the_own_ones_have_their_time() {
    let mut world = World::new().await;
    let _witness = Witness::of(&mut world).await;
    let (own, others) = (world.own, members().into_iter().filter(|id| *id != world.own));
    let others: Vec<_> = others.collect();
    run(&mut world).await;
    let record = record(&world);
    assert_eq!((&record.operators, record.own_operator), (&members(), Some(own)));
    let heard = &record.heard;
    assert_eq!(heard.round, Some(Round(1)));
    assert_eq!(heard.proposals.keys().collect::<Vec<_>>(), [&own], "this operator leads");
    assert!(others.iter().all(|operator| heard.commits.contains_key(operator)), "{heard:?}");
    assert_eq!(heard.post_signatures.keys().collect::<Vec<_>>(), [&own]);
    let round = record.rounds[&Round(1)];
    assert_eq!(round.leader, Some(own));
    assert!(record.micros.scheduled.is_some() && record.micros.decided.is_some());
}

/// What nobody was told is not said, however well the own machine counts it.
#[tokio::test(flavor = "multi_thread")]
async fn own_words_that_reach_nobody_are_not_noted_and_the_record_warns() {
    let mut world = World::new().await;
    let own = world.own;
    run(&mut world).await;
    let record = record(&world);
    let heard = &record.heard;
    assert!(heard.proposals.is_empty() && heard.post_signatures.is_empty(), "{heard:?}");
    assert!(!heard.prepares.contains_key(&own) && !heard.commits.contains_key(&own), "{heard:?}");
    assert_eq!(record.warnings, ["not_published"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_after_the_end_of_a_duty_is_noted_and_waits_to_be_written() {
    let mut world = World::new().await;
    run(&mut world).await;
    world.give_up().await;
    assert_eq!(record(&world).outcome, Outcome::Failed);
    let _written = world.context.ledger.of_committee(world.slot, id());
    assert!(world.context.ledger.unwritten(world.slot).is_empty());
    let heard_before = record(&world).heard.prepares.len();
    let late = world.prepare_of(members().into_iter().find(|id| *id != world.own).unwrap());
    world.committee.open(late).await;
    assert_eq!(record(&world).heard.prepares.len(), heard_before + 1);
    assert_eq!(world.context.ledger.unwritten(world.slot), [(world.slot, id())]);
}

//! Promise 5: the bounds of a committee's mailbox and of its early messages; and that its task leaves no duty open.

use futures::FutureExt;
use tokio::task::unconstrained;

use super::*;
use crate::early;
use crate::routes::Routes;

fn message(world: &World) -> SignedSsvMessage {
    let Letter::Message { message, .. } = world.decided() else { panic!("it is a message") };
    message
}

fn dropped(world: &World, reason: &str) -> u64 {
    world.context.drops.all().into_iter().find(|(name, _)| *name == reason).unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_messages_leaves_room_for_duties_and_answers() {
    let world = World::new().await;
    let message = message(&world);
    let taken = (0..MAILBOX * 2).filter(|_| world.mailbox.offer(world.id(), message.clone())).count();
    assert_eq!(taken, MAILBOX - RESERVED);
    let send = || unconstrained(world.mailbox.send(world.begin())).now_or_never();
    for _ in 0..RESERVED {
        assert_eq!(send(), Some(()), "a duty finds a place");
    }
    assert_eq!(send(), None, "then it waits: the mailbox is bounded");
}

#[tokio::test(flavor = "multi_thread")]
async fn early_messages_are_held_up_to_their_bound_and_then_counted() {
    let mut world = World::new().await;
    let (message, later) = (message(&world), Slot(world.slot.get() + 100));
    let id = RunId { slot: later, ..world.id() };
    for _ in 0..early::CAPACITY + 3 {
        world.committee.open(Letter::Message { id, message: message.clone() }).await;
    }
    assert_eq!(world.committee.early.len(), early::CAPACITY);
    assert_eq!(dropped(&world, "too_many_early"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_a_duty_that_has_ended_take_no_place() {
    let mut world = World::new().await;
    let prepare = world.assignment();
    world.committee.open(prepare).await;
    world.committee.open(Letter::Leave).await;
    assert!(world.committee.runs.is_empty());
    let late = world.decided();
    world.committee.open(late).await;
    assert_eq!(world.committee.early.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duty_that_is_prepared_while_its_committee_leaves_is_ended() {
    let world = World::new().await;
    world.mailbox.send(Letter::Leave).await;
    world.mailbox.send(world.assignment()).await;
    assert_eq!(world.context.ledger.balance().running, 1);
    assert_eq!(reason_at_the_end(world).await.as_deref(), Some("committee_left"));
}

/// Nobody but this node is to blame for that.
#[tokio::test(flavor = "multi_thread")]
async fn a_duty_that_runs_while_the_node_stops_is_ended_and_says_so() {
    let world = World::new().await;
    world.mailbox.send(world.assignment()).await;
    assert_eq!(reason_at_the_end(world).await.as_deref(), Some("node_stopped"));
}

/// Lets the committee's task open what lies in its mailbox, and end; why its one duty failed.
async fn reason_at_the_end(world: World) -> Option<String> {
    let World { committee, mailbox, letters, context, slot, .. } = world;
    drop(mailbox);
    committee.run(letters).await;
    let balance = context.ledger.balance();
    assert_eq!((balance.scheduled, balance.failed, balance.running), (1, 1, 0));
    context.ledger.of_slot(slot).unwrap().remove(0).reason
}

/// What a duty of another role does must not end the vote, and each ends in its time.
#[tokio::test(flavor = "multi_thread")]
async fn duties_are_given_up_when_they_are_worth_nothing() {
    let mut world = World::new().await;
    let prepare = world.assignment();
    world.committee.open(prepare).await;
    let epoch = world.context.clock.rules().network.slots_per_epoch();
    let last = world.slot.saturating_add(epoch);
    world.committee.open(Letter::Tick { slot: last }).await;
    assert_eq!(world.context.ledger.balance().running, 1);
    world.committee.open(Letter::Tick { slot: last.next() }).await;
    assert_eq!((world.context.ledger.balance().running, world.committee.runs.len()), (0, 0));
}

/// A defect in a machine costs the committee its running duties, not the books their balance.
#[tokio::test(flavor = "multi_thread")]
async fn the_duties_of_a_task_that_failed_are_ended() {
    let world = World::new().await;
    let _prepared = world.assignment();
    assert_eq!(world.context.ledger.balance().running, 1);
    world.context.end_all(CommitteeId([9; 32]), FailureReason::NodeStopped);
    assert_eq!(world.context.ledger.balance().running, 1, "another committee");
    world.context.end_all(id(), FailureReason::NodeStopped);
    let balance = world.context.ledger.balance();
    assert_eq!((balance.failed, balance.running), (1, 0));
}

/// Promise 4: one committee is handled by one task, and by a new one only when the old one is gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_committee_has_one_task() {
    let World { context, letters, mailbox, .. } = World::new().await;
    let routes = Routes::default();
    let first = routes.mailbox(id(), &context);
    assert!(first.0.same_channel(&routes.mailbox(id(), &context).0));

    drop(letters);
    routes.put(id(), mailbox.clone());
    let again = routes.mailbox(id(), &context);
    assert!(!again.0.same_channel(&mailbox.0) && !again.is_closed());
}

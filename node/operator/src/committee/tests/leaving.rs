//! An exit that the others completed without this operator: the chain knows of it, and nobody sends partial signatures again.

use beacon::{Validator, ValidatorStatus};
use registry::{BlockRef, ExitRequest};

use super::registered::own_validator;
use super::*;
use crate::book::DutyBook;
use crate::changes::Changes;
use crate::exits;
use crate::routes::Routes;
use crate::schedule::Schedule;

/// A world whose validator's owner has asked for its exit, and its schedule.
async fn asked() -> (World, Schedule) {
    let world = World::new().await;
    let context = &world.context;
    let mut directory = Directory::clone(&context.directory.load());
    directory.own.insert(public(50), Arc::new(own_validator(&world)));
    context.directory.store(Arc::new(directory));
    let routes = Arc::new(Routes::default());
    routes.put(id(), world.mailbox.clone());
    let exit = vault::PendingExit { slot: world.slot, validator: public(50) };
    world.vault.put_exit(exit).unwrap();
    let request = ExitRequest {
        validator: public(50),
        own: true,
        block: BlockRef { number: 7, hash: Root::ZERO },
        timestamp: context.clock.start_of(world.slot.saturating_sub(4)) / 1_000,
    };
    context.exits.ask(request).await;
    assert_eq!(context.exits.pending(), [exit]);
    let book = Arc::new(DutyBook::default());
    let heads = tokio::sync::watch::channel(None).1;
    let changes = Changes::new(tokio::sync::broadcast::channel(1).1);
    let schedule = Schedule { context: Arc::clone(context), book, routes, heads, changes };
    (world, schedule)
}

/// What the chain says of the validator.
fn says(world: &World, status: ValidatorStatus, exit_epoch: Epoch) {
    let validator = Validator {
        public_key: public(50),
        index: VALIDATOR,
        status,
        activation_epoch: Epoch(0),
        exit_epoch,
    };
    world.context.roster.add(&[validator]);
}

async fn open_all(world: &mut World) {
    while let Ok(letter) = world.letters.try_recv() {
        world.committee.open(letter).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exit_that_the_chain_knows_of_is_done() {
    let (mut world, mut schedule) = asked().await;
    says(&world, ValidatorStatus::ActiveOngoing, Epoch::FAR_FUTURE);
    let votes = schedule.prepare(world.slot).await;
    open_all(&mut world).await;
    assert!(votes.is_empty());
    assert_eq!((world.committee.runs.len(), world.context.ledger.balance().running), (1, 1));

    says(&world, ValidatorStatus::ActiveExiting, Epoch(9_000));
    for written in exits::strike_out(&world.context, &schedule.routes).await {
        written.await.unwrap();
    }
    open_all(&mut world).await;
    let balance = world.context.ledger.balance();
    assert_eq!((world.committee.runs.len(), balance.running, balance.submitted), (0, 0, 1));
    let reopened = Exits::open(Arc::clone(&world.vault), Arc::clone(&world.context.clock)).unwrap();
    assert!(world.context.exits.pending().is_empty() && reopened.pending().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validator_that_leaves_already_is_not_asked_to_leave_once_more() {
    let (world, mut schedule) = asked().await;
    says(&world, ValidatorStatus::ExitedUnslashed, Epoch(2));
    schedule.prepare(world.slot).await;
    assert!(world.context.exits.pending().is_empty());
    assert_eq!(world.context.ledger.balance().scheduled, 0);
}

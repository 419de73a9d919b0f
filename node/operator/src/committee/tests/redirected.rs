//! An owner's new fee recipient: registered for the slot that all operators know, once the directory has the block of the event.

use beacon::{Validator, ValidatorStatus};
use registry::{BlockRef, RecipientChange};
use tokio::sync::broadcast;

use super::registered::own_validator;
use super::*;
use crate::book::DutyBook;
use crate::changes::Changes;
use crate::routes::Routes;
use crate::schedule::Schedule;

const EVENT: BlockRef = BlockRef { number: 7, hash: Root::ZERO };

/// What the registry says after this block.
fn read(world: &World, block: u64) {
    let mut directory = Directory::clone(&world.context.directory.load());
    directory.block = block;
    directory.own.insert(public(50), Arc::new(own_validator(world)));
    world.context.directory.store(Arc::new(directory));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_recipient_is_registered_once_the_directory_has_it() {
    let mut world = World::new().await;
    let context = Arc::clone(&world.context);
    context.roster.add(&[Validator {
        public_key: public(50),
        index: VALIDATOR,
        status: ValidatorStatus::ActiveOngoing,
        activation_epoch: Epoch(0),
        exit_epoch: Epoch::FAR_FUTURE,
    }]);
    let routes = Arc::new(Routes::default());
    routes.put(id(), world.mailbox.clone());
    let (tell, told) = broadcast::channel(1);
    let mut schedule = Schedule {
        context: Arc::clone(&context),
        book: Arc::new(DutyBook::default()),
        routes,
        heads: tokio::sync::watch::channel(None).1,
        changes: Changes::new(told),
    };
    let timestamp = context.clock.start_of(world.slot.saturating_sub(8)) / 1_000;
    tell.send(RecipientChange { owner: own_validator(&world).owner, block: EVENT, timestamp }).unwrap();

    read(&world, EVENT.number - 1);
    schedule.prepare(world.slot.saturating_sub(1)).await;
    assert_eq!(context.ledger.balance().scheduled, 0);

    read(&world, EVENT.number);
    schedule.prepare(world.slot).await;
    while let Ok(letter) = world.letters.try_recv() {
        world.committee.open(letter).await;
    }
    let [run] = world.committee.runs.keys().collect::<Vec<_>>()[..] else { panic!("one registration") };
    assert_eq!((run.slot, run.role()), (world.slot.saturating_sub(4), RunnerRole::ValidatorRegistration));
    assert_eq!((context.ledger.balance().scheduled, context.ledger.balance().running), (1, 1));
}

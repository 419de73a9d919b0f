//! Exits from the event to the history and back. The history is the vault's own; opening the exits over it anew is what a restart does.

use std::sync::atomic::Ordering;

use registry::Armer;
use types::Root;
use types::rules::ChainRules;

use super::*;
use crate::arming::{Armory, Justified};
use crate::clock::unix_millis;

/// A local chain that is a thousand slots of three seconds old.
fn clock() -> Arc<SlotClock> {
    let mut rules: ChainRules = crate::plan::tests::chain();
    let beacon = Arc::make_mut(&mut rules.beacon);
    beacon.genesis.genesis_time = unix_millis() / 1_000 - 12_000;
    Arc::new(SlotClock::new(Arc::new(rules)))
}

fn sound(clock: &SlotClock) -> Arc<Vault> {
    let (vault, _) = Vault::on_faulty_disk(Arc::clone(clock.rules())).unwrap();
    Arc::new(vault)
}

/// The way by which requests come from the registry into the history.
fn door(vault: &Arc<Vault>, clock: &SlotClock) -> Armory {
    Armory::new(Arc::clone(vault), clock.clone(), Justified::default())
}

/// Nobody asks for anything.
pub(crate) fn none() -> Exits {
    let clock = clock();
    Exits::open(sound(&clock), clock).unwrap()
}

fn request(clock: &SlotClock, slot: Slot, number: u8, own: bool) -> ExitRequest {
    ExitRequest {
        validator: PublicKeyBytes([number; 48]),
        own,
        block: registry::BlockRef { number: 7, hash: Root::ZERO },
        timestamp: clock.start_of(slot) / 1_000,
    }
}

fn exit(slot: u64, number: u8) -> PendingExit {
    PendingExit { slot: Slot(slot), validator: PublicKeyBytes([number; 48]) }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exit_survives_a_restart_until_it_is_done() {
    let clock = clock();
    let vault = sound(&clock);
    let open = || Arc::new(Exits::open(Arc::clone(&vault), Arc::clone(&clock)).unwrap());
    let exits = open();
    let asked = request(&clock, Slot(500), 1, true);
    door(&vault, &clock).keep_exits(&[asked]).unwrap();
    exits.ask(asked).await;
    assert!(exits.due(Slot(503)).is_empty(), "its slot is the fourth after the block's");
    assert_eq!(exits.due(Slot(504)), [exit(504, 1)]);
    assert!(exits.due(Slot(505)).is_empty(), "it is begun once");
    exits.not_begun(exit(504, 1));
    assert_eq!(exits.due(Slot(505)), [exit(504, 1)], "unless that was not possible");

    let exits = open();
    assert_eq!(
        exits.announced(Slot(504), &exit(504, 1).validator),
        1,
        "others' messages for it are believed"
    );
    assert_eq!(exits.due(Slot(900)), [exit(504, 1)], "however long the node was away");
    assert_eq!(exits.announced(Slot(504), &exit(504, 1).validator), 1);
    exits.done(exit(504, 1)).await;
    assert!(exits.due(Slot(901)).is_empty() && exits.pending().is_empty());
    assert!(open().pending().is_empty(), "and it does not come back");
}

/// What the history does not take the registry is told of: it holds the block back, and asks again after the restart that a failed history
/// needs.
#[tokio::test(flavor = "multi_thread")]
async fn an_exit_that_is_not_on_disk_is_not_taken_on() {
    let clock = clock();
    let (vault, broken) = Vault::on_faulty_disk(Arc::clone(clock.rules())).unwrap();
    let vault = Arc::new(vault);
    let exits = Arc::new(Exits::open(Arc::clone(&vault), Arc::clone(&clock)).unwrap());
    let asked = request(&clock, Slot(500), 1, true);
    broken.store(true, Ordering::SeqCst);
    assert!(door(&vault, &clock).keep_exits(&[asked]).is_err());
    broken.store(false, Ordering::SeqCst);
    exits.ask(asked).await;
    assert!(exits.pending().is_empty(), "nothing would be signed for it");

    let vault = sound(&clock);
    for _ in 0..2 {
        door(&vault, &clock).keep_exits(&[asked]).unwrap();
    }
    let exits = Exits::open(Arc::clone(&vault), Arc::clone(&clock)).unwrap();
    assert_eq!(exits.pending(), [exit(504, 1)], "nobody has to be told of it any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_exits_are_announced_for_a_while_and_never_run() {
    let clock = clock();
    let exits = Arc::new(Exits::open(sound(&clock), Arc::clone(&clock)).unwrap());
    exits.ask(request(&clock, Slot(500), 2, false)).await;
    exits.ask(request(&clock, Slot(500), 2, false)).await;
    let key = exit(504, 2).validator;
    assert_eq!(exits.announced(Slot(504), &key), 2);
    assert!(exits.due(Slot(536)).is_empty() && exits.announced(Slot(504), &key) == 2);
    assert!(exits.due(Slot(537)).is_empty());
    assert_eq!(exits.announced(Slot(504), &key), 0);
}

//! Exits from the event to the history and back. The history is the vault's own; opening the exits over it anew is what a restart does.

use types::Root;
use types::rules::ChainRules;

use super::*;
use crate::clock::unix_millis;

/// A local chain that is a thousand slots of three seconds old.
fn clock() -> Arc<SlotClock> {
    let mut rules: ChainRules = crate::plan::tests::chain();
    let beacon = Arc::make_mut(&mut rules.beacon);
    beacon.genesis.genesis_time = unix_millis() / 1_000 - 12_000;
    Arc::new(SlotClock::new(Arc::new(rules)))
}

fn vault(clock: &SlotClock) -> Arc<Vault> {
    let (vault, _) = Vault::on_faulty_disk(Arc::clone(clock.rules())).unwrap();
    Arc::new(vault)
}

/// Nobody asks for anything.
pub(crate) fn none() -> Exits {
    let clock = clock();
    Exits::open(vault(&clock), clock).unwrap()
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
    let vault = vault(&clock);
    let open = || Arc::new(Exits::open(Arc::clone(&vault), Arc::clone(&clock)).unwrap());
    let exits = open();
    exits.ask(request(&clock, Slot(500), 1, true)).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn foreign_exits_are_announced_for_a_while_and_never_run() {
    let clock = clock();
    let exits = Arc::new(Exits::open(vault(&clock), Arc::clone(&clock)).unwrap());
    exits.ask(request(&clock, Slot(500), 2, false)).await;
    exits.ask(request(&clock, Slot(500), 2, false)).await;
    let key = exit(504, 2).validator;
    assert_eq!(exits.announced(Slot(504), &key), 2);
    assert!(exits.due(Slot(536)).is_empty() && exits.announced(Slot(504), &key) == 2);
    assert!(exits.due(Slot(537)).is_empty());
    assert_eq!(exits.announced(Slot(504), &key), 0);
}

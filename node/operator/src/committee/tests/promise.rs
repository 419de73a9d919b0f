//! Promise 2: nothing is published before what it commits us to is on disk, and a failed write stops the signer.

use std::sync::atomic::Ordering;

use duty::Signed;

use super::*;

/// Runs the duty of a slot that the others decide, up to the own partial signature or its refusal.
pub(super) async fn run(world: &mut World) -> Vec<Signed> {
    let (prepare, begin) = (world.assignment(), world.begin());
    world.committee.open(prepare).await;
    world.committee.open(begin).await;
    let permitted = world.open_answer().await;
    let sound = !world.broken.load(Ordering::SeqCst);
    assert!(matches!(permitted, Input::Permitted(permitted) if permitted == sound));
    let (view, decided) = (world.view().await, world.decided());
    world.committee.open(view).await;
    world.committee.open(decided).await;
    let Input::VoteSigned(signed) = world.open_answer().await else {
        panic!("the decided vote is to be signed")
    };
    signed
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_sound_disk_the_node_speaks_and_signs() {
    let mut world = World::new().await;
    let mut witness = Witness::of(&mut world).await;
    let signed = run(&mut world).await;
    assert!(signed.iter().all(|signed| signed.signature.is_ok()));
    let mut kinds = Vec::new();
    while !(kinds.contains(&MsgType::Consensus) && kinds.contains(&MsgType::PartialSignature)) {
        kinds.push(witness.next().await.unwrap().ssv_message.msg_type);
    }
    assert_eq!(world.context.signer.ready(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_failed_disk_the_node_publishes_nothing_signs_nothing_and_stops_the_share() {
    let mut world = World::new().await;
    let mut witness = Witness::of(&mut world).await;
    world.broken.store(true, Ordering::SeqCst);
    let signed = run(&mut world).await;
    assert_eq!(signed.len(), 1);
    assert!(signed.iter().all(|signed| signed.signature.is_err()));
    assert!(witness.before_sentinels(&world).await.is_empty(), "a word without a record");
    assert_eq!((world.context.signer.stopped(), world.context.signer.ready()), (1, 0));

    // The duty ends in the vault, and is on the books.
    let slot = world.slot;
    world.give_up().await;
    let record = world.context.ledger.of_slot(slot).unwrap().remove(0);
    assert_eq!((record.room.as_deref(), record.reason.as_deref()), (Some("vault"), Some("signing_refused")));
    assert_eq!(world.context.ledger.balance().running, 0);
}

//! A validator under observation: the node follows its committee, withholds its own signature, and believes the committee's quorum.

use duty::collector::SignatureSlot;
use duty::runner::Stage;
use duty::{Recombined, Withheld};
use types::beacon::AttestationData;
use types::{SignatureBytes, TreeHash, signing};

use super::promise::run;
use super::*;
use crate::doppelganger::Tick;

fn watching() -> Watch {
    let watch = Watch::new(true);
    let tick = Tick { epoch: Epoch(100), is_last_slot: false };
    assert!(watch.tick(tick, &[VALIDATOR].into()).is_some());
    watch
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_not_signed_for_and_the_books_say_why() {
    let mut world = World::with(watching()).await;
    let mut witness = Witness::of(&mut world).await;
    let signed = run(&mut world).await;
    assert_eq!(signed.len(), 1);
    assert_eq!(signed[0].signature, Err(Withheld::Doppelganger));
    let kinds: Vec<_> =
        witness.before_sentinels(&world).await.iter().map(|message| message.ssv_message.msg_type).collect();
    assert!(kinds.contains(&MsgType::Consensus), "the node takes part in consensus");
    assert!(!kinds.contains(&MsgType::PartialSignature), "and signs nothing");
    assert_eq!((world.context.signer.stopped(), world.context.signer.ready()), (0, 1));

    let slot = world.slot;
    world.give_up().await;
    let record = world.context.ledger.of_slot(slot).unwrap().remove(0);
    assert_eq!((record.room.as_deref(), record.reason.as_deref()), (Some("vault"), Some("doppelganger")));
    assert_eq!(record.warnings, ["under_observation"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quorum_of_its_committee_clears_it() {
    let watch = watching();
    let mut world = World::with(watch.clone()).await;
    assert!(run(&mut world).await[0].signature.is_err());
    assert!(!watch.is_safe(VALIDATOR));

    let data = AttestationData::of_vote(&world.vote(), world.slot, CommitteeIndex(0));
    let rules = world.context.clock.rules();
    let domain = rules.beacon.domain(BeaconDomainType::Attester, rules.network.epoch_of(world.slot));
    let root = signing::signing_root(data.tree_hash_root(), domain);
    let slot = SignatureSlot { validator: VALIDATOR, root };
    let results = vec![Recombined { slot, result: Ok(SignatureBytes([1; 96])) }];
    let input = Input::Recombined { stage: Stage::Post, results };
    let id = world.id();
    world.committee.open(Letter::Answer { id, input }).await;
    assert!(watch.is_safe(VALIDATOR));
}

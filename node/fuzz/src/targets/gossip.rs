//! A gossip message from its bytes to the point where its signatures would be checked.

use std::sync::LazyLock;

use types::{Encode, Slot};
use validation::{Context, Inbound, PeerKey, SeenState, Verdict};

use crate::seeds::{World, topic};

static WORLD: LazyLock<World> = LazyLock::new(World::new);

/// The first byte says in which fork it is received and how far into or beyond its slot; the rest is the message.
pub fn message(bytes: &[u8]) {
    reaches_the_signatures(bytes);
}

/// Whether only its signatures are left to be checked.
pub fn reaches_the_signatures(bytes: &[u8]) -> bool {
    let Some((how, data)) = bytes.split_first() else { return false };
    let world = &*WORLD;
    let slot = if how & 1 == 0 { World::ALAN } else { World::BOOLE };
    let millis = [0, 1_000, 5_000, 60_000][usize::from(how >> 1 & 3)];
    let forwarder = PeerKey::new(b"peer");
    let inbound = Inbound {
        data,
        topic: topic(&world.rules, slot),
        forwarder: &forwarder,
        received_at_millis: world.rules.slot_start_millis(slot) + millis,
    };
    let context = Context { rules: &world.rules, registry: world, duties: world };
    let mut seen = SeenState::new(32);
    let _ = validation::claimed_id(data);
    match context.judge(&inbound, &seen) {
        Err(refusal) => {
            assert_ne!(refusal.verdict(), Verdict::Accept);
            false
        }
        Ok(candidate) => {
            assert_eq!(candidate.message.as_ssz_bytes(), data, "a candidate is the message that came");
            assert!(candidate.signature_checks().count() > 0, "nothing is believed unsigned");
            assert_eq!(validation::claimed_id(data), Some(candidate.message.ssv_message.msg_id));
            assert!(candidate.slot() <= Slot(slot.get() + 6));
            assert!(seen.is_empty(), "judging leaves no trace");
            assert_eq!(seen.commit(&candidate.update, slot), Ok(()));
            assert!(context.judge(&inbound, &seen).is_err(), "the same message again");
            true
        }
    }
}

//! Whatever arrives: a verdict, the same one each time, and no trace.

use proptest::prelude::*;
use types::{Encode, PartialSignatureType, QbftMessageType, RunnerRole};

use super::world::*;

fn drafts(world: &World) -> [Draft; 3] {
    [
        world.prepare(),
        world
            .consensus(RunnerRole::Committee, SLOT, QbftMessageType::Proposal)
            .signed_by(&[2])
            .full_data(b"value"),
        world.bundle(RunnerRole::Committee, SLOT, PartialSignatureType::PostConsensus),
    ]
}

proptest! {
    #[test]
    fn damaged_messages_get_a_verdict(
        which in 0_usize..3,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in 0_usize..3,
    ) {
        let world = World::new();
        let draft = &drafts(&world)[which];
        let mut bytes = draft.message().as_ssz_bytes();
        for (index, value) in damage {
            let index = index.index(bytes.len());
            bytes[index] = value;
        }
        bytes.truncate(bytes.len() - cut);
        let first = world.judge_bytes(&bytes, draft).map(|candidate| candidate.message).map_err(|refusal| refusal.rule());
        let second = world.judge_bytes(&bytes, draft).map(|candidate| candidate.message).map_err(|refusal| refusal.rule());
        // A candidate is the message that came, byte for byte.
        if let Ok(message) = &first {
            prop_assert_eq!(&message.as_ssz_bytes(), &bytes);
        }
        prop_assert_eq!(first, second);
        prop_assert!(world.seen.is_empty());
    }

    #[test]
    fn any_bytes_get_a_verdict(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let world = World::new();
        prop_assert!(world.judge_bytes(&bytes, &world.prepare()).is_err());
    }
}

//! A whole committee in memory: what the rules are for.
//!
//! A schedule decides which message arrives next, which is lost or comes twice, and whose timer runs out. With one traitor that
//! runs two lives under one key, no schedule makes two honest operators decide different values. Without loss, and with as many
//! operators dead as the committee tolerates, everyone alive decides.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

mod bounds;
mod joined;
mod rules;
mod world;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use types::{OperatorId, Round, Slot, SsvFork};
use world::World;

const HEIGHT: Slot = Slot(41);

fn ids(numbers: &[u64]) -> Vec<OperatorId> {
    numbers.iter().copied().map(OperatorId).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, rng_seed: RngSeed::Fixed(2), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_two_honest_operators_decide_differently(
        schedule in prop::collection::vec(any::<u32>(), 200..700),
        traitor in 1_u64..=4,
        boole in any::<bool>(),
        without_value in any::<u8>(),
    ) {
        let fork = if boole { SsvFork::Boole } else { SsvFork::Alan };
        // The traitor appears twice: two lives with different values under one key.
        let mut world = World::new(4, &ids(&[1, 2, 3, 4, traitor]), fork);
        world.start(HEIGHT, |at| without_value >> at & 1 == 0);
        for (count, choice) in schedule.into_iter().enumerate() {
            // What is late comes in the midst of it.
            if count % 50 == 49 && count / 50 < 5 {
                world.give_value(count / 50);
            }
            world.disturb(choice);
            let mut values = world.decided_by(|operator| operator != OperatorId(traitor));
            values.dedup();
            prop_assert!(values.len() <= 1, "two values are decided");
        }
    }

    #[test]
    fn the_living_decide_in_any_order_of_arrival(
        schedule in prop::collection::vec(any::<u16>(), 1..200),
        size in prop::sample::select(vec![4_u64, 7]),
        dead in 1_u64..=4,
    ) {
        let living: Vec<u64> = (1..=size).filter(|id| *id != dead).collect();
        let mut world = World::new(size, &ids(&living), SsvFork::Alan);
        world.start_all(HEIGHT);
        let mut choices = schedule.iter().copied().cycle();
        while world.decided_by(|_| true).len() < living.len() {
            world.settle(&mut choices);
            // Only a dead leader lets a round pass, and there is one such leader.
            prop_assert!(world.highest_round() <= Round(2), "a round was lost");
            world.time_out_all();
        }
        let mut values = world.decided_by(|_| true);
        values.dedup();
        prop_assert_eq!(values.len(), 1);
    }
}

#[test]
fn without_disturbance_the_first_round_decides_the_value_of_its_leader() {
    for size in [4, 7, 10, 13] {
        let all: Vec<u64> = (1..=size).collect();
        let mut world = World::new(size, &ids(&all), SsvFork::Alan);
        world.start_all(HEIGHT);
        world.settle(&mut std::iter::repeat(0));
        assert_eq!(world.highest_round(), Round(1));
        let leader = types::leader(SsvFork::Alan, &ids(&all), HEIGHT, Round(1)).unwrap();
        let values = world.decided_by(|_| true);
        assert_eq!(values.len(), all.len());
        assert!(
            values.iter().all(|value| *value == world::value_of(usize::try_from(leader.get() - 1).unwrap()))
        );
    }
}

#[test]
fn two_dead_of_four_decide_nothing() {
    let mut world = World::new(4, &ids(&[1, 2]), SsvFork::Alan);
    world.start_all(HEIGHT);
    for _ in 0..20 {
        world.settle(&mut std::iter::repeat(0));
        world.time_out_all();
    }
    assert!(world.decided_by(|_| true).is_empty());
    assert_eq!(world.highest_round(), world::CUT_OFF);
}

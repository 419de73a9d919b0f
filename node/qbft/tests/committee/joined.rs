//! Operators whose own value is late take part, and propose when it is there.

use types::{Round, SsvFork};

use crate::world::{World, value_of};
use crate::{HEIGHT, ids};

/// 41 mod 4 = 1: the operator at this place leads the first round, the next one the second.
const FIRST: usize = 1;
const SECOND: usize = 2;

fn world(living: &[u64]) -> World {
    World::new(4, &ids(living), SsvFork::Alan)
}

fn settle(world: &mut World) {
    world.settle(&mut std::iter::repeat(0));
}

#[test]
fn those_without_a_value_decide_what_the_leader_proposes() {
    let mut world = world(&[1, 2, 3, 4]);
    world.start(HEIGHT, |at| at == FIRST);
    settle(&mut world);
    assert_eq!(world.decided_by(|_| true), vec![value_of(FIRST); 4]);
    // What comes too late changes nothing and is not proposed.
    world.give_value(0);
    settle(&mut world);
    assert_eq!(world.highest_round(), Round(1));
}

#[test]
fn a_leader_proposes_when_its_value_comes() {
    let mut world = world(&[1, 2, 3, 4]);
    world.start(HEIGHT, |at| at != FIRST);
    settle(&mut world);
    assert!(world.decided_by(|_| true).is_empty());
    world.give_value(FIRST);
    settle(&mut world);
    assert_eq!(world.decided_by(|_| true), vec![value_of(FIRST); 4]);
    assert_eq!(world.highest_round(), Round(1));
}

#[test]
fn the_leader_of_a_later_round_proposes_when_its_value_comes() {
    // The first leader is dead; places are those of the living.
    let second = SECOND - 1;
    let mut world = world(&[1, 3, 4]);
    world.start(HEIGHT, |at| at != second);
    settle(&mut world);
    world.time_out_all();
    settle(&mut world);
    assert_eq!(world.highest_round(), Round(2));
    assert!(world.decided_by(|_| true).is_empty(), "nothing is proposed that nobody has");
    world.give_value(second);
    settle(&mut world);
    assert_eq!(world.decided_by(|_| true), vec![value_of(second); 3]);
    assert_eq!(world.highest_round(), Round(2));
}

#[test]
fn an_instance_begins_once() {
    let mut world = world(&[1, 2, 3, 4]);
    world.start(HEIGHT, |at| at == FIRST);
    world.start(HEIGHT, |_| true);
    settle(&mut world);
    assert_eq!(world.decided_by(|_| true), vec![value_of(FIRST); 4], "the second start is refused");
}

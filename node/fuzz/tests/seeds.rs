//! The targets on their seeds, on mutations of them that are the same each time, and on what they once failed on.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use fuzz::mutate::Mutator;
use fuzz::{TARGETS, Target};

/// Mutations for each target: a second or two in a debug build.
const MUTATIONS: usize = 3_000;

fn run(target: &Target, what: &str, input: &[u8]) {
    let hex: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
    let outcome = std::panic::catch_unwind(|| (target.run)(input));
    assert!(outcome.is_ok(), "{} on {what}: {hex}", target.name);
}

#[test]
fn every_target_comes_back_from_its_seeds_and_their_mutations() {
    for (number, target) in (1..).zip(TARGETS) {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "{} has no seed", target.name);
        seeds.iter().for_each(|seed| run(target, "a seed", seed));
        let mut mutator = Mutator::new(number);
        for round in 0..MUTATIONS {
            let mut input = seeds[round % seeds.len()].clone();
            mutator.mutate(&mut input, &seeds[(round / 7) % seeds.len()]);
            run(target, "a mutation", &input);
        }
        run(target, "nothing", &[]);
    }
}

#[test]
fn seeds_are_valid() {
    use types::{Decode, SignedSsvMessage};
    let of = |name: &str| (fuzz::by_name(name).unwrap().seeds)();
    assert!(of("signed_message").iter().all(|seed| SignedSsvMessage::from_ssz_bytes(seed).is_ok()));
    assert!(of("node_info").iter().all(|seed| network::strangers::node_info(seed).is_some()));
    // Of nine steps and four kinds of bundles in each of five roles, some kinds are of other roles.
    let messages = of("gossip_message");
    let good = messages.iter().filter(|seed| fuzz::reaches_the_signatures(seed)).count();
    assert!(good > messages.len() / 2, "{good} of {}", messages.len());
    let text = |seed: &[u8]| network::strangers::record(str::from_utf8(seed).unwrap()).is_some();
    assert!(of("record").iter().all(|seed| text(seed)));
}

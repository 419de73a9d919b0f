//! Every rule of both forks: one message just inside, which breaks no rule, and one just outside, with the refusal and verdict that
//! must follow.
//!
//! The other modules explore the rules one by one; this one makes sure that none is missing. The verdicts are written down here from
//! the reference (ssv `message/validation`), not taken from the code.

mod consensus;
mod envelope;
mod partial;

use types::{Slot, SsvFork};

use super::page;
use super::world::*;
use crate::{Refusal, Verdict};

/// Makes a message about a slot, in a world that may be changed for it.
type Make = fn(&mut World, Slot) -> Draft;

struct Case {
    rule: u8,
    refusal: Refusal,
    verdict: Verdict,
    forks: &'static [SsvFork],
    inside: Make,
    outside: Make,
}

const BOTH: &[SsvFork] = &SsvFork::ALL;
const ALAN_ONLY: &[SsvFork] = &[SsvFork::Alan];
const BOOLE_ONLY: &[SsvFork] = &[SsvFork::Boole];

const fn ignored(rule: u8, refusal: Refusal, forks: &'static [SsvFork], inside: Make, outside: Make) -> Case {
    Case { rule, refusal, verdict: Verdict::Ignore, forks, inside, outside }
}

const fn rejected(
    rule: u8,
    refusal: Refusal,
    forks: &'static [SsvFork],
    inside: Make,
    outside: Make,
) -> Case {
    Case { rule, refusal, verdict: Verdict::Reject, forks, inside, outside }
}

/// Another message of the world is believed first.
fn after(world: &mut World, first: &Draft, then: Draft) -> Draft {
    world.accept(first).unwrap();
    then
}

/// A slot of the fork in whose first round operator 2 leads.
const fn slot_of(fork: SsvFork) -> Slot {
    match fork {
        SsvFork::Alan => SLOT,
        SsvFork::Boole => Slot(FORK.get() + 1),
    }
}

fn cases() -> impl Iterator<Item = &'static Case> {
    envelope::CASES.iter().chain(consensus::CASES).chain(partial::CASES)
}

#[test]
fn every_case_is_judged_as_the_reference_does() {
    for case in cases() {
        for fork in case.forks {
            let (rule, slot) = (case.rule, slot_of(*fork));
            let judge = |make: Make| {
                let mut world = World::new();
                let draft = make(&mut world, slot);
                world.refusal(&draft)
            };
            assert_eq!(judge(case.inside), None, "rule {rule}, {fork}: the message inside");
            assert_eq!(judge(case.outside), Some(case.refusal), "rule {rule}, {fork}: the message outside");
            assert_eq!(case.refusal.verdict(), case.verdict, "rule {rule}");
        }
    }
}

/// The signatures are the caller's to check: `operator` `intake::tests` has the messages of these two rules.
const OF_THE_CALLER: [u8; 2] = [56, 76];

/// Rules that a fork does not have: Boole's limit of 57 is that of the encoding, and has no role for 74; Alan has none for the second 73.
const MISSING: [(u8, Refusal, SsvFork); 3] = [
    (57, Refusal::PartialSignaturesTooBig, SsvFork::Boole),
    (73, Refusal::SextupleValidatorIndex, SsvFork::Alan),
    (74, Refusal::TooManyPartialSignatures, SsvFork::Boole),
];

#[test]
fn no_rule_of_either_fork_is_without_a_case() {
    for (rule, refusal) in page::rules() {
        for fork in SsvFork::ALL {
            let number = rule.number;
            let found = cases()
                .any(|case| case.rule == number && case.refusal == refusal && case.forks.contains(&fork));
            let excused = OF_THE_CALLER.contains(&number) || MISSING.contains(&(number, refusal, fork));
            assert_ne!(found, excused, "rule {number} ({}) under {fork}", refusal.name());
        }
    }
}

//! Numbers from a seed, and a run of one property over many seeds with the command that replays a failure.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// The first seed, unless `CAPSTAN_PROPERTY_SEED` names another.
const FIRST_SEED: u64 = 0x0043_4150_5354_414e;

/// SplitMix64: the same numbers on every machine.
pub struct Rng(u64);

impl Rng {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 if there is none.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end as u64).max(1)).unwrap()
    }

    pub fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    pub fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}

/// One kind of property: what is counted, which variable says how many, and which crate's tests it stands in.
pub struct Kind {
    pub noun: &'static str,
    pub variable: &'static str,
    pub package: &'static str,
    /// How many without the variable: few, so that the usual tests stay quick.
    pub few: u64,
}

fn number(variable: &str, otherwise: u64) -> u64 {
    let Ok(text) = std::env::var(variable) else { return otherwise };
    let parsed = text.strip_prefix("0x").map_or_else(|| text.parse(), |hex| u64::from_str_radix(hex, 16));
    parsed.unwrap_or_else(|_| panic!("{variable}={text} is not a number"))
}

/// Runs `one` once for each seed from the first on. `test` is the full name of the test, for the command that replays a seed.
pub fn run(kind: &Kind, test: &str, mut one: impl FnMut(&mut Rng)) -> String {
    let Kind { noun, variable, package, few } = kind;
    let (first, count) = (number("CAPSTAN_PROPERTY_SEED", FIRST_SEED), number(variable, *few));
    for seed in (0..count).map(|place| first.wrapping_add(place)) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| one(&mut Rng::new(seed)))) {
            println!(
                "property {test}: FAILED at seed {seed:#x}; replay: CAPSTAN_PROPERTY_SEED={seed:#x} {variable}=1 \
                 cargo test --release -p {package} --test properties {test} -- --exact --nocapture"
            );
            resume_unwind(panic);
        }
    }
    format!("property {test}: {count} {noun}, seed {first:#x}")
}

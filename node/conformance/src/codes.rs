//! Compares refusals by the numbers of the vectors.

use anyhow::{Result, bail};
use types::{RefusalCode, SsvFork};

/// Alan numbered two more codes, 10 and 11, which Boole dropped: every later Alan number is two higher.
const FIRST_SHIFTED: u64 = 10;

/// The number of a code in the vectors of a fork.
#[must_use]
pub fn number(fork: SsvFork, code: RefusalCode) -> u64 {
    match fork {
        SsvFork::Boole => code.code(),
        SsvFork::Alan if code.code() < FIRST_SHIFTED => code.code(),
        SsvFork::Alan => code.code() + 2,
    }
}

/// `expected` 0: nothing was refused. Else the refusal (its code and its words) carries exactly this number.
///
/// # Errors
/// They differ.
pub fn check(fork: SsvFork, expected: u64, got: Option<(Option<RefusalCode>, String)>) -> Result<()> {
    match got {
        None if expected == 0 => Ok(()),
        None => bail!("refusal {expected} was expected, there was none"),
        Some((code, words)) => match code.map(|code| number(fork, code)) {
            Some(number) if number == expected => Ok(()),
            Some(number) => bail!("refusal {expected} was expected, got {number} ({words})"),
            None => bail!("refusal {expected} was expected, got one without a number ({words})"),
        },
    }
}

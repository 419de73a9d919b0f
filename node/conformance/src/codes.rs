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
    check_number(expected, got.map(|(code, words)| (code.map(|code| number(fork, code)), words)))
}

/// The same for a refusal that has its number already.
///
/// # Errors
/// They differ.
pub fn check_number(expected: u64, got: Option<(Option<u64>, String)>) -> Result<()> {
    match got {
        None if expected == 0 => Ok(()),
        None => bail!("refusal {expected} was expected, there was none"),
        Some((Some(number), _)) if number == expected && expected != 0 => Ok(()),
        Some((Some(number), words)) => bail!("refusal {expected} was expected, got {number} ({words})"),
        Some((None, words)) => bail!("refusal {expected} was expected, got one without a number ({words})"),
    }
}

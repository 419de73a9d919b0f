//! Every deviation from "the vector as published decides", each with its reason. The only place that names tests.

use types::SsvFork;

/// Vectors that are not run, by the start of their file names.
const NOT_RUN: &[(SsvFork, &str, &str)] = &[];

/// Why a vector is not run, if it is not.
#[must_use]
pub fn not_run(fork: SsvFork, file_name: &str) -> Option<&'static str> {
    NOT_RUN
        .iter()
        .find(|(of, start, _)| *of == fork && file_name.starts_with(start))
        .map(|(_, _, reason)| *reason)
}

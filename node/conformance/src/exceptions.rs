//! Every deviation from "the vector as published decides", each with its reason. The only place that names tests.
//!
//! Two more kinds of deviation need no names: the hash of a controller is recorded per run and compared where it is not
//! stale (the state file decides in any case), and files that the archives lack are rebuilt (`words::rebuilt`).

/// Controller tests whose recorded hashes do not hold. The reference's own harness replaces them by the state files.
const STALE_HASHES: &[(&str, &str)] = &[
    ("late commit", OLDER_REFERENCE),
    ("late prepare", OLDER_REFERENCE),
    ("late round change", OLDER_REFERENCE),
    ("multi decide instances", OLDER_REFERENCE),
];

const OLDER_REFERENCE: &str = "recorded by an older reference; the published state files are newer";

/// Why the hashes of a controller test do not hold, if they do not.
#[must_use]
pub fn stale_hash(test: &str) -> Option<&'static str> {
    STALE_HASHES.iter().find(|(name, _)| *name == test).map(|(_, reason)| *reason)
}

/// Tests that are not run although their kind is, by the start of their names.
const NOT_RUN: &[(&str, &str)] = &[(
    "tests.MultiMsgProcessingSpecTest_post_consensus_no_running_duty",
    "the reference refuses with 4 because its runner stands there without a duty; here a machine is made with its duty, \
     and what comes before the decision waits (43)",
)];

/// Why a vector is not run, if it is not.
#[must_use]
pub fn not_run(file_name: &str) -> Option<&'static str> {
    NOT_RUN.iter().find(|(start, _)| file_name.starts_with(start)).map(|(_, reason)| *reason)
}

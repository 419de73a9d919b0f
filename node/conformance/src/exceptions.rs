//! Every deviation from "the vector as published decides", each with its reason. The only place that names tests.
//!
//! Three more kinds of deviation need no names. The hash of a controller is recorded per run and compared where it is not
//! stale; the state file decides in any case. The hash of a runner is compared nowhere: the reference's own harness replaces it by the
//! state file, and 188 of the 192 that are recorded are left from older references. Files of sizes that the archives lack are rebuilt
//! (`words::rebuilt`).

use types::SsvFork;

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

/// Parts of a state that are not compared: the file, the start of the test's name, the part, the reason.
const LEFT_OUT: &[(&str, &str, &str, &str)] =
    &[("", "decide on slashable attestation", "/BaseRunner/State/DecidedValue", VAULT_REFUSES)];

const VAULT_REFUSES: &str = "the history changes while consensus runs, and a check knows the history of its start: \
    the vault refuses (33) to sign what was decided, where the reference does not keep the decision";

/// The same for Alan alone.
const LEFT_OUT_IN_ALAN: &[(&str, &str, &str, &str)] = &[(
    "",
    "sync committee aggregator some are aggregators",
    "/RunningInstance/StartValue",
    "the stub of the beacon node answers with all contributions, whichever it is asked for",
)];

/// The parts of a test's state that are not compared.
pub fn left_out<'a>(
    fork: SsvFork,
    outer: Option<&'a str>,
    test: &'a str,
) -> impl Iterator<Item = &'static str> + 'a {
    let file = outer.unwrap_or_default();
    let of_fork: &[_] = match fork {
        SsvFork::Alan => LEFT_OUT_IN_ALAN,
        SsvFork::Boole => &[],
    };
    let rows = LEFT_OUT.iter().chain(of_fork);
    rows.filter(move |row| row.0 == file && test.starts_with(row.1)).map(|(_, _, part, _)| *part)
}

/// Alan's stub of the beacon node says that position n of the sync committee is in subcommittee n. The machine is told a
/// position that is there.
pub const ALAN_POSITIONS: u64 = 128;

/// Files whose states were written by an older reference.
const STALE_STATES: &[(&str, &str)] = &[(
    "aggregator committee runner duty with different slots",
    "the state file has a runner whose duty the reference refuses (82) before it makes one",
)];

/// Whether the states of a file are older than the rule it is about.
#[must_use]
pub fn stale_state(outer: Option<&str>) -> bool {
    STALE_STATES.iter().any(|(file, _)| outer == Some(*file))
}

/// Vectors that the published archives lack, because they are too large. Those of `maxmsgsize` are rebuilt instead.
const LACKING: &[(SsvFork, &str)] = &[
    (SsvFork::Boole, "committee.MultiCommitteeSpecTest_aggregator_committee_runner_max_validators"),
    (SsvFork::Boole, "committee.MultiCommitteeSpecTest_failed_than_successful_duties"),
    (SsvFork::Boole, "committee.MultiCommitteeSpecTest_sequenced_happy_flow_duties"),
    (SsvFork::Boole, "committee.MultiCommitteeSpecTest_shuffled_happy_flow_duties_with_same_validators"),
    (SsvFork::Alan, "committee.MultiCommitteeSpecTest_failed_than_successful_duties"),
    (SsvFork::Alan, "committee.MultiCommitteeSpecTest_sequenced_happy_flow_duties"),
    (SsvFork::Alan, "committee.MultiCommitteeSpecTest_shuffled_happy_flow_duties_with_same_validators"),
];

/// Why a vector of [`lacking`] is not run.
pub const TOO_LARGE: &str = "the published archive lacks it";

/// The vectors that the archive of a fork lacks.
pub fn lacking(fork: SsvFork) -> impl Iterator<Item = &'static str> {
    LACKING.iter().filter(move |(of, _)| *of == fork).map(|(_, name)| *name)
}

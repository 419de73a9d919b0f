//! The harness notices: one field changed in an expected state, one expected code, one expected message, and the vector fails.
//!
//! A fixed seed picks the vectors, the tests in them and the fields, so the same ones are changed in every run.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a panic is how a test fails, in its helpers too"
)]

use std::sync::{Mutex, MutexGuard, OnceLock};

use conformance::report::Outcome;
use conformance::suite::{Archive, Suite};
use conformance::{exceptions, load, qbft, runners, vectors, words};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

const STATES: usize = 200;
const CODES: usize = 100;
const DUTIES: usize = 100;
const SEED: u64 = 1;

/// The vectors, loaded once; empty (and a word about it) if they are absent and need not be there.
fn archives() -> MutexGuard<'static, Vec<Archive>> {
    static ARCHIVES: OnceLock<Mutex<Vec<Archive>>> = OnceLock::new();
    let loaded = ARCHIVES.get_or_init(|| {
        let (archives, absent) = load(&vectors::root()).unwrap();
        if absent.is_empty() {
            return Mutex::new(archives);
        }
        assert!(std::env::var_os("CI").is_none(), "absent: {absent:?}");
        println!("nothing was shown, absent: {absent:?}");
        Mutex::new(Vec::new())
    });
    loaded.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// One test: the file it is in, what the file is without the others, and the names of both.
struct Picked {
    suite: &'static Suite,
    vector: String,
    outer: Option<String>,
    test: Value,
}

impl Picked {
    /// Any test of these kinds.
    fn any(archive: &Archive, kinds: &[&str], rng: &mut ChaCha8Rng) -> Self {
        let suites: [&Suite; 3] = [&qbft::SUITE, &runners::SUITE, &words::SUITE];
        let kind = kinds.choose(rng).unwrap();
        let of_kind = |suite: &&Suite| -> Vec<String> {
            let paths = suite.paths(archive);
            paths.into_iter().filter(|path| path.contains(&format!("/{kind}_"))).collect()
        };
        let (suite, paths) = suites
            .into_iter()
            .map(|suite| (suite, of_kind(&suite)))
            .find(|(_, paths)| !paths.is_empty())
            .unwrap();
        let vector = paths.choose(rng).unwrap().clone();
        let mut file: Value = serde_json::from_slice(archive.files.get(&vector).unwrap()).unwrap();
        let tests = file.as_object_mut().unwrap().remove("Tests");
        if let Some(Value::Array(mut tests)) = tests {
            let at = rng.random_range(0..tests.len());
            let outer = Some(file["Name"].as_str().unwrap().to_owned());
            return Self { suite, vector, outer, test: tests.swap_remove(at) };
        }
        Self { suite, vector, outer: None, test: file }
    }

    fn name(&self) -> &str {
        self.test["Name"].as_str().unwrap()
    }

    /// The file with this test alone.
    fn file(&self) -> Vec<u8> {
        let file = match &self.outer {
            Some(outer) => serde_json::json!({ "Name": outer, "Tests": [self.test] }),
            None => self.test.clone(),
        };
        serde_json::to_vec(&file).unwrap()
    }

    fn state(&self) -> String {
        let folder = self.suite.folder;
        let kind = self.vector.rsplit('/').next().unwrap().split('_').next().unwrap().replacen('.', "_", 1);
        let name = match (&self.outer, kind.as_str()) {
            (Some(outer), _) => format!("{}/{}", outer.replace(' ', "_"), self.name()),
            (None, "tests_MsgProcessingSpecTest") if folder.starts_with("qbft") => {
                format!("qbft message processing {}", self.name())
            }
            (None, "tests_ControllerSpecTest") => format!("qbft controller {}", self.name()),
            (None, _) => self.name().to_owned(),
        };
        format!("{folder}/state_comparison/{kind}/{name}.json")
    }

    /// Runs the test with other bytes in the place of a file.
    fn run_with(&self, archive: &mut Archive, changed: Option<(&str, Vec<u8>)>) -> Outcome {
        let mut originals = Vec::new();
        let files = [(self.vector.as_str(), self.file())].into_iter().chain(changed);
        for (path, bytes) in files {
            originals.push((path.to_owned(), archive.files.get(path).unwrap().to_vec()));
            archive.files.replace(path, bytes);
        }
        let outcome = self.suite.run_one(archive, &self.vector);
        for (path, bytes) in originals {
            archive.files.replace(&path, bytes);
        }
        outcome
    }

    fn run(&self, archive: &mut Archive) -> Outcome {
        self.run_with(archive, None)
    }

    /// Whether all of its state is compared.
    fn has_whole_state(&self, archive: &Archive) -> bool {
        let outer = self.outer.as_deref();
        let left_out = exceptions::left_out(archive.fork, outer, self.name()).next().is_some();
        !left_out && !exceptions::stale_state(outer)
    }
}

/// Changes one leaf below `value`, so that it means something else; returns the path of the leaf.
fn change_one_leaf(value: &mut Value, rng: &mut ChaCha8Rng) -> String {
    let mut paths = Vec::new();
    leaves(value, String::new(), &mut paths);
    let path = paths.choose(rng).unwrap().clone();
    let leaf = value.pointer_mut(&path).unwrap();
    *leaf = match leaf.take() {
        Value::Bool(flag) => Value::from(!flag),
        Value::Number(number) => Value::from(number.as_u64().unwrap() ^ 1),
        Value::String(text) if !text.is_empty() => {
            let first = if text.starts_with('b') { "c" } else { "b" };
            Value::from(format!("{first}{}", &text[1..]))
        }
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => Value::from("bbbb"),
    };
    path
}

/// Everything that holds a value, empty lists and maps included. The records of the committee and the shares are the same before
/// and after, so a change there would be noticed too easily.
fn leaves(value: &Value, path: String, paths: &mut Vec<String>) {
    match value {
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                leaves(item, format!("{path}/{index}"), paths);
            }
        }
        Value::Object(fields) if !fields.is_empty() => {
            let given = ["CommitteeMember", "Share"];
            for (name, field) in fields.iter().filter(|(name, _)| !given.contains(&name.as_str())) {
                leaves(field, format!("{path}/{name}"), paths);
            }
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => paths.push(path),
    }
}

const WITH_STATE: [&str; 6] = [
    "tests.MsgProcessingSpecTest",
    "tests.ControllerSpecTest",
    "tests.MultiMsgProcessingSpecTest",
    "newduty.MultiStartNewRunnerDutySpecTest",
    "committee.MultiCommitteeSpecTest",
    "synccommitteeaggregator.SyncCommitteeAggregatorProofSpecTest",
];

#[test]
fn a_changed_field_in_an_expected_state_is_noticed() {
    let mut archives = archives();
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut left = if archives.is_empty() { 0 } else { STATES };
    while left > 0 {
        let at = rng.random_range(0..archives.len());
        let archive = &mut archives[at];
        let picked = Picked::any(archive, &WITH_STATE, &mut rng);
        if !picked.has_whole_state(archive) || picked.run(archive) != Outcome::Passed {
            continue;
        }
        left -= 1;
        let state = picked.state();
        let mut expected: Value = serde_json::from_slice(archive.files.get(&state).unwrap()).unwrap();
        let field = change_one_leaf(&mut expected, &mut rng);
        let changed = serde_json::to_vec(&expected).unwrap();
        let outcome = picked.run_with(archive, Some((&state, changed)));
        assert!(matches!(outcome, Outcome::Failed(_)), "{state}: a change of {field} went unnoticed");
    }
}

/// Creating a message is never refused, the leader vectors and the proofs expect no code, and an encoding has none.
const WITH_CODE: [&str; 17] = [
    "tests.MsgProcessingSpecTest",
    "tests.ControllerSpecTest",
    "tests.MsgSpecTest",
    "timeout.SpecTest",
    "tests.MultiMsgProcessingSpecTest",
    "tests.MultiMsgProcessingSpecTest",
    "newduty.MultiStartNewRunnerDutySpecTest",
    "committee.MultiCommitteeSpecTest",
    "committee.CommitteeSpecTest",
    "valcheck.SpecTest",
    "valcheck.MultiSpecTest",
    "partialsigcontainer.PartialSigContainerTest",
    "signedssvmsg.SignedSSVMessageTest",
    "partialsigmessage.MsgSpecTest",
    "consensusdataproposer.ProposerSpecTest",
    "committeemember.CommitteeMemberTest",
    "ssz.SSZSpecTest",
];

#[test]
fn a_changed_code_is_noticed() {
    let mut archives = archives();
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut left = if archives.is_empty() { 0 } else { CODES };
    while left > 0 {
        let at = rng.random_range(0..archives.len());
        let archive = &mut archives[at];
        let mut picked = Picked::any(archive, &WITH_CODE, &mut rng);
        if picked.test["AnyError"] == Value::Bool(true) || picked.run(archive) != Outcome::Passed {
            continue;
        }
        left -= 1;
        let code = picked.test["ExpectedErrorCode"].as_u64().unwrap_or_default();
        let other = (code + rng.random_range(1..90)) % 90;
        picked.test["ExpectedErrorCode"] = Value::from(other);
        let (outcome, vector) = (picked.run(archive), &picked.vector);
        assert!(matches!(outcome, Outcome::Failed(_)), "{vector}: {other} for {code} went unnoticed");
    }
}

/// Changes what a duty must have sent: an entry of a bundle or a submitted root. `None` if it sends nothing.
fn change_expectation(test: &mut Value, rng: &mut ChaCha8Rng) -> Option<String> {
    let mut paths = Vec::new();
    for (bundle, of_bundle) in test["OutputMessages"].as_array().into_iter().flatten().enumerate() {
        for entry in 0..of_bundle["Messages"].as_array().unwrap().len() {
            let field = ["PartialSignature", "SigningRoot", "ValidatorIndex"].choose(rng).unwrap();
            paths.push(format!("/OutputMessages/{bundle}/Messages/{entry}/{field}"));
        }
    }
    let roots = test["BeaconBroadcastedRoots"].as_array().map_or(0, Vec::len);
    paths.extend((0..roots).map(|root| format!("/BeaconBroadcastedRoots/{root}")));
    let path = paths.choose(rng)?.clone();
    let leaf = test.pointer_mut(&path).unwrap();
    let text = leaf.as_str().unwrap();
    *leaf = if path.ends_with("ValidatorIndex") {
        Value::from(format!("{text}7"))
    } else {
        let last = if text.ends_with('b') { "c" } else { "b" };
        Value::from(format!("{}{last}", &text[..text.len() - 1]))
    };
    Some(path)
}

#[test]
fn a_changed_outcome_of_a_duty_is_noticed() {
    let mut archives = archives();
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let kinds = ["tests.MultiMsgProcessingSpecTest", "committee.MultiCommitteeSpecTest"];
    let mut left = if archives.is_empty() { 0 } else { DUTIES };
    while left > 0 {
        let at = rng.random_range(0..archives.len());
        let archive = &mut archives[at];
        let mut picked = Picked::any(archive, &kinds, &mut rng);
        if picked.run(archive) != Outcome::Passed {
            continue;
        }
        let Some(field) = change_expectation(&mut picked.test, &mut rng) else { continue };
        left -= 1;
        let (outcome, vector) = (picked.run(archive), &picked.vector);
        assert!(matches!(outcome, Outcome::Failed(_)), "{vector}: a change of {field} went unnoticed");
    }
}

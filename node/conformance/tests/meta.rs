//! The harness notices: one field changed in an expected state, or one expected code, and the vector fails.
//!
//! A fixed seed picks the vectors and the fields, so the same ones are changed in every run.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a panic is how a test fails, in its helpers too"
)]

use conformance::report::Outcome;
use conformance::suite::Archive;
use conformance::{load, qbft, runners, source};
use rand::seq::{IndexedMutRandom, IndexedRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

const STATES: usize = 200;
const CODES: usize = 100;
const DUTIES: usize = 100;
const SEED: u64 = 1;

/// The vectors, or `None` (and a word about it) if they are absent and need not be there.
fn archives() -> Option<Vec<Archive>> {
    let (archives, absent) = load(&source::root()).unwrap();
    if absent.is_empty() {
        return Some(archives);
    }
    assert!(std::env::var_os("CI").is_none(), "absent: {absent:?}");
    println!("nothing was shown, absent: {absent:?}");
    None
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

/// Everything that holds a value, empty lists and maps included. The committee record is the same before and after, so a
/// change there would be noticed too easily.
fn leaves(value: &Value, path: String, paths: &mut Vec<String>) {
    match value {
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                leaves(item, format!("{path}/{index}"), paths);
            }
        }
        Value::Object(fields) if !fields.is_empty() => {
            for (name, field) in fields.iter().filter(|(name, _)| *name != "CommitteeMember") {
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

/// The vectors that have a state file, with its path.
fn with_state(archive: &Archive) -> Vec<(String, String)> {
    let folder = qbft::SUITE.folder;
    let kinds = [
        ("tests.MsgProcessingSpecTest_", "tests_MsgProcessingSpecTest/qbft message processing "),
        ("tests.ControllerSpecTest_", "tests_ControllerSpecTest/qbft controller "),
    ];
    let mut found = Vec::new();
    for path in qbft::SUITE.paths(archive) {
        for (kind, start) in kinds {
            if path.contains(kind) {
                let test: Value = serde_json::from_slice(archive.files.get(&path).unwrap()).unwrap();
                let name = test["Name"].as_str().unwrap();
                found.push((path.clone(), format!("{folder}/state_comparison/{start}{name}.json")));
            }
        }
    }
    found
}

/// Runs `vector` with `bytes` in the place of the file `changed`.
fn run_changed(archive: &mut Archive, vector: &str, changed: &str, bytes: Vec<u8>) -> Outcome {
    let original = archive.files.get(changed).unwrap().to_vec();
    archive.files.replace(changed, bytes);
    let outcome = qbft::SUITE.run_one(archive, vector);
    archive.files.replace(changed, original);
    outcome
}

#[test]
fn a_changed_field_in_an_expected_state_is_noticed() {
    let Some(mut archives) = archives() else { return };
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let vectors: Vec<_> = archives.iter().map(with_state).collect();
    for _ in 0..STATES {
        let at = rng.random_range(0..archives.len());
        let (vector, state) = vectors[at].choose(&mut rng).unwrap();
        let mut expected: Value = serde_json::from_slice(archives[at].files.get(state).unwrap()).unwrap();
        let field = change_one_leaf(&mut expected, &mut rng);
        let changed = serde_json::to_vec(&expected).unwrap();
        let outcome = run_changed(&mut archives[at], vector, state, changed);
        assert!(matches!(outcome, Outcome::Failed(_)), "{vector}: a change of {field} went unnoticed");
    }
}

#[test]
fn a_changed_code_is_noticed() {
    let Some(mut archives) = archives() else { return };
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    // Creating a message is never refused, and the leader vectors expect no code.
    let coded = |path: &String| !path.contains("RoundRobin");
    let vectors: Vec<Vec<String>> = archives
        .iter()
        .map(|archive| qbft::SUITE.paths(archive).into_iter().filter(coded).collect())
        .collect();
    for _ in 0..CODES {
        let at = rng.random_range(0..archives.len());
        let vector = vectors[at].choose(&mut rng).unwrap();
        let mut test: Value = serde_json::from_slice(archives[at].files.get(vector).unwrap()).unwrap();
        let code = test["ExpectedErrorCode"].as_u64().unwrap_or_default();
        let other = (code + rng.random_range(1..90)) % 90;
        test["ExpectedErrorCode"] = Value::from(other);
        let changed = serde_json::to_vec(&test).unwrap();
        let outcome = run_changed(&mut archives[at], vector, vector, changed);
        assert!(matches!(outcome, Outcome::Failed(_)), "{vector}: {other} for {code} went unnoticed");
    }
}

/// Places in one test of a duty whose change must be noticed: the code, an entry of a bundle, a submitted root.
fn change_expectation(test: &mut Value, rng: &mut ChaCha8Rng) -> String {
    let mut paths = vec!["/ExpectedErrorCode".to_owned()];
    for (bundle, of_bundle) in test["OutputMessages"].as_array().into_iter().flatten().enumerate() {
        for entry in 0..of_bundle["Messages"].as_array().unwrap().len() {
            let field = ["PartialSignature", "SigningRoot", "ValidatorIndex"].choose(rng).unwrap();
            paths.push(format!("/OutputMessages/{bundle}/Messages/{entry}/{field}"));
        }
    }
    let roots = test["BeaconBroadcastedRoots"].as_array().map_or(0, Vec::len);
    paths.extend((0..roots).map(|root| format!("/BeaconBroadcastedRoots/{root}")));
    let path = paths.choose(rng).unwrap().clone();
    let leaf = test.pointer_mut(&path).unwrap();
    *leaf = match (leaf.as_u64(), leaf.as_str()) {
        (Some(code), _) => Value::from(code ^ 1),
        (None, Some(text)) if path.ends_with("ValidatorIndex") => Value::from(format!("{text}7")),
        (None, text) => {
            let text = text.unwrap();
            let last = if text.ends_with('b') { "c" } else { "b" };
            Value::from(format!("{}{last}", &text[..text.len() - 1]))
        }
    };
    path
}

#[test]
fn a_changed_outcome_of_a_duty_is_noticed() {
    let Some(mut archives) = archives() else { return };
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let archive = &mut archives[0];
    let committees = |path: &String| path.contains("committee.MultiCommitteeSpecTest");
    let mut vectors: Vec<String> = runners::SUITE.paths(archive).into_iter().filter(committees).collect();
    vectors.retain(|vector| runners::SUITE.run_one(archive, vector) == Outcome::Passed);
    for _ in 0..DUTIES {
        let vector = vectors.choose(&mut rng).unwrap();
        let original = archive.files.get(vector).unwrap().to_vec();
        let mut file: Value = serde_json::from_slice(&original).unwrap();
        let mut test = file["Tests"].as_array_mut().unwrap().choose_mut(&mut rng).unwrap().take();
        let field = change_expectation(&mut test, &mut rng);
        file["Tests"] = Value::Array(vec![test]);
        archive.files.replace(vector, serde_json::to_vec(&file).unwrap());
        let outcome = runners::SUITE.run_one(archive, vector);
        archive.files.replace(vector, original);
        assert!(matches!(outcome, Outcome::Failed(_)), "{vector}: a change of {field} went unnoticed");
    }
}

//! Validator signatures are made in the vault alone: no other room or rule of the node calls the signing functions.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};

/// `crypto` defines them and `vault` calls them. `app` splits validator keys and signs owner nonces with them, `testkit`,
/// `conformance`, `bench` and `dkg` are no part of a running node's duties.
const MAY_SIGN: [&str; 7] = ["crypto", "vault", "app", "testkit", "conformance", "bench", "dkg"];
const SIGNING: [&str; 3] = ["bls::sign(", "bls::sign_many(", "bls::{sign"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn signs(path: &Path) -> bool {
    let text = fs::read_to_string(path).unwrap();
    SIGNING.iter().any(|call| text.contains(call))
}

#[test]
fn no_other_crate_of_the_node_signs() {
    let node = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut looked_at = 0;
    for entry in fs::read_dir(node).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let folder = entry.path().join("src");
        if MAY_SIGN.contains(&name.as_str()) || !folder.is_dir() {
            continue;
        }
        let mut files = Vec::new();
        sources(&folder, &mut files);
        looked_at += files.len();
        // Tests may make signatures to feed what they test.
        let in_tests = |path: &Path| path.iter().any(|part| part == "tests" || part == "tests.rs");
        let offenders: Vec<_> = files.iter().filter(|path| !in_tests(path) && signs(path)).collect();
        assert!(offenders.is_empty(), "{offenders:?} sign outside the vault");
    }
    assert!(looked_at > 0);
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sign.rs");
    assert!(signs(&own), "the search finds the calls where they are");
}

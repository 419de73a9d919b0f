//! Validator signatures are made in the vault alone: no other room or rule of the node calls the signing functions, and nothing signs
//! bytes that a caller brings.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};

/// `crypto` defines them and `vault` calls them. `app` splits validator keys and signs owner nonces with them, `testkit`,
/// `conformance`, `bench` and `dkg` are no part of a running node's duties.
const MAY_SIGN: [&str; 7] = ["crypto", "vault", "app", "testkit", "conformance", "bench", "dkg"];

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

/// Sources of a crate, but for its tests: they may make signatures to feed what they test.
fn sources_of(krate: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    sources(&krate.join("src"), &mut files);
    let in_tests = |path: &Path| path.iter().any(|part| part == "tests" || part == "tests.rs");
    files.retain(|path| !in_tests(path));
    files
}

fn is_signing(name: &str) -> bool {
    let word = name.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next();
    word.is_some_and(|word| word == "sign" || word == "sign_many")
}

/// Whether a text names the functions, by path or in a list of imports.
fn names_signing(text: &str) -> bool {
    text.split("bls::").skip(1).any(|rest| match rest.strip_prefix('{') {
        Some(list) => list.split('}').next().unwrap_or_default().split(',').any(is_signing),
        None => is_signing(rest),
    })
}

fn crates() -> Vec<PathBuf> {
    let node = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folders = fs::read_dir(node).unwrap().map(|entry| entry.unwrap().path());
    let crates: Vec<_> = folders.filter(|folder| folder.join("src").is_dir()).collect();
    assert!(crates.len() > 10);
    crates
}

#[test]
fn no_other_crate_of_the_node_signs() {
    for krate in crates() {
        let name = krate.file_name().unwrap().to_str().unwrap();
        let signs = |path: &&PathBuf| names_signing(&fs::read_to_string(path).unwrap());
        let files = sources_of(&krate);
        let offenders: Vec<_> = files.iter().filter(signs).collect();
        assert!(MAY_SIGN.contains(&name) || offenders.is_empty(), "{offenders:?} sign outside the vault");
        assert!(
            name != "vault" || offenders.len() == 1,
            "the search finds the calls where they are, in one file"
        );
    }
}

#[test]
fn nothing_signs_bytes() {
    for file in crates().iter().flat_map(|krate| sources_of(krate)) {
        assert!(!fs::read_to_string(&file).unwrap().contains("fn sign_bytes"), "{file:?}");
    }
}

#[test]
fn the_search_knows_every_form_of_naming() {
    for text in [
        "bls::sign(&key, root)",
        "use crypto::bls::sign;",
        "use crypto::bls::{SecretKey, sign as other};",
        "bls::{\n    PublicKey,\n    sign_many,\n}",
    ] {
        assert!(names_signing(text), "{text}");
    }
    assert!(!names_signing("use crypto::bls::{PublicKey, Signature, SignedBy, signed};"));
}

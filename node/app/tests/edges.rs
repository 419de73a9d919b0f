//! The edges between the crates of the house, held against the table below (normal, build and dev).
//!
//! `cargo metadata` is asked what depends on what; the table below says what may. A crate that is not in the table fails the
//! test, so that a new room gets its line here first.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use std::collections::{BTreeMap, BTreeSet};

const WORDS: &[&str] = &["contracts-abi", "types"];
const RULES: &[&str] = &["crypto", "qbft", "duty", "validation"];
const ROOMS: &[&str] = &["store", "vault", "registry", "beacon", "network", "outbox"];
/// Never in the release tree: only dev-dependencies of `app` and each other may name them.
const SIDE: &[&str] = &["testkit", "conformance", "bench", "fuzz"];

/// Who may depend on whom.
fn table() -> BTreeMap<&'static str, Vec<&'static str>> {
    let conductor: Vec<&str> =
        [WORDS, RULES, ROOMS].concat().into_iter().filter(|name| *name != "store").collect();
    let api = [conductor.as_slice(), &["operator"]].concat();
    let testkit = [WORDS, RULES, ROOMS, &["migrations", "operator"]].concat();
    let everything = [testkit.as_slice(), &["api", "testkit"]].concat();
    BTreeMap::from([
        ("contracts-abi", vec![]),
        ("migrations", vec![]),
        ("types", vec![]),
        ("crypto", vec!["types"]),
        ("qbft", vec!["types", "crypto"]),
        ("duty", vec!["types", "crypto", "qbft"]),
        ("validation", vec!["types"]),
        ("store", vec!["types", "migrations"]),
        ("vault", vec!["types", "crypto", "store"]),
        ("registry", vec!["contracts-abi", "types", "crypto", "store"]),
        ("beacon", vec!["types"]),
        ("network", vec!["types"]),
        ("outbox", vec!["types", "store"]),
        ("operator", conductor),
        ("api", api),
        ("app", everything.clone()),
        ("testkit", testkit),
        ("conformance", [everything.as_slice(), &["app", "bench"]].concat()),
        ("bench", [everything.as_slice(), &["app", "conformance"]].concat()),
        ("fuzz", everything.clone()),
    ])
}

fn metadata() -> Metadata {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    MetadataCommand::new()
        .manifest_path(manifest)
        .no_deps()
        .other_options(["--offline".into()])
        .exec()
        .unwrap()
}

/// The dependencies of a crate that have the given kind.
fn dependencies(package: &Package, kinds: &[DependencyKind]) -> BTreeSet<String> {
    let wanted = package.dependencies.iter().filter(|dependency| kinds.contains(&dependency.kind));
    wanted.map(|dependency| dependency.name.clone()).collect()
}

const ALL_KINDS: &[DependencyKind] =
    &[DependencyKind::Normal, DependencyKind::Build, DependencyKind::Development];
const RELEASED: &[DependencyKind] = &[DependencyKind::Normal, DependencyKind::Build];

#[test]
fn every_edge_of_every_kind_is_in_the_table() {
    let metadata = metadata();
    let table = table();
    let mut wrong = Vec::new();
    for package in metadata.workspace_packages() {
        let name = package.name.as_str();
        let Some(allowed) = table.get(name) else {
            wrong.push(format!("{name} has no line in the table"));
            continue;
        };
        for dependency in dependencies(package, ALL_KINDS) {
            if table.contains_key(dependency.as_str()) && !allowed.contains(&dependency.as_str()) {
                wrong.push(format!("{name} -> {dependency}"));
            }
        }
    }
    assert!(wrong.is_empty(), "edges that the table does not have: {wrong:#?}");
}

#[test]
fn the_side_crates_are_not_in_the_release_tree() {
    let metadata = metadata();
    for package in metadata.workspace_packages() {
        if SIDE.contains(&package.name.as_str()) {
            continue;
        }
        for dependency in dependencies(package, RELEASED) {
            assert!(!SIDE.contains(&dependency.as_str()), "{} is built with {dependency}", package.name);
        }
    }
}

#[test]
fn the_rules_never_see_a_clock_a_socket_a_file_engine_or_a_runtime() {
    let banned =
        ["tokio", "reqwest", "hyper", "libp2p", "discv5", "sled", "redb", "axum", "jsonrpsee", "mio"];
    let metadata = metadata();
    for package in metadata.workspace_packages() {
        let name = package.name.as_str();
        if name == "types" || RULES.contains(&name) {
            let found = dependencies(package, RELEASED);
            let seen: Vec<_> = banned.iter().filter(|crate_name| found.contains(**crate_name)).collect();
            assert!(seen.is_empty(), "{name} is built with {seen:?}");
        }
    }
}

#[test]
fn some_crates_stay_in_their_room() {
    let metadata = metadata();
    for package in metadata.workspace_packages() {
        let name = package.name.as_str();
        for dependency in dependencies(package, ALL_KINDS) {
            assert!(
                !dependency.starts_with("ethers") || name == "contracts-abi",
                "{name} -> {dependency}: all of ethers stays inside contracts-abi"
            );
        }
        let errors_without_type = dependencies(package, RELEASED).contains("anyhow");
        assert!(
            !errors_without_type || name == "app" || SIDE.contains(&name),
            "{name} -> anyhow: libraries have typed errors"
        );
    }
}

#[test]
fn the_lock_file_holds_nothing_of_ethers_providers() {
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock")).unwrap();
    assert!(
        !lock.contains("name = \"ethers-providers\""),
        "every advisory of ethers comes in through its providers"
    );
}

#[test]
fn the_workspace_list_is_in_reading_order() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml")).unwrap();
    let manifest: toml::Value = toml::from_str(&text).unwrap();
    let members = manifest["workspace"]["members"].as_array().unwrap();
    let order: Vec<&str> =
        members.iter().map(|path| path.as_str().unwrap().rsplit('/').next().unwrap()).collect();
    let metadata = metadata();
    for package in metadata.workspace_packages() {
        let place = |name: &str| order.iter().position(|member| *member == name);
        for dependency in dependencies(package, RELEASED) {
            if let Some(earlier) = place(&dependency) {
                assert!(
                    Some(earlier) < place(&package.name),
                    "{} is listed before {dependency}",
                    package.name
                );
            }
        }
    }
}

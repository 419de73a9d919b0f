//! The handbook and the map tell the truth: every setting, every reason, every test that holds a promise. After a change of the reasons:
//! `UPDATE_REASONS=1 cargo test -p app --test handbook`.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::fs;
use std::path::{Path, PathBuf};

use app::config::{KEYS, Layers, load};
use app::ledger::reasons;
use duty::{FailureReason, Warning};

fn handbook() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy")
}

#[test]
fn the_example_configuration_loads_and_holds_every_setting_with_its_default() {
    let file = handbook().join("capstan.example.toml");
    let layers = Layers { file: Some(file.clone()), environment: Vec::new(), flags: Vec::new() };
    let loaded = load(&layers).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let without = Layers {
        file: None,
        environment: [
            "EXECUTION__URLS=http://127.0.0.1:1",
            "BEACON__URLS=http://127.0.0.1:1",
            "OPERATOR__KEY_FILE=k",
            "NETWORK__NAME=mainnet",
        ]
        .iter()
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (format!("CAPSTAN__{name}"), value.to_owned()))
        .collect(),
        flags: Vec::new(),
    };
    let defaults = load(&without).unwrap().rows;
    for key in KEYS {
        let name = key.path.rsplit('.').next().unwrap();
        assert!(
            text.lines().any(|line| line.trim_start_matches("# ").starts_with(&format!("{name} = "))),
            "{name} is missing"
        );
        if key.default.is_none() || matches!(key.kind, app::config::Kind::Path) {
            continue;
        }
        let value = |rows: &[app::config::Row]| {
            rows.iter().find(|row| row.key == key.path).map(|row| row.value.clone())
        };
        assert_eq!(value(&loaded.rows), value(&defaults), "{}", key.path);
    }
}

#[test]
fn the_page_of_reasons_is_the_one_of_the_enums() {
    let file = handbook().join("REASONS.md");
    let page = reasons::page();
    if std::env::var_os("UPDATE_REASONS").is_some() {
        fs::write(&file, &page).unwrap();
    }
    let on_file = fs::read_to_string(&file).unwrap_or_default();
    assert!(page == on_file, "deploy/REASONS.md is stale; write it anew: {}", reasons::COMMAND);
}

#[test]
fn the_page_of_reasons_names_every_one_with_its_room_and_the_handbook_leads_to_it() {
    let page = reasons::page();
    let row = |name: &str| {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        row.unwrap_or_else(|| panic!("{name} is missing")).to_owned()
    };
    for reason in FailureReason::ALL {
        assert!(row(reason.name()).contains(&format!("| {} |", reason.room().name())), "{reason}");
    }
    for warning in Warning::ALL {
        assert!(row(warning.name()).contains(warning.advice()), "{warning}");
    }
    let text = fs::read_to_string(handbook().join("README.md")).unwrap();
    assert!(text.contains("(REASONS.md)"));
}

/// All Rust below a folder, joined.
fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn the_tests_that_the_map_names_for_the_promises_exist() {
    let node = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let map = fs::read_to_string(node.join("README.md")).unwrap();
    let (_, promises) = map.split_once("## The five promises").unwrap();
    let (table, _) = promises.split_once("\nWhat is dropped").unwrap();
    let mut text = String::new();
    sources(&node, &mut text);
    // Paths of files and single words are no tests.
    let names: Vec<_> = table
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || "_:".contains(c)))
        .map(|name| name.rsplit("::").next().unwrap())
        .filter(|name| name.matches('_').count() > 1)
        .collect();
    assert!(names.len() > 50, "the table is not read");
    for name in names {
        assert!(
            text.contains(&format!("fn {name}(")),
            "{name} is named in node/README.md and does not exist"
        );
    }
}

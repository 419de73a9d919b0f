//! The operator's handbook tells the truth: every setting, every reason.

use std::fs;
use std::path::{Path, PathBuf};

use app::config::{KEYS, Layers, load};
use duty::FailureReason;

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
fn the_handbook_names_every_reason_with_its_room() {
    let text = fs::read_to_string(handbook().join("README.md")).unwrap();
    for reason in FailureReason::ALL {
        let row =
            text.lines().find(|line| line.starts_with('|') && line.contains(&format!("`{}`", reason.name())));
        let row = row.unwrap_or_else(|| panic!("{} is missing", reason.name()));
        assert!(row.contains(&format!("| {} |", reason.room().name())), "{row}");
    }
}

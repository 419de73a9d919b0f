//! Every help page, word for word. After a wanted change: `UPDATE_HELP=1 cargo test -p app --test cli help`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use app::cli::Cli;
use clap::CommandFactory;

use crate::support::Place;

/// The words that lead to every command, the binary itself first.
fn pages() -> Vec<Vec<String>> {
    fn walk(command: &clap::Command, words: &[String], out: &mut Vec<Vec<String>>) {
        out.push(words.to_vec());
        for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
            walk(inner, &[words, &[inner.get_name().to_owned()]].concat(), out);
        }
    }
    let mut out = Vec::new();
    walk(&Cli::command(), &[], &mut out);
    out
}

#[test]
fn every_page_is_the_one_on_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help");
    let place = Place::new();
    let mut expected = BTreeSet::new();
    for words in pages() {
        let args: Vec<&str> = words.iter().map(String::as_str).chain(["--help"]).collect();
        let shown = place.run(&args);
        assert_eq!(shown.code, 0);
        let name = format!("{}.txt", [&["capstan".to_owned()], words.as_slice()].concat().join("_"));
        let file = folder.join(&name);
        if std::env::var_os("UPDATE_HELP").is_some() {
            fs::write(&file, &shown.stdout).unwrap();
        }
        let on_file = fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(
            shown.stdout, on_file,
            "{name} differs; if that is wanted: UPDATE_HELP=1 cargo test -p app --test cli help"
        );
        expected.insert(name);
    }
    let there: BTreeSet<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(there, expected, "pages without a command");
}

#[test]
fn every_leaf_teaches_with_an_example() {
    let place = Place::new();
    for words in pages() {
        let args: Vec<&str> = words.iter().map(String::as_str).chain(["--help"]).collect();
        let shown = place.run(&args).stdout;
        let is_leaf = !shown.contains("\nCommands:\n");
        assert!(!is_leaf || shown.contains("Example"), "{words:?} has no example");
        let long = shown.lines().find(|line| line.chars().count() > 100 && !line.starts_with("Usage:"));
        assert_eq!(long, None, "{words:?}");
    }
}

#[test]
fn a_wrong_word_is_a_usage_error_with_a_hint() {
    let ended = Place::new().run(&["operatr"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("operator"), "{}", ended.stderr);
    assert_eq!(Place::new().run(&[]).code, 2, "no command at all shows the help, as an error");
}

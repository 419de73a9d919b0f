//! Promise 4: the rules never see a clock, a socket, a file, a thread or a random source of their own. Which crates they are built with is
//! held by `app/tests/edges.rs`; this holds what they take of the standard library and of `rand`.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};

const RULES: [&str; 5] = ["types", "crypto", "qbft", "duty", "validation"];

const OUTSIDE: [&str; 14] = [
    "SystemTime",
    "Instant::",
    "time::Instant",
    "std::fs",
    "std::net",
    "std::thread",
    "std::env",
    "std::process",
    "rand::rng(",
    "rand::random",
    "thread_rng",
    "OsRng",
    "from_os_rng",
    "getrandom",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The text without tests and comments.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// What of the outside a text names.
fn outside(text: &str) -> Vec<&'static str> {
    let code = code(text);
    OUTSIDE.into_iter().filter(|name| code.contains(name)).collect()
}

#[test]
fn the_rules_take_nothing_of_the_outside() {
    let node = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    RULES.iter().for_each(|name| sources(&node.join(name).join("src"), &mut files));
    files.retain(|path| !path.iter().any(|part| part == "tests" || part == "tests.rs"));
    assert!(files.len() > 100, "the sources are where they are looked for");
    for file in files {
        let found = outside(&fs::read_to_string(&file).unwrap());
        assert!(found.is_empty(), "{} names {found:?}", file.display());
    }
}

#[test]
fn the_search_sees_code_and_passes_over_tests_and_comments() {
    assert_eq!(outside("let now = std::time::SystemTime::now();"), ["SystemTime"]);
    assert!(outside("// SystemTime\nlet a = 1;\n#[cfg(test)]\nmod tests { use std::fs; }").is_empty());
}

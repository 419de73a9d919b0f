//! What travels and what lies on disk keeps its bytes.
//!
//! For every type a fixed seed generates values, field by field and by name; their encodings (and roots, where there are any) are
//! hashed, and the hashes stand in `wire.txt`. A difference means that this node no longer understands others, or its
//! own files of yesterday. Whoever wants that runs the test with `CAPSTAN_REWRITE_FIXTURES` set and says in the change why.
//!
//! What only its own crate can encode stands elsewhere: the handshake in `network` (worked examples, byte for byte), the rows of
//! `registry` in [`yesterday`], which reads a file laid out by hand. The journal's tables of events, cursors and peers are written by
//! nobody yet.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

mod beacon;
mod blocks;
mod disk;
mod files;
mod generate;
mod messages;
mod yesterday;

use std::fmt::Write as _;
use std::path::Path;

use generate::Generator;
use sha2::{Digest, Sha256};

/// The fixture, one line for each type: its name and its hash.
const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire/wire.txt");
/// How many values of each type are generated.
const VALUES: usize = 64;

/// Name of a type, and what makes an encoding of it.
type Entry = (&'static str, fn(&mut Generator) -> Vec<u8>);

fn lines(entries: &[Entry]) -> String {
    let mut text = String::new();
    for (name, encoding) in entries {
        // Every type has its own seed, so that a new one changes no other line.
        let mut generator = Generator::new(name);
        let mut hash = Sha256::new();
        for _ in 0..VALUES {
            let bytes = encoding(&mut generator);
            hash.update(bytes.len().to_le_bytes());
            hash.update(bytes);
        }
        writeln!(text, "{name} {}", hex::encode(hash.finalize())).unwrap();
    }
    text
}

#[test]
fn encodings_stay_what_they_are() {
    let mut entries = messages::ENTRIES.to_vec();
    entries.extend_from_slice(beacon::ENTRIES);
    entries.extend_from_slice(blocks::ENTRIES);
    entries.extend_from_slice(beacon::JSON);
    entries.extend_from_slice(files::ENTRIES);
    entries.extend_from_slice(disk::ENTRIES);
    let text = lines(&entries) + &disk::files();
    if std::env::var_os("CAPSTAN_REWRITE_FIXTURES").is_some() {
        std::fs::write(Path::new(FIXTURE), &text).unwrap();
    }
    let expected = std::fs::read_to_string(FIXTURE).unwrap();
    for (expected, got) in expected.lines().zip(text.lines()) {
        assert_eq!(expected, got, "this type has other bytes than before");
    }
    assert_eq!(expected.lines().count(), text.lines().count(), "a type came or went");
}

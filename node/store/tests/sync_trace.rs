//! A durable commit of each engine, watched from outside: the sync is there, and it comes before the reply.
//!
//! The test starts itself once more under `strace`. The child commits and writes `acknowledged` to standard error after each
//! commit; between two of these lines the trace must hold a finished, successful sync of the right file.
//! A third child, which flushes sled without the remedy, proves that the trace can tell the difference.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::env;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use store::{Batch, HistoryDb, HistoryTable, JournalDb, JournalTable, StoreError};

const COMMITS: u8 = 5;
const MODE: &str = "CAPSTAN_SYNC_TRACE_MODE";
const FOLDER: &str = "CAPSTAN_SYNC_TRACE_FOLDER";

fn acknowledge() {
    std::io::stderr().write_all(b"acknowledged\n").unwrap();
}

fn commit_on_sled(folder: &Path) {
    let db = JournalDb::open(folder).unwrap();
    acknowledge();
    for number in 0..COMMITS {
        let mut batch = Batch::new();
        batch.put(JournalTable::Events, [number], [number; 100]);
        db.commit(batch).unwrap();
        acknowledge();
    }
}

fn commit_on_redb(folder: &Path) {
    let db = HistoryDb::open(folder).unwrap();
    acknowledge();
    for number in 0..COMMITS {
        db.transact::<_, StoreError>(|transaction| {
            transaction.put(HistoryTable::Marks, &[number], &[number; 100])
        })
        .unwrap();
        acknowledge();
    }
}

fn commit_on_sled_without_the_remedy(folder: &Path) {
    let db = sled::Config::new().path(folder.join("journal")).flush_every_ms(None).open().unwrap();
    acknowledge();
    for number in 0..COMMITS {
        db.insert([number], vec![number; 100]).unwrap();
        db.flush().unwrap();
        acknowledge();
    }
}

/// Does nothing unless the tests below started it.
#[test]
fn child() {
    let (Ok(mode), Ok(folder)) = (env::var(MODE), env::var(FOLDER)) else { return };
    let folder = Path::new(&folder);
    match mode.as_str() {
        "sled" => commit_on_sled(folder),
        "redb" => commit_on_redb(folder),
        "plain" => commit_on_sled_without_the_remedy(folder),
        other => panic!("unknown mode {other}"),
    }
}

/// What the trace says, in order.
#[derive(Debug, PartialEq)]
enum Event {
    Synced(String),
    Acknowledged,
}

/// Reads `strace -f -y` output; calls that were interrupted by another thread come in two lines.
fn events(trace: &str) -> Vec<Event> {
    let mut pending: BTreeMap<&str, String> = BTreeMap::new();
    let mut events = Vec::new();
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        if call.contains("\"acknowledged\\n\"") && call.starts_with("write(") {
            events.push(Event::Acknowledged);
        } else if call.starts_with("fdatasync(") || call.starts_with("fsync(") {
            let path = call.split_once('<').and_then(|(_, rest)| rest.split_once('>')).unwrap().0;
            pending.insert(thread, path.to_owned());
        }
        if call.contains("sync") && call.ends_with("= 0") {
            events.extend(pending.remove(thread).map(Event::Synced));
        }
    }
    events
}

/// For each commit of the child: was `file` synced between the reply before it and its own reply?
fn synced_before_reply(mode: &str, file: &str) -> Option<Vec<bool>> {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("trace");
    let started = Command::new("strace")
        .args(["-f", "-y", "-e", "trace=fdatasync,fsync,write", "-o"])
        .arg(&output)
        .arg(env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env(MODE, mode)
        .env(FOLDER, folder.path())
        .output();
    let Ok(finished) = started else {
        assert!(env::var_os("CI").is_none(), "strace is missing: install it, this check must run in CI");
        eprintln!("strace is missing: the order of sync and reply was not checked");
        return None;
    };
    assert!(finished.status.success(), "{}", String::from_utf8_lossy(&finished.stderr));
    let events = events(&std::fs::read_to_string(output).unwrap());
    let replies = events.split(|event| *event == Event::Acknowledged);
    let wanted = folder.path().join(file).to_str().unwrap().to_owned();
    let synced: Vec<bool> = replies.map(|between| between.contains(&Event::Synced(wanted.clone()))).collect();
    // Before the first reply the file is created; after the last one it is closed.
    Some(synced[1..synced.len() - 1].to_vec())
}

#[test]
fn sled_commits_are_synced_before_the_reply() {
    if let Some(synced) = synced_before_reply("sled", "journal/db") {
        assert_eq!(synced, vec![true; usize::from(COMMITS)]);
    }
}

#[test]
fn redb_commits_are_synced_before_the_reply() {
    if let Some(synced) = synced_before_reply("redb", "history.redb") {
        assert_eq!(synced, vec![true; usize::from(COMMITS)]);
    }
}

#[test]
fn the_trace_notices_a_flush_without_the_remedy() {
    if let Some(synced) = synced_before_reply("plain", "journal/db") {
        assert_eq!(synced.len(), usize::from(COMMITS));
        assert!(synced.contains(&false), "{synced:?}");
    }
}

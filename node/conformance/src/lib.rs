//! Runs the reference vectors; nothing else.
//!
//! The published vectors decide what is right wherever documents differ, so each of them is run against the public surface of
//! our crates, and what they expect is compared completely: refusals by number, messages by root, states field by field,
//! and by the hash of Go's text where one is recorded. The vectors are not part of the repository; see [`vectors`].
//!
//! No test is named in the code that runs it. Every deviation is a row with a reason in [`exceptions`].

pub mod bundle;
pub mod codes;
pub mod compare;
pub mod duties;
pub mod exceptions;
pub mod interchange;
pub mod json;
pub mod keys;
pub mod keyshares;
pub mod model;
pub mod published;
pub mod qbft;
pub mod report;
pub mod runners;
pub mod source;
pub mod suite;
pub mod vectors;
pub mod words;

use std::path::Path;

use anyhow::Result;

use keys::{SHARE_KEYS, TestKeys};
use report::Report;
use source::Files;
use suite::{ARCHIVES, Archive, Suite};

/// The suites that are run, in this order.
pub const SUITES: [&Suite; 3] = [&qbft::SUITE, &words::SUITE, &runners::SUITE];

/// Loads the archives below `root`. The names of absent ones come second.
///
/// # Errors
/// An archive is there but cannot be read.
pub fn load(root: &Path) -> Result<(Vec<Archive>, Vec<String>)> {
    let mut archives = Vec::new();
    let mut absent = Vec::new();
    for (name, fork) in ARCHIVES {
        match Files::load(root, name, keep)? {
            Some(files) => {
                let keys = TestKeys::load(root, &files, &format!("{}/tests/", qbft::SUITE.folder))?;
                let blocks = words::blocks(&files);
                archives.push(Archive { name, fork, files, keys, blocks });
            }
            None => absent.push(format!("{}/{name}.tar.xz", root.display())),
        }
    }
    if archives.iter().any(|archive| !archive.keys.has_validator_shares) {
        absent.push(root.join(SHARE_KEYS).display().to_string());
    }
    Ok((archives, absent))
}

/// Vectors, and the states of the suites that compare them.
fn keep(path: &str) -> bool {
    let suite = SUITES.iter().find(|suite| path.starts_with(suite.folder));
    suite.is_some_and(|suite| suite.states || path.starts_with(&suite.tests()))
}

/// Runs everything that is there.
///
/// # Errors
/// An archive is there but cannot be read.
pub fn run(root: &Path) -> Result<Report> {
    run_some(root, |_| true)
}

/// Runs the vectors that `wanted` picks by their path.
///
/// # Errors
/// An archive is there but cannot be read.
pub fn run_some(root: &Path, wanted: impl Fn(&str) -> bool) -> Result<Report> {
    let (archives, absent) = load(root)?;
    let mut report = Report { absent, ..Report::default() };
    for archive in &archives {
        for suite in SUITES {
            report.families.extend(suite.run_some(archive, &wanted));
        }
        report.families.extend(words::rebuilt(archive.name, archive.fork));
    }
    let folders = [
        (interchange::FOLDER, interchange::family(root, &wanted)?),
        (keyshares::FOLDER, keyshares::family(root, &wanted)?),
    ];
    for (folder, family) in folders {
        match family {
            Some(family) => report.families.push(family),
            None => report.absent.push(root.join(folder).display().to_string()),
        }
    }
    Ok(report)
}

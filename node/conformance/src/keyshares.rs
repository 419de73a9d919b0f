//! The key-share files of the existing tools: good ones verify, bad ones are refused for their reason.
//!
//! The files do not say what is expected of them; the README beside them does, and the table here repeats it. Whatever key-share
//! file is not in the table must verify.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use app::chain::keyshares::file::FileError;
use app::chain::keyshares::verify::VerifyError;
use app::chain::keyshares::{Item, Keyshares};

use crate::published;
use crate::report::{Family, Outcome};

/// The folder of the files.
pub const FOLDER: &str = "keyshares";

/// Why a file is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// It has not the form.
    Form,
    /// Two operators with one key.
    SameOperatorKey,
    /// An operator without a key.
    OperatorKey,
    /// Two lists of operators that differ.
    OtherOperators,
    /// Operators repeated or out of order.
    NotAscending,
}

const REFUSED: [(&str, Reason); 8] = [
    ("ssv-keys/old-shares.json", Reason::Form),
    ("ssv-keys/multi-shares-invalid-struct.json", Reason::Form),
    ("ssv-keys/item-empty.json", Reason::Form),
    ("ssv-keys/item-with-wrong-operator-id.json", Reason::Form),
    ("ssv-keys/item-with-duplicated-operator-key.json", Reason::SameOperatorKey),
    ("ssv-keys/item-with-missed-operator-key.json", Reason::OperatorKey),
    ("ssv-dkg/validator-invalid/keyshares--duplicate-payload-operator.json", Reason::OtherOperators),
    ("ssv-dkg/validator-invalid/keyshares--duplicate-data-operator.json", Reason::NotAscending),
];

/// Runs the files below `root`; `None` if they are not there.
///
/// # Errors
/// The folder cannot be read.
pub fn family(root: &Path, wanted: impl Fn(&str) -> bool) -> Result<Option<Family>> {
    let folder = root.join(FOLDER);
    if !folder.is_dir() {
        return Ok(None);
    }
    let mut paths = Vec::new();
    collect(&folder, &mut paths)?;
    paths.sort();
    let mut family = Family::new("keyshares, files of the existing tools");
    for path in paths {
        let name = path.strip_prefix(&folder)?.to_string_lossy().into_owned();
        if !is_keyshares(&name) {
            family.record(
                &name,
                Outcome::NotRun("it belongs to a key ceremony and holds no key shares".to_owned()),
            );
            continue;
        }
        family.found += 1;
        if wanted(&name) {
            family.record(&name, run(&name, &path).into());
        }
    }
    family.absent = published::absent(FOLDER, "", |name| folder.join(format!("{name}.json")).is_file());
    Ok(Some(family))
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    Ok(())
}

fn is_keyshares(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    name.starts_with("ssv-keys/") || file.starts_with("keyshares")
}

fn run(name: &str, path: &Path) -> Result<()> {
    let expected = REFUSED.iter().find(|(refused, _)| *refused == name).map(|(_, reason)| *reason);
    let got = judge(path)?;
    match (expected, &got) {
        (None, None) => Ok(()),
        (None, Some((_, words))) => bail!("refused: {words}"),
        (Some(expected), None) => bail!("accepted, where {expected:?} was expected"),
        (Some(expected), Some((reason, words))) => {
            ensure!(*reason == Some(expected), "refused for another reason than {expected:?}: {words}");
            Ok(())
        }
    }
}

/// Why the file is refused, if it is; a reason that no file is expected to have is `None`.
type Refused = Option<(Option<Reason>, String)>;

/// A file is a whole one or a single item of one.
fn judge(path: &Path) -> Result<Refused> {
    let of_item = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("item"));
    let items = if of_item {
        match serde_json::from_slice::<Item>(&fs::read(path)?) {
            Ok(item) => vec![item],
            Err(error) => return Ok(Some((Some(Reason::Form), error.to_string()))),
        }
    } else {
        match Keyshares::read(path) {
            Ok(file) => file.shares,
            Err(error @ FileError::Json { .. }) => return Ok(Some((Some(Reason::Form), error.to_string()))),
            Err(error) => return Ok(Some((None, error.to_string()))),
        }
    };
    ensure!(!items.is_empty(), "no key shares in it");
    Ok(items.iter().find_map(|item| item.verify().err()).map(|error| (reason(&error), error.to_string())))
}

const fn reason(error: &VerifyError) -> Option<Reason> {
    match error {
        VerifyError::SameOperatorKey(..) => Some(Reason::SameOperatorKey),
        VerifyError::OperatorKey(_) => Some(Reason::OperatorKey),
        VerifyError::OtherOperators => Some(Reason::OtherOperators),
        VerifyError::NotAscending => Some(Reason::NotAscending),
        VerifyError::OtherValidator
        | VerifyError::NotAKey
        | VerifyError::Size(_)
        | VerifyError::Length { .. }
        | VerifyError::Signature { .. }
        | VerifyError::ShareKey(_)
        | VerifyError::OtherKey => None,
    }
}

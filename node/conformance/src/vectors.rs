//! Which folder holds the vectors. Tests of other crates that read single files of them include this one.

use std::env;
use std::path::{Path, PathBuf};

/// The environment variable that names the folder.
pub const VARIABLE: &str = "CAPSTAN_VECTORS";

/// The folder to look in: `CAPSTAN_VECTORS`, else `shared/vectors` beside the repository.
#[must_use]
pub fn root() -> PathBuf {
    env::var_os(VARIABLE).map_or_else(beside_the_repository, PathBuf::from)
}

/// The repository is where the lock file of the workspace is.
fn beside_the_repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_repository = |folder: &&Path| folder.join("Cargo.lock").is_file();
    here.ancestors().find(is_repository).unwrap_or(here).join("../shared/vectors")
}

/// A file or folder of the vectors; when it is absent `None`, and a word about it.
///
/// # Panics
/// With `CI` set it must be there.
#[must_use]
pub fn find(name: &str) -> Option<PathBuf> {
    let path = root().join(name);
    if path.exists() {
        return Some(path);
    }
    let shown = path.display();
    assert!(env::var_os("CI").is_none(), "no reference vectors at {shown}: with CI they must be there");
    eprintln!("not checked: no reference vectors at {shown}; {VARIABLE} names their folder");
    None
}

//! The compiler and the execution client of `contracts-abi/solidity`, installed from its lock file.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Command;

use alloy_primitives::hex;
use sha2::{Digest, Sha256};

/// The folder with the contract, its `package.json` and lock file.
pub fn solidity() -> PathBuf {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let beside = manifest.join("solidity");
    // Included by a crate below `node/`, the folder is two levels up.
    if beside.is_dir() { beside } else { manifest.join("../../contracts-abi/solidity") }
}

/// Installs what the lock file names, unless that is what is there. `false`, with a word about it, on a machine
/// without npm; where `CI` is set that is a failure.
///
/// Tests of several processes may come here at once: the lock file itself is locked meanwhile. The stamp is the one
/// that `scripts/setup` leaves.
pub fn installed() -> bool {
    let dir = solidity();
    let lock_path = dir.join("package-lock.json");
    let lock = File::open(&lock_path).expect("the lock file is committed");
    lock.lock().expect("the lock file can be locked");
    let wanted = hex::encode(Sha256::digest(fs::read(&lock_path).unwrap()));
    let stamp = dir.join("node_modules/.installed");
    if fs::read_to_string(&stamp).is_ok_and(|found| found.trim() == wanted) {
        return true;
    }
    let mut install = Command::new("npm");
    install.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&dir);
    match install.output() {
        Ok(output) if output.status.success() => {
            fs::write(&stamp, format!("{wanted}\n")).unwrap();
            true
        }
        Ok(output) => {
            panic!("`npm ci` in {} failed: {}", dir.display(), String::from_utf8_lossy(&output.stderr))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            not_checked("npm is not installed (run scripts/setup)");
            false
        }
        Err(error) => panic!("npm could not be started: {error}"),
    }
}

/// Says that a test did not check anything and why; where `CI` is set, fails instead.
pub fn not_checked(reason: &str) {
    assert!(std::env::var_os("CI").is_none(), "cannot be checked: {reason}");
    eprintln!("NOT CHECKED: {reason}");
}

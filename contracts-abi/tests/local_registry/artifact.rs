//! The committed artifact against the sources.

use std::io::ErrorKind;
use std::process::Command;

use crate::support::npm;

#[test]
fn the_committed_artifact_is_what_the_sources_compile_to() {
    if !npm::installed() {
        return;
    }
    let compile = Command::new("node").args(["compile.mjs", "--check"]).current_dir(npm::solidity()).output();
    match compile {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            npm::not_checked("node is not installed (run scripts/setup)");
        }
        Err(error) => panic!("node could not be started: {error}"),
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
    }
}

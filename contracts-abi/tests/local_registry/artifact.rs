//! The committed artifact against the sources.

use std::process::Command;

use crate::support::npm;

#[test]
fn the_committed_artifact_is_what_the_sources_compile_to() {
    if !npm::installed() {
        return;
    }
    let output =
        Command::new("node").args(["compile.mjs", "--check"]).current_dir(npm::solidity()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

//! A real execution client on a free port, ended with the test.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::npm;

/// Secret keys of the accounts that every anvil funds. Published; good for nothing else.
pub const KEYS: [&str; 5] = [
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
];

/// A running anvil; dropping it ends the process.
pub struct Anvil {
    process: Child,
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
}

impl Anvil {
    /// Starts one that mines each transaction at once, on chain 31337 unless the arguments say otherwise. `None`,
    /// with a word about it, where that is not possible.
    pub fn start(arguments: &[&str]) -> Option<Self> {
        if !npm::installed() {
            return None;
        }
        let binary = npm::solidity().join("node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil");
        if !binary.is_file() {
            npm::not_checked("anvil is published in the registry for Linux on x86-64 only");
            return None;
        }
        let mut process = Command::new(&binary)
            .args(["--host", "127.0.0.1", "--port", "0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("anvil starts");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("Listening on 127.0.0.1:")?.parse().ok())
            .expect("anvil says where it listens");
        // What it says later is read and dropped, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { process, port })
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        self.process.kill().expect("anvil is ours to end");
        self.process.wait().expect("anvil ended");
    }
}

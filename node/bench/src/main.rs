//! `scripts/bench`: speeds as ratios. Each measurement prints its ratio as its last line.

mod commands;

use anyhow::{Result, bail};
use bench::main_network::{Corpus, MainNetwork};
use std::io::stdout;

fn main() -> Result<()> {
    let mut out = stdout().lock();
    match std::env::args().nth(1).as_deref() {
        Some("bls") => commands::bls::run(&mut out),
        // A process of its own, so that the memory it takes is not counted with the measurement's.
        Some("corpus") => Corpus::open(&MainNetwork::new()?).map(drop),
        Some("flood") => commands::flood::run(&mut out),
        Some("transport") => commands::transport::run(&mut out),
        Some("validation") => commands::validation::run(&mut out),
        _ => bail!("usage: scripts/bench bls | validation | flood | transport"),
    }
}

//! Arguments, configuration, wiring on one page, lifecycle.
//!
//! [`main`] is the program: [`cli`] reads the command line, [`commands`] do the work (with [`chain`] for what an account does on
//! chain, and [`ledger`] for what became of duties), [`output`] speaks, [`exit`] says how it ended. For the node itself, [`config`] puts the layers of configuration together, [`setup`] opens what they point to,
//! [`wire`] connects the rooms in the order of the walk, and [`lifecycle`] keeps them until the node stops.

pub mod chain;
pub mod cli;
pub mod commands;
mod conduct;
pub mod config;
mod examples;
pub mod exit;
pub mod files;
pub mod ledger;
pub mod lifecycle;
pub mod logging;
pub mod networks;
pub mod output;
pub mod password;
pub mod setup;
pub mod view;
pub mod wire;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;
use crate::output::Output;

/// The program.
#[must_use]
pub fn main() -> ExitCode {
    // Two crates bring a TLS provider each; the process must choose one before anyone opens a connection.
    let installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let cli = Cli::parse();
    let out = Output::new(cli.json);
    let result = match installed {
        Ok(()) => cli.run(),
        Err(_) => Err(anyhow::anyhow!("a TLS provider was installed twice: this build is broken")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => ExitCode::from(out.failure(&error).code()),
    }
}

//! The command tree.

use anyhow::Context;
use clap::{Parser, Subcommand};

use crate::commands::duty::{self, DutiesArgs, DutyArgs};
use crate::commands::history::{self, HistoryCommand};
use crate::commands::network_key::{self, NetworkKeyCommand};
use crate::commands::operator_key::{self, OperatorKeyCommand};
use crate::commands::operator_register::{self, OperatorRegisterArgs};
use crate::commands::run::{self, RunArgs};
use crate::commands::validator_register::{self, ValidatorRegisterArgs};
use crate::commands::validator_remove::{self, ValidatorRemoveArgs};
use crate::commands::validator_split::{self, ValidatorSplitArgs};
use crate::examples;
use crate::output::Output;

/// An SSV operator node: many hands on many bars turn one validator.
#[derive(Debug, Parser)]
#[command(
    name = "capstan",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
#[command(after_long_help = "\
From nothing to a running operator:
  capstan operator key new --out operator.json        the operator's identity; keep a copy
  capstan operator register --network mainnet ...     on chain, by transaction or calldata
  capstan run --config capstan.toml --check           is everything in place?
  capstan run --config capstan.toml                   the node

Exit codes: 0 done, 1 failed, 2 command line or configuration, 3 an operator must decide")]
pub struct Cli {
    /// Results (and errors) as one JSON document on standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The first word.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the operator node
    Run(Box<RunArgs>),
    /// The operator: its key and its registration
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// Validators: split keys, register and remove clusters
    #[command(subcommand)]
    Validator(ValidatorCommand),
    /// The node's identity among peers
    #[command(subcommand)]
    Network(NetworkCommand),
    /// What happened to the duties of a slot, and why
    Duty(Box<DutyArgs>),
    /// How the duties of many slots went
    Duties(Box<DutiesArgs>),
    /// The signing history: account, export and import (EIP-3076)
    #[command(subcommand)]
    History(HistoryCommand),
}

/// `capstan operator ...`
#[derive(Debug, Subcommand)]
pub enum OperatorCommand {
    /// The operator's RSA key
    #[command(subcommand)]
    Key(OperatorKeyCommand),
    /// Register the operator on chain
    #[command(after_long_help = examples::OPERATOR_REGISTER)]
    Register(Box<OperatorRegisterArgs>),
}

/// `capstan validator ...`
#[derive(Debug, Subcommand)]
pub enum ValidatorCommand {
    /// Split validator keys into encrypted shares for operators
    #[command(after_long_help = examples::VALIDATOR_SPLIT)]
    Split(Box<ValidatorSplitArgs>),
    /// Register split validators on chain
    #[command(after_long_help = examples::VALIDATOR_REGISTER)]
    Register(Box<ValidatorRegisterArgs>),
    /// Remove validators from their operators on chain
    #[command(after_long_help = examples::VALIDATOR_REMOVE)]
    Remove(Box<ValidatorRemoveArgs>),
}

/// `capstan network ...`
#[derive(Debug, Subcommand)]
pub enum NetworkCommand {
    /// The node's secp256k1 key
    #[command(subcommand)]
    Key(NetworkKeyCommand),
}

impl Cli {
    /// Does what was asked.
    ///
    /// # Errors
    /// Whatever the command could not do.
    pub fn run(self) -> anyhow::Result<()> {
        let out = Output::new(self.json);
        match self.command {
            Command::Run(args) => run::run(&args, out),
            Command::Operator(OperatorCommand::Key(command)) => operator_key::run(command, out),
            Command::Operator(OperatorCommand::Register(args)) => wait(operator_register::run(&args, out)),
            Command::Validator(ValidatorCommand::Split(args)) => wait(validator_split::run(&args, out)),
            Command::Validator(ValidatorCommand::Register(args)) => wait(validator_register::run(&args, out)),
            Command::Validator(ValidatorCommand::Remove(args)) => wait(validator_remove::run(&args, out)),
            Command::Network(NetworkCommand::Key(command)) => network_key::run(command, out),
            Command::Duty(args) => wait(duty::tell(&args, out)),
            Command::Duties(args) => wait(duty::sum_up(&args, out)),
            Command::History(command) => history::run(command, out),
        }
    }
}

/// Does the work of a command that talks to a chain.
fn wait(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("the runtime cannot be started")?.block_on(work)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_tree_is_sound() {
        Cli::command().debug_assert();
    }
}

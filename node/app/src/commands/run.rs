//! `capstan run`: the node.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::check;
use crate::config::{Flag, Layers, load};
use crate::lifecycle::stop_on_signals;
use crate::logging;
use crate::networks;
use crate::output::Output;
use crate::setup::Setup;
use crate::wire;

const HELP: &str = "\
Every setting can be given in the file, as a variable, or (the common ones) as a flag. Flags win
over variables, variables over the file. A variable is CAPSTAN__, the section, __ and the key;
lists are separated by commas:
  CAPSTAN__API__PORT=16001
  CAPSTAN__BEACON__URLS=http://10.0.0.2:5052,http://10.0.0.3:5052

A configuration file:
  data_dir = \"data\"
  [network]
  name = \"mainnet\"                  # or: file = \"network.toml\"
  [execution]
  urls = [\"http://127.0.0.1:8545\"]
  [beacon]
  urls = [\"http://127.0.0.1:5052\"]
  [operator]
  key_file = \"operator.json\"
  password_file = \"operator.pass\"
  [p2p]
  external_address = \"203.0.113.7\"

Relative paths in the file start at its folder.

Examples:
  capstan run --config capstan.toml --check
      shows every setting with its source; tries keys, folders, ports and nodes; exits
  capstan run --config capstan.toml

Exit codes:
  0 stopped as asked   1 failed   2 command line or configuration
  3 an operator must decide: wrong network, wrong key, damaged or foreign history, a second
    live copy of this operator";

/// `capstan run`
#[derive(Debug, Args)]
#[command(after_long_help = HELP)]
pub struct RunArgs {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Show the effective configuration with its sources, check what it points to, and exit
    #[arg(long)]
    pub check: bool,
    /// Folder of the databases
    #[arg(long, value_name = "DIR", help_heading = "Settings")]
    pub data_dir: Option<String>,
    /// Name of a built-in network, or a network file
    #[arg(long, value_name = "NAME|FILE", help_heading = "Settings")]
    pub network: Option<String>,
    /// Execution client; repeat for several
    #[arg(long, value_name = "URL", help_heading = "Settings")]
    pub execution_url: Vec<String>,
    /// Beacon node; repeat for several
    #[arg(long, value_name = "URL", help_heading = "Settings")]
    pub beacon_url: Vec<String>,
    /// Operator key file
    #[arg(long, value_name = "FILE", help_heading = "Settings")]
    pub operator_key_file: Option<String>,
    /// File with the password of the operator key
    #[arg(long, value_name = "FILE", help_heading = "Settings")]
    pub operator_password_file: Option<String>,
    /// Address to listen on for other operators
    #[arg(long, value_name = "IP", help_heading = "Settings")]
    pub p2p_listen: Option<String>,
    /// Port for connections among operators
    #[arg(long, value_name = "N", help_heading = "Settings")]
    pub p2p_tcp_port: Option<String>,
    /// Port for discovery
    #[arg(long, value_name = "N", help_heading = "Settings")]
    pub p2p_udp_port: Option<String>,
    /// Address told to other operators
    #[arg(long, value_name = "IP", help_heading = "Settings")]
    pub p2p_external_address: Option<String>,
    /// Port of the HTTP interface
    #[arg(long, value_name = "N", help_heading = "Settings")]
    pub api_port: Option<String>,
    /// Log filter: a level, or crate=level pairs
    #[arg(long, value_name = "FILTER", help_heading = "Settings")]
    pub log_level: Option<String>,
    /// Log lines as text or json
    #[arg(long, value_name = "FORMAT", help_heading = "Settings")]
    pub log_format: Option<String>,
}

impl RunArgs {
    /// The settings given as flags.
    fn flags(&self) -> Vec<Flag> {
        let network = self.network.as_ref().map(|network| match networks::is_built_in(network) {
            true => ("network.name", network),
            false => ("network.file", network),
        });
        let single = [
            ("data_dir", &self.data_dir),
            ("operator.key_file", &self.operator_key_file),
            ("operator.password_file", &self.operator_password_file),
            ("p2p.listen", &self.p2p_listen),
            ("p2p.tcp_port", &self.p2p_tcp_port),
            ("p2p.udp_port", &self.p2p_udp_port),
            ("p2p.external_address", &self.p2p_external_address),
            ("api.port", &self.api_port),
            ("log.level", &self.log_level),
            ("log.format", &self.log_format),
        ];
        let single = single.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
        let single = single.chain(network).map(|(key, value)| Flag { key, values: vec![value.clone()] });
        let lists = [("execution.urls", &self.execution_url), ("beacon.urls", &self.beacon_url)];
        let lists = lists.into_iter().filter(|(_, values)| !values.is_empty());
        single.chain(lists.map(|(key, values)| Flag { key, values: values.clone() })).collect()
    }
}

/// Runs the command.
///
/// # Errors
/// The configuration cannot be used, something it points to cannot be opened, or the node stopped for a reason.
pub fn run(args: &RunArgs, out: Output) -> anyhow::Result<()> {
    let loaded = load(&Layers::of_process(args.config.clone(), args.flags()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("capstan").build();
    let runtime = runtime.context("the runtime cannot be started")?;
    if args.check {
        return runtime.block_on(check::run(loaded, out));
    }
    logging::start(&loaded.config.log)?;
    let _inside = runtime.enter();
    let stop = stop_on_signals()?;
    let setup = Setup::open(loaded.config, stop, out)?;
    runtime.block_on(wire::run(setup))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::KEYS;
    use clap::{CommandFactory, FromArgMatches, Parser};

    #[derive(Parser)]
    struct Alone {
        #[command(flatten)]
        run: RunArgs,
    }

    #[test]
    fn every_flag_of_the_table_exists_and_sets_its_key() {
        for key in KEYS {
            let Some(flag) = key.flag else { continue };
            let value = if key.path == "network.name" { "mainnet" } else { "value" };
            let matches =
                Alone::command().try_get_matches_from(["run", &format!("--{flag}"), value]).unwrap();
            let flags = Alone::from_arg_matches(&matches).unwrap().run.flags();
            assert_eq!(flags.len(), 1, "{flag}");
            assert_eq!((flags[0].key, flags[0].values.as_slice()), (key.path, &[value.to_owned()][..]));
        }
    }
}

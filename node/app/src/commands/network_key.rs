//! `capstan network key`: the secp256k1 key that is the node's name among peers.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use network::{NetworkKey, RecordContent, SubnetBits};
use serde::Serialize;
use types::Epoch;
use zeroize::Zeroizing;

use crate::exit::usage;
use crate::files::{read_secret, write_new_secret};
use crate::networks::by_name_or_file;
use crate::output::Output;

/// `capstan network key ...`
#[derive(Debug, Subcommand)]
pub enum NetworkKeyCommand {
    /// Create a new network key
    New(NewArgs),
    /// Show the peer id and the node record (ENR) that a key has at an address
    Show(ShowArgs),
}

/// `capstan network key new`
#[derive(Debug, Args)]
#[command(after_long_help = "\
`capstan run` creates the key of p2p.key_file by itself when it is absent. Make one beforehand to
know the peer id before the first start, for example to give its record to others as a bootnode.

Example:
  capstan network key new --out network.key")]
pub struct NewArgs {
    /// Where to write the key: 32 bytes in hex, mode 0600
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// `capstan network key show`
#[derive(Debug, Args)]
#[command(after_long_help = "\
The record has the lowest sequence number, so that the one of the running node replaces it
wherever both are known.

Example:
  capstan network key show --key network.key --network local.toml \\
      --address 127.0.0.1 --tcp-port 13001 --udp-port 12001")]
pub struct ShowArgs {
    /// The key file
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Address at which others reach the node
    #[arg(long, value_name = "IP")]
    pub address: IpAddr,
    /// Port for connections among operators
    #[arg(long, value_name = "N")]
    pub tcp_port: u16,
    /// Port for discovery
    #[arg(long, value_name = "N")]
    pub udp_port: u16,
    /// Name of a built-in network, or a network file
    #[arg(long, value_name = "NAME|FILE")]
    pub network: String,
}

#[derive(Serialize)]
struct Made<'a> {
    file: &'a Path,
    peer_id: String,
}

#[derive(Serialize)]
struct Shown {
    peer_id: String,
    enr: String,
}

/// Runs the command.
///
/// # Errors
/// A file cannot be read or written, or the network is unknown.
pub fn run(command: NetworkKeyCommand, out: Output) -> anyhow::Result<()> {
    match command {
        NetworkKeyCommand::New(args) => {
            let key = create(&args.out)?;
            let made = Made { file: &args.out, peer_id: key.peer_id()?.to_base58() };
            out.result(&made, format_args!("file     {}\npeer id  {}", args.out.display(), made.peer_id))
        }
        NetworkKeyCommand::Show(args) => show(&args, out),
    }
}

fn show(args: &ShowArgs, out: Output) -> anyhow::Result<()> {
    let rules = by_name_or_file(&args.network)?;
    let key = read(&args.key)?;
    let content = RecordContent {
        address: Some(args.address),
        tcp_port: args.tcp_port,
        udp_port: args.udp_port,
        domains: rules.forks.domain_of_current(Epoch(0)).into(),
        subnets: SubnetBits::default(),
        sequence: 1,
    };
    let shown = Shown { peer_id: key.peer_id()?.to_base58(), enr: content.sign(&key)? };
    out.result(&shown, format_args!("peer id  {}\nrecord   {}", shown.peer_id, shown.enr))
}

/// Makes a key and writes it to a new file.
///
/// # Errors
/// The name is taken, or the file cannot be written.
pub fn create(path: &Path) -> anyhow::Result<NetworkKey> {
    let key = NetworkKey::generate();
    let text = Zeroizing::new(format!("{}\n", hex::encode(key.to_bytes().as_slice())));
    write_new_secret(path, text.as_bytes())?;
    Ok(key)
}

/// Reads a key file.
///
/// # Errors
/// It cannot be read, is readable by others, or holds no key.
pub fn read(path: &Path) -> anyhow::Result<NetworkKey> {
    let file = read_secret(path)?;
    if file.is_exposed() {
        let (path, mode) = (path.display(), file.mode);
        return Err(usage(format!(
            "network key file {path} can be used by others (mode {mode:o}): chmod 600 {path}"
        )));
    }
    let text = file.text(path)?.trim();
    let mut bytes = Zeroizing::new([0; 32]);
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode_to_slice(digits, bytes.as_mut_slice())
        .with_context(|| format!("network key file {} does not hold 32 bytes in hex", path.display()))?;
    NetworkKey::from_bytes(*bytes).with_context(|| format!("network key file {}", path.display()))
}

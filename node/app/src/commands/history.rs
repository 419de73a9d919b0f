//! `capstan history`: what this operator's shares have signed, as an account and as EIP-3076 documents.
//!
//! The history file has one owner at a time, so these commands work on the folder of a stopped node. Opening verifies every row:
//! a damaged history is told here as at the start of the node.

use std::fmt::{self, Display};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use serde::Serialize;
use store::{HistoryDb, StoreError};
use vault::interchange::{self, Interchange, ShareAccount};

use crate::exit::{decide, usage};
use crate::files::write_new_secret;
use crate::output::Output;

/// No document is longer: the whole history of some ten thousand keys fits.
const MAX_DOCUMENT: u64 = 1024 * 1024 * 1024;

/// `capstan history ...`
#[derive(Debug, Subcommand)]
pub enum HistoryCommand {
    /// Show marks and recorded votes of every share
    Show(ShowArgs),
    /// Write the marks of every share as an EIP-3076 document
    Export(ExportArgs),
    /// Raise marks to those of an EIP-3076 document
    Import(ImportArgs),
}

/// `capstan history show`
#[derive(Debug, Args)]
#[command(after_long_help = "\
A share signs no vote with a source below its mark or a target at or below it, and no block at or
below its slot. The latest votes stand beside the marks one by one; pairs of them that could be
slashed for (two for one target, or one around the other) are counted. That count is always 0; if
it is not, stop every copy of this operator.

Examples:
  capstan history show --data-dir data
  capstan history show --data-dir data --json")]
pub struct ShowArgs {
    /// The stopped node
    #[command(flatten)]
    pub place: Place,
}

/// `capstan history export`
#[derive(Debug, Args)]
#[command(after_long_help = "\
One entry per share, under the public key of the share, with its highest source, target and block
slot. Export after the node was stopped for the last time: what it signs later is not in the file.

Example:
  capstan history export --data-dir data --out history.json")]
pub struct ExportArgs {
    /// The stopped node
    #[command(flatten)]
    pub place: Place,
    /// Where to write the document; a file that is there is not overwritten
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// `capstan history import`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Marks are raised and never lowered: importing twice, or something older, is harmless. All of the
document is taken over, or nothing. It must be of the chain that the node was started on, and its
entries of shares: one of whole validator keys protects no share.

Example:
  capstan history import --data-dir data history.json")]
pub struct ImportArgs {
    /// The stopped node
    #[command(flatten)]
    pub place: Place,
    /// The document: EIP-3076, format version 5
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Which history.
#[derive(Debug, Args)]
pub struct Place {
    /// Folder of the databases (`data_dir` of the configuration) of a stopped node
    #[arg(long, value_name = "DIR")]
    pub data_dir: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// The history cannot be opened (a node runs, it is absent or damaged), or the document cannot be used.
pub fn run(command: HistoryCommand, out: Output) -> anyhow::Result<()> {
    match command {
        HistoryCommand::Show(args) => show(&args, out),
        HistoryCommand::Export(args) => export(&args, out),
        HistoryCommand::Import(args) => import(&args, out),
    }
}

impl Place {
    fn open(&self) -> anyhow::Result<HistoryDb> {
        let folder = self.data_dir.display();
        match HistoryDb::open_existing(&self.data_dir) {
            Err(error @ StoreError::Missing { .. }) => Err(usage(format!("--data-dir {folder}: {error}"))),
            Err(error @ StoreError::InUse { .. }) => Err(anyhow::Error::new(error).context(format!(
                "a node is running on {folder}, and its history changes while it runs: stop the node, then try again"
            ))),
            other => other.map_err(unopened),
        }
    }
}

/// What to say of a history that cannot be opened. An engine that fails while opening cannot tell a bad disk from a file that is
/// none of its own any more; the file is irreplaceable, so an operator must look.
pub(crate) fn unopened(error: StoreError) -> anyhow::Error {
    if !matches!(error, StoreError::Engine { .. }) {
        return error.into();
    }
    decide(format!(
        "{error}. If these are in order, the file is damaged: {}",
        store::remedy(store::DatabaseFile::History)
    ))
}

fn show(args: &ShowArgs, out: Output) -> anyhow::Result<()> {
    let db = args.place.open()?;
    let accounts = interchange::show(&db)?;
    let shown = Shown {
        genesis_validators_root: interchange::chain(&db)?.map(|root| root.to_string()),
        slashable_pairs: accounts.iter().map(|account| account.slashable_pairs).sum(),
        shares: accounts.iter().map(ShownShare::of).collect(),
    };
    out.result(&shown, &shown)
}

fn export(args: &ExportArgs, out: Output) -> anyhow::Result<()> {
    let document = interchange::export(&args.place.open()?)?;
    write_new_secret(&args.out, format!("{}\n", serde_json::to_string_pretty(&document)?).as_bytes())?;
    let done = Done { file: &args.out, shares: document.data.len() };
    out.result(&done, format_args!("{} shares written to {}", done.shares, args.out.display()))
}

fn import(args: &ImportArgs, out: Output) -> anyhow::Result<()> {
    let document = read(&args.file)?;
    let shares = interchange::import(&args.place.open()?, &document)
        .with_context(|| format!("nothing was imported from {}", args.file.display()))?;
    let done = Done { file: &args.file, shares };
    out.result(&done, format_args!("the marks of {shares} shares are at or above those of the document"))
}

fn read(path: &Path) -> anyhow::Result<Interchange> {
    let unreadable = |error| usage(format!("cannot read {}: {error}", path.display()));
    let file = File::open(path).map_err(unreadable)?;
    let mut text = Vec::new();
    let length = file.take(MAX_DOCUMENT.saturating_add(1)).read_to_end(&mut text).map_err(unreadable)?;
    if u64::try_from(length).is_ok_and(|length| length > MAX_DOCUMENT) {
        return Err(usage(format!("{} is longer than any interchange document", path.display())));
    }
    serde_json::from_slice(&text)
        .map_err(|error| usage(format!("{} is no interchange document (EIP-3076): {error}", path.display())))
}

#[derive(Serialize)]
struct Done<'a> {
    file: &'a Path,
    shares: usize,
}

#[derive(Serialize)]
struct Shown {
    /// The chain the history is bound to; none before the first start.
    genesis_validators_root: Option<String>,
    shares: Vec<ShownShare>,
    /// Of all shares.
    slashable_pairs: usize,
}

#[derive(Serialize)]
struct ShownShare {
    share: String,
    /// None when the share is known by import only.
    validator: Option<String>,
    armed: bool,
    source: u64,
    target: u64,
    slot: u64,
    votes: usize,
    slashable_pairs: usize,
}

impl ShownShare {
    fn of(account: &ShareAccount) -> Self {
        Self {
            share: account.share.to_string(),
            validator: account.validator.map(|key| key.to_string()),
            armed: account.armed,
            source: account.source.get(),
            target: account.target.get(),
            slot: account.slot.get(),
            votes: account.attestations.len(),
            slashable_pairs: account.slashable_pairs,
        }
    }
}

impl Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chain = self.genesis_validators_root.as_deref().unwrap_or("none yet");
        writeln!(f, "chain {chain} (genesis validators root)")?;
        for share in &self.shares {
            let ShownShare { source, target, slot, votes, slashable_pairs, .. } = share;
            writeln!(f, "share {}", share.share)?;
            writeln!(f, "  validator   {}", share.validator.as_deref().unwrap_or("unknown (imported)"))?;
            writeln!(f, "  may sign    {}", if share.armed { "yes" } else { "no" })?;
            writeln!(f, "  marks       source {source}  target {target}  block slot {slot}")?;
            writeln!(f, "  recorded    {votes} votes, {slashable_pairs} slashable pairs")?;
        }
        write!(f, "{} shares, {} slashable pairs", self.shares.len(), self.slashable_pairs)
    }
}

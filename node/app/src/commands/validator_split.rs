//! `capstan validator split`: keystores to key shares.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use alloy_primitives::Address;
use anyhow::{Context, anyhow, bail};
use clap::Args;
use crypto::keystore::{Password, ValidatorKeystore};
use serde::Serialize;
use types::{OperatorId, PublicKeyBytes};

use crate::chain::Registry;
use crate::chain::args::{ChainArgs, committee};
use crate::chain::history::{OwnerHistory, operators};
use crate::chain::keyshares::split::Committee;
use crate::chain::keyshares::{Item, Keyshares};
use crate::exit::usage;
use crate::files::read_secret;
use crate::output::{Output, Progress};
use crate::password;

/// Keystores in one run: what a keyshares file and a patient person can bear.
const MAX_KEYSTORES: usize = 10_000;

/// Split validator keys among operators
#[derive(Debug, Args)]
pub struct ValidatorSplitArgs {
    /// Network and execution client.
    #[command(flatten)]
    pub chain: ChainArgs,
    /// The account that will register the validators
    #[arg(long, value_name = "ADDRESS")]
    pub owner: Address,
    /// Ids of 4, 7, 10 or 13 operators
    #[arg(long, value_name = "ID,ID,..", value_delimiter = ',', required = true)]
    pub operators: Vec<OperatorId>,
    /// EIP-2335 keystores, or folders of them (*.json, by name); they take consecutive nonces in this order
    #[arg(long, value_name = "FILE|FOLDER", num_args = 1.., required = true)]
    pub keystore: Vec<PathBuf>,
    /// File with the password of the keystores
    #[arg(long, value_name = "FILE")]
    pub password_file: PathBuf,
    /// The keyshares file to write
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// What the command did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ValidatorsSplit {
    /// The keyshares file.
    pub file: PathBuf,
    /// Who must register them.
    pub owner: Address,
    /// The committee.
    pub operators: Vec<OperatorId>,
    /// What is in the file, in the order of registration.
    pub validators: Vec<SplitValidator>,
}

/// One validator of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SplitValidator {
    /// Its key.
    pub public_key: PublicKeyBytes,
    /// The nonce it must be registered with.
    pub owner_nonce: u64,
}

impl fmt::Display for ValidatorsSplit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for validator in &self.validators {
            writeln!(f, "nonce {:>5}  {}", validator.owner_nonce, validator.public_key)?;
        }
        let (count, file, owner) = (self.validators.len(), self.file.display(), self.owner);
        write!(
            f,
            "{count} validators in {file}: register them as {owner} before anything else of this account"
        )
    }
}

/// Runs the command.
///
/// # Errors
/// Wrong network or contract; unknown operators; keystores that do not open, stand twice or are registered already.
pub async fn run(args: &ValidatorSplitArgs, out: Output) -> anyhow::Result<()> {
    let done = split(args, out).await?;
    out.result(&done, &done)
}

/// What [`run`] does before it speaks.
///
/// # Errors
/// As [`run`].
pub async fn split(args: &ValidatorSplitArgs, out: Output) -> anyhow::Result<ValidatorsSplit> {
    let ids = committee(&args.operators)?;
    let paths = keystore_files(&args.keystore)?;
    if args.out.exists() {
        return Err(usage(format!(
            "{} is there already: move it away or give another --out",
            args.out.display()
        )));
    }
    let password = password::from_file(&args.password_file, out)?;
    let registry = args.chain.open().await?;
    let operators = operators(&registry, &ids).await?;
    let first_nonce = OwnerHistory::read(&registry, args.owner).await?.next_nonce();

    let owner = args.owner;
    let progress = out.progress("splitting", u64::try_from(paths.len())?);
    let items = tokio::task::spawn_blocking(move || {
        let committee = Committee { owner, operators: &operators };
        split_all(&paths, &password, committee, first_nonce, Mutex::new(progress))
    });
    let items = items.await.context("a splitting thread failed")??;
    refuse_known(&registry, owner, &items).await?;

    let validators = items
        .iter()
        .map(|item| SplitValidator { public_key: item.data.public_key, owner_nonce: item.data.owner_nonce });
    let report =
        ValidatorsSplit { file: args.out.clone(), owner, operators: ids, validators: validators.collect() };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Keyshares::new(items, u64::try_from(now.as_millis()).unwrap_or(u64::MAX)).write(&args.out)?;
    Ok(report)
}

/// The keystore files: those named, and of folders those ending in `.json`, by name.
fn keystore_files(named: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in named {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let unreadable = || format!("cannot read folder {}", path.display());
        let mut inside = std::fs::read_dir(path)
            .with_context(unreadable)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<Vec<_>, _>>()
            .with_context(unreadable)?;
        inside.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
        if inside.is_empty() {
            return Err(usage(format!("there is no keystore (*.json) in folder {}", path.display())));
        }
        inside.sort();
        files.append(&mut inside);
    }
    if files.len() > MAX_KEYSTORES {
        let count = files.len();
        return Err(usage(format!("{count} keystores are too many for one run: at most {MAX_KEYSTORES}")));
    }
    Ok(files)
}

/// Splits all keystores, on every core: opening one is slow by design. The n-th takes `first_nonce + n`.
fn split_all(
    paths: &[PathBuf],
    password: &Password,
    committee: Committee<'_>,
    first_nonce: u64,
    progress: Mutex<Progress>,
) -> anyhow::Result<Vec<Item>> {
    let next = AtomicUsize::new(0);
    let worker = || -> anyhow::Result<Vec<(usize, Item)>> {
        let mut done = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(path) = paths.get(i) else { return Ok(done) };
            let nonce = first_nonce.saturating_add(u64::try_from(i)?);
            let item = split_one(path, password, nonce, committee)
                .with_context(|| format!("keystore {}", path.display()))?;
            done.push((i, item));
            progress.lock().unwrap_or_else(PoisonError::into_inner).advance();
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(paths.len());
    let parts = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().map_err(|_| anyhow!("a splitting thread failed"))?)
            .collect()
    });
    drop(progress);
    let parts: anyhow::Result<Vec<Vec<(usize, Item)>>> = parts;
    let mut items: Vec<_> = parts?.into_iter().flatten().collect();
    items.sort_by_key(|(i, _)| *i);
    let items: Vec<_> = items.into_iter().map(|(_, item)| item).collect();
    refuse_repeated(&items, paths)?;
    Ok(items)
}

fn split_one(path: &Path, password: &Password, nonce: u64, committee: Committee<'_>) -> anyhow::Result<Item> {
    let file = read_secret(path)?;
    let keystore = ValidatorKeystore::from_json(file.text(path)?)?;
    let key = keystore.decrypt(password)?;
    Ok(committee.split(&key, nonce, &mut rand::rng())?)
}

/// A key that stands twice would take a nonce and be refused by every node.
fn refuse_repeated(items: &[Item], paths: &[PathBuf]) -> anyhow::Result<()> {
    let mut seen = std::collections::BTreeMap::new();
    for (item, path) in items.iter().zip(paths) {
        if let Some(earlier) = seen.insert(item.data.public_key, path) {
            let (earlier, path) = (earlier.display(), path.display());
            bail!("keystores {earlier} and {path} hold the same key: leave one out");
        }
    }
    Ok(())
}

async fn refuse_known(registry: &Registry, owner: Address, items: &[Item]) -> anyhow::Result<()> {
    for item in items {
        let key = item.data.public_key;
        if registry.has_validator(owner, &key.0).await? {
            bail!(
                "validator {key} is already registered by {owner}: leave its keystore out, or remove it first"
            );
        }
    }
    Ok(())
}

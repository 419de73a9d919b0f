//! `capstan validator register`: registers the validators of a keyshares file, several in one transaction.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use alloy_primitives::{Address, B256, U256};
use anyhow::{Context, bail, ensure};
use clap::Args;
use contracts_abi::call::validator::{Assignment, bulk_register, register};
use contracts_abi::{Call, Cluster, ClusterRef, Generation};
use serde::Serialize;
use types::{OperatorId, PublicKeyBytes};

use crate::chain::args::{ChainArgs, SendArgs};
use crate::chain::history::OwnerHistory;
use crate::chain::keyshares::{Item, Keyshares};
use crate::chain::{Mined, Registry, Sender, ShownCall};
use crate::output::{Output, Progress};

/// Register the validators of a keyshares file
#[derive(Debug, Args)]
pub struct ValidatorRegisterArgs {
    /// Network and execution client.
    #[command(flatten)]
    pub chain: ChainArgs,
    /// The keyshares file
    #[arg(long, value_name = "FILE")]
    pub keyshares: PathBuf,
    /// What to pay into each cluster, with its first transaction: wei with registry v2, SSV base units with v1
    #[arg(long, value_name = "WEI", default_value = "0")]
    pub amount: U256,
    /// How to send the calls.
    #[command(flatten)]
    pub send: SendArgs,
}

/// What the command did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ValidatorsRegistered {
    /// The account that owns the validators.
    pub owner: Address,
    /// Validators of the file that had been registered before.
    pub already_registered: usize,
    /// One per transaction, in order.
    pub transactions: Vec<Registration>,
}

/// One transaction, sent or to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Registration {
    /// The committee.
    pub operators: Vec<OperatorId>,
    /// The validators, in order.
    pub validators: Vec<PublicKeyBytes>,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// It is in a block.
    Sent {
        /// The transaction.
        transaction_hash: B256,
        /// Its block.
        block: u64,
    },
    /// Nothing was sent.
    Shown(ShownCall),
}

impl From<&Mined> for Outcome {
    fn from(mined: &Mined) -> Self {
        Self::Sent { transaction_hash: mined.hash, block: mined.block }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent { transaction_hash, block } => {
                write!(f, "block {block}, transaction {transaction_hash}")
            }
            Self::Shown(call) => write!(f, "\n{call}"),
        }
    }
}

impl fmt::Display for ValidatorsRegistered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Registration { operators, validators, outcome } in &self.transactions {
            let ids: Vec<_> = operators.iter().map(ToString::to_string).collect();
            writeln!(f, "{} validators to operators {}: {outcome}", validators.len(), ids.join(", "))?;
        }
        if self.already_registered > 0 {
            writeln!(f, "{} validators had been registered before", self.already_registered)?;
        }
        write!(f, "owner {}", self.owner)
    }
}

/// Runs the command. May be run again after a failure: what is registered already is passed over.
///
/// # Errors
/// Wrong network or contract; a file that does not pass its check or is for another owner or nonce; the contract
/// refuses; a transaction does not get into a block.
pub async fn run(args: &ValidatorRegisterArgs, out: Output) -> anyhow::Result<()> {
    let done = register_all(args, out).await?;
    out.result(&done, &done)
}

/// What [`run`] does before it speaks.
///
/// # Errors
/// As [`run`].
pub async fn register_all(args: &ValidatorRegisterArgs, out: Output) -> anyhow::Result<ValidatorsRegistered> {
    let file = Keyshares::read(&args.keyshares)?;
    let named = || format!("keyshares file {}", args.keyshares.display());
    let owner = check(&file.shares).with_context(named)?;
    let registry = args.chain.open().await?;
    let history = OwnerHistory::read(&registry, owner).await?;
    let done = registered_before(&registry, owner, &file.shares).await?;
    let items = file.shares.get(done..).unwrap_or_default();
    check_nonce(items, &history).with_context(named)?;

    let batches = batches(items);
    let transactions = match &args.send.signer_key_file {
        None => show(args, &registry, &history, &batches)?,
        Some(key_file) => {
            let sender = Sender::new(&registry, key_file, args.send.wait())?;
            let (signer, file) = (sender.address(), args.keyshares.display());
            ensure!(signer == owner, "{file} is for owner {owner}, but the signer key is that of {signer}");
            let progress = out.progress("registering", u64::try_from(batches.len())?);
            send(args.amount, &registry, &history, &sender, &batches, progress).await?
        }
    };
    Ok(ValidatorsRegistered { owner, already_registered: done, transactions })
}

/// Every entry is good by itself, they have one owner, and nonces and keys follow each other without a gap or a repeat.
fn check(items: &[Item]) -> anyhow::Result<Address> {
    let Some(first) = items.first() else { bail!("holds no validators") };
    let (owner, mut nonce, mut keys) = (first.data.owner_address, first.data.owner_nonce, BTreeSet::new());
    for item in items {
        let data = &item.data;
        item.verify().with_context(|| format!("validator {}", data.public_key))?;
        ensure!(data.owner_address == owner, "has more than one owner: {owner} and {}", data.owner_address);
        ensure!(data.owner_nonce == nonce, "has nonce {} where {nonce} must follow", data.owner_nonce);
        ensure!(keys.insert(data.public_key), "holds validator {} twice", data.public_key);
        nonce = nonce.saturating_add(1);
    }
    Ok(owner)
}

/// How many validators at the start of the file the chain knows already.
async fn registered_before(registry: &Registry, owner: Address, items: &[Item]) -> anyhow::Result<usize> {
    let mut count = 0;
    for item in items {
        if !registry.has_validator(owner, &item.data.public_key.0).await? {
            break;
        }
        count += 1;
    }
    Ok(count)
}

fn check_nonce(items: &[Item], history: &OwnerHistory) -> anyhow::Result<()> {
    let (Some(first), next) = (items.first(), history.next_nonce()) else { return Ok(()) };
    ensure!(
        first.data.owner_nonce == next,
        "is signed for nonce {} (validator {}), but the owner's next nonce is {next}: nodes would refuse the shares. \
         Split the keys again",
        first.data.owner_nonce,
        first.data.public_key,
    );
    Ok(())
}

/// Validators in one transaction, by committee size: the public tools' limits, which keep it below the size that
/// clients accept.
const fn batch_limit(operators: usize) -> usize {
    match operators {
        0..=4 => 80,
        5..=7 => 40,
        8..=10 => 30,
        _ => 20,
    }
}

/// Consecutive validators of one committee, as many as fit into one transaction. The order stays: it is that of the
/// nonces.
fn batches(items: &[Item]) -> Vec<&[Item]> {
    let same_committee = |a: &Item, b: &Item| a.payload.operator_ids == b.payload.operator_ids;
    items
        .chunk_by(same_committee)
        .flat_map(|run| run.chunks(batch_limit(run[0].payload.operator_ids.len())))
        .collect()
}

fn operators_of(batch: &[Item]) -> Vec<OperatorId> {
    batch.first().map(|item| item.payload.operator_ids.clone()).unwrap_or_default()
}

fn call(generation: Generation, batch: &[Item], to: ClusterRef, amount: U256) -> Call {
    let assignment = |item: &Item| Assignment {
        public_key: item.payload.public_key.0.to_vec(),
        shares: item.payload.shares_data.to_vec(),
    };
    match batch {
        [one] => register(generation, assignment(one), to, amount),
        several => bulk_register(generation, several.iter().map(assignment).collect(), to, amount),
    }
}

fn report(batch: &[Item], outcome: Outcome) -> Registration {
    let validators = batch.iter().map(|item| item.data.public_key).collect();
    Registration { operators: operators_of(batch), validators, outcome }
}

async fn send(
    amount: U256,
    registry: &Registry,
    history: &OwnerHistory,
    sender: &Sender<'_>,
    batches: &[&[Item]],
    mut progress: Progress,
) -> anyhow::Result<Vec<Registration>> {
    let mut clusters: Vec<(Vec<OperatorId>, Cluster)> = Vec::new();
    let mut done = Vec::with_capacity(batches.len());
    for batch in batches {
        let operators = operators_of(batch);
        let mut to = history.cluster(&operators);
        let known = clusters.iter().position(|(ids, _)| *ids == operators);
        let amount = if known.is_some() { U256::ZERO } else { amount };
        if let Some(i) = known {
            to.cluster = clusters[i].1;
        }
        let mined = sender.send(call(registry.generation, batch, to, amount)).await?;
        let after =
            mined.events.iter().rev().find_map(|event| event.cluster().map(|(_, _, cluster)| cluster));
        let Some(after) = after else {
            bail!("transaction {} is in a block, but the contract told nothing of the cluster", mined.hash);
        };
        match known {
            Some(i) => clusters[i].1 = after,
            None => clusters.push((operators, after)),
        }
        progress.advance();
        done.push(report(batch, Outcome::from(&mined)));
    }
    Ok(done)
}

/// The calls, each with the cluster as it is now. A second call to the same cluster would need the state that the first
/// leaves, which nobody knows before it is sent.
fn show(
    args: &ValidatorRegisterArgs,
    registry: &Registry,
    history: &OwnerHistory,
    batches: &[&[Item]],
) -> anyhow::Result<Vec<Registration>> {
    let mut seen = BTreeSet::new();
    let mut shown = Vec::with_capacity(batches.len());
    for batch in batches {
        let operators = operators_of(batch);
        ensure!(
            seen.insert(operators.clone()),
            "these validators need more than one transaction for the cluster of operators {operators:?}, and the \
             second depends on what the first leaves: use --signer-key-file, or split fewer keystores into one file"
        );
        let call = call(registry.generation, batch, history.cluster(&operators), args.amount);
        shown.push(report(batch, Outcome::Shown(ShownCall::new(registry.chain_id, registry.address, &call))));
    }
    Ok(shown)
}

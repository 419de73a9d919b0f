//! `capstan validator remove`: takes validators away from their operators.

use std::fmt;

use alloy_primitives::Address;
use anyhow::{bail, ensure};
use clap::Args;
use contracts_abi::call::validator;
use serde::Serialize;
use types::{OperatorId, PublicKeyBytes};

use super::validator_register::Outcome;
use crate::chain::args::{ChainArgs, SendArgs, committee};
use crate::chain::history::OwnerHistory;
use crate::chain::{Registry, Sender, ShownCall};
use crate::output::Output;

/// Validators in one transaction, as the public tools limit it.
const MAX_VALIDATORS: usize = 500;

/// Remove validators from their operators
#[derive(Debug, Args)]
pub struct ValidatorRemoveArgs {
    /// Network and execution client.
    #[command(flatten)]
    pub chain: ChainArgs,
    /// The validators' public keys
    #[arg(long, value_name = "KEY,KEY,..", value_delimiter = ',', required = true)]
    pub public_key: Vec<PublicKeyBytes>,
    /// Ids of the operators they are assigned to
    #[arg(long, value_name = "ID,ID,..", value_delimiter = ',', required = true)]
    pub operators: Vec<OperatorId>,
    /// The account that registered them; needed with --calldata only
    #[arg(long, value_name = "ADDRESS", required_if_eq("calldata", "true"))]
    pub owner: Option<Address>,
    /// How to send the call.
    #[command(flatten)]
    pub send: SendArgs,
}

/// What the command did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ValidatorsRemoved {
    /// The validators.
    pub validators: Vec<PublicKeyBytes>,
    /// What became of the call.
    #[serde(flatten)]
    pub outcome: Outcome,
}

impl fmt::Display for ValidatorsRemoved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} validators removed: {}", self.validators.len(), self.outcome)
    }
}

/// Runs the command.
///
/// # Errors
/// Wrong network or contract; validators that the account has not registered with these operators; the contract refuses;
/// the transaction does not get into a block.
pub async fn run(args: &ValidatorRemoveArgs, out: Output) -> anyhow::Result<()> {
    let done = remove(args).await?;
    out.result(&done, &done)
}

/// What [`run`] does before it speaks.
///
/// # Errors
/// As [`run`].
pub async fn remove(args: &ValidatorRemoveArgs) -> anyhow::Result<ValidatorsRemoved> {
    let operators = committee(&args.operators)?;
    let count = args.public_key.len();
    ensure!(
        count <= MAX_VALIDATORS,
        "{count} validators are too many for one transaction: at most {MAX_VALIDATORS}"
    );
    let registry = args.chain.open().await?;
    let sender = match &args.send.signer_key_file {
        Some(key_file) => Some(Sender::new(&registry, key_file, args.send.wait())?),
        None => None,
    };
    let owner = match (&sender, args.owner) {
        (Some(sender), None) => sender.address(),
        (Some(sender), Some(owner)) => {
            let signer = sender.address();
            ensure!(signer == owner, "the validators are {owner}'s, but the signer key is that of {signer}");
            owner
        }
        (None, Some(owner)) => owner,
        (None, None) => bail!("--calldata needs --owner: the account that registered the validators"),
    };
    refuse_unknown(&registry, owner, &args.public_key).await?;
    let from = OwnerHistory::read(&registry, owner).await?.cluster(&operators);
    let call = match args.public_key.as_slice() {
        [one] => validator::remove(one.0.to_vec(), from),
        several => validator::bulk_remove(several.iter().map(|key| key.0.to_vec()).collect(), from),
    };
    let outcome = match sender {
        Some(sender) => Outcome::from(&sender.send(call).await?),
        None => Outcome::Shown(ShownCall::new(registry.chain_id, registry.address, &call)),
    };
    Ok(ValidatorsRemoved { validators: args.public_key.clone(), outcome })
}

async fn refuse_unknown(registry: &Registry, owner: Address, keys: &[PublicKeyBytes]) -> anyhow::Result<()> {
    for key in keys {
        ensure!(registry.has_validator(owner, &key.0).await?, "validator {key} is not registered by {owner}");
    }
    Ok(())
}

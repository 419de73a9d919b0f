//! `capstan operator register`: registers the operator's public key on chain.

use std::fmt;
use std::path::PathBuf;

use alloy_primitives::{B256, U256};
use anyhow::{Context, bail};
use clap::Args;
use contracts_abi::{RegistryEvent, call};
use crypto::keystore::OperatorKeyFile;
use crypto::rsa::OperatorPublicKey;
use serde::Serialize;

use crate::chain::args::{ChainArgs, SendArgs};
use crate::chain::{Sender, ShownCall};
use crate::files::read_secret;
use crate::output::Output;
use crate::password;

/// Register the operator on chain
#[derive(Debug, Args)]
pub struct OperatorRegisterArgs {
    /// Network and execution client.
    #[command(flatten)]
    pub chain: ChainArgs,
    /// The operator key file
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// File with the key file's password; asked for if absent
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Fee per block and validator: wei per 32 ether with registry v2, SSV base units with v1
    #[arg(long, value_name = "AMOUNT", default_value = "0")]
    pub fee: U256,
    /// Take validators of whitelisted accounts only
    #[arg(long)]
    pub private: bool,
    /// How to send the call.
    #[command(flatten)]
    pub send: SendArgs,
}

/// What the command did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum OperatorRegistered {
    /// The operator is registered.
    Sent {
        /// The id that the contract gave out.
        operator_id: u64,
        /// The transaction.
        transaction_hash: B256,
        /// Its block.
        block: u64,
    },
    /// Nothing was sent.
    Shown(ShownCall),
}

impl fmt::Display for OperatorRegistered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent { operator_id, transaction_hash, block } => {
                write!(
                    f,
                    "operator {operator_id} registered in block {block} (transaction {transaction_hash})"
                )
            }
            Self::Shown(call) => call.fmt(f),
        }
    }
}

/// Runs the command.
///
/// # Errors
/// Wrong network, contract, key file or password; the contract refuses; the transaction does not get into a block.
pub async fn run(args: &OperatorRegisterArgs, out: Output) -> anyhow::Result<()> {
    let done = register(args, out).await?;
    out.result(&done, &done)
}

/// What [`run`] does before it speaks.
///
/// # Errors
/// As [`run`].
pub async fn register(args: &OperatorRegisterArgs, out: Output) -> anyhow::Result<OperatorRegistered> {
    let key = public_key(args, out)?.to_base64();
    let registry = args.chain.open().await?;
    let call = call::operator::register(&key, args.fee, args.private);
    let Some(signer) = &args.send.signer_key_file else {
        return Ok(OperatorRegistered::Shown(ShownCall::new(registry.chain_id, registry.address, &call)));
    };
    let mined = Sender::new(&registry, signer, args.send.wait())?.send(call).await?;
    let Some(operator_id) = mined.events.iter().find_map(|event| id_of(event, &key)) else {
        bail!("transaction {} is in a block, but the contract did not tell the operator's id", mined.hash);
    };
    Ok(OperatorRegistered::Sent { operator_id, transaction_hash: mined.hash, block: mined.block })
}

fn id_of(event: &RegistryEvent, key: &str) -> Option<u64> {
    if let RegistryEvent::OperatorAdded { operator_id, public_key, .. } = event
        && public_key == key.as_bytes()
    {
        return Some(*operator_id);
    }
    None
}

/// The key file's public key. An encrypted file is opened although it shows the key in the clear: what is registered must
/// be the key that the node will be able to use.
fn public_key(args: &OperatorRegisterArgs, out: Output) -> anyhow::Result<OperatorPublicKey> {
    let named = || format!("operator key file {}", args.key.display());
    let text = read_secret(&args.key).with_context(named)?;
    let file = OperatorKeyFile::parse(text.text(&args.key)?).with_context(named)?;
    let password = match &file {
        OperatorKeyFile::Plain(_) => None,
        OperatorKeyFile::Encrypted(_) => {
            Some(password::existing(args.password_file.as_deref(), &named(), "--password-file", out)?)
        }
    };
    Ok(file.open(password.as_ref()).with_context(named)?.public_key().clone())
}

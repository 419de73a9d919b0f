//! Signs a call, sends it, and waits until it is in a block.

use std::time::Duration;

use alloy_primitives::{Address, B256};
use contracts_abi::{Call, Fees, RegistryEvent, Revert, Signer, Transaction, decode};
use std::path::Path;
use tokio::time::{Instant, sleep};

use super::error::ChainError;
use super::eth::Receipt;
use super::registry::Registry;
use super::signer_key;

/// How often the receipt is asked for.
const POLL: Duration = Duration::from_millis(250);
/// The tip where the client does not suggest one, in wei.
const DEFAULT_TIP_WEI: u128 = 1_000_000_000;

/// An account that calls the registry.
pub struct Sender<'a> {
    registry: &'a Registry,
    signer: Signer,
    wait: Duration,
}

/// A call that is in a block and was accepted.
#[derive(Debug, Clone)]
pub struct Mined {
    /// The transaction.
    pub hash: B256,
    /// The block.
    pub block: u64,
    /// What the registry told, in order.
    pub events: Vec<RegistryEvent>,
}

/// A signed transaction that nobody else has seen.
pub(super) struct Prepared {
    call: Call,
    raw: Vec<u8>,
    hash: B256,
}

/// A transaction that the execution client has.
pub(super) struct Sent {
    call: Call,
    hash: B256,
}

impl<'a> Sender<'a> {
    /// Reads the signer key file; `wait` is how long to wait for each transaction.
    ///
    /// # Errors
    /// The file cannot be used.
    pub fn new(registry: &'a Registry, key_file: &Path, wait: Duration) -> anyhow::Result<Self> {
        Ok(Self { registry, signer: signer_key::read(key_file)?, wait })
    }

    /// The account.
    #[must_use]
    pub fn address(&self) -> Address {
        self.signer.address()
    }

    /// Sends a call and waits for it. A call that the contract would refuse is not sent: the estimate tells.
    ///
    /// # Errors
    /// [`ChainError`]
    pub async fn send(&self, call: Call) -> Result<Mined, ChainError> {
        let prepared = self.prepare(call).await?;
        let sent = self.hand_over(prepared).await?;
        self.outcome(&sent).await
    }

    /// Asks what the call needs and signs it. Nothing is sent yet.
    pub(super) async fn prepare(&self, call: Call) -> Result<Prepared, ChainError> {
        let (rpc, to, from) = (&self.registry.rpc, self.registry.address, self.address());
        let estimate = rpc.estimate_gas(from, to, &call).await?;
        let transaction = Transaction {
            chain_id: self.registry.chain_id,
            nonce: rpc.next_nonce(from).await?,
            to: Some(to),
            call: call.clone(),
            // An eighth more: the state may change a little before the transaction is mined.
            gas_limit: estimate.saturating_add(estimate / 8),
            fees: self.fees().await?,
        };
        let signed = self.signer.sign(&transaction).map_err(|_| ChainError::Answer {
            method: "eth_sendRawTransaction",
            what: "the transaction could not be signed",
        })?;
        Ok(Prepared { call, raw: signed.raw, hash: signed.hash })
    }

    /// Gives the transaction to the execution client: from here on it may be mined, whatever happens to us.
    pub(super) async fn hand_over(&self, prepared: Prepared) -> Result<Sent, ChainError> {
        self.registry.rpc.send_raw(prepared.raw).await?;
        Ok(Sent { call: prepared.call, hash: prepared.hash })
    }

    /// Waits until the transaction is in a block and tells what it did there.
    pub(super) async fn outcome(&self, sent: &Sent) -> Result<Mined, ChainError> {
        let receipt = self.wait_for(sent.hash).await?;
        let block = receipt.block_number.to();
        if receipt.status.is_zero() {
            return Err(ChainError::Reverted(self.reason(&sent.call, block).await));
        }
        let events =
            receipt.logs.iter().filter_map(|log| decode(&log.topics, &log.data).ok().flatten()).collect();
        Ok(Mined { hash: sent.hash, block, events })
    }

    /// Twice the base fee leaves room for six full blocks.
    async fn fees(&self) -> Result<Fees, ChainError> {
        let rpc = &self.registry.rpc;
        let Some(base) = rpc.base_fee().await? else {
            return Ok(Fees::Legacy { gas_price_wei: rpc.gas_price().await? });
        };
        let tip = match rpc.max_priority_fee().await {
            Ok(tip) => tip,
            // Not every client suggests one.
            Err(ChainError::Refused { .. }) => DEFAULT_TIP_WEI,
            Err(error) => return Err(error),
        };
        let max_fee_wei = base.saturating_mul(2).saturating_add(tip);
        Ok(Fees::Dynamic { max_fee_wei, max_priority_fee_wei: tip })
    }

    async fn wait_for(&self, hash: B256) -> Result<Receipt, ChainError> {
        let deadline = Instant::now() + self.wait;
        loop {
            if let Some(receipt) = self.registry.rpc.receipt(hash).await? {
                return Ok(receipt);
            }
            if Instant::now() >= deadline {
                return Err(ChainError::NotMined { hash, seconds: self.wait.as_secs() });
            }
            sleep(POLL).await;
        }
    }

    /// Why a mined transaction was reverted: a receipt does not say, so the call is run again on its block.
    async fn reason(&self, call: &Call, block: u64) -> Revert {
        match self.registry.rpc.try_call(self.address(), self.registry.address, call, block).await {
            Err(ChainError::Reverted(reason)) => reason,
            _ => Revert::Silent,
        }
    }
}

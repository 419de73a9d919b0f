//! The registry contract of a network, on an execution client that has it.

use alloy_primitives::Address;
use contracts_abi::{Generation, view};
use types::NetworkRules;

use super::error::ChainError;
use super::eth::{Log, Topics};
use super::logs;
use super::rpc::Rpc;

/// A registry that was found where the network says it is.
pub struct Registry {
    pub(super) rpc: Rpc,
    /// The contract.
    pub address: Address,
    /// The chain it is on.
    pub chain_id: u64,
    /// Which calls it takes.
    pub generation: Generation,
    deploy_block: u64,
}

impl Registry {
    /// Connects, and checks that the client is on the network's chain and that a registry is at its address.
    ///
    /// # Errors
    /// [`ChainError`]; the last three checks are for a person to decide.
    pub async fn open(url: &str, network: &NetworkRules) -> Result<Self, ChainError> {
        let rpc = Rpc::connect(url).await?;
        let (address, expected) = (network.contract, network.chain_id);
        let found = rpc.chain_id().await?;
        if found != expected {
            return Err(ChainError::OtherChain { network: network.name.clone(), expected, found });
        }
        if rpc.code(address).await?.is_empty() {
            return Err(ChainError::NoContract { address, chain_id: found });
        }
        let generation = generation(&rpc, address).await?;
        Ok(Self { rpc, address, chain_id: found, generation, deploy_block: network.deploy_block })
    }

    /// Whether `owner` has this validator registered now.
    ///
    /// # Errors
    /// [`ChainError`]
    pub async fn has_validator(&self, owner: Address, public_key: &[u8]) -> Result<bool, ChainError> {
        let answer = self.rpc.view(self.address, view::validator_call(owner, public_key)).await?;
        view::read_validator(&answer)
            .map_err(|_| ChainError::Answer { method: "eth_call", what: "getValidator returns no boolean" })
    }

    /// All logs with these topics from the contract's first block to the latest.
    pub(super) async fn logs(&self, topics: &Topics) -> Result<Vec<Log>, ChainError> {
        let latest = self.rpc.block_number().await?;
        let fetch = async |from, to| self.rpc.logs(self.address, topics, from, to).await;
        logs::all(fetch, self.deploy_block..=latest).await
    }
}

async fn generation(rpc: &Rpc, address: Address) -> Result<Generation, ChainError> {
    let version = match rpc.view(address, view::version_call()).await {
        Ok(answer) => view::read_version(&answer).unwrap_or_default(),
        Err(ChainError::Reverted(_)) => String::new(),
        Err(error) => return Err(error),
    };
    Generation::from_version(&version).ok_or(ChainError::OtherContract { address, version })
}

//! What the commands read from the registry's events.

use alloy_primitives::{Address, B256};
use contracts_abi::{Cluster, ClusterRef, RegistryEvent, cluster_id, decode, topic, topics_with_cluster};
use crypto::rsa::OperatorPublicKey;
use std::collections::BTreeMap;
use types::OperatorId;

use super::error::ChainError;
use super::registry::Registry;

/// Nodes count an owner's registrations in 16 bits and start again at 0 after 65,535 (`ssv registry/storage`).
const NONCES: u64 = 1 << 16;

/// An owner's events that carry a cluster tuple, oldest first.
pub struct OwnerHistory {
    owner: Address,
    events: Vec<RegistryEvent>,
}

impl OwnerHistory {
    /// Reads it from the chain.
    ///
    /// # Errors
    /// [`ChainError`]
    pub async fn read(registry: &Registry, owner: Address) -> Result<Self, ChainError> {
        let logs = registry.logs(&vec![topics_with_cluster(), vec![owner.into_word()]]).await?;
        // What does not decode has no effect anywhere, so it does not count here either.
        let events = logs.iter().filter_map(|log| decode(&log.topics, &log.data).ok().flatten()).collect();
        Ok(Self { owner, events })
    }

    /// The nonce that the owner's next registration must be signed for: the number of ValidatorAdded events so far,
    /// over all clusters, whatever nodes thought of them.
    #[must_use]
    pub fn next_nonce(&self) -> u64 {
        let added = self.events.iter().filter(|event| matches!(event, RegistryEvent::ValidatorAdded { .. }));
        u64::try_from(added.count()).unwrap_or(u64::MAX) % NONCES
    }

    /// A cluster of the owner as its latest event left it; new if it has none.
    #[must_use]
    pub fn cluster(&self, operator_ids: &[OperatorId]) -> ClusterRef {
        let operator_ids: Vec<u64> = operator_ids.iter().map(|id| id.get()).collect();
        let wanted = cluster_id(self.owner, &operator_ids);
        let latest = self.events.iter().rev().filter_map(RegistryEvent::cluster);
        let latest = latest.into_iter().find(|(owner, ids, _)| cluster_id(*owner, ids) == wanted);
        ClusterRef { operator_ids, cluster: latest.map_or(Cluster::NEW, |(_, _, cluster)| cluster) }
    }
}

/// An operator as the chain knows it.
#[derive(Debug, Clone)]
pub struct RegisteredOperator {
    /// Its id.
    pub id: OperatorId,
    /// Its public key.
    pub key: OperatorPublicKey,
    /// The key as it was registered: base64 of PEM. Other tools compare operators by this text.
    pub text: String,
}

/// The operators with these ids, in the order asked for.
///
/// # Errors
/// [`ChainError`]: an operator is unknown or removed, or registered something that is no key.
pub async fn operators(
    registry: &Registry,
    ids: &[OperatorId],
) -> Result<Vec<RegisteredOperator>, ChainError> {
    let kinds = ["OperatorAdded", "OperatorRemoved"].iter().filter_map(|name| topic(name)).collect();
    let wanted = ids.iter().map(|id| B256::left_padding_from(&id.get().to_be_bytes())).collect();
    let logs = registry.logs(&vec![kinds, wanted]).await?;
    let mut keys = BTreeMap::new();
    for event in logs.iter().filter_map(|log| decode(&log.topics, &log.data).ok().flatten()) {
        apply(&mut keys, event);
    }
    ids.iter().map(|id| registered(&keys, *id)).collect()
}

/// The first registration of an id counts; a removal ends it for good.
fn apply(keys: &mut BTreeMap<u64, Option<Vec<u8>>>, event: RegistryEvent) {
    match event {
        RegistryEvent::OperatorAdded { operator_id, public_key, .. } => {
            keys.entry(operator_id).or_insert(Some(public_key));
        }
        RegistryEvent::OperatorRemoved { operator_id } => {
            keys.insert(operator_id, None);
        }
        RegistryEvent::ValidatorAdded { .. }
        | RegistryEvent::ValidatorRemoved { .. }
        | RegistryEvent::ValidatorExited { .. }
        | RegistryEvent::ClusterLiquidated { .. }
        | RegistryEvent::ClusterReactivated { .. }
        | RegistryEvent::FeeRecipientAddressUpdated { .. }
        | RegistryEvent::ClusterDeposited { .. }
        | RegistryEvent::ClusterWithdrawn { .. }
        | RegistryEvent::ClusterMigratedToEth { .. }
        | RegistryEvent::ClusterBalanceUpdated { .. }
        | RegistryEvent::Ignored { .. } => {}
    }
}

fn registered(
    keys: &BTreeMap<u64, Option<Vec<u8>>>,
    id: OperatorId,
) -> Result<RegisteredOperator, ChainError> {
    let text = keys.get(&id.get()).ok_or(ChainError::UnknownOperator { id })?;
    let text = text.as_deref().ok_or(ChainError::RemovedOperator { id })?;
    let text = std::str::from_utf8(text).map_err(|_| ChainError::OperatorKey { id })?.to_owned();
    let key = OperatorPublicKey::from_base64(&text).map_err(|_| ChainError::OperatorKey { id })?;
    Ok(RegisteredOperator { id, key, text })
}

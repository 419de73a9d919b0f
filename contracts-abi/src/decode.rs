//! From a log to a typed event.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use alloy_primitives::B256;
use ethers_core::abi::{Event, Token, Tokenizable};

use crate::abi::{self, shared, v2};
use crate::convert::{from_ethers_address, from_ethers_u256};
use crate::event::RegistryEvent;
use crate::operator_key;
use crate::read::{self, Fault};

/// A log with the topic of a known event whose other topics or data do not fit it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("undecodable {event}: {fault}")]
pub struct DecodeError {
    /// The event's name.
    pub event: &'static str,
    /// What does not fit.
    pub fault: Fault,
}

static EVENTS: LazyLock<BTreeMap<B256, &'static Event>> = LazyLock::new(|| {
    let all = abi::all().into_iter().flat_map(ethers_core::abi::Abi::events);
    all.map(|event| (B256::from(event.signature().0), event)).collect()
});

/// Every event of both generations: first topic and name.
pub fn known_topics() -> impl Iterator<Item = (B256, &'static str)> {
    EVENTS.iter().map(|(topic, event)| (*topic, event.name.as_str()))
}

/// The first topic of the event with this name. `None` if there is none, or (one case: `OperatorMaximumFeeUpdated`)
/// if the generations disagree.
#[must_use]
pub fn topic(name: &str) -> Option<B256> {
    let mut found = known_topics().filter(|(_, known)| *known == name).map(|(topic, _)| topic);
    found.next().filter(|_| found.next().is_none())
}

/// The first topics of the events that carry a cluster tuple; all of them have the owner as their second topic.
#[must_use]
pub fn topics_with_cluster() -> Vec<B256> {
    const NAMES: [&str; 8] = [
        "ValidatorAdded",
        "ValidatorRemoved",
        "ClusterLiquidated",
        "ClusterReactivated",
        "ClusterDeposited",
        "ClusterWithdrawn",
        "ClusterMigratedToETH",
        "ClusterBalanceUpdated",
    ];
    NAMES.iter().filter_map(|name| topic(name)).collect()
}

/// Reads a log of the registry. `None` if it is none of its events.
///
/// # Errors
/// The log has the topic of a known event, but the other topics or the data do not fit. Such a log is skipped by
/// every node alike, without any effect.
pub fn decode(topics: &[B256], data: &[u8]) -> Result<Option<RegistryEvent>, DecodeError> {
    let Some(event) = topics.first().and_then(|topic| EVENTS.get(topic)) else { return Ok(None) };
    typed(event, topics, data).map(Some).map_err(|fault| DecodeError { event: event.name.as_str(), fault })
}

fn typed(event: &'static Event, topics: &[B256], data: &[u8]) -> Result<RegistryEvent, Fault> {
    macro_rules! read {
        ($module:ident :: $kind:ident) => {
            $module::$kind::from_token(Token::Tuple(fields(event, topics, data)?))
                .map_err(|_| Fault::UnknownType)?
        };
    }
    macro_rules! cluster_event {
        ($variant:ident, $module:ident :: $kind:ident) => {{
            let e = read!($module::$kind);
            let (owner, cluster) = (from_ethers_address(e.owner), e.cluster.into());
            RegistryEvent::$variant { owner, operator_ids: e.operator_ids, cluster }
        }};
    }
    Ok(match event.name.as_str() {
        "OperatorAdded" => {
            let e = read!(shared::OperatorAddedFilter);
            RegistryEvent::OperatorAdded {
                operator_id: e.operator_id,
                owner: from_ethers_address(e.owner),
                public_key: operator_key::unwrap(&e.public_key)?,
                fee: from_ethers_u256(e.fee),
            }
        }
        "OperatorRemoved" => {
            RegistryEvent::OperatorRemoved { operator_id: read!(shared::OperatorRemovedFilter).operator_id }
        }
        "ValidatorAdded" => {
            let e = read!(shared::ValidatorAddedFilter);
            RegistryEvent::ValidatorAdded {
                owner: from_ethers_address(e.owner),
                operator_ids: e.operator_ids,
                public_key: e.public_key.to_vec(),
                shares: e.shares.to_vec(),
                cluster: e.cluster.into(),
            }
        }
        "ValidatorRemoved" => {
            let e = read!(shared::ValidatorRemovedFilter);
            RegistryEvent::ValidatorRemoved {
                owner: from_ethers_address(e.owner),
                operator_ids: e.operator_ids,
                public_key: e.public_key.to_vec(),
                cluster: e.cluster.into(),
            }
        }
        "ValidatorExited" => {
            let e = read!(shared::ValidatorExitedFilter);
            RegistryEvent::ValidatorExited {
                owner: from_ethers_address(e.owner),
                operator_ids: e.operator_ids,
                public_key: e.public_key.to_vec(),
            }
        }
        "FeeRecipientAddressUpdated" => {
            let e = read!(shared::FeeRecipientAddressUpdatedFilter);
            RegistryEvent::FeeRecipientAddressUpdated {
                owner: from_ethers_address(e.owner),
                recipient: from_ethers_address(e.recipient_address),
            }
        }
        "ClusterLiquidated" => cluster_event!(ClusterLiquidated, shared::ClusterLiquidatedFilter),
        "ClusterReactivated" => cluster_event!(ClusterReactivated, shared::ClusterReactivatedFilter),
        "ClusterDeposited" => cluster_event!(ClusterDeposited, shared::ClusterDepositedFilter),
        "ClusterWithdrawn" => cluster_event!(ClusterWithdrawn, shared::ClusterWithdrawnFilter),
        "ClusterMigratedToETH" => cluster_event!(ClusterMigratedToEth, v2::ClusterMigratedToETHFilter),
        "ClusterBalanceUpdated" => cluster_event!(ClusterBalanceUpdated, v2::ClusterBalanceUpdatedFilter),
        name => RegistryEvent::Ignored { name },
    })
}

/// The event's fields in the order of its signature, from topics and data.
fn fields(event: &Event, topics: &[B256], data: &[u8]) -> Result<Vec<Token>, Fault> {
    let indexed = event.inputs.iter().filter(|field| field.indexed).count();
    if topics.len() != indexed + 1 {
        return Err(Fault::TopicCount { expected: indexed + 1, found: topics.len() });
    }
    let in_data: Vec<_> = event.inputs.iter().filter(|f| !f.indexed).map(|f| f.kind.clone()).collect();
    let mut from_data = read::values(&in_data, data)?.into_iter();
    let mut from_topics = topics[1..].iter();
    let mut tokens = Vec::with_capacity(event.inputs.len());
    for field in &event.inputs {
        let token = if field.indexed {
            let topic = from_topics.next().ok_or(Fault::UnknownType)?;
            read::values(std::slice::from_ref(&field.kind), topic.as_slice())?.pop()
        } else {
            from_data.next()
        };
        tokens.push(token.ok_or(Fault::UnknownType)?);
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests;

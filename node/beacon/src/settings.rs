//! How to reach the beacon nodes: checked once, at the start.

use crate::call::Budgets;
use crate::error::{NodeName, SettingsError};
use crate::event::NodeId;
use crate::http::Http;
use crate::node::Node;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Most nodes that can be configured. Each holds an event stream and gets every submission.
pub const MAX_NODES: usize = 16;
/// How to reach the beacon nodes.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Addresses, http or https, 1 to [`MAX_NODES`]. The best one is read from; among equals the first.
    pub urls: Vec<String>,
    /// What calls may cost.
    pub budgets: Budgets,
    /// So many nodes must have the same checkpoints before their attestation data are voted for; 1 to the number of addresses.
    pub agreement: usize,
    /// Connections kept open at each node beside those in use, so that no submission waits for a handshake.
    pub spare_connections: usize,
}

impl Settings {
    /// The usual settings of a network with this slot length.
    #[must_use]
    pub fn new(urls: Vec<String>, slot: Duration) -> Self {
        Self { urls, budgets: Budgets::for_slot(slot), agreement: 1, spare_connections: 3 }
    }
}

pub(crate) fn build_nodes(settings: &Settings) -> Result<Vec<Arc<Node>>, SettingsError> {
    if settings.urls.is_empty() {
        return Err(SettingsError::NoUrls);
    }
    if settings.urls.len() > MAX_NODES {
        return Err(SettingsError::TooManyUrls { given: settings.urls.len(), limit: MAX_NODES });
    }
    if !(1..=settings.urls.len()).contains(&settings.agreement) {
        return Err(SettingsError::Agreement { needed: settings.agreement, nodes: settings.urls.len() });
    }
    let build = |(position, text): (usize, &String)| {
        let bad = |why| SettingsError::BadUrl { position, why };
        let url = Url::parse(text).map_err(|_| bad("it cannot be parsed"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad("its scheme is another one"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad("it has a query or a fragment"));
        }
        let http = Http::new(&url, settings.budgets.connect, settings.budgets.idle)?;
        Ok(Arc::new(Node::new(NodeId(position), NodeName::of(&url), http)))
    };
    settings.urls.iter().enumerate().map(build).collect()
}

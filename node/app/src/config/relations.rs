//! What the values must be among each other.

use tracing_subscriber::EnvFilter;

use super::problem::{Fault, Problem};
use super::{NodeConfig, Row};

/// Bytes of text that a block carries.
pub const MAX_GRAFFITI: usize = 32;
/// Most addresses of one kind.
const MAX_URLS: usize = 16;

/// # Errors
/// Every relation that does not hold.
pub(super) fn check(config: &NodeConfig, rows: &[Row]) -> Result<(), Vec<Problem>> {
    let source =
        |key: &str| rows.iter().find(|row| row.key == key).map_or_else(String::new, |row| row.source.clone());
    let value = |key, fault| Problem::Value { key, source_name: source(key), fault };
    let mut problems = Vec::new();
    match (&config.network.name, &config.network.file) {
        (Some(_), None) | (None, Some(_)) => {}
        (None, None) => problems.push(Problem::NoNetwork),
        (Some(_), Some(_)) => {
            let (name, file) = (source("network.name"), source("network.file"));
            problems.push(Problem::TwoNetworks { name, file });
        }
    }
    for (key, urls) in [("execution.urls", &config.execution.urls), ("beacon.urls", &config.beacon.urls)] {
        if urls.len() > MAX_URLS {
            problems.push(value(key, Fault::TooMany { given: urls.len(), limit: MAX_URLS }));
        }
    }
    let (needed, nodes) = (usize::from(config.beacon.agreement), config.beacon.urls.len());
    if needed > nodes {
        problems.push(value("beacon.agreement", Fault::Agreement { needed, nodes }));
    }
    if config.p2p.tcp_port == config.api.port {
        let (tcp, api) = (source("p2p.tcp_port"), source("api.port"));
        problems.push(Problem::OnePort { tcp, api, port: config.api.port });
    }
    if config.p2p.external_address.is_some_and(|address| address.is_unspecified()) {
        problems.push(value("p2p.external_address", Fault::Unspecified));
    }
    let graffiti = config.proposals.graffiti.len();
    if graffiti > MAX_GRAFFITI {
        problems.push(value("proposals.graffiti", Fault::TooLong { given: graffiti, limit: MAX_GRAFFITI }));
    }
    if let Err(error) = EnvFilter::try_new(&config.log.level) {
        problems.push(value("log.level", Fault::Filter { why: error.to_string() }));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

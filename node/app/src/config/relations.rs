//! What the values must be among each other.

use tracing_subscriber::EnvFilter;

use super::{NodeConfig, Row};

/// Most addresses of one kind.
const MAX_URLS: usize = 16;

/// # Errors
/// Every relation that does not hold, with its keys and their sources.
pub(super) fn check(config: &NodeConfig, rows: &[Row]) -> Result<(), Vec<String>> {
    let mut problems = Vec::new();
    let source =
        |key: &str| rows.iter().find(|row| row.key == key).map_or("not set", |row| row.source.as_str());
    match (&config.network.name, &config.network.file) {
        (Some(_), None) | (None, Some(_)) => {}
        (None, None) => problems.push(
            "network.name or network.file is needed: a built-in network such as mainnet, or a network file; flag --network".into(),
        ),
        (Some(_), Some(_)) => problems.push(format!(
            "network.name ({}) and network.file ({}) are both set: keep one",
            source("network.name"),
            source("network.file")
        )),
    }
    for (key, urls) in [("execution.urls", &config.execution.urls), ("beacon.urls", &config.beacon.urls)] {
        if urls.len() > MAX_URLS {
            problems.push(format!(
                "{key} ({}) has {} addresses, at most {MAX_URLS} are used",
                source(key),
                urls.len()
            ));
        }
    }
    if config.p2p.tcp_port == config.api.port {
        problems.push(format!(
            "p2p.tcp_port ({}) and api.port ({}) are both {}: the API needs a port of its own",
            source("p2p.tcp_port"),
            source("api.port"),
            config.api.port
        ));
    }
    if config.p2p.external_address.is_some_and(|address| address.is_unspecified()) {
        problems.push(format!(
            "p2p.external_address ({}) is the address of no machine: give the one others reach, or leave it out",
            source("p2p.external_address")
        ));
    }
    if let Err(error) = EnvFilter::try_new(&config.log.level) {
        problems.push(format!(
            "log.level ({}) is no filter: {error}; use a level such as info, or pairs such as info,beacon=debug",
            source("log.level")
        ));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

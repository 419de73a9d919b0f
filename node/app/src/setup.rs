//! What a node is started with: the configuration and what it points to, read and opened once.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crypto::rsa::OperatorPrivateKey;
use network::NetworkKey;
use tokio_util::sync::CancellationToken;
use types::{NetworkRules, Root, SsvFork};

use crate::commands::{network_key, operator_key};
use crate::config::{MAX_GRAFFITI, NodeConfig, SafetySection};
use crate::networks::{by_name_or_file, from_file};
use crate::output::Output;
use crate::password;

/// Everything `crate::wire` needs.
pub struct Setup {
    /// The checked configuration.
    pub config: NodeConfig,
    /// The network.
    pub rules: Arc<NetworkRules>,
    /// The operator's identity.
    pub operator_key: Arc<OperatorPrivateKey>,
    /// The node's name among peers.
    pub network_key: NetworkKey,
    /// Cancelled when the node is to stop. Whatever is waited for at the start is waited for until then only.
    pub stop: CancellationToken,
}

impl Setup {
    /// Reads the network and opens the keys; makes the network key at the first start.
    ///
    /// # Errors
    /// A file cannot be read, or a password does not fit.
    pub fn open(config: NodeConfig, stop: CancellationToken, out: Output) -> anyhow::Result<Self> {
        let rules = Arc::new(rules(&config)?);
        let operator_key = Arc::new(open_operator_key(&config, out)?);
        let network_key = open_network_key(&config.p2p.key_file)?;
        Ok(Self { config, rules, operator_key, network_key, stop })
    }

    /// How to reach the beacon nodes.
    #[must_use]
    pub fn beacon(&self) -> beacon::Settings {
        beacon_settings(&self.config, &self.rules)
    }

    /// What a beacon node must say; `genesis` is what an earlier start has stored.
    #[must_use]
    pub fn expectations(&self, genesis: Option<Root>) -> beacon::Expectations {
        beacon::Expectations::of(&self.rules, genesis)
    }

    /// What protects the validators beside the signing history.
    #[must_use]
    pub const fn safety(&self) -> operator::Safety {
        let SafetySection { doppelganger, second_copy } = self.config.safety;
        operator::Safety { doppelganger, second_copy }
    }

    /// What own blocks are like.
    #[must_use]
    pub fn proposals(&self) -> operator::Proposals {
        let section = &self.config.proposals;
        let mut graffiti = [0; MAX_GRAFFITI];
        graffiti.iter_mut().zip(section.graffiti.bytes()).for_each(|(place, byte)| *place = byte);
        operator::Proposals {
            graffiti,
            gas_limit: section.gas_limit,
            builder: section.builder,
            builder_boost_factor: section.builder_boost_factor,
            delay_millis: section.delay_ms,
        }
    }

    /// How the network is started; `fork` is the one in force.
    ///
    /// # Errors
    /// Never with a key that was opened.
    pub fn network(&self, fork: SsvFork) -> anyhow::Result<network::NetworkConfig> {
        let p2p = &self.config.p2p;
        Ok(network::NetworkConfig {
            key: NetworkKey::from_bytes(*self.network_key.to_bytes())?,
            listen: p2p.listen,
            tcp_port: p2p.tcp_port,
            udp_port: p2p.udp_port,
            external_address: p2p.external_address,
            bootnodes: p2p.bootnodes.clone(),
            max_peers: p2p.max_peers,
            fork,
            version: concat!("capstan/v", env!("CARGO_PKG_VERSION")).into(),
        })
    }
}

/// The rules of the configured network.
///
/// # Errors
/// The network is unknown, or its file cannot be used.
pub fn rules(config: &NodeConfig) -> anyhow::Result<NetworkRules> {
    match (&config.network.file, &config.network.name) {
        (Some(file), _) => from_file(file),
        (None, name) => by_name_or_file(name.as_deref().unwrap_or_default()),
    }
}

/// The configured beacon nodes on this network.
#[must_use]
pub fn beacon_settings(config: &NodeConfig, rules: &NetworkRules) -> beacon::Settings {
    let settings =
        beacon::Settings::new(config.beacon.urls.clone(), Duration::from_millis(rules.slot_millis()));
    beacon::Settings { agreement: usize::from(config.beacon.agreement), ..settings }
}

/// Opens the operator key; asks for the password when the file is encrypted and no password file is configured.
///
/// # Errors
/// The file cannot be read or opened.
pub fn open_operator_key(config: &NodeConfig, out: Output) -> anyhow::Result<OperatorPrivateKey> {
    let path = &config.operator.key_file;
    let password_file = config.operator.password_file.as_deref();
    if password_file.is_none() && operator_key::is_encrypted(path)? {
        let what = path.display().to_string();
        let password =
            password::existing(None, &what, "operator.password_file or --operator-password-file", out)?;
        return operator_key::open_with(path, &password);
    }
    operator_key::open(path, password_file, out)
}

fn open_network_key(path: &Path) -> anyhow::Result<NetworkKey> {
    if path.symlink_metadata().is_ok() {
        return network_key::read(path);
    }
    let key = network_key::create(path)?;
    tracing::info!(file = %path.display(), "network key created");
    Ok(key)
}

//! The start: listen, write our record, start discovery, spawn the task.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use discv5::Enr;
use futures::StreamExt;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, Swarm, TransportError};
use tokio::sync::{mpsc, watch};
use tracing::info;
use types::NetworkRules;

use crate::behaviour::{self, Behaviour};
use crate::config::{NetworkConfig, StartError};
use crate::discovery::{self, Discovery, DiscoveryError, DiscoveryOptions};
use crate::drops::Drops;
use crate::event::NetworkEvent;
use crate::handle::{COMMAND_QUEUE, EVENT_QUEUE, NetworkHandle, PUBLISH_QUEUE};
use crate::record::{RecordContent, RecordDomains, tcp_multiaddr};
use crate::rules::WireRules;
use crate::service::{Identity, Parts, Ports, Service, limits};
use crate::subnets::SubnetBits;

/// The network of operators.
#[derive(Debug)]
pub struct Network;

impl Network {
    /// Starts the network task. It runs until [`NetworkHandle::shutdown`], or until all handles are dropped.
    ///
    /// # Errors
    /// [`StartError`]: a port that is taken, a bootnode that is none, an unusable key.
    pub async fn start(
        config: NetworkConfig,
        rules: Arc<NetworkRules>,
    ) -> Result<(NetworkHandle, mpsc::Receiver<NetworkEvent>), StartError> {
        let rules = WireRules::new(&rules);
        let domains = rules.domains(config.fork).ok_or(StartError::Fork(config.fork))?;
        let key = config.key.keypair()?;
        let peer_id = key.public().to_peer_id();
        let drops = Arc::<Drops>::default();
        let bootnodes = bootnodes(&config.bootnodes, &rules.bootnodes)?;

        let mut swarm = behaviour::swarm(
            key.clone(),
            &behaviour::Parts {
                rules: &rules,
                agent: agent(&config.version),
                limits: limits(config.max_peers, rules.inbound_capacity.is_some()),
                drops: drops.clone(),
            },
        )?;
        let tcp_port = listen(&mut swarm, SocketAddr::new(config.listen, config.tcp_port)).await?;
        let discovery = discover(&config, &rules, domains, tcp_port, &bootnodes).await?;
        if let Some(address) = config.external_address {
            swarm.add_external_address(tcp_multiaddr(address, tcp_port));
        }

        let record = discovery.record().to_base64();
        info!(%peer_id, %tcp_port, enr = %record, "the network is up");
        let (publications, publication_queue) = mpsc::channel(PUBLISH_QUEUE);
        let (commands, command_queue) = mpsc::channel(COMMAND_QUEUE);
        let (events, event_queue) = mpsc::channel(EVENT_QUEUE);
        let (record, known_record) = watch::channel(record);
        let (connected, known_connected) = watch::channel(0);
        let mut service = Service::new(Parts {
            swarm,
            discovery,
            rules,
            identity: Identity { key, peer_id, version: config.version, domains },
            ports: Ports {
                publications: publication_queue,
                commands: command_queue,
                events,
                record,
                connected,
            },
            drops: drops.clone(),
            max_peers: config.max_peers,
        });
        service.dial_bootnodes(&bootnodes);
        tokio::spawn(Box::pin(service.run()));
        let handle = NetworkHandle {
            peer_id,
            address: tcp_multiaddr(config.listen, tcp_port),
            publications,
            commands,
            record: known_record,
            connected: known_connected,
            drops,
        };
        Ok((handle, event_queue))
    }
}

/// `SSV-Node:<version>` is what the Go node says; the form is kept, the name is ours.
fn agent(version: &str) -> String {
    version.replace('/', ":")
}

fn bootnodes(configured: &[String], of_rules: &[String]) -> Result<Vec<Enr>, StartError> {
    configured
        .iter()
        .chain(of_rules)
        .enumerate()
        .map(|(index, text)| {
            text.trim()
                .parse::<Enr>()
                .map_err(|reason| StartError::Bootnode { position: index.saturating_add(1), reason })
        })
        .collect()
}

/// Listens on TCP and gives the port.
async fn listen(swarm: &mut Swarm<Behaviour>, address: SocketAddr) -> Result<u16, StartError> {
    // libp2p shares a listening port with whoever else shares it (SO_REUSEPORT): a second node on the same port would take
    // half of the first one's connections. A plain bind tells.
    let probe =
        std::net::TcpListener::bind(address).map_err(|source| StartError::Listen { address, source })?;
    drop(probe);
    swarm.listen_on(tcp_multiaddr(address.ip(), address.port())).map_err(|error| match error {
        TransportError::Other(source) => StartError::Listen { address, source },
        reason @ TransportError::MultiaddrNotSupported(_) => StartError::Unsupported { address, reason },
    })?;
    loop {
        let event = swarm.select_next_some().await;
        if let SwarmEvent::NewListenAddr { address, .. } = &event
            && let Some(port) = tcp_port(address)
        {
            return Ok(port);
        }
        if let SwarmEvent::ListenerClosed { reason: Err(source), .. } = event {
            return Err(StartError::Listen { address, source });
        }
    }
}

fn tcp_port(address: &Multiaddr) -> Option<u16> {
    address.iter().find_map(|part| if let Protocol::Tcp(port) = part { Some(port) } else { None })
}

async fn discover(
    config: &NetworkConfig,
    rules: &WireRules,
    domains: RecordDomains,
    tcp_port: u16,
    bootnodes: &[Enr],
) -> Result<Discovery, StartError> {
    let socket = discovery::bind(config.listen, config.udp_port).await?;
    let local = socket.local_addr().map_err(|source| DiscoveryError::Bind {
        address: SocketAddr::new(config.listen, config.udp_port),
        source,
    })?;
    let key = config.key.enr_key()?;
    let record = RecordContent {
        address: config.external_address,
        tcp_port,
        udp_port: local.port(),
        domains,
        subnets: SubnetBits::default(),
        sequence: sequence(),
    }
    .build(&key)?;
    let options = DiscoveryOptions {
        key,
        record,
        socket,
        protocol_id: rules.protocol_id,
        bootnodes: bootnodes.to_vec(),
        limits: rules.inbound_capacity.is_some(),
        learn_address: config.external_address.is_none(),
    };
    Ok(Discovery::start(options).await?)
}

/// Milliseconds since 1970: a record written after a restart replaces the one from before it, without a file.
fn sequence() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_bootnode_is_named_by_its_place() {
        let good = RecordContent {
            address: None,
            tcp_port: 1,
            udp_port: 2,
            domains: types::DomainType([0, 0, 4, 2]).into(),
            subnets: SubnetBits::default(),
            sequence: 1,
        }
        .sign(&crate::key::NetworkKey::generate())
        .unwrap();
        let error = bootnodes(&[good], &["enr:nonsense".into()]).unwrap_err();
        assert!(error.to_string().starts_with("bootnode 2 is not a node record"), "{error}");
    }

    #[test]
    fn the_agent_has_the_form_of_the_network() {
        assert_eq!(agent("capstan/v0.1.0"), "capstan:v0.1.0");
    }
}

//! Discovery: discv5 with the protocol id of the network, fed by bootnodes, yielding node records.
//!
//! A record is yielded whenever one is learned: from an answer to a query, or from a node that opened a session with us.
//! What to do with it is the dialler's affair. Queries walk towards random targets, every 5 s while subnets lack peers,
//! else every 30 s. Source: ssv `network/discovery`.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Weak};
use std::time::Duration;

use discv5::{ConfigBuilder, Discv5, Enr, Event, ListenConfig, ProtocolIdentity};
use enr::{CombinedKey, NodeId};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;
use tracing::{debug, error, warn};

use crate::record::{self, RecordDomains};
use crate::subnets::SubnetBits;

const HUNGRY_INTERVAL: Duration = Duration::from_secs(5);
const CALM_INTERVAL: Duration = Duration::from_secs(30);
/// Nodes told of a changed record, one after the other.
const ANNOUNCED_TO: usize = 64;
const SOCKET_WAIT: Duration = Duration::from_secs(1);
const SOCKET_POLL: Duration = Duration::from_millis(2);

/// Why discovery did not start.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// The UDP port is taken, or the address is not ours.
    #[error("cannot listen on udp {address}: {source}; change `p2p.udp_port` or `p2p.listen`")]
    Bind {
        /// The address tried.
        address: SocketAddr,
        /// The system's answer.
        source: std::io::Error,
    },
    /// discv5 refused its own configuration.
    #[error("discovery refused its configuration: {0}")]
    Configuration(&'static str),
    /// discv5 could not be started.
    #[error("discovery did not start: {0}")]
    Start(discv5::Error),
}

/// How to run discovery.
pub(crate) struct DiscoveryOptions {
    pub key: CombinedKey,
    pub record: Enr,
    pub socket: UdpSocket,
    pub protocol_id: [u8; 6],
    pub bootnodes: Vec<Enr>,
    /// Off on networks that live on one address: packet filter and one-address limits.
    pub limits: bool,
    /// Whether peers' votes may change our address.
    pub learn_address: bool,
}

pub(crate) struct Discovery {
    discv5: Discv5,
    events: mpsc::Receiver<Event>,
    /// discv5 has closed its event stream.
    ended: bool,
    /// At most one query runs at a time.
    query: JoinSet<Vec<Enr>>,
    found: VecDeque<Enr>,
    bootnodes: Vec<Enr>,
    next_query: Instant,
    interval: Duration,
    announcement: Option<AbortHandle>,
    /// Held by discv5 alone: by its tasks and its configuration.
    socket: Weak<UdpSocket>,
}

/// What discovery has to say.
pub(crate) enum Discovered {
    /// A node exists, as another one says.
    Node(Box<Enr>),
    /// A node opened a session with us, or we with it: it is there.
    Live(Box<Enr>),
    /// Our own address changed by the vote of peers.
    OwnAddress,
}

/// Binds the UDP socket (port 0: any).
pub(crate) async fn bind(address: IpAddr, port: u16) -> Result<UdpSocket, DiscoveryError> {
    let address = SocketAddr::new(address, port);
    UdpSocket::bind(address).await.map_err(|source| DiscoveryError::Bind { address, source })
}

impl Discovery {
    pub(crate) async fn start(options: DiscoveryOptions) -> Result<Self, DiscoveryError> {
        let DiscoveryOptions { key, record, socket, protocol_id, bootnodes, limits, learn_address } = options;
        let socket = Arc::new(socket);
        let watched = Arc::downgrade(&socket);
        let (ipv4, ipv6) = match socket.local_addr() {
            Ok(SocketAddr::V6(_)) => (None, Some(socket)),
            Ok(SocketAddr::V4(_)) | Err(_) => (Some(socket), None),
        };
        let mut builder = ConfigBuilder::new(ListenConfig::FromSockets { ipv4, ipv6 });
        builder
            .protocol_identity(ProtocolIdentity { protocol_id, ..ProtocolIdentity::default() })
            .table_filter(|enr| record::entries(enr).ssv);
        if limits {
            builder.enable_packet_filter().ip_limit();
        }
        if !learn_address {
            builder.disable_enr_update();
        }
        let mut discv5 = Discv5::new(record, key, builder.build()).map_err(DiscoveryError::Configuration)?;
        discv5.start().await.map_err(DiscoveryError::Start)?;
        let events = discv5.event_stream().await.map_err(DiscoveryError::Start)?;
        Ok(Self {
            discv5,
            events,
            ended: false,
            query: JoinSet::new(),
            found: VecDeque::new(),
            bootnodes,
            next_query: Instant::now(),
            interval: HUNGRY_INTERVAL,
            announcement: None,
            socket: watched,
        })
    }

    /// The next thing learned. Never ends; may be cancelled without loss.
    pub(crate) async fn next(&mut self) -> Discovered {
        loop {
            if let Some(enr) = self.found.pop_front() {
                return Discovered::Node(Box::new(enr));
            }
            tokio::select! {
                event = self.events.recv(), if !self.ended => match event {
                    Some(event) => {
                        if let Some(discovered) = translate(event) {
                            return discovered;
                        }
                    }
                    None => {
                        self.ended = true;
                        error!("discovery stopped; restart the node, until then only known peers are dialled");
                    }
                },
                Some(answer) = self.query.join_next() => self.finish_query(answer.unwrap_or_default()),
                () = tokio::time::sleep_until(self.next_query), if self.query.is_empty() => self.start_query(),
            }
        }
    }

    /// Whether our subnets lack peers, so that queries follow each other faster.
    pub(crate) fn set_hungry(&mut self, hungry: bool) {
        let interval = if hungry { HUNGRY_INTERVAL } else { CALM_INTERVAL };
        if interval != self.interval {
            self.interval = interval;
            self.next_query = self.next_query.min(Instant::now() + interval);
        }
    }

    fn start_query(&mut self) {
        // A table that lost its bootnodes (all were down for a while) starts from them again.
        let own = self.discv5.local_enr().node_id();
        for bootnode in self.bootnodes.iter().filter(|enr| enr.node_id() != own) {
            if self.discv5.find_enr(&bootnode.node_id()).is_none()
                && let Err(reason) = self.discv5.add_enr(bootnode.clone())
            {
                debug!(%bootnode, reason, "bootnode not used");
            }
        }
        let walk = self.discv5.find_node(NodeId::random());
        self.query.spawn(async move { walk.await.unwrap_or_default() });
    }

    fn finish_query(&mut self, nodes: Vec<Enr>) {
        debug!(nodes = nodes.len(), "discovery query finished");
        self.next_query = Instant::now() + self.interval;
        self.found.extend(nodes);
    }

    pub(crate) fn record(&self) -> Enr {
        self.discv5.local_enr()
    }

    /// Writes domains and subnets into our record. If it changed, known nodes are told, one by one, in the background.
    pub(crate) fn update(&mut self, domains: RecordDomains, subnets: SubnetBits) {
        let now = record::entries(&self.discv5.local_enr());
        if now.domain == Some(domains.current) && now.subnets == Some(subnets) {
            return;
        }
        let written = self
            .discv5
            .enr_insert(record::SUBNETS, &subnets.to_wire())
            .and_then(|_| self.discv5.enr_insert(record::DOMAIN, &domains.current.0))
            .and_then(|_| self.discv5.enr_insert(record::NEXT_DOMAIN, &domains.next.0));
        if let Err(error) = written {
            warn!(%error, "the node record could not be changed");
        }
        self.announce();
    }

    /// Pings known nodes: the ping carries the new sequence number, and they fetch the record.
    fn announce(&mut self) {
        if let Some(earlier) = self.announcement.take() {
            earlier.abort();
        }
        let pings: Vec<_> = self
            .discv5
            .table_entries_enr()
            .into_iter()
            .take(ANNOUNCED_TO)
            .map(|enr| self.discv5.send_ping(enr))
            .collect();
        let task = tokio::spawn(async move {
            for ping in pings {
                if let Err(error) = ping.await {
                    debug!(%error, "a node was not told of the changed record");
                }
            }
        });
        self.announcement = Some(task.abort_handle());
    }

    /// Ends discovery and waits, for at most a second, until its socket is closed. False if it is not.
    pub(crate) async fn shutdown(self) -> bool {
        let Self { mut discv5, mut query, announcement, socket, .. } = self;
        if let Some(announcement) = announcement {
            announcement.abort();
        }
        // A query holds the way to the service, and the service's configuration holds the socket.
        query.shutdown().await;
        discv5.shutdown();
        drop(discv5);
        // discv5 does not say when its tasks have ended; the socket does.
        let closed = async {
            while socket.strong_count() > 0 {
                tokio::time::sleep(SOCKET_POLL).await;
            }
        };
        let is_closed = tokio::time::timeout(SOCKET_WAIT, closed).await.is_ok();
        if !is_closed {
            warn!("discovery did not give its socket back in time");
        }
        is_closed
    }
}

fn translate(event: Event) -> Option<Discovered> {
    // The library's enum is open: what is neither a node nor our address does not concern us.
    if let Event::Discovered(enr) = event {
        Some(Discovered::Node(Box::new(enr)))
    } else if let Event::SessionEstablished(enr, _) = event {
        Some(Discovered::Live(Box::new(enr)))
    } else if let Event::SocketUpdated(address) = event {
        debug!(%address, "peers agree on another address of ours");
        Some(Discovered::OwnAddress)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::DomainType;

    use crate::key::NetworkKey;
    use crate::record::RecordContent;

    async fn start(bootnodes: Vec<Enr>) -> Discovery {
        let localhost = IpAddr::from([127, 0, 0, 1]);
        let socket = bind(localhost, 0).await.unwrap();
        let key = NetworkKey::generate().enr_key().unwrap();
        let content = RecordContent {
            address: Some(localhost),
            tcp_port: 1,
            udp_port: socket.local_addr().unwrap().port(),
            domains: DomainType([0, 0, 4, 2]).into(),
            subnets: SubnetBits::default(),
            sequence: 1,
        };
        let record = content.build(&key).unwrap();
        let options = DiscoveryOptions {
            key,
            record,
            socket,
            protocol_id: *b"ssvdv5",
            bootnodes,
            limits: false,
            learn_address: false,
        };
        Discovery::start(options).await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_socket_is_given_back_in_the_middle_of_a_query_and_an_announcement() {
        let first = start(Vec::new()).await;
        let mut second = start(vec![first.record()]).await;
        let (Discovered::Node(found) | Discovered::Live(found)) = second.next().await else {
            panic!("a node is found")
        };
        assert_eq!(found.node_id(), first.record().node_id());
        second.start_query();
        second.update(DomainType([0, 0, 4, 3]).into(), SubnetBits::default());
        assert!(first.shutdown().await);
        assert!(second.shutdown().await);
    }
}

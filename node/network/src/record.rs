//! The node record (ENR): how a node is found, and what it says of itself before anyone connects.
//!
//! Besides the standard entries it carries `ssv` (true), `domaintype` and `next_domaintype` (4 bytes) and `subnets` (16 bytes).
//! The next domain is that of the next scheduled fork; with none scheduled, as on every public network, it is the current one, as
//! the Go node publishes it. Nobody reads a peer's. Source: ssv `network/records/entries.go`.

use std::net::IpAddr;

use discv5::Enr;
use enr::{CombinedKey, CombinedPublicKey, EnrPublicKey};
use libp2p::identity::{PublicKey, secp256k1};
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};
use types::DomainType;

use crate::key::{KeyError, NetworkKey};
use crate::subnets::SubnetBits;

pub(crate) const SSV: &str = "ssv";
pub(crate) const DOMAIN: &str = "domaintype";
pub(crate) const NEXT_DOMAIN: &str = "next_domaintype";
pub(crate) const SUBNETS: &str = "subnets";

/// The domains that a record states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordDomains {
    /// That of the fork in force; whoever states another one is of another network.
    pub current: DomainType,
    /// That of the next scheduled fork; the current one again if none is.
    pub next: DomainType,
}

impl From<DomainType> for RecordDomains {
    /// No fork is scheduled.
    fn from(domain: DomainType) -> Self {
        Self { current: domain, next: domain }
    }
}

/// What goes into a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordContent {
    /// The address others reach us at; none if discovery shall find it out.
    pub address: Option<IpAddr>,
    /// libp2p port.
    pub tcp_port: u16,
    /// discv5 port.
    pub udp_port: u16,
    /// Domains of the current and the next fork.
    pub domains: RecordDomains,
    /// Subnets we are on.
    pub subnets: SubnetBits,
    /// Sequence number: a higher one replaces a lower one at every peer.
    pub sequence: u64,
}

/// Why there is no record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The key is unusable.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The record cannot be built or changed: it would be larger than 300 bytes.
    #[error("the node record cannot be made: {0}")]
    Build(enr::Error),
}

impl RecordContent {
    /// The signed record as text, `enr:...`.
    ///
    /// # Errors
    /// [`RecordError`] if the record cannot be built.
    pub fn sign(&self, key: &NetworkKey) -> Result<String, RecordError> {
        Ok(self.build(&key.enr_key()?)?.to_base64())
    }

    pub(crate) fn build(&self, key: &CombinedKey) -> Result<Enr, RecordError> {
        let mut builder = Enr::builder();
        builder.seq(self.sequence);
        match self.address {
            Some(IpAddr::V4(ip)) => builder.ip4(ip).udp4(self.udp_port).tcp4(self.tcp_port),
            Some(IpAddr::V6(ip)) => builder.ip6(ip).udp6(self.udp_port).tcp6(self.tcp_port),
            None => builder.udp4(self.udp_port).tcp4(self.tcp_port),
        };
        builder
            .add_value(SSV, &true)
            .add_value(DOMAIN, &self.domains.current.0)
            .add_value(NEXT_DOMAIN, &self.domains.next.0)
            .add_value(SUBNETS, &self.subnets.to_wire())
            .build(key)
            .map_err(RecordError::Build)
    }
}

/// The protocol's entries of somebody's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entries {
    pub ssv: bool,
    pub domain: Option<DomainType>,
    pub subnets: Option<SubnetBits>,
}

/// Reads the entries. What does not decode counts as absent; surplus bytes of a domain are ignored.
pub(crate) fn entries(enr: &Enr) -> Entries {
    let bytes = |key: &str| enr.get_decodable::<bytes::Bytes>(key).and_then(Result::ok);
    Entries {
        ssv: enr.get_decodable::<bool>(SSV).and_then(Result::ok).unwrap_or(false),
        domain: bytes(DOMAIN).and_then(|domain| domain.first_chunk().map(|four| DomainType(*four))),
        subnets: bytes(SUBNETS).map(|bytes| SubnetBits::from_wire(&bytes)),
    }
}

/// The libp2p identity behind a record; none for keys that are not secp256k1.
pub(crate) fn peer_id(enr: &Enr) -> Option<PeerId> {
    match enr.public_key() {
        CombinedPublicKey::Secp256k1(key) => {
            let key = secp256k1::PublicKey::try_from_bytes(&key.encode()).ok()?;
            Some(PublicKey::from(key).to_peer_id())
        }
        CombinedPublicKey::Ed25519(_) => None,
    }
}

/// Where to dial: `/ip4|ip6/<ip>/tcp/<port>`; none without an address or TCP port.
pub(crate) fn tcp_address(enr: &Enr) -> Option<Multiaddr> {
    let (ip, port) = match (enr.tcp4_socket(), enr.tcp6_socket()) {
        (Some(socket), _) => (IpAddr::from(*socket.ip()), socket.port()),
        (None, Some(socket)) => (IpAddr::from(*socket.ip()), socket.port()),
        (None, None) => return None,
    };
    Some(tcp_multiaddr(ip, port))
}

pub(crate) fn tcp_multiaddr(ip: IpAddr, port: u16) -> Multiaddr {
    Multiaddr::from(ip).with(Protocol::Tcp(port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn content() -> RecordContent {
        RecordContent {
            address: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            tcp_port: 13001,
            udp_port: 12001,
            domains: RecordDomains { current: DomainType([0, 0, 4, 2]), next: DomainType([0, 0, 4, 3]) },
            subnets: crate::subnets::tests::bits(&[114]),
            sequence: 1_700_000_000_000,
        }
    }

    #[test]
    fn a_record_says_what_it_was_given_in_the_documented_bytes() {
        let key = NetworkKey::generate();
        let enr: Enr = content().sign(&key).unwrap().parse().unwrap();
        assert_eq!(enr.get_raw_rlp(SSV), Some(&[0x01][..]));
        assert_eq!(enr.get_raw_rlp(DOMAIN), Some(&[0x84, 0, 0, 4, 2][..]));
        assert_eq!(enr.get_raw_rlp(NEXT_DOMAIN), Some(&[0x84, 0, 0, 4, 3][..]));
        let subnets = hex::decode("9000000000000000000000000000000400").unwrap();
        assert_eq!(enr.get_raw_rlp(SUBNETS), Some(subnets.as_slice()));
        assert_eq!(
            entries(&enr),
            Entries { ssv: true, domain: Some(content().domains.current), subnets: Some(content().subnets) }
        );
        assert_eq!(peer_id(&enr), Some(key.peer_id().unwrap()));
        assert_eq!(enr.node_id().raw(), key.node_id().unwrap());
        assert_eq!(tcp_address(&enr).unwrap().to_string(), "/ip4/127.0.0.1/tcp/13001");
        assert!(enr.size() < 300);
    }

    /// The first bootnode of the main network (ssv `networkconfig`): no domain, no subnets, but `ssv`.
    #[test]
    fn a_public_bootnode_is_read() {
        let text = "enr:-Ja4QAbDe5XANqJUDyJU1GmtS01qqMwDYx9JNZgymjBb55fMaha80E2HznRYoUGy6NFVSvs1u1cFqSM0MgJI-h1QKLeGAZKaTo7LgmlkgnY0gmlwhDQrfraJc2VjcDI1NmsxoQNEj0Pgq9-VxfeX83LPDOUPyWiTVzdI-DnfMdO1n468u4Nzc3YBg3RjcIITioN1ZHCCD6I";
        let enr: Enr = text.parse().unwrap();
        assert_eq!(entries(&enr), Entries { ssv: true, domain: None, subnets: None });
        assert_eq!(enr.udp4_socket().unwrap().to_string(), "52.43.126.182:4002");
    }

    /// The bootnodes of ssv `networkconfig`, and the addresses in their records.
    #[test]
    fn every_bootnode_of_the_public_networks_is_where_it_should_be() {
        for (network, addresses) in [
            (
                "mainnet",
                &["52.43.126.182:4002", "135.125.202.132:4000", "18.130.205.68:4000", "18.219.222.13:4001"][..],
            ),
            ("hoodi", &["35.85.85.48:4002"]),
            ("sepolia", &["35.163.92.101:4002"]),
            ("holesky", &["54.244.126.30:4002"]),
        ] {
            let rules = types::NetworkRules::builtin(network).unwrap();
            let found: Vec<_> = rules
                .bootnodes
                .iter()
                .map(|text| text.parse::<Enr>().unwrap().udp4_socket().unwrap().to_string())
                .collect();
            assert_eq!(found, addresses, "{network}");
            assert_eq!(&rules.discovery_protocol_id, b"ssvdv5");
        }
    }

    #[test]
    fn short_entries_are_absent_and_long_domains_are_cut() {
        let key = CombinedKey::generate_secp256k1();
        let short = Enr::builder().add_value(DOMAIN, &[1_u8, 2, 3]).build(&key).unwrap();
        assert_eq!(entries(&short), Entries { ssv: false, domain: None, subnets: None });
        let long = Enr::builder().add_value(DOMAIN, &[0_u8, 0, 4, 2, 9]).build(&key).unwrap();
        assert_eq!(entries(&long).domain, Some(DomainType([0, 0, 4, 2])));
        assert_eq!(tcp_address(&long), None);
    }
}

//! The decoders of this crate that a stranger reaches, for the fuzz targets: the crate shows them with the feature `strangers` alone.
//!
//! libp2p and discv5 decode before them what is theirs (noise, yamux, protobuf of RPCs, packets).

use libp2p::gossipsub::{DataTransform, RawMessage, TopicHash};
use types::DomainType;

use crate::gossip::author::AuthorRule;
use crate::handshake::envelope;
use crate::handshake::info::NodeInfo;
use crate::key::NetworkKey;
use crate::record::{self, DOMAIN, NEXT_DOMAIN, SSV, SUBNETS};
use crate::{Multiaddr, PeerId, SubnetBits};

/// Reads the payload of a handshake; what was understood, written anew.
#[must_use]
pub fn node_info(payload: &[u8]) -> Option<Vec<u8>> {
    NodeInfo::decode(payload).ok()?.encode().ok()
}

/// Whether this is the signed handshake of that peer.
#[must_use]
pub fn handshake(bytes: &[u8], from: &PeerId) -> bool {
    envelope::open(bytes, from).is_ok()
}

/// A signed handshake with any payload, and whose it is.
#[must_use]
pub fn sealed(payload: Vec<u8>) -> Option<(Vec<u8>, PeerId)> {
    let key = fixed_key()?.keypair().ok()?;
    Some((envelope::seal_payload(&key, payload).ok()?, key.public().to_peer_id()))
}

/// What is read off a node record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRecord {
    /// Whether it says that it is of this protocol.
    pub ssv: bool,
    /// Its domain.
    pub domain: Option<DomainType>,
    /// Its subnets.
    pub subnets: Option<SubnetBits>,
    /// The peer behind it.
    pub peer: Option<PeerId>,
    /// Where to dial it.
    pub address: Option<Multiaddr>,
}

/// Reads a record, `enr:...`.
#[must_use]
pub fn record(text: &str) -> Option<ReadRecord> {
    let enr: discv5::Enr = text.parse().ok()?;
    let record::Entries { ssv, domain, subnets } = record::entries(&enr);
    let (peer, address) = (record::peer_id(&enr), record::tcp_address(&enr));
    Some(ReadRecord { ssv, domain, subnets, peer, address })
}

/// A signed record that has these bytes as the protocol's entries: `ssv`, domain, next domain, subnets.
#[must_use]
pub fn record_with(entries: [&[u8]; 4]) -> Option<String> {
    let mut builder = discv5::Enr::builder();
    for (name, value) in [SSV, DOMAIN, NEXT_DOMAIN, SUBNETS].into_iter().zip(entries) {
        builder.add_value_rlp(name, bytes::Bytes::copy_from_slice(value));
    }
    Some(builder.build(&fixed_key()?.enr_key().ok()?).ok()?.to_base64())
}

/// What comes up from gossip, as it passes the author rule.
#[must_use]
pub fn gossip(source: Option<PeerId>, signature: Option<Vec<u8>>, data: Vec<u8>) -> Option<Vec<u8>> {
    let raw = RawMessage {
        source,
        data,
        sequence_number: None,
        topic: TopicHash::from_raw("ssv.v2.0"),
        signature,
        key: None,
        validated: false,
    };
    Some(AuthorRule::new(std::sync::Arc::default()).inbound_transform(raw).ok()?.data)
}

fn fixed_key() -> Option<NetworkKey> {
    NetworkKey::from_bytes([7; 32]).ok()
}

//! NodeInfo: what two nodes tell each other first, as JSON inside the signed envelope.
//!
//! One member `Entries` with three strings: an empty one (once the fork version), the network id (`0x` and the domain in hex)
//! and the metadata, itself JSON in a string. Source: ssv `network/records/{node_info,metadata}.go`.

use serde::{Deserialize, Serialize};
use types::DomainType;

use crate::subnets::SubnetBits;

/// A node's own description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeInfo {
    /// `0x` and eight hex digits. Kept as text: equality of the text is the rule.
    pub network_id: String,
    /// Absent from a peer that sent none; it has no known subnets then.
    pub metadata: Option<Metadata>,
}

/// The optional part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Metadata {
    pub node_version: String,
    pub execution_node: String,
    pub consensus_node: String,
    pub subnets: SubnetBits,
}

/// Why a payload is not a NodeInfo. All of them are the peer's fault.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InfoError {
    #[error("the payload is not the JSON of a NodeInfo: {0}")]
    Json(#[from] serde_json::Error),
    #[error("a NodeInfo has at least two entries, this one has {0}")]
    TooFewEntries(usize),
    #[error("the subnets of the metadata are not 32 hex characters")]
    Subnets,
}

#[derive(Serialize, Deserialize)]
struct WireInfo {
    #[serde(rename = "Entries")]
    entries: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireMetadata {
    node_version: String,
    #[serde(default)]
    execution_node: String,
    #[serde(default)]
    consensus_node: String,
    subnets: String,
}

/// The network id of a domain: `0x` and eight lower-case hex digits.
pub(crate) fn network_id(domain: DomainType) -> String {
    format!("0x{}", hex::encode(domain.0))
}

impl NodeInfo {
    /// The bytes that are signed.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, InfoError> {
        let mut entries = vec![String::new(), self.network_id.clone()];
        if let Some(metadata) = &self.metadata {
            entries.push(serde_json::to_string(&WireMetadata {
                node_version: metadata.node_version.clone(),
                execution_node: metadata.execution_node.clone(),
                consensus_node: metadata.consensus_node.clone(),
                subnets: metadata.subnets.to_hex(),
            })?);
        }
        Ok(serde_json::to_vec(&WireInfo { entries })?)
    }

    /// Reads a payload. Surplus entries are ignored.
    pub(crate) fn decode(payload: &[u8]) -> Result<Self, InfoError> {
        let WireInfo { entries } = serde_json::from_slice(payload)?;
        let [_, network_id, rest @ ..] = entries.as_slice() else {
            return Err(InfoError::TooFewEntries(entries.len()));
        };
        let metadata = rest.first().map(|text| Metadata::decode(text)).transpose()?;
        Ok(Self { network_id: network_id.clone(), metadata })
    }

    /// The peer's subnets; none if it sent no metadata.
    pub(crate) fn subnets(&self) -> SubnetBits {
        self.metadata.as_ref().map_or_else(SubnetBits::default, |metadata| metadata.subnets)
    }
}

impl Metadata {
    fn decode(text: &str) -> Result<Self, InfoError> {
        let wire: WireMetadata = serde_json::from_str(text)?;
        Ok(Self {
            node_version: wire.node_version,
            execution_node: wire.execution_node,
            consensus_node: wire.consensus_node,
            subnets: SubnetBits::from_hex(&wire.subnets).map_err(|_| InfoError::Subnets)?,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The content of the worked example.
    pub(crate) fn example_a() -> NodeInfo {
        NodeInfo {
            network_id: network_id(DomainType([0, 0, 0, 1])),
            metadata: Some(Metadata {
                node_version: "v1.0.0".into(),
                execution_node: String::new(),
                consensus_node: String::new(),
                subnets: crate::subnets::tests::bits(&[114]),
            }),
        }
    }

    #[test]
    fn the_payload_has_the_documented_bytes() {
        let expected = concat!(
            r#"{"Entries":["","0x00000001","{\"NodeVersion\":\"v1.0.0\",\"ExecutionNode\":\"\","#,
            r#"\"ConsensusNode\":\"\",\"Subnets\":\"00000000000000000000000000000400\"}"]}"#
        );
        assert_eq!(example_a().encode().unwrap(), expected.as_bytes());
        assert_eq!(NodeInfo::decode(expected.as_bytes()).unwrap(), example_a());
    }

    #[test]
    fn metadata_is_optional_and_two_entries_are_not() {
        let info = NodeInfo::decode(br#"{"Entries":["","0x00000001"]}"#).unwrap();
        assert_eq!((info.metadata.clone(), info.subnets()), (None, SubnetBits::default()));
        assert!(matches!(NodeInfo::decode(br#"{"Entries":[""]}"#), Err(InfoError::TooFewEntries(1))));
        assert!(matches!(NodeInfo::decode(b"{}"), Err(InfoError::Json(_))));
        assert!(matches!(NodeInfo::decode(b"\xff"), Err(InfoError::Json(_))));
    }

    #[test]
    fn subnets_of_another_length_fail_the_handshake() {
        for subnets in ["", "00", &"0".repeat(31), &"0".repeat(34)] {
            let metadata = format!(r#"{{\"NodeVersion\":\"\",\"Subnets\":\"{subnets}\"}}"#);
            let payload = format!(r#"{{"Entries":["","0x00000001","{metadata}"]}}"#);
            assert!(matches!(NodeInfo::decode(payload.as_bytes()), Err(InfoError::Subnets)));
        }
    }
}

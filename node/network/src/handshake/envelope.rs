//! The signed envelope around NodeInfo: a libp2p signed envelope with the domain string `ssv` and the type `ssv/nodeinfo`.
//!
//! Source: ssv `network/records/signed_node_info.go`.

use libp2p::PeerId;
use libp2p::core::SignedEnvelope;
use libp2p::core::signed_envelope::ReadPayloadError;
use libp2p::identity::{Keypair, SigningError};

use super::info::{InfoError, NodeInfo};

const DOMAIN: &str = "ssv";
const PAYLOAD_TYPE: &[u8] = b"ssv/nodeinfo";

/// Why an envelope could not be made, or is not believed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnvelopeError {
    #[error("the network key cannot sign: {0}")]
    Sign(#[from] SigningError),
    #[error("not a signed envelope: {0}")]
    Decode(#[from] libp2p::core::signed_envelope::DecodingError),
    #[error("the envelope is not a signed NodeInfo: {0}")]
    Payload(#[from] ReadPayloadError),
    #[error("the envelope is signed by another key than the connection's")]
    ForeignKey,
    #[error(transparent)]
    Info(#[from] InfoError),
}

/// Signs our own description.
pub(crate) fn seal(key: &Keypair, info: &NodeInfo) -> Result<Vec<u8>, EnvelopeError> {
    seal_payload(key, info.encode()?)
}

pub(crate) fn seal_payload(key: &Keypair, payload: Vec<u8>) -> Result<Vec<u8>, EnvelopeError> {
    let envelope = SignedEnvelope::new(key, DOMAIN.into(), PAYLOAD_TYPE.to_vec(), payload)?;
    Ok(envelope.into_protobuf_encoding())
}

/// Reads a peer's description. The Go node does not compare the signer with the connection; every node signs with its own
/// key, so we do, and nobody can hand on the envelope of another.
pub(crate) fn open(bytes: &[u8], from: &PeerId) -> Result<NodeInfo, EnvelopeError> {
    let envelope = SignedEnvelope::from_protobuf_encoding(bytes)?;
    let (payload, signer) = envelope.payload_and_signing_key(DOMAIN.into(), PAYLOAD_TYPE)?;
    if signer.to_peer_id() != *from {
        return Err(EnvelopeError::ForeignKey);
    }
    Ok(NodeInfo::decode(payload)?)
}

#[cfg(test)]
mod tests {
    use super::super::info::tests::example_a;
    use super::*;
    use crate::key::NetworkKey;

    const VECTOR_A: &str = concat!(
        "0a25080212210284bf7562262bbd6940085748f3be6afa52ae317155181ece31b66351ccffa4b0120c7373762f6e6f6465696e66",
        "6f1a9b017b22456e7472696573223a5b22222c2230783030303030303031222c227b5c224e6f646556657273696f6e5c223a5c22",
        "76312e302e305c222c5c22457865637574696f6e4e6f64655c223a5c225c222c5c22436f6e73656e7375734e6f64655c223a5c22",
        "5c222c5c225375626e6574735c223a5c2230303030303030303030303030303030303030303030303030303030303430305c227d",
        "225d7d2a473045022100edac0a578b07221222279dd023444435c6c0332ec9f683b9a1f473076f66eb14022049731befe4fc24bf",
        "05441cba4db3da3bc4587aaf7c539fb376e94484f0d28e15",
    );
    const VECTOR_B: &str = concat!(
        "0a2508021221037f3a82b9c83139f3e2c26850d688783ec779e7ca3f7824557d2e72af1f8ffeed120c7373762f6e6f6465696e66",
        "6f1aaa017b22456e7472696573223a5b22222c22307830783030303030353032222c227b5c224e6f646556657273696f6e5c223a",
        "5c22676574682f785c222c5c22457865637574696f6e4e6f64655c223a5c22676574682f785c222c5c22436f6e73656e7375734e",
        "6f64655c223a5c22707279736d2f785c222c5c225375626e6574735c223a5c223030303030303030303030303030303030303030",
        "3030303030303030303030305c227d225d7d2a473045022100b362c2d4f1a32ee3d1503bfa83019d9273bdfed12ba9fced1c3e16",
        "8848568b5202203e47cb6958f917613bf6022cf5b46ee1e1a628bee331e8ec1fa3acaa1f19d383",
    );

    fn counting_key() -> Keypair {
        let bytes = std::array::from_fn(|i| u8::try_from(i + 1).unwrap());
        NetworkKey::from_bytes(bytes).unwrap().keypair().unwrap()
    }

    #[test]
    fn worked_example_a_is_sealed_byte_for_byte_and_opened() {
        let key = counting_key();
        let sealed = seal(&key, &example_a()).unwrap();
        assert_eq!(hex::encode(&sealed), VECTOR_A);
        assert_eq!(open(&sealed, &key.public().to_peer_id()).unwrap(), example_a());
        assert!(sealed.len() < 1024, "other implementations read at most 1024 bytes");
    }

    #[test]
    fn worked_example_b_is_opened() {
        let bytes = hex::decode(VECTOR_B).unwrap();
        let signer = SignedEnvelope::from_protobuf_encoding(&bytes)
            .unwrap()
            .payload_and_signing_key(DOMAIN.into(), PAYLOAD_TYPE)
            .unwrap()
            .1
            .to_peer_id();
        let info = open(&bytes, &signer).unwrap();
        assert_eq!(info.network_id, "0x0x00000502");
        assert_eq!(info.metadata.unwrap().consensus_node, "prysm/x");
    }

    #[test]
    fn a_changed_byte_and_a_foreign_signer_are_refused() {
        let key = counting_key();
        let peer = key.public().to_peer_id();
        let sealed = seal(&key, &example_a()).unwrap();
        let payload_byte = sealed.len() / 2;
        let mut changed = sealed.clone();
        changed[payload_byte] ^= 1;
        assert!(matches!(open(&changed, &peer), Err(EnvelopeError::Payload(_))));
        assert!(matches!(open(&sealed, &PeerId::random()), Err(EnvelopeError::ForeignKey)));
        assert!(matches!(open(&sealed[..20], &peer), Err(EnvelopeError::Decode(_))));
    }
}

//! The gossip message id: twelve bytes, XXH64 of the data (seed 0, little endian) and four zero bytes.
//!
//! The hash covers the data only, not topic, author or sequence number, and the two error ids are constants: of all
//! empty messages a node ever sees one. Source: ssv `network/topics/msg_id.go`.

use libp2p::gossipsub::{Message, MessageId};
use twox_hash::XxHash64;

/// The id of a message as the network computes it.
pub(crate) fn of_message(message: &Message) -> MessageId {
    match (message.data.is_empty(), message.source) {
        (true, _) => MessageId::new(b"invalid:empty"),
        (false, None) => MessageId::new(b"invalid:peer_id_error"),
        (false, Some(_)) => MessageId::new(&of_data(&message.data)),
    }
}

/// The id of non-empty data from a known author.
#[must_use]
pub fn of_data(data: &[u8]) -> [u8; 12] {
    let mut id = [0; 12];
    id[..8].copy_from_slice(&XxHash64::oneshot(0, data).to_le_bytes());
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use libp2p::PeerId;
    use libp2p::gossipsub::TopicHash;

    fn message(data: &[u8], source: Option<PeerId>) -> Message {
        Message { source, data: data.to_vec(), sequence_number: None, topic: TopicHash::from_raw("ssv.v2.1") }
    }

    /// What ssv `network/topics/msg_id.go` gives.
    #[test]
    fn the_documented_ids_hold() {
        let counting: Vec<u8> = (0..0x40).collect();
        for (data, id) in [
            (&b"test message"[..], "ffaa0039ab94cfaf00000000"),
            (b"test data", "baf111f1ebf756fa00000000"),
            (&counting, "f01367db0173c6f700000000"),
        ] {
            let computed = of_message(&message(data, Some(PeerId::random())));
            assert_eq!(hex::encode(&computed.0), id);
        }
    }

    #[test]
    fn no_data_and_no_author_have_constant_ids() {
        assert_eq!(of_message(&message(b"", Some(PeerId::random()))).0, b"invalid:empty");
        assert_eq!(of_message(&message(b"", None)).0, b"invalid:empty");
        assert_eq!(of_message(&message(b"x", None)).0, b"invalid:peer_id_error");
    }
}

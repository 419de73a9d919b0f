//! The author rule: a message names its author and carries no signature.
//!
//! The Go node publishes with its peer id as author and without a signature, and punishes whoever forwards a message
//! that has one; a signed message that we relayed would cost us our score (20 on a topic and we are graylisted). libp2p's
//! permissive mode lets a *valid* signature pass, so the rule is enforced here, before the message id is computed: what is
//! refused is dropped, and its forwarder gets the invalid-message penalty.

use std::io;
use std::sync::Arc;

use libp2p::gossipsub::{DataTransform, Message, RawMessage, TopicHash};

use crate::drops::{DropReason, Drops};

/// The identity transform, plus the author rule on what comes in.
#[derive(Clone)]
pub(crate) struct AuthorRule {
    drops: Arc<Drops>,
}

impl AuthorRule {
    pub(crate) const fn new(drops: Arc<Drops>) -> Self {
        Self { drops }
    }

    fn refuse(&self, reason: DropReason) -> io::Error {
        self.drops.count(reason);
        io::Error::new(io::ErrorKind::InvalidData, reason.label())
    }
}

impl DataTransform for AuthorRule {
    fn inbound_transform(&self, raw: RawMessage) -> Result<Message, io::Error> {
        if raw.signature.is_some() {
            return Err(self.refuse(DropReason::SignaturePresent));
        }
        if raw.source.is_none() {
            return Err(self.refuse(DropReason::AuthorMissing));
        }
        Ok(Message {
            source: raw.source,
            data: raw.data,
            sequence_number: raw.sequence_number,
            topic: raw.topic,
        })
    }

    fn outbound_transform(&self, _topic: &TopicHash, data: Vec<u8>) -> Result<Vec<u8>, io::Error> {
        Ok(data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use libp2p::PeerId;

    fn raw() -> RawMessage {
        RawMessage {
            source: Some(PeerId::random()),
            data: b"data".to_vec(),
            sequence_number: Some(7),
            topic: TopicHash::from_raw("ssv.v2.1"),
            signature: None,
            key: None,
            validated: false,
        }
    }

    #[test]
    fn an_author_and_no_signature_pass_unchanged() {
        let rule = AuthorRule::new(Arc::default());
        let message = rule.inbound_transform(raw()).unwrap();
        assert_eq!(message.data, b"data");
        assert_eq!(rule.outbound_transform(&message.topic, vec![1]).unwrap(), [1]);
    }

    #[test]
    fn a_signature_or_a_missing_author_is_refused_and_counted() {
        let drops = Arc::<Drops>::default();
        let rule = AuthorRule::new(drops.clone());
        assert!(rule.inbound_transform(RawMessage { signature: Some(vec![1]), ..raw() }).is_err());
        assert!(rule.inbound_transform(RawMessage { source: None, ..raw() }).is_err());
        assert_eq!(drops.get(DropReason::SignaturePresent), 1);
        assert_eq!(drops.get(DropReason::AuthorMissing), 1);
    }
}

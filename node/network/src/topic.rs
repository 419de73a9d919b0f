//! Topics: one per subnet and fork, known by name on the wire.
//!
//! Alan `ssv.v2.<subnet>` on every network, Boole `/ssv/<network>/boole/<subnet>`. The names come from the rules; this module keeps
//! the two-way book.

use std::collections::HashMap;

use libp2p::gossipsub::{IdentTopic, TopicHash};
use types::{SsvFork, SubnetId};

use crate::subnets;

/// One gossip topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic {
    /// The fork whose naming and subnet function it follows.
    pub fork: SsvFork,
    /// The subnet.
    pub subnet: SubnetId,
}

/// Every topic of the network with its wire name, for all forks that its rules know.
#[derive(Debug, Clone)]
pub(crate) struct TopicBook {
    by_topic: HashMap<Topic, IdentTopic>,
    by_hash: HashMap<TopicHash, Topic>,
}

impl TopicBook {
    /// Writes the book with `name(fork, subnet)`.
    pub(crate) fn new(forks: &[SsvFork], name: impl Fn(SsvFork, SubnetId) -> String) -> Self {
        let mut book = Self { by_topic: HashMap::new(), by_hash: HashMap::new() };
        for fork in forks {
            for subnet in subnets::all() {
                let topic = Topic { fork: *fork, subnet };
                let wire = IdentTopic::new(name(*fork, subnet));
                book.by_hash.insert(wire.hash(), topic);
                book.by_topic.insert(topic, wire);
            }
        }
        book
    }

    pub(crate) fn wire(&self, topic: Topic) -> Option<&IdentTopic> {
        self.by_topic.get(&topic)
    }

    pub(crate) fn topic(&self, hash: &TopicHash) -> Option<Topic> {
        self.by_hash.get(hash).copied()
    }

    pub(crate) fn hashes(&self) -> impl Iterator<Item = &TopicHash> {
        self.by_hash.keys()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_and_its_name_find_each_other() {
        let book = TopicBook::new(&SsvFork::ALL, |fork, subnet| match fork {
            SsvFork::Alan => format!("ssv.v2.{subnet}"),
            SsvFork::Boole => format!("/ssv/local/boole/{subnet}"),
        });
        let topic = Topic { fork: SsvFork::Alan, subnet: SubnetId::new(114).unwrap() };
        assert_eq!(book.wire(topic).unwrap().to_string(), "ssv.v2.114");
        assert_eq!(book.topic(&TopicHash::from_raw("ssv.v2.114")), Some(topic));
        assert_eq!(book.topic(&TopicHash::from_raw("ssv.v2.128")), None);
        assert_eq!(book.topic(&TopicHash::from_raw("ssv.v2.014")), None);
        assert_eq!(book.hashes().count(), 256);
    }
}

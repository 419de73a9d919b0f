//! The circumstances in which the messages of the load come: topic, forwarder, time.

use anyhow::{Context as _, Result};
use types::{ChainRules, OperatorId, Slot, SsvFork, SubnetId};
use validation::{Inbound, PeerKey, Topic};

use super::MainNetwork;

/// Peers that forward, and how many of them are on one topic: a mesh.
const PEERS: u8 = 60;
const PEERS_ON_TOPIC: usize = 8;

/// How far into its slot every message comes, in milliseconds.
const INTO_SLOT_MILLIS: u64 = 5_000;

/// Where the messages of each committee come from.
#[derive(Debug)]
pub struct Gossip {
    /// Network and chain.
    pub rules: ChainRules,
    /// By place of the committee.
    topics: Vec<Topic>,
    peers: Vec<Vec<u8>>,
}

impl Gossip {
    /// Of this network.
    #[must_use]
    pub fn new(network: &MainNetwork) -> Self {
        let topics = network.committees.iter().map(|committee| topic(&committee.operators)).collect();
        Self { rules: network.rules.clone(), topics, peers: (0..PEERS).map(peer_id).collect() }
    }

    /// The bytes of the id of the peer that forwards the `number`th message, one of those on the committee's topic.
    ///
    /// # Errors
    /// When there is no such committee.
    pub fn forwarder(&self, committee: usize, number: usize) -> Result<&[u8]> {
        let subnet = usize::from(self.topic(committee)?.subnet.get());
        let peer = (subnet + number % PEERS_ON_TOPIC) % self.peers.len();
        Ok(self.peers.get(peer).context("no such peer")?)
    }

    /// The topic of a committee.
    ///
    /// # Errors
    /// When there is no such committee.
    pub fn topic(&self, committee: usize) -> Result<Topic> {
        self.topics.get(committee).copied().context("no such committee")
    }

    /// A message as it comes.
    ///
    /// # Errors
    /// When there is no such committee.
    pub fn inbound<'a>(
        &self,
        (committee, slot): (usize, Slot),
        data: &'a [u8],
        forwarder: &'a PeerKey,
    ) -> Result<Inbound<'a>> {
        let received_at_millis = self.rules.slot_start_millis(slot) + INTO_SLOT_MILLIS;
        Ok(Inbound { data, topic: self.topic(committee)?, forwarder, received_at_millis })
    }
}

fn topic(operators: &[OperatorId]) -> Topic {
    Topic { fork: SsvFork::Alan, subnet: SubnetId::of(SsvFork::Alan, operators) }
}

/// Bytes of the length and form of a peer's id.
#[must_use]
pub fn peer_id(number: u8) -> Vec<u8> {
    [&[0, 0x25, 8, 2, 0x12, 0x21, 2], [number; 32].as_slice()].concat()
}

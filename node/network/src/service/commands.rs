//! What the rest of the node asks for.

use std::collections::BTreeSet;

use libp2p::gossipsub::{MessageAcceptance, PublishError as GossipError};
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::{Multiaddr, PeerId};
use tracing::{debug, info, warn};
use types::SsvFork;

use super::Service;
use crate::drops::DropReason;
use crate::event::{Receipt, Verdict};
use crate::gossip::params::MAX_TOPICS;
use crate::gossip::{message_id, score};
use crate::handle::{Command, CommandError, Publication, PublishError};
use crate::peers::table::DisconnectReason;
use crate::topic::Topic;

impl Service {
    pub(super) fn publish(&mut self, publication: Publication) {
        let Publication { topic, data, reply } = publication;
        let id = message_id::of_data(&data);
        let outcome = match self.rules.topics.wire(topic) {
            Some(wire) => {
                let hash = wire.hash();
                self.swarm
                    .behaviour_mut()
                    .gossip
                    .publish(hash, data)
                    .map(|_| id)
                    .map_err(|error| publish_error(&error))
            }
            None => Err(PublishError::UnknownTopic),
        };
        if outcome == Err(PublishError::NoPeers) {
            self.drops.count(DropReason::NoPeerOnTopic);
        }
        // Whoever does not wait for the answer does not get one.
        let _ = reply.send(outcome);
    }

    pub(super) fn command(&mut self, command: Command) {
        match command {
            Command::Verdict(receipt, verdict) => self.verdict(&receipt, verdict),
            Command::Subscribe(topics, reply) => {
                let _ = reply.send(self.subscribe(topics));
            }
            Command::Load(load) => {
                self.load = load;
                self.rescore();
            }
            Command::Fork(fork, reply) => {
                let _ = reply.send(self.set_fork(fork));
            }
            Command::Dial(peer, address) => self.dial(peer, address),
            Command::Peers(reply) => {
                let _ = reply.send(self.peers.records(self.gossip_view()));
            }
            Command::Shutdown(done) => self.stopping = Some(done),
        }
    }

    fn verdict(&mut self, receipt: &Receipt, verdict: Verdict) {
        let acceptance = match verdict {
            Verdict::Accept => MessageAcceptance::Accept,
            Verdict::Ignore => MessageAcceptance::Ignore,
            Verdict::Reject(_) => MessageAcceptance::Reject,
        };
        let gossip = &mut self.swarm.behaviour_mut().gossip;
        if !gossip.report_message_validation_result(&receipt.id, &receipt.from, acceptance) {
            self.drops.count(DropReason::VerdictTooLate);
        }
        if let Verdict::Reject(rule) = verdict {
            debug!(peer = %receipt.from, topic = ?receipt.topic, rule, "a message was rejected");
            if let Some(known) = self.peers.get_mut(&receipt.from) {
                known.rejected = known.rejected.saturating_add(1);
                known.last_rejection = Some(rule);
            }
            self.part_if_bad(receipt.from);
        }
    }

    /// Whether a peer's score is at or below the graylist threshold. Scores outlive connections by a hundred epochs.
    pub(super) fn is_bad(&self, peer: &PeerId) -> bool {
        self.swarm.behaviour().gossip.peer_score(peer).is_some_and(|score| score <= score::GRAYLIST)
    }

    /// Disconnects a bad peer.
    pub(super) fn part_if_bad(&mut self, peer: PeerId) {
        if self.is_bad(&peer) {
            self.part(peer, DisconnectReason::BadScore);
        }
    }

    fn subscribe(&mut self, wanted: BTreeSet<Topic>) -> Result<(), CommandError> {
        if wanted.len() > MAX_TOPICS {
            return Err(CommandError::TooManyTopics(wanted.len()));
        }
        if let Some(foreign) = wanted.iter().find(|topic| self.rules.topics.wire(**topic).is_none()) {
            return Err(CommandError::UnknownTopic(*foreign));
        }
        let (left, joined): (Vec<_>, Vec<_>) =
            self.topics.symmetric_difference(&wanted).partition(|topic| self.topics.contains(topic));
        for topic in left {
            if let Some(wire) = self.rules.topics.wire(topic) {
                self.swarm.behaviour_mut().gossip.unsubscribe(wire);
            }
        }
        for topic in joined {
            if let Some(wire) = self.rules.topics.wire(topic)
                && let Err(error) = self.swarm.behaviour_mut().gossip.subscribe(wire)
            {
                warn!(?topic, %error, "the topic cannot be joined");
            }
        }
        self.topics = wanted;
        self.topics_known = true;
        self.rescore();
        self.announce();
        Ok(())
    }

    fn set_fork(&mut self, fork: SsvFork) -> Result<(), CommandError> {
        let domains = self.rules.domains(fork).ok_or(CommandError::UnknownFork(fork))?;
        info!(%fork, domain = %domains.current, "announcing the domain of the fork");
        self.identity.domains = domains;
        self.announce();
        Ok(())
    }

    /// Sets the score parameters of every topic we are on.
    fn rescore(&mut self) {
        for topic in &self.topics {
            let load = self.load.get(topic).map_or(&[][..], Vec::as_slice);
            let params = score::topic_params(&self.rules.chain, load);
            if let Some(wire) = self.rules.topics.wire(*topic)
                && let Err(reason) = self.swarm.behaviour_mut().gossip.set_topic_params(wire.clone(), params)
            {
                warn!(?topic, reason, "the topic is not scored");
            }
        }
    }

    /// Brings record, limits and dialling in line with our subnets and domain. The handshake is written anew each time.
    pub(super) fn announce(&mut self) {
        let subnets = self.subnets();
        self.discovery.update(self.identity.domains, subnets);
        self.refresh_record();
        self.raise_limits();
        self.dial_due();
    }

    pub(super) fn dial(&mut self, peer: PeerId, address: Multiaddr) {
        // A port of its own for each dial: with the listening port as source, two nodes that dial each other at once
        // would meet in one TCP connection with two dialers.
        let options = DialOpts::peer_id(peer).addresses(vec![address]).allocate_new_port().build();
        match self.swarm.dial(options) {
            Ok(()) => {
                self.dialing.insert(peer);
            }
            Err(error) => debug!(%peer, %error, "not dialled"),
        }
    }

    /// Ends everything in order: topics, connections, discovery.
    pub(super) async fn stop(mut self) {
        let peers: Vec<PeerId> = self.peers.iter().map(|(peer, _)| *peer).collect();
        for peer in peers {
            self.part(peer, DisconnectReason::Shutdown);
        }
        self.drain().await;
        let Self { swarm, discovery, stopping: done, .. } = self;
        discovery.shutdown().await;
        // The listening socket goes with the swarm, so that whoever waits finds both ports free.
        drop(swarm);
        if let Some(done) = done {
            // The caller may have stopped waiting.
            let _ = done.send(());
        }
    }
}

fn publish_error(error: &GossipError) -> PublishError {
    match error {
        GossipError::Duplicate => PublishError::Duplicate,
        GossipError::NoPeersSubscribedToTopic => PublishError::NoPeers,
        GossipError::MessageTooLarge => PublishError::TooLarge(crate::MAX_PUBLISH_BYTES),
        GossipError::AllQueuesFull(_) => PublishError::PeersBusy,
        GossipError::SigningError(_) | GossipError::TransformFailed(_) => PublishError::Refused,
    }
}

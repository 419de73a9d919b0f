//! The gossipsub configuration of the network: mesh, caches, sizes.
//!
//! Source: ssv `network/topics/params/gossipsub.go` and `pubsub.go`. Flood publishing and peer
//! exchange are off, as in the Go node. What libp2p does not let us set is in `node/decisions/0015-gossip-wire.md`.

use std::time::Duration;

use libp2p::gossipsub::{Config, ConfigBuilder, ConfigBuilderError, ValidationMode};
use types::rules::GossipLimits;
use types::{SsvFork, SubnetId};

use super::message_id;

/// Mesh peers a topic should have (D).
pub(crate) const MESH_TARGET: u32 = 8;
/// Largest RPC on the wire, and so the largest message; the same in every fork.
pub const MAX_MESSAGE_BYTES: usize = GossipLimits::of(SsvFork::Alan).max_message_len;
/// Author, sequence number, topic and protobuf framing around a message in its RPC, rounded up.
const RPC_OVERHEAD: usize = 512;
/// Largest message we publish: its RPC must not pass the limit, or the receiver resets the stream.
pub const MAX_PUBLISH_BYTES: usize = MAX_MESSAGE_BYTES - RPC_OVERHEAD;
/// A message is remembered this long from first sight: 550 heartbeats.
pub(crate) const SEEN_TTL: Duration = Duration::from_millis(550 * HEARTBEAT_MILLIS);
/// Topics that one RPC may announce; the Go node refuses the whole RPC beyond it, so we never subscribe to more.
pub const MAX_TOPICS: usize = 129;

pub(crate) const HEARTBEAT_MILLIS: u64 = 700;
const MESH_LOW: usize = 6;
const MESH_HIGH: usize = 12;
const MESH_BY_SCORE: usize = 4;
const MESH_OUTBOUND: usize = 2;
const LAZY: usize = 6;
pub(crate) const HISTORY_LENGTH: usize = 6;
const HISTORY_GOSSIP: usize = 4;
const MAX_IHAVE_IDS: usize = 1500;
/// Messages in one RPC. The Go node sends all that was asked for together, so it must be more than [`MAX_IHAVE_IDS`]; libp2p closes the stream above 500
/// unless told otherwise.
const MAX_RPC_MESSAGES: usize = 5000;
const MAX_IHAVE_MESSAGES: usize = 32;
const OUTBOUND_QUEUE: usize = 512;
/// libp2p announces IDONTWANT above this many bytes; the network from 1024 on.
const IDONTWANT_ABOVE: usize = 1023;
/// A message id of twelve bytes with its protobuf tag and length.
const ENCODED_ID: usize = 14;
/// A topic name with tags and lengths, rounded up.
const ENCODED_TOPIC: usize = 64;
/// Control bytes of one RPC: an IHAVE of full length for every topic. libp2p's default of 16 kB would close the stream of a
/// Go peer that announces a busy topic.
const MAX_CONTROL_BYTES: usize = SubnetId::COUNT as usize * (MAX_IHAVE_IDS * ENCODED_ID + ENCODED_TOPIC);

const _: () = assert!(MAX_CONTROL_BYTES < MAX_MESSAGE_BYTES);
const _: () = assert!(MAX_IHAVE_IDS < MAX_RPC_MESSAGES);
const _: () = assert!(MAX_MESSAGE_BYTES == GossipLimits::of(SsvFork::Boole).max_message_len);

/// The configuration. Messages wait for a verdict before they are forwarded.
pub(crate) fn config() -> Result<Config, ConfigBuilderError> {
    ConfigBuilder::default()
        .heartbeat_interval(Duration::from_millis(HEARTBEAT_MILLIS))
        .heartbeat_initial_delay(Duration::from_millis(100))
        .mesh_n(MESH_TARGET as usize)
        .mesh_n_low(MESH_LOW)
        .mesh_n_high(MESH_HIGH)
        .retain_scores(MESH_BY_SCORE)
        .mesh_outbound_min(MESH_OUTBOUND)
        .gossip_lazy(LAZY)
        .gossip_factor(0.25)
        .gossip_retransimission(3)
        .history_length(HISTORY_LENGTH)
        .history_gossip(HISTORY_GOSSIP)
        .max_control_messages_sent(MAX_IHAVE_IDS)
        .max_ihave_messages_heartbeat(MAX_IHAVE_MESSAGES)
        .max_control_message_size(MAX_CONTROL_BYTES)
        .max_publish_messages(MAX_RPC_MESSAGES)
        .iwant_followup_time(Duration::from_secs(3))
        .fanout_ttl(Duration::from_secs(60))
        .prune_backoff(Duration::from_secs(60))
        .unsubscribe_backoff(Duration::from_secs(10))
        .graft_flood_threshold(Duration::from_secs(10))
        .opportunistic_graft_ticks(60)
        .opportunistic_graft_peers(2)
        .flood_publish(false)
        .duplicate_cache_time(SEEN_TTL)
        .max_transmit_size(MAX_MESSAGE_BYTES)
        .connection_handler_queue_len(OUTBOUND_QUEUE)
        .idontwant_message_size_threshold(IDONTWANT_ABOVE)
        .message_id_fn(message_id::of_message)
        .validation_mode(ValidationMode::Permissive)
        .validate_messages()
        // A message that names us as its author is judged like any other; the library would punish whoever brings it.
        .allow_self_origin(true)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_the_documented_one() {
        let config = config().unwrap();
        assert_eq!((config.mesh_n(), config.mesh_n_low(), config.mesh_n_high()), (8, 6, 12));
        assert_eq!((config.retain_scores(), config.mesh_outbound_min(), config.gossip_lazy()), (4, 2, 6));
        assert_eq!((config.history_length(), config.history_gossip()), (6, 4));
        assert_eq!(config.heartbeat_interval(), Duration::from_millis(700));
        assert_eq!(config.duplicate_cache_time(), Duration::from_secs(385));
        assert_eq!(config.max_transmit_size(), 9_589_483);
        assert!(config.validate_messages() && !config.flood_publish() && !config.do_px());
        assert!(config.allow_self_origin());
        assert!(config.max_control_message_size() > 128 * 1500 * 14);
        assert_eq!(config.connection_handler_queue_len(), 512);
        assert_eq!((config.max_control_messages_sent(), config.max_ihave_messages_heartbeat()), (1500, 32));
    }
}

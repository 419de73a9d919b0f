//! The swarm's behaviour: the gate and the limits first, so that a refused connection never reaches the protocols.

use std::sync::Arc;
use std::time::Duration;

use libp2p::gossipsub::{self, MaxCountSubscriptionFilter, MessageAuthenticity, WhitelistSubscriptionFilter};
use libp2p::identity::Keypair;
use libp2p::request_response::{self, ProtocolSupport};
use libp2p::swarm::NetworkBehaviour;
use libp2p::{Swarm, SwarmBuilder};
use libp2p::{connection_limits, identify, ping};

use crate::config::StartError;
use crate::drops::Drops;
use crate::gossip::author::AuthorRule;
use crate::gossip::fresh::{FreshGossip, PING_INTERVAL};
use crate::gossip::params::{self, MAX_TOPICS};
use crate::gossip::score;
use crate::handshake::codec::{EnvelopeCodec, PROTOCOL};
use crate::peers::gate::Gate;
use crate::rules::WireRules;
use crate::transport;

/// Time for dialling and the noise handshake, and for either half of our own handshake.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections live until one side decides; nothing is closed for being idle.
const IDLE_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 3600);
/// The protocol version of the Go library; nobody compares it.
const IDENTIFY_VERSION: &str = "ipfs/0.1.0";

#[derive(NetworkBehaviour)]
pub(crate) struct Behaviour {
    pub(crate) gate: Gate,
    pub(crate) limits: connection_limits::Behaviour,
    pub(crate) ping: ping::Behaviour,
    pub(crate) identify: identify::Behaviour,
    pub(crate) handshake: request_response::Behaviour<EnvelopeCodec>,
    pub(crate) gossip: FreshGossip,
}

/// What the swarm is built from.
pub(crate) struct Parts<'a> {
    pub rules: &'a WireRules,
    pub agent: String,
    pub limits: connection_limits::ConnectionLimits,
    pub drops: Arc<Drops>,
}

pub(crate) fn swarm(key: Keypair, parts: &Parts<'_>) -> Result<Swarm<Behaviour>, StartError> {
    let behaviour = behaviour(&key, parts)?;
    let transport = transport::build(&key).map_err(StartError::Noise)?;
    let Ok(builder) =
        SwarmBuilder::with_existing_identity(key).with_tokio().with_other_transport(|_| transport);
    let swarm = builder
        .with_behaviour(|_| Ok(behaviour))
        .map_err(|error| StartError::Behaviour(error.to_string()))?
        .with_swarm_config(|config| config.with_idle_connection_timeout(IDLE_TIMEOUT))
        .with_connection_timeout(REQUEST_TIMEOUT)
        .build();
    Ok(swarm)
}

fn behaviour(key: &Keypair, parts: &Parts<'_>) -> Result<Behaviour, StartError> {
    let identify =
        identify::Config::new(IDENTIFY_VERSION.into(), key.public()).with_agent_version(parts.agent.clone());
    let handshake = request_response::Config::default()
        .with_request_timeout(REQUEST_TIMEOUT)
        .with_max_concurrent_streams(4);
    Ok(Behaviour {
        gate: Gate::new(parts.rules.inbound_capacity, parts.drops.clone()),
        limits: connection_limits::Behaviour::new(parts.limits.clone()),
        ping: ping::Behaviour::new(ping::Config::new().with_interval(PING_INTERVAL)),
        identify: identify::Behaviour::new(identify),
        handshake: request_response::Behaviour::with_codec(
            EnvelopeCodec,
            [(PROTOCOL, ProtocolSupport::Full)],
            handshake,
        ),
        gossip: gossip(key, parts)?,
    })
}

fn gossip(key: &Keypair, parts: &Parts<'_>) -> Result<FreshGossip, StartError> {
    let whitelist = WhitelistSubscriptionFilter(parts.rules.topics.hashes().cloned().collect());
    let filter = MaxCountSubscriptionFilter {
        max_subscribed_topics: whitelist.0.len(),
        max_subscriptions_per_request: MAX_TOPICS,
        filter: whitelist,
    };
    let mut gossip = gossipsub::Behaviour::new_with_subscription_filter_and_transform(
        MessageAuthenticity::Author(key.public().to_peer_id()),
        params::config()?,
        filter,
        AuthorRule::new(parts.drops.clone()),
    )
    .map_err(|reason| StartError::Behaviour(reason.into()))?;
    gossip
        .with_peer_score(score::peer_params(parts.rules.epoch, parts.rules.ip_limit), score::thresholds())
        .map_err(StartError::Behaviour)?;
    Ok(FreshGossip::new(gossip, parts.rules.inbound_capacity.is_some(), parts.drops.clone()))
}

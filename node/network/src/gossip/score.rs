//! Peer score parameters, as formulas over the network's rules.
//!
//! The figures decide when a peer is graylisted, so they agree with the Go node: one rejected message costs 40, twenty on one
//! topic 16000, which is the graylist threshold. Mesh delivery scoring (P3, P3b) is off, as there.
//! Source: ssv `network/topics/params/{peer_score,topic_score}.go`.

use std::collections::HashMap;
use std::time::Duration;

use libp2p::gossipsub::{PeerScoreParams, PeerScoreThresholds, TopicScoreParams};
use types::SubnetId;

use super::params::MESH_TARGET;
use super::rate::{ChainSize, CommitteeLoad, messages_per_epoch};

/// Below this a peer's messages are not processed, and it is disconnected.
pub(crate) const GRAYLIST: f64 = -16_000.0;
const GOSSIP: f64 = -4_000.0;
const PUBLISH: f64 = -8_000.0;
const ACCEPT_PX: f64 = 100.0;
const OPPORTUNISTIC_GRAFT: f64 = 5.0;

const DECAY_TO_ZERO: f64 = 0.01;
const TOPIC_SCORE_CAP: f64 = 32.72;
const RETAIN_EPOCHS: u32 = 100;
const BEHAVIOUR_EPOCHS: f64 = 10.0;
const BEHAVIOUR_THRESHOLD: f64 = 6.0;
const BEHAVIOUR_MAX: f64 = 10.0;

const TOPICS_WEIGHT: f64 = 4.0;
const MESH_QUANTUM_SECONDS: u64 = 12;
const MESH_CAP: f64 = 300.0;
const MESH_MAX: f64 = 10.0;
const FIRST_EPOCHS: f64 = 4.0;
const FIRST_MAX: f64 = 80.0;
const DELIVERY_EPOCHS: f64 = 16.0;
const DELIVERY_FRACTION: f64 = 50.0;
const DELIVERY_CAP_FACTOR: f64 = 16.0;
const INVALID_EPOCHS: f64 = 100.0;
const INVALID_TOLERATED: f64 = 20.0;

/// `0.01^(1/epochs)`: what is left of a counter after one epoch if it shall fall to a hundredth in `epochs`.
fn decay(epochs: f64) -> f64 {
    DECAY_TO_ZERO.powf(1.0 / epochs)
}

/// Where a counter that decays by `decay` and grows by `rate` per epoch comes to rest.
fn convergence(decay: f64, rate: f64) -> f64 {
    rate / (1.0 - decay)
}

pub(crate) const fn thresholds() -> PeerScoreThresholds {
    PeerScoreThresholds {
        gossip_threshold: GOSSIP,
        publish_threshold: PUBLISH,
        graylist_threshold: GRAYLIST,
        accept_px_threshold: ACCEPT_PX,
        opportunistic_graft_threshold: OPPORTUNISTIC_GRAFT,
    }
}

/// Parameters of the peer as a whole. `ip_limit` is the number of peers that may share an address; none = not scored.
pub(crate) fn peer_params(epoch: Duration, ip_limit: Option<u32>) -> PeerScoreParams {
    let behaviour_decay = decay(BEHAVIOUR_EPOCHS);
    let behaviour_excess = convergence(behaviour_decay, BEHAVIOUR_MAX) - BEHAVIOUR_THRESHOLD;
    PeerScoreParams {
        topics: HashMap::new(),
        topic_score_cap: TOPIC_SCORE_CAP,
        app_specific_weight: 0.0,
        ip_colocation_factor_weight: if ip_limit.is_some() { -TOPIC_SCORE_CAP } else { 0.0 },
        ip_colocation_factor_threshold: f64::from(ip_limit.unwrap_or(1)),
        ip_colocation_factor_whitelist: std::collections::HashSet::new(),
        behaviour_penalty_weight: GOSSIP / behaviour_excess.powi(2),
        behaviour_penalty_threshold: BEHAVIOUR_THRESHOLD,
        behaviour_penalty_decay: behaviour_decay,
        decay_interval: epoch,
        decay_to_zero: DECAY_TO_ZERO,
        retain_score: epoch * RETAIN_EPOCHS,
        // libp2p scores full send queues; the network does not.
        slow_peer_weight: 0.0,
        slow_peer_threshold: 0.0,
        slow_peer_decay: 0.2,
    }
}

/// Parameters of one topic that carries these committees. Every topic has the same weight.
pub(crate) fn topic_params(chain: &ChainSize, committees: &[CommitteeLoad]) -> TopicScoreParams {
    let weight = TOPICS_WEIGHT / f64::from(SubnetId::COUNT);
    let messages = messages_per_epoch(chain, committees);
    let (first_cap, delivery_threshold) = if messages > 0.0 {
        let d = decay(DELIVERY_EPOCHS);
        (
            convergence(decay(FIRST_EPOCHS), 2.0 * messages / f64::from(MESH_TARGET)),
            convergence(d, messages / DELIVERY_FRACTION) * d,
        )
    } else {
        (1.0, 1.0)
    };
    TopicScoreParams {
        topic_weight: weight,
        time_in_mesh_weight: MESH_MAX / MESH_CAP,
        time_in_mesh_quantum: Duration::from_secs(MESH_QUANTUM_SECONDS),
        time_in_mesh_cap: MESH_CAP,
        first_message_deliveries_weight: FIRST_MAX / first_cap,
        first_message_deliveries_decay: decay(FIRST_EPOCHS),
        first_message_deliveries_cap: first_cap,
        mesh_message_deliveries_weight: 0.0,
        mesh_message_deliveries_decay: decay(DELIVERY_EPOCHS),
        mesh_message_deliveries_cap: DELIVERY_CAP_FACTOR * delivery_threshold,
        mesh_message_deliveries_threshold: delivery_threshold,
        mesh_message_deliveries_window: Duration::from_secs(2),
        mesh_message_deliveries_activation: Duration::from_secs_f64(3.0 * chain.epoch_seconds),
        mesh_failure_penalty_weight: 0.0,
        mesh_failure_penalty_decay: decay(DELIVERY_EPOCHS),
        invalid_message_deliveries_weight: GRAYLIST / (weight * INVALID_TOLERATED.powi(2)),
        invalid_message_deliveries_decay: decay(INVALID_EPOCHS),
    }
}

#[cfg(test)]
mod tests {
    use super::super::rate::tests::{MAINNET, TABLE};
    use super::*;

    fn near(value: f64, expected: f64, tolerance: f64) {
        assert!((value - expected).abs() <= tolerance, "{value} is not {expected}");
    }

    #[test]
    fn the_peer_parameters_are_the_documented_ones() {
        let params = peer_params(Duration::from_secs(384), Some(10));
        near(params.behaviour_penalty_decay, 0.630_957, 1e-6);
        near(params.behaviour_penalty_weight, -8.986_961, 1e-6);
        assert_eq!(params.ip_colocation_factor_weight, -32.72);
        assert_eq!(params.retain_score, Duration::from_secs(38_400));
        params.validate().unwrap();
        thresholds().validate().unwrap();
    }

    #[test]
    fn a_network_without_an_address_limit_does_not_score_addresses() {
        let params = peer_params(Duration::from_secs(24), None);
        assert_eq!(params.ip_colocation_factor_weight, 0.0);
        params.validate().unwrap();
    }

    #[test]
    fn the_topic_parameters_are_the_documented_ones() {
        let caps = [5.793, 50.626, 191.239, 289.165, 306.701, 820.430, 1518.361];
        let weights = [13.8089, 1.58023, 0.41832, 0.27666, 0.26084, 0.09751, 0.05269];
        for (row, (cap, weight)) in TABLE.iter().zip(caps.into_iter().zip(weights)) {
            let loads: Vec<_> =
                (0..row.0).map(|_| CommitteeLoad { operators: row.1, validators: row.2 }).collect();
            let params = topic_params(&MAINNET, &loads);
            near(params.first_message_deliveries_cap, cap, 6e-4);
            near(params.first_message_deliveries_weight, weight, 6e-5);
            params.validate().unwrap();
        }
        let silent = topic_params(&MAINNET, &[]);
        near(silent.topic_weight, 0.03125, 0.0);
        near(silent.time_in_mesh_weight, 0.033_333, 1e-6);
        near(silent.first_message_deliveries_decay, 0.316_228, 1e-6);
        near(silent.mesh_message_deliveries_decay, 0.749_894, 1e-6);
        near(silent.invalid_message_deliveries_decay, 0.954_993, 1e-6);
        near(silent.invalid_message_deliveries_weight, -1280.0, 0.0);
        assert_eq!((silent.first_message_deliveries_cap, silent.mesh_message_deliveries_cap), (1.0, 16.0));
        silent.validate().unwrap();
    }

    #[test]
    fn twenty_rejected_messages_on_one_topic_reach_the_graylist() {
        let params = topic_params(&MAINNET, &[]);
        let penalty = |n: f64| params.topic_weight * params.invalid_message_deliveries_weight * n * n;
        near(penalty(1.0), -40.0, 0.0);
        near(penalty(10.0), GOSSIP, 0.0);
        near(penalty(20.0), GRAYLIST, 0.0);
    }
}

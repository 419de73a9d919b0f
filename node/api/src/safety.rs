//! What protects the validators beside the signing history, as it is written.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use serde::{Deserialize, Serialize};

/// What the guards have found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Safety {
    /// Our clock against that of the beacon nodes.
    pub clock: Clock,
    /// Doppelganger protection; none when it is off.
    pub doppelganger: Option<Doppelganger>,
    /// Operators that register our validators with builders in another way than we do.
    pub registrations_differ: Vec<RegistrationDifference>,
    /// Blocks that our beacon node made and whose fees go to another address than the owner's.
    #[serde(default)]
    pub blocks_with_other_fee_recipient: u64,
}

/// Our clock.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// How far it is ahead of the beacon nodes' clocks, in milliseconds; negative when it is behind. None while too little is known.
    pub ahead_millis: Option<i64>,
    /// How far off that may be.
    pub error_millis: u64,
    /// Whether it is so far off that duties suffer.
    pub is_off: bool,
}

/// Doppelganger protection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doppelganger {
    /// Validators that sign nothing slashable yet.
    pub under_observation: usize,
    /// Of those, seen alive in the last epoch that was asked about.
    pub alive: usize,
}

/// An operator whose registrations have another root than ours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationDifference {
    /// Who.
    pub operator: u64,
    /// `fee_recipient`, `gas_limit`, `timestamp`, `several` or `unknown`.
    pub differs: String,
    /// Theirs, in words, the last time.
    pub theirs: String,
    /// The validator's key the last time, 0x-hex.
    pub validator: String,
    /// The slot the last time.
    pub slot: u64,
    /// How often since the node started.
    pub count: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Differs {
    operator: u64,
    differs: String,
}

/// The same as metrics. What is not known, or off, is left out.
pub(crate) fn register(registry: &mut Registry, safety: &Safety) {
    let clock = &safety.clock;
    if let Some(ahead) = clock.ahead_millis {
        let gauge = Gauge::<i64>::default();
        gauge.set(ahead);
        let help = "How far our clock is ahead of the beacon nodes', in milliseconds";
        registry.register("clock_ahead_milliseconds", help, gauge);
    }
    let off = Gauge::<i64>::default();
    off.set(i64::from(clock.is_off));
    registry.register("clock_off", "Whether our clock is so far off that duties suffer", off);
    if let Some(doppelganger) = &safety.doppelganger {
        let watched = Gauge::<u64, AtomicU64>::default();
        watched.set(u64::try_from(doppelganger.under_observation).unwrap_or(u64::MAX));
        let help = "Validators that sign nothing slashable yet, because they may be running elsewhere";
        registry.register("validators_under_observation", help, watched);
    }
    let strange = Gauge::<u64, AtomicU64>::default();
    strange.set(safety.blocks_with_other_fee_recipient);
    let help = "Blocks of our beacon node whose fees go to another address than the owner's";
    registry.register("blocks_with_other_fee_recipient", help, strange);
    let differ = Family::<Differs, Gauge<u64, AtomicU64>>::default();
    for one in &safety.registrations_differ {
        let labels = Differs { operator: one.operator, differs: one.differs.clone() };
        differ.get_or_create(&labels).set(one.count);
    }
    let help = "Builder registrations of an operator that differ from ours, by what differs";
    registry.register("registrations_differ", help, differ);
}

//! The sums of the status and the figures of the ledger as Prometheus text.

use std::fmt;
use std::sync::atomic::AtomicU64;

use outbox::Figures;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::answers::Status;
use crate::{figures, safety};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: String,
}

type Number = Gauge<u64, AtomicU64>;

/// The metrics of this moment.
pub(crate) fn text(status: &Status, ledger: Figures) -> Result<String, fmt::Error> {
    let mut all = Registry::default();
    figures::register(&mut all, ledger);
    let registry = all.sub_registry_with_prefix("capstan");
    let duties = Family::<Outcome, Number>::default();
    registry.register(
        "duties",
        "Duties since the node started; scheduled = submitted + failed + running, and not_selected beside them",
        duties.clone(),
    );
    let sums = [
        ("scheduled", status.duties.scheduled),
        ("submitted", status.duties.submitted),
        ("failed", status.duties.failed),
        ("running", status.duties.running),
        ("not_selected", status.duties.not_selected),
    ];
    for (outcome, sum) in sums {
        duties.get_or_create(&Outcome { outcome }).set(sum);
    }
    let by_reason = [
        ("gossip_refused", "Gossip messages refused, by the rule that refused them", &status.refused),
        ("dropped", "What was dropped at a bound, by room and reason", &status.dropped),
    ];
    for (name, help, counts) in by_reason {
        let family = Family::<Reason, Number>::default();
        for (reason, count) in counts {
            family.get_or_create(&Reason { reason: reason.clone() }).set(*count);
        }
        registry.register(name, help, family);
    }
    let size = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let single = [
        ("ready", "Whether the node can do its duties", u64::from(status.ready)),
        (
            "registry_block",
            "The last block read of the registry contract",
            status.registry.block.unwrap_or(0),
        ),
        ("beacon_head_slot", "The newest head seen", status.beacon.head_slot.unwrap_or(0)),
        ("peers_connected", "Peers that have finished the handshake", size(status.peers.connected)),
        ("validators_mine", "Validators with a share of this operator", size(status.validators.mine)),
        ("shares_ready", "Shares that can sign", size(status.validators.ready)),
        ("slot", "The current slot", status.slot),
    ];
    for (name, help, value) in single {
        let gauge = Number::default();
        gauge.set(value);
        registry.register(name, help, gauge);
    }
    safety::register(registry, &status.safety);
    let mut text = String::new();
    encode(&mut text, &all)?;
    Ok(text)
}

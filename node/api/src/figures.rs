//! The figures of the ledger as metrics.
//!
//! What the reference exports too has its name, labels and buckets there (`ssv_runner_*`, `ssv_validator_stage_*`), so that dashboards
//! serve both. What is Capstan's own begins with `capstan_`. Every label comes from a closed set.

use std::fmt;
use std::time::Duration;

use outbox::Figures;
use outbox::figures::{BUCKETS_MICROS, Histogram, Stretch};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::registry::{Registry, Unit};
use types::RunnerRole;

/// Has the figures written with whatever else is in the registry.
pub(crate) fn register(registry: &mut Registry, figures: Figures) {
    registry.register_collector(Box::new(Page(figures)));
}

#[derive(Debug)]
struct Page(Figures);

type Label = (&'static str, String);

impl Collector for Page {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        self.ended(&mut encoder)?;
        self.seen(&mut encoder)?;
        self.stations(&mut encoder)?;
        for (name, help, stretch) in RUNNER {
            self.stretches(&mut encoder, (name, help), *stretch)?;
        }
        self.stages(&mut encoder)
    }
}

/// Parts of duties with a metric of their own.
const RUNNER: &[(&str, &str, Stretch)] = &[
    (
        "ssv_runner_pre_consensus_duration",
        "From the start of a duty to a quorum of partial signatures before consensus",
        Stretch::PreConsensus,
    ),
    ("ssv_runner_consensus_duration", "From the start of consensus to the decision", Stretch::Consensus),
    (
        "ssv_runner_post_consensus_duration",
        "From the decision to a quorum of partial signatures",
        Stretch::PostConsensus,
    ),
    ("ssv_runner_duty_duration", "From the start of a duty to its submission", Stretch::Duty),
];

/// Parts of consensus that share a metric.
const STAGES: [(&str, Stretch); 3] =
    [("proposal", Stretch::Proposal), ("prepare", Stretch::Prepare), ("commit", Stretch::Commit)];

impl Page {
    fn ended(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let rows = self.0.ended.iter().map(|(end, count)| {
            let role = ("role", end.role.name().to_owned());
            ([role, ("outcome", end.outcome.to_owned()), ("reason", end.reason.clone())], *count)
        });
        counters(encoder, "capstan_duties_ended", "Duties that ended, by role, outcome and reason", rows)
    }

    fn seen(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let included = self.0.included.iter();
        let included = included.map(|(role, count)| ([("role", role.name().to_owned())], *count));
        counters(
            encoder,
            "capstan_duties_included",
            "Duties seen in a block, counted an epoch later",
            included,
        )?;
        let warned = self.0.warned.iter().map(|((role, warning), count)| {
            ([("role", role.name().to_owned()), ("warning", warning.clone())], *count)
        });
        counters(encoder, "capstan_duty_warnings", "Duties with a warning, counted an epoch later", warned)
    }

    fn stations(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let help = "When in its slot a duty passed a station";
        let rows = self.0.stations.iter().map(|((station, runner), histogram)| {
            ([("station", station.name().to_owned()), role(*runner)], histogram)
        });
        histograms(encoder, "capstan_duty_station", help, rows)
    }

    fn stretches(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        (name, help): (&str, &str),
        wanted: Stretch,
    ) -> Result<(), fmt::Error> {
        let rows = self.0.stretches.iter().filter(|((stretch, ..), _)| *stretch == wanted);
        let rows = rows.map(|((_, runner, round), histogram)| ([role(*runner), in_round(*round)], histogram));
        histograms(encoder, name, help, rows)
    }

    fn stages(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let stage_of = |stretch: Stretch| {
            let found = STAGES.iter().find(|(_, stage)| *stage == stretch);
            found.map(|(name, _)| ("ssv_validator_stage", (*name).to_owned()))
        };
        let rows = self.0.stretches.iter().filter_map(|((stretch, runner, round), histogram)| {
            Some(([stage_of(*stretch)?, role(*runner), in_round(*round)], histogram))
        });
        histograms(encoder, "ssv_validator_stage_duration", "How long the parts of consensus took", rows)
    }
}

/// The reference's label: without the last word of the role's name.
fn role(runner: RunnerRole) -> Label {
    ("ssv_runner_role", runner.name().trim_end_matches("_RUNNER").to_owned())
}

fn in_round(round: u64) -> Label {
    ("ssv_validator_duty_round", round.to_string())
}

fn counters<L: EncodeLabelSet>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    rows: impl Iterator<Item = (L, u64)>,
) -> Result<(), fmt::Error> {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (labels, count) in rows {
        ConstCounter::new(count).encode(metric.encode_family(&labels)?)?;
    }
    Ok(())
}

fn histograms<'a, L: EncodeLabelSet>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    rows: impl Iterator<Item = (L, &'a Histogram)>,
) -> Result<(), fmt::Error> {
    let mut metric = encoder.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
    let seconds = |micros: u64| Duration::from_micros(micros).as_secs_f64();
    for (labels, histogram) in rows {
        let bounds = BUCKETS_MICROS.iter().map(|micros| seconds(*micros)).chain([f64::INFINITY]);
        let buckets: Vec<_> = bounds.zip(histogram.counts).collect();
        let (sum, count) = (seconds(histogram.sum_micros), histogram.count());
        metric.encode_family(&labels)?.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
    }
    Ok(())
}

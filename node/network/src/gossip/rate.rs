//! How many messages a topic should carry, from the committees that use it.
//!
//! The estimate only feeds the score parameters of a topic (how fast a peer that delivers first earns its score), so
//! it must agree with the other implementations, not with the truth. Source: ssv `network/topics/params/message_rate.go`.

/// From this many validators on a committee attests in every slot of an epoch.
const SATURATION: u32 = 560;
/// `TARGET_AGGREGATORS_PER_COMMITTEE` and `TARGET_AGGREGATORS_PER_SYNC_SUBCOMMITTEE`.
const AGGREGATORS: f64 = 16.0;
/// `MAX_VALIDATORS_PER_COMMITTEE` of the beacon chain, the same in every preset.
const BEACON_COMMITTEE_SIZE: f64 = 2048.0;
/// `SYNC_COMMITTEE_SUBNET_COUNT`.
const SYNC_SUBNETS: f64 = 4.0;

/// What the estimate knows of the chain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ChainSize {
    /// `SLOTS_PER_EPOCH`.
    pub slots_per_epoch: f64,
    /// Seconds of an epoch.
    pub epoch_seconds: f64,
    /// `SYNC_COMMITTEE_SIZE`.
    pub sync_committee_size: f64,
    /// Validators of the whole beacon chain, as the network configuration has it.
    pub total_validators: f64,
}

/// One committee on a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommitteeLoad {
    /// Operators of the committee.
    pub operators: u32,
    /// All validators it runs, active or not.
    pub validators: u32,
}

/// Expected messages per epoch on a topic that carries these committees.
pub(crate) fn messages_per_epoch(chain: &ChainSize, committees: &[CommitteeLoad]) -> f64 {
    committees.iter().map(|committee| committee_messages(chain, *committee)).sum()
}

fn committee_messages(chain: &ChainSize, load: CommitteeLoad) -> f64 {
    let (n, v) = (f64::from(load.operators), f64::from(load.validators));
    let (slots, total, sync_size) =
        (chain.slots_per_epoch, chain.total_validators, chain.sync_committee_size);

    // Proposal, prepares, commits, and two round changes or late decided messages.
    let consensus = 1.0 + n + n + 2.0;
    let without_pre = consensus + n;
    let with_pre = n + consensus + n;

    let (attesting, sync_only) = if load.validators >= SATURATION {
        (slots, 0.0)
    } else {
        let attesting = slots * (1.0 - ((slots - 1.0) / slots).powf(v));
        let any_in_sync = 1.0 - (1.0 - sync_size / total).powf(v);
        (attesting, any_in_sync * (slots - attesting))
    };
    let aggregator = AGGREGATORS / (total / BEACON_COMMITTEE_SIZE);
    let proposer = 1.0 / total;
    let sync_aggregator = (sync_size / total) * AGGREGATORS / (sync_size / SYNC_SUBNETS);

    (attesting + sync_only) * without_pre
        + v * aggregator * with_pre
        + v * slots * proposer * with_pre
        + v * slots * sync_aggregator * with_pre
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const MAINNET: ChainSize = ChainSize {
        slots_per_epoch: 32.0,
        epoch_seconds: 384.0,
        sync_committee_size: 512.0,
        total_validators: 1_064_860.0,
    };

    /// What ssv `message_rate.go` gives: committees, messages per second, messages per epoch.
    pub(crate) const TABLE: [(u32, u32, u32, f64, f64); 7] = [
        (1, 4, 1, 0.04126, 15.845),
        (1, 4, 10, 0.36059, 138.466),
        (1, 4, 100, 1.36213, 523.057),
        (1, 4, 500, 2.05961, 790.892),
        (1, 7, 100, 2.18452, 838.854),
        (1, 13, 500, 5.84362, 2243.949),
        (10, 4, 50, 10.81472, 4152.851),
    ];

    #[test]
    fn the_documented_rates_hold() {
        for (committees, operators, validators, per_second, per_epoch) in TABLE {
            let loads: Vec<_> = (0..committees).map(|_| CommitteeLoad { operators, validators }).collect();
            let messages = messages_per_epoch(&MAINNET, &loads);
            assert!((messages - per_epoch).abs() < 6e-4, "{messages} is not {per_epoch}");
            assert!((messages / MAINNET.epoch_seconds - per_second).abs() < 6e-6);
        }
    }

    #[test]
    fn a_saturated_committee_attests_in_every_slot_and_an_empty_topic_is_silent() {
        assert_eq!(messages_per_epoch(&MAINNET, &[]), 0.0);
        let load = CommitteeLoad { operators: 4, validators: 560 };
        assert!(messages_per_epoch(&MAINNET, &[load]) > 32.0 * 15.0);
    }
}

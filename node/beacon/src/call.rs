//! Every kind of call to a beacon node, and what each may cost.
//!
//! The kind is the one name of a call everywhere: in the budget table, in errors, in log lines and in metrics labels.
//! Deadlines are data built once from the slot length ([`Budgets::for_slot`]); no call site carries a figure.

use std::fmt;
use std::time::Duration;

/// A kind of call (beacon-APIs operation), without its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// `GET /eth/v1/beacon/genesis`
    Genesis,
    /// `GET /eth/v1/config/spec`
    Spec,
    /// `GET /eth/v1/node/version`
    Version,
    /// `GET /eth/v1/node/syncing`
    Syncing,
    /// `POST /eth/v1/beacon/states/head/validators`
    Validators,
    /// `POST /eth/v1/validator/duties/attester/{epoch}`
    AttesterDuties,
    /// `POST /eth/v1/validator/duties/sync/{epoch}`
    SyncDuties,
    /// `GET /eth/v1/validator/duties/proposer/{epoch}`
    ProposerDuties,
    /// `GET /eth/v1/validator/attestation_data`
    AttestationData,
    /// `GET /eth/v1/beacon/headers/{block_root}`
    Header,
    /// `GET /eth/v3/validator/blocks/{slot}`
    ProduceBlock,
    /// `GET /eth/v2/validator/aggregate_attestation`
    Aggregate,
    /// `GET /eth/v1/validator/sync_committee_contribution`
    Contribution,
    /// `POST /eth/v2/beacon/pool/attestations`
    SubmitAttestations,
    /// `POST /eth/v1/beacon/pool/sync_committees`
    SubmitSyncMessages,
    /// `POST /eth/v2/beacon/blocks` and `POST /eth/v2/beacon/blinded_blocks`
    PublishBlock,
    /// `POST /eth/v2/validator/aggregate_and_proofs`
    SubmitAggregates,
    /// `POST /eth/v1/validator/contribution_and_proofs`
    SubmitContributions,
    /// `POST /eth/v1/beacon/pool/voluntary_exits`
    SubmitExit,
    /// `POST /eth/v1/validator/register_validator`
    RegisterValidators,
    /// `POST /eth/v1/validator/prepare_beacon_proposer`
    PrepareProposers,
    /// `POST /eth/v1/validator/beacon_committee_subscriptions`
    CommitteeSubscriptions,
    /// `POST /eth/v1/validator/sync_committee_subscriptions`
    SyncSubscriptions,
    /// `GET /eth/v1/beacon/states/head/finality_checkpoints`
    Finality,
    /// `GET /eth/v1/beacon/states/head/committees`
    Committees,
    /// `POST /eth/v1/validator/liveness/{epoch}`
    Liveness,
    /// `GET /eth/v1/beacon/blinded_blocks/{block_id}`
    BlockVotes,
    /// `GET /eth/v1/events`
    Events,
}

impl Call {
    /// Every kind, in the order of the enum: for tables and metrics.
    pub const ALL: [Self; 28] = [
        Self::Genesis,
        Self::Spec,
        Self::Version,
        Self::Syncing,
        Self::Validators,
        Self::AttesterDuties,
        Self::SyncDuties,
        Self::ProposerDuties,
        Self::AttestationData,
        Self::Header,
        Self::ProduceBlock,
        Self::Aggregate,
        Self::Contribution,
        Self::SubmitAttestations,
        Self::SubmitSyncMessages,
        Self::PublishBlock,
        Self::SubmitAggregates,
        Self::SubmitContributions,
        Self::SubmitExit,
        Self::RegisterValidators,
        Self::PrepareProposers,
        Self::CommitteeSubscriptions,
        Self::SyncSubscriptions,
        Self::Finality,
        Self::Committees,
        Self::Liveness,
        Self::BlockVotes,
        Self::Events,
    ];

    /// The label used in logs, errors and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Genesis => "genesis",
            Self::Spec => "spec",
            Self::Version => "version",
            Self::Syncing => "syncing",
            Self::Validators => "validators",
            Self::AttesterDuties => "attester_duties",
            Self::SyncDuties => "sync_duties",
            Self::ProposerDuties => "proposer_duties",
            Self::AttestationData => "attestation_data",
            Self::Header => "header",
            Self::ProduceBlock => "produce_block",
            Self::Aggregate => "aggregate",
            Self::Contribution => "contribution",
            Self::SubmitAttestations => "submit_attestations",
            Self::SubmitSyncMessages => "submit_sync_messages",
            Self::PublishBlock => "publish_block",
            Self::SubmitAggregates => "submit_aggregates",
            Self::SubmitContributions => "submit_contributions",
            Self::SubmitExit => "submit_exit",
            Self::RegisterValidators => "register_validators",
            Self::PrepareProposers => "prepare_proposers",
            Self::CommitteeSubscriptions => "beacon_committee_subscriptions",
            Self::SyncSubscriptions => "sync_committee_subscriptions",
            Self::Finality => "finality_checkpoints",
            Self::Committees => "committees",
            Self::Liveness => "liveness",
            Self::BlockVotes => "block_votes",
            Self::Events => "events",
        }
    }

    /// Whether a batch of this kind can be accepted in part: a refusal then says which items it is about.
    #[must_use]
    pub const fn is_itemwise(self) -> bool {
        matches!(
            self,
            Self::SubmitAttestations
                | Self::SubmitSyncMessages
                | Self::SubmitAggregates
                | Self::SubmitContributions
        )
    }

    /// Whether an error answered to this call is about what was submitted and not about the node's health: nodes answer 500 to a block they know
    /// already, to a blinded one whose payload they do not have, and to a registration when they have no builder.
    #[must_use]
    pub(crate) const fn is_refused_with_any_status(self) -> bool {
        matches!(self, Self::PublishBlock | Self::RegisterValidators | Self::SubmitExit)
    }

    /// Whether the time of a call says how fast the node is (small answer, no work that grows with the arguments).
    #[must_use]
    pub const fn tells_latency(self) -> bool {
        match self {
            Self::Syncing | Self::AttestationData => true,
            Self::Genesis
            | Self::Spec
            | Self::Version
            | Self::Validators
            | Self::AttesterDuties
            | Self::SyncDuties
            | Self::ProposerDuties
            | Self::Header
            | Self::ProduceBlock
            | Self::Aggregate
            | Self::Contribution
            | Self::SubmitAttestations
            | Self::SubmitSyncMessages
            | Self::PublishBlock
            | Self::SubmitAggregates
            | Self::SubmitContributions
            | Self::SubmitExit
            | Self::RegisterValidators
            | Self::PrepareProposers
            | Self::CommitteeSubscriptions
            | Self::SyncSubscriptions
            | Self::Finality
            | Self::Committees
            | Self::Liveness
            | Self::BlockVotes
            | Self::Events => false,
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What one call may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// From the start of the call, over all nodes tried, until it fails.
    pub total: Duration,
    /// How long one node may stay silent before the next one is asked as well. The first is not cancelled: whichever
    /// answers first wins. For submissions, which go to all nodes at once, it is the pause before a dropped connection is
    /// tried again.
    pub patience: Duration,
}

/// The budget of every kind of call, and the paces of the background work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budgets {
    /// Reads that a duty waits for: attestation data, aggregates, contributions.
    pub data: Budget,
    /// How long attestation data of several nodes are waited for when there are some that will do: from the question on.
    pub choice: Duration,
    /// The production of a block. All nodes in step are asked at once; `patience` is what they have before those that are not are asked too.
    pub block: Budget,
    /// How long a node that was far behind is not among the first asked for a block: it has not heard the votes of that time, and a block
    /// without them is worth less. An epoch, which is how long they may be included.
    pub keep_up: Duration,
    /// Submissions of signed objects.
    pub submit: Budget,
    /// Everything small: genesis, spec, version, syncing, finality, one block, subscriptions, preparations, registrations, exits.
    pub common: Budget,
    /// Duties, which others wait for: another node is asked soon, and a slow one may take its time.
    pub duties: Budget,
    /// Other answers that grow with the number of validators: validators, committees, liveness.
    pub bulk: Budget,
    /// To open the event stream (until the response header), not its life. Long: a node may send the header with its first event,
    /// and a chain without blocks has none to tell of.
    pub events_open: Budget,
    /// A stream that does not tell of a head which the node has had for this long counts as dead and is opened again.
    pub events_deaf: Duration,
    /// Between two looks at whether the stream has missed a head.
    pub events_look: Duration,
    /// Pause before an ended stream is opened again.
    pub events_pause: Duration,
    /// Between two health probes of a node that answers.
    pub probe: Duration,
    /// Between two attempts at a node that does not.
    pub retry: Duration,
    /// Between two checks that a node is still on the same chain.
    pub reverify: Duration,
    /// To open a TCP (and TLS) connection.
    pub connect: Duration,
    /// An idle pooled connection is closed after this time. Longer than `probe`, which is what keeps it open.
    pub idle: Duration,
}

impl Budgets {
    /// The budgets of a chain with this slot length. Source: ssv `beacon/goclient` (5 s common, 60 s long, 1 s reconnect at a 12 s
    /// slot), scaled with the slot where a duty waits.
    #[must_use]
    pub fn for_slot(slot: Duration) -> Self {
        let floor = Duration::from_millis(500);
        let common = Budget {
            total: (slot * 5 / 12).max(floor),
            patience: (slot / 12).max(Duration::from_millis(100)),
        };
        Self {
            // A third of a slot is where an attestation loses its worth step by step; a silent node costs a 48th of it.
            data: Budget {
                total: (slot / 3).max(floor),
                patience: (slot / 48).max(Duration::from_millis(50)),
            },
            choice: (slot / 24).max(Duration::from_millis(50)),
            // Half of it may be a relay's answer (ssv docs/MEV_CONSIDERATIONS.md); a block that comes later is too late to be decided on.
            // A node that lags builds on a block that has a successor: that is worth less than what half of the budget may bring.
            block: Budget { total: (slot / 3).max(floor), patience: (slot / 6).max(floor / 2) },
            keep_up: slot * 32,
            submit: Budget { total: (slot * 5 / 12).max(floor), patience: Duration::from_millis(100) },
            common,
            duties: Budget { total: Duration::from_secs(60), ..common },
            bulk: Budget { total: Duration::from_secs(60), patience: slot },
            events_open: Budget { total: Duration::from_secs(3_600), ..common },
            events_deaf: slot * 2,
            events_look: slot / 2,
            events_pause: (slot / 12).min(Duration::from_secs(1)),
            probe: slot.min(Duration::from_secs(12)),
            retry: (slot / 3).clamp(Duration::from_millis(250), Duration::from_secs(5)),
            reverify: Duration::from_secs(300),
            connect: (slot / 6).clamp(Duration::from_millis(500), Duration::from_secs(2)),
            idle: (slot * 4).max(Duration::from_secs(60)),
        }
    }

    /// The budget of a kind of call.
    #[must_use]
    pub const fn of(&self, call: Call) -> Budget {
        match call {
            Call::Genesis | Call::Spec | Call::Version | Call::Syncing | Call::Finality => self.common,
            Call::CommitteeSubscriptions | Call::SyncSubscriptions | Call::BlockVotes => self.common,
            Call::RegisterValidators | Call::PrepareProposers | Call::SubmitExit => self.common,
            Call::AttesterDuties | Call::SyncDuties | Call::ProposerDuties => self.duties,
            Call::Validators | Call::Committees | Call::Liveness => self.bulk,
            Call::AttestationData | Call::Header | Call::Aggregate | Call::Contribution => self.data,
            Call::ProduceBlock => self.block,
            Call::SubmitAttestations | Call::SubmitSyncMessages | Call::PublishBlock => self.submit,
            Call::SubmitAggregates | Call::SubmitContributions => self.submit,
            Call::Events => self.events_open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = Call::ALL.iter().map(|call| call.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Call::ALL.len());
    }

    #[test]
    fn budgets_keep_their_relations_at_every_slot_length() {
        for seconds in [1, 2, 3, 6, 12] {
            let budgets = Budgets::for_slot(Duration::from_secs(seconds));
            assert!(budgets.idle > budgets.probe, "{seconds}: probes must keep pooled connections open");
            assert!(budgets.events_look < budgets.events_deaf);
            for call in Call::ALL {
                let budget = budgets.of(call);
                assert!(budget.patience < budget.total, "{seconds}: {call}");
            }
        }
    }

    #[test]
    fn twelve_second_slots_have_the_reference_figures() {
        let budgets = Budgets::for_slot(Duration::from_secs(12));
        assert_eq!(budgets.common.total, Duration::from_secs(5));
        assert_eq!(budgets.bulk.total, Duration::from_secs(60));
        assert_eq!(budgets.events_pause, Duration::from_secs(1));
        assert_eq!(budgets.data.patience, Duration::from_millis(250));
        assert!(budgets.choice < budgets.data.total);
    }
}

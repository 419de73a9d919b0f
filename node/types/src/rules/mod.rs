//! The rules of one network, built once at start and handed down. No figure of these stands anywhere else.
//!
//! [`NetworkRules`] is what an operator knows before asking anyone: a built-in network or a TOML file.
//! [`BeaconSpec`] is what the beacon node says about its chain. [`ChainRules`] is both, checked against each
//! other; wall-clock time exists only there.
//!
//! A fork is a row: an epoch, a domain, a subnet function, a role set. An unscheduled fork is legal.

mod beacon_spec;
mod builtin;
mod chain;
mod error;
mod file;
mod forks;
mod gossip;
mod lifecycle;
mod roles;
mod subnet;
mod timeouts;

use std::fmt;

use crate::ids::{Address, DomainType, Epoch, Slot};
use crate::preset::PresetName;
use crate::role::SsvFork;

pub use beacon_spec::{BeaconGenesis, BeaconSpec};
pub use chain::{ChainRules, SlotWindow};
pub use error::RulesError;
pub use forks::{ForkRow, ForkSchedule};
pub use gossip::GossipLimits;
pub use lifecycle::{ForkLifecycle, ForkWatch};
pub use roles::{RoleRules, RoundBase, RoundEnd};
pub use subnet::SubnetId;
pub use timeouts::RoundTimeouts;

/// Everything about a network that does not come from its beacon chain. Built by [`NetworkRules::from_toml`] or
/// [`NetworkRules::builtin`], which check the relations between the fields.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NetworkRules {
    /// Lower-case name, as in topics and file names.
    pub name: String,
    /// Sizes of the beacon containers.
    pub preset: PresetName,
    /// Execution chain id.
    pub chain_id: u64,
    /// The registry contract (its proxy).
    pub contract: Address,
    /// The registry's views contract, where there is one.
    pub views: Option<Address>,
    /// First block with registry events.
    pub deploy_block: u64,
    /// How many blocks behind the head the registry is read.
    pub follow_distance: u64,
    /// Length of a slot in seconds.
    pub seconds_per_slot: u64,
    /// Validators on the beacon chain, for the expected message rates of peer scoring.
    pub total_ethereum_validators: u64,
    /// discv5 protocol id.
    pub discovery_protocol_id: [u8; 6],
    /// ENRs of the network's bootnodes.
    pub bootnodes: Vec<String>,
    /// SSV forks with their epochs and domains.
    pub forks: ForkSchedule,
    /// Round timeouts of consensus.
    pub timeouts: RoundTimeouts,
    /// Limits on peers.
    pub peers: PeerLimits,
}

/// Limits on connections. 0 turns one off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerLimits {
    /// Peers behind one address before the score falls.
    pub ip_colocation_limit: u32,
    /// Inbound connections from one address in 30 seconds.
    pub inbound_rate_limit: u32,
}

impl PeerLimits {
    /// Those of the public networks.
    pub const PUBLIC: Self = Self { ip_colocation_limit: 10, inbound_rate_limit: 8 };
}

impl NetworkRules {
    /// `SLOTS_PER_EPOCH`.
    #[must_use]
    pub const fn slots_per_epoch(&self) -> u64 {
        self.preset.slots_per_epoch()
    }

    /// Length of a slot in milliseconds.
    #[must_use]
    pub const fn slot_millis(&self) -> u64 {
        self.seconds_per_slot.saturating_mul(1000)
    }

    /// `thirds` thirds of a slot in milliseconds: attestations are due after one, aggregates after two.
    #[must_use]
    pub const fn slot_thirds_millis(&self, thirds: u64) -> u64 {
        self.slot_millis().saturating_mul(thirds) / 3
    }

    /// The epoch of a slot.
    #[must_use]
    pub fn epoch_of(&self, slot: Slot) -> Epoch {
        Epoch(slot.get().checked_div(self.slots_per_epoch()).unwrap_or(0))
    }

    /// The first slot of an epoch; saturates for epochs that never come.
    #[must_use]
    pub const fn first_slot(&self, epoch: Epoch) -> Slot {
        Slot(epoch.get().saturating_mul(self.slots_per_epoch()))
    }

    /// The last slot of an epoch; saturates for epochs that never come.
    #[must_use]
    pub const fn last_slot(&self, epoch: Epoch) -> Slot {
        Slot(self.first_slot(epoch).get().saturating_add(self.slots_per_epoch().saturating_sub(1)))
    }

    /// The sync committee period of an epoch.
    #[must_use]
    pub fn sync_period_of(&self, epoch: Epoch) -> u64 {
        epoch.get().checked_div(self.preset.epochs_per_sync_committee_period()).unwrap_or(0)
    }

    /// The fork of a duty at this slot.
    #[must_use]
    pub fn fork_at(&self, slot: Slot) -> SsvFork {
        self.forks.at(self.epoch_of(slot))
    }

    /// The domain of a duty at this slot.
    #[must_use]
    pub fn domain_at(&self, slot: Slot) -> DomainType {
        self.forks.domain_of_current(self.epoch_of(slot))
    }

    /// Whether any fork of this network has this domain.
    #[must_use]
    pub fn knows_domain(&self, domain: DomainType) -> bool {
        self.forks.rows().iter().any(|row| row.domain == domain)
    }

    /// The gossip topic of a subnet in a fork (`SIPs sips/network_topics_minhash.md`).
    #[must_use]
    pub fn topic(&self, fork: SsvFork, subnet: SubnetId) -> String {
        match fork {
            SsvFork::Alan => format!("ssv.v2.{subnet}"),
            SsvFork::Boole => format!("/ssv/{}/boole/{subnet}", self.name),
        }
    }

    /// The fork and subnet of a topic name; `None` for a name that is not exactly one of this network's.
    #[must_use]
    pub fn parse_topic(&self, topic: &str) -> Option<(SsvFork, SubnetId)> {
        let (_, digits) = topic.rsplit_once(['.', '/'])?;
        let subnet = SubnetId::new(digits.parse().ok()?)?;
        SsvFork::ALL.into_iter().find(|fork| self.topic(*fork, subnet) == topic).map(|fork| (fork, subnet))
    }
}

impl fmt::Display for NetworkRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_epochs_and_periods() {
        let rules = NetworkRules::builtin("mainnet").unwrap();
        assert_eq!(rules.epoch_of(Slot(31)), Epoch(0));
        assert_eq!(rules.epoch_of(Slot(32)), Epoch(1));
        assert_eq!(rules.first_slot(Epoch(2)), Slot(64));
        assert_eq!(rules.last_slot(Epoch(2)), Slot(95));
        assert_eq!(rules.first_slot(Epoch::FAR_FUTURE), Slot(u64::MAX));
        assert_eq!(rules.sync_period_of(Epoch(255)), 0);
        assert_eq!(rules.sync_period_of(Epoch(256)), 1);
        assert_eq!(rules.slot_thirds_millis(1), 4000);
        assert_eq!(rules.slot_thirds_millis(2), 8000);
    }

    #[test]
    fn topics_are_written_and_read() {
        let rules = NetworkRules::builtin("mainnet").unwrap();
        let subnet = SubnetId::new(11).unwrap();
        assert_eq!(rules.topic(SsvFork::Alan, subnet), "ssv.v2.11");
        assert_eq!(rules.topic(SsvFork::Boole, subnet), "/ssv/mainnet/boole/11");
        for fork in SsvFork::ALL {
            assert_eq!(rules.parse_topic(&rules.topic(fork, subnet)), Some((fork, subnet)));
        }
        for other in
            ["ssv.v2.128", "ssv.v2.011", "ssv.v2.+1", "ssv.v2.", "/ssv/hoodi/boole/11", "ssv.v1.11", "11"]
        {
            assert_eq!(rules.parse_topic(other), None, "{other}");
        }
    }
}

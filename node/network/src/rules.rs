//! What the wire needs of the network's rules, computed once at the start.

use std::time::Duration;

use types::rules::{ForkRow, ForkSchedule};
use types::{DomainType, Epoch, NetworkRules, SsvFork};

use crate::gossip::rate::ChainSize;
use crate::handshake::info::network_id;
use crate::record::RecordDomains;
use crate::topic::TopicBook;

#[derive(Debug, Clone)]
pub(crate) struct WireRules {
    forks: ForkSchedule,
    pub topics: TopicBook,
    pub protocol_id: [u8; 6],
    pub bootnodes: Vec<String>,
    pub chain: ChainSize,
    pub epoch: Duration,
    /// Peers that may share an address before they are penalised; none = not scored.
    pub ip_limit: Option<u32>,
    /// Connections an address may open in a burst; none = a network on one machine: no limit on inbound connections at all,
    /// nor on what a peer may bring.
    pub inbound_capacity: Option<u32>,
}

impl WireRules {
    pub(crate) fn new(rules: &NetworkRules) -> Self {
        let epoch = Duration::from_millis(rules.slot_millis().saturating_mul(rules.slots_per_epoch()));
        let forks: Vec<SsvFork> = rules.forks.rows().iter().map(|row| row.fork).collect();
        let limit = |number: u32| (number > 0).then_some(number);
        Self {
            forks: rules.forks.clone(),
            topics: TopicBook::new(&forks, |fork, subnet| rules.topic(fork, subnet)),
            protocol_id: rules.discovery_protocol_id,
            bootnodes: rules.bootnodes.clone(),
            chain: ChainSize {
                slots_per_epoch: float(rules.slots_per_epoch()),
                epoch_seconds: epoch.as_secs_f64(),
                sync_committee_size: float(rules.preset.sync_committee_size()),
                total_validators: float(rules.total_ethereum_validators),
            },
            epoch,
            ip_limit: limit(rules.peers.ip_colocation_limit),
            inbound_capacity: limit(rules.peers.inbound_rate_limit),
        }
    }

    /// Whether a network id is that of another fork of this network: a node that is late or early for a fork, not a stranger.
    pub(crate) fn is_of_another_fork(&self, id: &str, fork: DomainType) -> bool {
        self.forks.rows().iter().any(|row| row.domain != fork && network_id(row.domain) == id)
    }

    /// What the record states while a fork is in force; none if the network has no such fork.
    pub(crate) fn domains(&self, fork: SsvFork) -> Option<RecordDomains> {
        let current = self.forks.domain(fork)?;
        let scheduled = |row: &&ForkRow| row.fork > fork && row.epoch != Epoch::FAR_FUTURE;
        let next = self.forks.rows().iter().filter(scheduled).min_by_key(|row| row.epoch);
        let next = next.map_or(current, |row| row.domain);
        Some(RecordDomains { current, next })
    }
}

/// A count as a float; counts of this protocol are far below 2^32, larger ones saturate.
fn float(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_main_network_is_scored_over_its_epoch_and_limits_addresses() {
        let rules = WireRules::new(&NetworkRules::builtin("mainnet").unwrap());
        assert_eq!(rules.epoch, Duration::from_secs(384));
        assert_eq!((rules.ip_limit, rules.inbound_capacity), (Some(10), Some(8)));
        assert_eq!(rules.protocol_id, *b"ssvdv5");
        assert_eq!(rules.chain, crate::gossip::rate::tests::MAINNET);
        // Boole has a domain there, and no epoch yet.
        assert_eq!(rules.domains(SsvFork::Alan), Some(DomainType([0, 0, 0, 1]).into()));
    }

    #[test]
    fn a_scheduled_fork_is_announced_as_the_next_and_then_as_the_current() {
        let (alan, boole) = (DomainType([0, 0, 4, 2]), DomainType([0, 0, 4, 3]));
        let mut local = NetworkRules::builtin("mainnet").unwrap();
        local.forks = ForkSchedule::new(alan, Some((boole, Epoch(10)))).unwrap();
        let rules = WireRules::new(&local);
        assert_eq!(rules.domains(SsvFork::Alan), Some(RecordDomains { current: alan, next: boole }));
        assert_eq!(rules.domains(SsvFork::Boole), Some(RecordDomains { current: boole, next: boole }));
        assert!(
            rules.is_of_another_fork("0x00000403", alan) && rules.is_of_another_fork("0x00000402", boole)
        );
        assert!(
            !rules.is_of_another_fork("0x00000402", alan) && !rules.is_of_another_fork("0x00000902", alan)
        );
    }

    #[test]
    fn a_network_on_one_address_limits_and_scores_none() {
        let mut local = NetworkRules::builtin("mainnet").unwrap();
        local.peers.ip_colocation_limit = 0;
        local.peers.inbound_rate_limit = 0;
        let rules = WireRules::new(&local);
        assert_eq!((rules.ip_limit, rules.inbound_capacity), (None, None));
    }
}

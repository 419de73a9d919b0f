//! What the operator wishes of blocks: the settings of `[proposals]`.

use types::Epoch;
use types::rules::NetworkRules;

/// The weight under which no builder is asked.
pub(crate) const LOCAL: u64 = 0;

/// The wishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposals {
    /// What own blocks carry; zeroes fill it up.
    pub graffiti: [u8; 32],
    /// The gas limit of registrations; `None` for the network's. It must be the same over a committee.
    pub gas_limit: Option<u64>,
    /// Whether builders are registered with and asked.
    pub builder: bool,
    /// 0 local blocks, 100 whichever pays more, 2^64-1 builders' blocks.
    pub builder_boost_factor: u64,
    /// How long after the start of a slot a block is asked for, in milliseconds.
    pub delay_millis: u64,
}

impl Default for Proposals {
    fn default() -> Self {
        let mut graffiti = [0; 32];
        graffiti.iter_mut().zip(b"capstan").for_each(|(place, byte)| *place = *byte);
        Self { graffiti, gas_limit: None, builder: true, builder_boost_factor: 100, delay_millis: 0 }
    }
}

impl Proposals {
    /// The weight of builders' blocks.
    pub(crate) const fn boost(&self) -> u64 {
        if self.builder { self.builder_boost_factor } else { LOCAL }
    }

    /// The gas limit of a registration of this epoch.
    pub(crate) fn gas_limit_at(&self, rules: &NetworkRules, epoch: Epoch) -> u64 {
        self.gas_limit.unwrap_or_else(|| network_gas_limit(&rules.name, epoch))
    }
}

/// The gas limit that the reference registers with (`ssv networkconfig`): 30 million, and 36 million from an epoch of each network on.
fn network_gas_limit(network: &str, epoch: Epoch) -> u64 {
    let raised_from = match network {
        "mainnet" => 385_150,
        "hoodi" => 29_000,
        _ => 0,
    };
    if epoch.get() >= raised_from { 36_000_000 } else { 30_000_000 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gas_limit_is_the_networks_unless_one_is_given() {
        let rules = NetworkRules::builtin("mainnet").unwrap();
        let own = Proposals { gas_limit: Some(1), ..Proposals::default() };
        let network = Proposals::default();
        assert_eq!(network.gas_limit_at(&rules, Epoch(385_149)), 30_000_000);
        assert_eq!(network.gas_limit_at(&rules, Epoch(385_150)), 36_000_000);
        assert_eq!(own.gas_limit_at(&rules, Epoch(385_150)), 1);
    }

    #[test]
    fn without_builders_nobody_waits_for_one() {
        let proposals = Proposals { builder: false, ..Proposals::default() };
        assert_eq!((proposals.boost(), Proposals::default().boost()), (LOCAL, 100));
        assert!(proposals.graffiti.starts_with(b"capstan\0"));
    }
}

//! A network on its beacon chain: the one place where slots have wall-clock times.

use std::sync::Arc;

use super::{BeaconSpec, NetworkRules, RulesError};
use crate::ids::{Epoch, Slot};

/// Rules and beacon chain, checked against each other.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChainRules {
    /// The network.
    pub network: Arc<NetworkRules>,
    /// Its beacon chain.
    pub beacon: Arc<BeaconSpec>,
}

/// When messages of a slot are of use, in Unix milliseconds, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotWindow {
    /// Clocks may differ by this much before a message is early.
    pub earliest: u64,
    /// The last moment; `None` for ever.
    pub latest: Option<u64>,
}

impl ChainRules {
    /// How far the clocks of two operators may be apart (`ssv message/validation/const.go`).
    pub const CLOCK_TOLERANCE_MILLIS: u64 = 50;
    /// How long a message may travel beyond its last useful slot.
    pub const LATE_MARGIN_MILLIS: u64 = 3_000;

    /// Puts a network and its beacon chain together.
    ///
    /// # Errors
    /// [`RulesError::SpecMismatch`]: the beacon node serves another network.
    pub fn new(network: Arc<NetworkRules>, beacon: Arc<BeaconSpec>) -> Result<Self, RulesError> {
        let mismatch = |key, got: String, expected: String| RulesError::SpecMismatch { key, got, expected };
        if beacon.preset != network.preset {
            return Err(mismatch("PRESET_BASE", beacon.preset.to_string(), network.preset.to_string()));
        }
        if beacon.seconds_per_slot != network.seconds_per_slot {
            let (got, expected) = (beacon.seconds_per_slot, network.seconds_per_slot);
            return Err(mismatch("SECONDS_PER_SLOT", got.to_string(), expected.to_string()));
        }
        if let Some(chain_id) = beacon.deposit_chain_id.filter(|id| *id != network.chain_id) {
            return Err(mismatch("DEPOSIT_CHAIN_ID", chain_id.to_string(), network.chain_id.to_string()));
        }
        Ok(Self { network, beacon })
    }

    /// Unix milliseconds of the start of a slot; saturates for slots that never come.
    #[must_use]
    pub fn slot_start_millis(&self, slot: Slot) -> u64 {
        let genesis = self.beacon.genesis.genesis_time.saturating_mul(1000);
        genesis.saturating_add(slot.get().saturating_mul(self.network.slot_millis()))
    }

    /// The slot at a moment; `None` before genesis.
    #[must_use]
    pub fn slot_at(&self, unix_millis: u64) -> Option<Slot> {
        let genesis = self.beacon.genesis.genesis_time.saturating_mul(1000);
        let since = unix_millis.checked_sub(genesis)?;
        since.checked_div(self.network.slot_millis()).map(Slot)
    }

    /// The epoch at a moment; `None` before genesis.
    #[must_use]
    pub fn epoch_at(&self, unix_millis: u64) -> Option<Epoch> {
        self.slot_at(unix_millis).map(|slot| self.network.epoch_of(slot))
    }

    /// When a message of `slot` is of use, if it is for `ttl_slots` slots.
    #[must_use]
    pub fn window(&self, slot: Slot, ttl_slots: Option<u64>) -> SlotWindow {
        let earliest = self.slot_start_millis(slot).saturating_sub(Self::CLOCK_TOLERANCE_MILLIS);
        let latest = ttl_slots.map(|ttl| {
            self.slot_start_millis(slot.saturating_add(ttl))
                .saturating_add(Self::LATE_MARGIN_MILLIS)
                .saturating_add(Self::CLOCK_TOLERANCE_MILLIS)
        });
        SlotWindow { earliest, latest }
    }
}

#[cfg(test)]
mod tests {
    use super::super::beacon_spec::tests::{mainnet_config, mainnet_genesis};
    use super::*;

    fn chain() -> ChainRules {
        let network = NetworkRules::builtin("mainnet").unwrap();
        let beacon = BeaconSpec::new(&mainnet_config(), mainnet_genesis()).unwrap();
        ChainRules::new(Arc::new(network), Arc::new(beacon)).unwrap()
    }

    #[test]
    fn slots_have_times() {
        let chain = chain();
        let genesis = 1_606_824_023_000;
        assert_eq!(chain.slot_start_millis(Slot(1)), genesis + 12_000);
        assert_eq!(chain.slot_at(genesis - 1), None);
        assert_eq!(chain.slot_at(genesis + 11_999), Some(Slot(0)));
        assert_eq!(chain.slot_at(genesis + 12_000), Some(Slot(1)));
        assert_eq!(chain.epoch_at(genesis + 32 * 12_000), Some(Epoch(1)));
    }

    #[test]
    fn published_windows() {
        let chain = chain();
        let start = chain.slot_start_millis(Slot(100));
        let committee = chain.window(Slot(100), Some(34));
        assert_eq!(committee.earliest, start - 50);
        assert_eq!(committee.latest, Some(start + 411_050));
        assert_eq!(chain.window(Slot(100), Some(3)).latest, Some(start + 39_050));
        assert_eq!(chain.window(Slot(100), None).latest, None);
    }

    #[test]
    fn another_chain_is_refused_by_its_key() {
        let refused = |key: &str, value: &str| {
            let mut config = mainnet_config();
            config.insert(key.to_owned(), value.to_owned());
            let beacon = BeaconSpec::new(&config, mainnet_genesis()).unwrap();
            let network = Arc::new(NetworkRules::builtin("mainnet").unwrap());
            ChainRules::new(network, Arc::new(beacon)).unwrap_err().to_string()
        };
        assert!(refused("SECONDS_PER_SLOT", "6").contains("SECONDS_PER_SLOT = 6"));
        assert!(refused("DEPOSIT_CHAIN_ID", "5").contains("DEPOSIT_CHAIN_ID = 5"));
    }
}

//! The slot clock: where in which slot we are, and waiting for a moment of a slot.
//!
//! Wall clock time decides (slots are wall clock time); every wait asks it again when it wakes, so that a clock that was set
//! while we slept moves the wait with it.

use std::sync::Arc;
use std::time::Duration;

pub use beacon::unix_micros;
use types::rules::ChainRules;
use types::{Epoch, Slot};

/// Longest sleep without a look at the wall clock.
const LONGEST_SLEEP: Duration = Duration::from_secs(2);

/// The clock of one chain.
#[derive(Debug, Clone)]
pub struct SlotClock {
    rules: Arc<ChainRules>,
}

/// Milliseconds since 1970, 0 before.
#[must_use]
pub fn unix_millis() -> u64 {
    unix_micros() / 1_000
}

impl SlotClock {
    /// The clock of this chain.
    #[must_use]
    pub const fn new(rules: Arc<ChainRules>) -> Self {
        Self { rules }
    }

    /// The rules of the chain.
    #[must_use]
    pub fn rules(&self) -> &Arc<ChainRules> {
        &self.rules
    }

    /// The current slot; `None` before genesis.
    #[must_use]
    pub fn now(&self) -> Option<Slot> {
        self.rules.slot_at(unix_millis())
    }

    /// The current slot, the first one before genesis.
    #[must_use]
    pub fn slot(&self) -> Slot {
        self.now().unwrap_or(Slot(0))
    }

    /// The current epoch, the first one before genesis.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.rules.network.epoch_of(self.slot())
    }

    /// When a slot starts, in milliseconds since 1970.
    #[must_use]
    pub fn start_of(&self, slot: Slot) -> u64 {
        self.rules.slot_start_millis(slot)
    }

    /// How far into `slot` the moment `at` (microseconds since 1970) is; 0 before its start.
    #[must_use]
    pub fn micros_into(&self, slot: Slot, at: u64) -> u64 {
        at.saturating_sub(self.start_of(slot).saturating_mul(1_000))
    }

    /// Waits for a moment, in milliseconds since 1970. True when it is reached; false when the clock was set back meanwhile, so that
    /// whoever waits can look anew where in time it is.
    pub(crate) async fn reach(&self, unix_millis: u64) -> bool {
        let mut last = unix_micros();
        loop {
            let left = unix_millis.saturating_mul(1_000).saturating_sub(last);
            if left == 0 {
                return true;
            }
            tokio::time::sleep(Duration::from_micros(left).min(LONGEST_SLEEP)).await;
            let now = unix_micros();
            if now < last {
                return false;
            }
            last = now;
        }
    }

    /// Waits for a moment, in milliseconds since 1970.
    pub async fn sleep_until(&self, unix_millis: u64) {
        loop {
            let left = unix_millis.saturating_mul(1_000).saturating_sub(unix_micros());
            if left == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_micros(left).min(LONGEST_SLEEP)).await;
        }
    }
}

/// Slots between the block of a contract event and the duty that follows from it (ssv `operator/duties/{voluntary_exit,validator_registration}.go`).
const SLOTS_TO_POSTPONE: u64 = 4;

/// The slot of the duty that follows from an event in a block of this time, in seconds.
pub(crate) fn slot_of_event(rules: &ChainRules, timestamp: u64) -> Slot {
    rules.slot_at(timestamp.saturating_mul(1_000)).unwrap_or(Slot(0)).saturating_add(SLOTS_TO_POSTPONE)
}

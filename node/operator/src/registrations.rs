//! Builder registrations that are whole: builders and beacon nodes forget them, so each is sent again in every epoch.
//!
//! **Bound**: the newest registration of each validator of ours; those of validators that are not ours any more leave.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use types::beacon::SignedValidatorRegistration;
use types::{PublicKeyBytes, Slot};

/// The registrations of this operator's validators.
#[derive(Debug, Default)]
pub(crate) struct Registrations(Mutex<BTreeMap<PublicKeyBytes, SignedValidatorRegistration>>);

impl Registrations {
    /// Keeps a registration in the place of an older one.
    pub(crate) fn hold(&self, registration: SignedValidatorRegistration) {
        let key = registration.message.pubkey;
        let mut held = self.lock();
        let newer = held.get(&key).is_none_or(|old| old.message.timestamp <= registration.message.timestamp);
        if newer {
            held.insert(key, registration);
        }
    }

    /// Those that are to be sent again in this slot: each once in an epoch. Those that are not `wanted` any more leave.
    pub(crate) fn due(
        &self,
        slot: Slot,
        slots_per_epoch: u64,
        wanted: impl Fn(&PublicKeyBytes) -> bool,
    ) -> Vec<SignedValidatorRegistration> {
        let mut held = self.lock();
        held.retain(|key, _| wanted(key));
        let turn = slot.get().checked_rem(slots_per_epoch);
        held.iter().filter(|(key, _)| turn_of(key, slots_per_epoch) == turn).map(|(_, held)| *held).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PublicKeyBytes, SignedValidatorRegistration>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keys are as good as random, so their last bytes spread the load over the epoch.
fn turn_of(key: &PublicKeyBytes, slots_per_epoch: u64) -> Option<u64> {
    let [.., a, b] = key.0;
    u64::from(u16::from_be_bytes([a, b])).checked_rem(slots_per_epoch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::beacon::ValidatorRegistration;
    use types::{Address, SignatureBytes};

    fn registration(key: u8, timestamp: u64) -> SignedValidatorRegistration {
        let message = ValidatorRegistration {
            fee_recipient: Address::ZERO,
            gas_limit: 1,
            timestamp,
            pubkey: PublicKeyBytes([key; 48]),
        };
        message.sign(SignatureBytes([1; 96]))
    }

    #[test]
    fn the_newest_of_each_validator_is_sent_once_in_an_epoch() {
        let held = Registrations::default();
        held.hold(registration(1, 20));
        held.hold(registration(1, 10));
        held.hold(registration(2, 10));
        let sent = |wanted: fn(&PublicKeyBytes) -> bool| {
            (0..8).flat_map(|slot| held.due(Slot(slot), 8, wanted)).collect::<Vec<_>>()
        };
        let all = sent(|_| true);
        assert_eq!(all.len(), 2);
        assert!(all.contains(&registration(1, 20)) && all.contains(&registration(2, 10)));
        assert_eq!(sent(|key| key.0[0] == 2), [registration(2, 10)]);
        assert_eq!(sent(|_| true).len(), 1, "what was not wanted is gone");
    }
}

//! Builder registrations that are whole: builders and beacon nodes forget them, so each is sent again in every epoch.
//!
//! **Bound**: the newest registration of each validator of ours; those of validators that are not ours any more leave, and those that pay
//! somebody else than the owner wishes now. What the owner wishes is registered four slots after the event ([`crate::changes`]).

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use types::beacon::{SignedValidatorRegistration, ValidatorRegistration};
use types::{PublicKeyBytes, Slot};

use crate::directory::Directory;

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
        wanted: impl Fn(&ValidatorRegistration) -> bool,
    ) -> Vec<SignedValidatorRegistration> {
        let mut held = self.lock();
        held.retain(|_, held| wanted(&held.message));
        let turn = slot.get().checked_rem(slots_per_epoch);
        held.iter().filter(|(key, _)| turn_of(key, slots_per_epoch) == turn).map(|(_, held)| *held).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PublicKeyBytes, SignedValidatorRegistration>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a registration is of a validator that runs, and pays whom its owner wishes now.
pub(crate) fn is_current(directory: &Directory, registration: &ValidatorRegistration) -> bool {
    directory
        .own(&registration.pubkey)
        .is_some_and(|own| !own.liquidated && own.fee_recipient == registration.fee_recipient)
}

/// Keys are as good as random, so their last bytes spread the load over the epoch.
fn turn_of(key: &PublicKeyBytes, slots_per_epoch: u64) -> Option<u64> {
    let [.., a, b] = key.0;
    u64::from(u16::from_be_bytes([a, b])).checked_rem(slots_per_epoch)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let sent = |wanted: fn(&ValidatorRegistration) -> bool| {
            (0..8).flat_map(|slot| held.due(Slot(slot), 8, wanted)).collect::<Vec<_>>()
        };
        let all = sent(|_| true);
        assert_eq!(all.len(), 2);
        assert!(all.contains(&registration(1, 20)) && all.contains(&registration(2, 10)));
        assert_eq!(sent(|message| message.pubkey.0[0] == 2), [registration(2, 10)]);
        assert_eq!(sent(|_| true).len(), 1, "what was not wanted is gone");
    }

    #[test]
    fn what_pays_another_than_the_owner_wishes_now_is_not_sent_again() {
        let paying = Directory::paying;
        let key = *paying(Address::ZERO).own.keys().next().unwrap();
        let message = ValidatorRegistration { pubkey: key, ..registration(1, 10).message };
        let held = Registrations::default();
        held.hold(message.sign(SignatureBytes([1; 96])));
        let sent = |directory: &Directory| {
            let wanted = |message: &ValidatorRegistration| is_current(directory, message);
            (0..8).flat_map(|slot| held.due(Slot(slot), 8, wanted)).count()
        };
        assert_eq!(sent(&paying(Address::ZERO)), 1);
        assert_eq!(sent(&paying(Address::repeat_byte(9))), 0, "the owner has changed the recipient");
        assert_eq!(sent(&paying(Address::ZERO)), 0, "the old one is gone");
    }
}

//! Operators that sign other builder registrations than we do: who, and what differs.
//!
//! A registration says where a validator's fees go and which gas limit it wishes. It needs a quorum over one and the same message, so
//! operators that read the contract differently, or are configured differently, leave the validator without one, and nobody is told why.
//! All that a peer shows is the root it signed. What a peer may have put in the place of ours is little, though: another of the usual
//! gas limits, the owner's address instead of the recipient (or the other way round), another epoch's time. Each is tried, one change
//! first and two then, until the root is met.
//!
//! **Bound**: [`KEPT`] entries of an operator and what differs; with more of them the oldest leaves. The search tries some hundred
//! messages, once for each operator of a duty.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use types::beacon::ValidatorRegistration;
use types::signing::signing_root;
use types::{Address, BeaconDomain, OperatorId, PublicKeyBytes, Root, Slot, TreeHash};

use crate::directory::Directory;

/// Gas limits that nodes register with, or have registered with.
const GAS_LIMITS: [u64; 7] =
    [30_000_000, 36_000_000, 45_000_000, 60_000_000, 100_000_000, 150_000_000, 200_000_000];
/// Epochs before and after ours whose time is tried.
const EPOCHS: u64 = 3;
/// Entries that are held.
const KEPT: usize = 256;
/// Recipients of an owner that are remembered.
const FORMER: usize = 4;

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// Their gas limit, where it is another one.
    pub gas_limit: Option<u64>,
    /// Their fee recipient.
    pub fee_recipient: Option<Address>,
    /// Their time, in seconds since 1970.
    pub timestamp: Option<u64>,
}

impl Difference {
    /// Something that nobody thought of.
    const UNKNOWN: Self = Self { gas_limit: None, fee_recipient: None, timestamp: None };

    fn parts(&self) -> usize {
        let changed = [self.gas_limit.is_some(), self.fee_recipient.is_some(), self.timestamp.is_some()];
        changed.into_iter().filter(|changed| *changed).count()
    }

    /// A word for metrics.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match (self.fee_recipient.is_some(), self.gas_limit.is_some(), self.timestamp.is_some()) {
            (false, false, false) => "unknown",
            (true, false, false) => "fee_recipient",
            (false, true, false) => "gas_limit",
            (false, false, true) => "timestamp",
            (true, true, _) | (true, _, true) | (_, true, true) => "several",
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.fee_recipient.map(|theirs| format!("fee recipient {theirs}")),
            self.gas_limit.map(|theirs| format!("gas limit {theirs}")),
            self.timestamp.map(|theirs| format!("time {theirs}")),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        if parts.is_empty() { f.write_str("something else") } else { f.write_str(&parts.join(" and ")) }
    }
}

/// What a registration could have said instead.
#[derive(Debug, Clone)]
pub(crate) struct Guess {
    /// Addresses that fees could go to: the owner's, and recipients of before.
    pub recipients: Vec<Address>,
    /// How long an epoch is, in seconds.
    pub epoch_seconds: u64,
    /// The domain of registrations.
    pub domain: BeaconDomain,
}

impl Guess {
    /// What differs between our registration and the one with the signing root `theirs`.
    pub(crate) fn difference(&self, ours: &ValidatorRegistration, theirs: Root) -> Difference {
        let mut all: Vec<Difference> = Vec::new();
        for gas_limit in alternatives(GAS_LIMITS, ours.gas_limit) {
            for fee_recipient in alternatives(self.recipients.iter().copied(), ours.fee_recipient) {
                all.extend(
                    alternatives(self.times(ours.timestamp), ours.timestamp).map(|timestamp| Difference {
                        gas_limit,
                        fee_recipient,
                        timestamp,
                    }),
                );
            }
        }
        all.sort_by_key(Difference::parts);
        let meets = |difference: &Difference| self.root(&instead(ours, difference)) == theirs;
        all.into_iter().find(meets).unwrap_or(Difference::UNKNOWN)
    }

    fn root(&self, registration: &ValidatorRegistration) -> Root {
        signing_root(registration.tree_hash_root(), self.domain)
    }

    fn times(&self, ours: u64) -> impl Iterator<Item = u64> {
        let seconds = self.epoch_seconds;
        (1..=EPOCHS).flat_map(move |epochs| {
            let apart = epochs.saturating_mul(seconds);
            [ours.saturating_sub(apart), ours.saturating_add(apart)]
        })
    }
}

/// Nothing else, and then each value that is not ours.
fn alternatives<T: PartialEq + Copy>(
    values: impl IntoIterator<Item = T>,
    ours: T,
) -> impl Iterator<Item = Option<T>> {
    std::iter::once(None).chain(values.into_iter().filter(move |value| *value != ours).map(Some))
}

fn instead(ours: &ValidatorRegistration, difference: &Difference) -> ValidatorRegistration {
    ValidatorRegistration {
        fee_recipient: difference.fee_recipient.unwrap_or(ours.fee_recipient),
        gas_limit: difference.gas_limit.unwrap_or(ours.gas_limit),
        timestamp: difference.timestamp.unwrap_or(ours.timestamp),
        pubkey: ours.pubkey,
    }
}

/// The fee recipients that owners have set, as far as this run of the node has seen them.
///
/// **Bound**: the last [`FORMER`] of each owner of validators of ours; other owners leave.
#[derive(Debug, Default)]
pub(crate) struct Recipients(Mutex<BTreeMap<Address, Vec<Address>>>);

impl Recipients {
    /// Takes note of what the registry says now.
    pub(crate) fn notice(&self, directory: &Directory) {
        let mut seen = self.lock();
        let owners: BTreeSet<_> = directory.own_validators().map(|own| own.owner).collect();
        seen.retain(|owner, _| owners.contains(owner));
        for own in directory.own_validators() {
            let recipients = seen.entry(own.owner).or_default();
            if recipients.last() != Some(&own.fee_recipient) {
                recipients.retain(|known| *known != own.fee_recipient);
                recipients.push(own.fee_recipient);
            }
            if recipients.len() > FORMER {
                recipients.remove(0);
            }
        }
    }

    /// Those of an owner.
    pub(crate) fn of(&self, owner: Address) -> Vec<Address> {
        self.lock().get(&owner).cloned().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Address, Vec<Address>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An operator's registrations differ from ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disagreement {
    /// Who.
    pub operator: OperatorId,
    /// In what, the last time.
    pub difference: Difference,
    /// For which validator, the last time.
    pub validator: PublicKeyBytes,
    /// In which slot, the last time.
    pub slot: Slot,
    /// How often.
    pub count: u64,
}

/// The disagreements of this run of the node.
#[derive(Debug, Default)]
pub(crate) struct Disagreements(Mutex<BTreeMap<(OperatorId, &'static str), Disagreement>>);

impl Disagreements {
    /// Counts one.
    pub(crate) fn note(
        &self,
        operator: OperatorId,
        slot: Slot,
        validator: PublicKeyBytes,
        difference: Difference,
    ) {
        let mut held = self.lock();
        let key = (operator, difference.name());
        let count = held.get(&key).map_or(0, |known| known.count).saturating_add(1);
        held.insert(key, Disagreement { operator, difference, validator, slot, count });
        if held.len() > KEPT
            && let Some(oldest) = held.iter().min_by_key(|(_, known)| known.slot).map(|(key, _)| *key)
        {
            held.remove(&oldest);
        }
    }

    /// All that are held, by operator.
    pub(crate) fn all(&self) -> Vec<Disagreement> {
        self.lock().values().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(OperatorId, &'static str), Disagreement>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::signing::compute_domain;
    use types::{BeaconDomainType, ForkVersion};

    fn ours() -> ValidatorRegistration {
        ValidatorRegistration {
            fee_recipient: Address::repeat_byte(1),
            gas_limit: 36_000_000,
            timestamp: 1_700_000_000,
            pubkey: PublicKeyBytes([7; 48]),
        }
    }

    fn guess() -> Guess {
        Guess {
            recipients: vec![Address::repeat_byte(1), Address::repeat_byte(2), Address::ZERO],
            epoch_seconds: 384,
            domain: compute_domain(BeaconDomainType::ApplicationBuilder, ForkVersion::default(), Root::ZERO),
        }
    }

    fn found(change: impl Fn(&mut ValidatorRegistration)) -> Difference {
        let mut theirs = ours();
        change(&mut theirs);
        guess().difference(&ours(), guess().root(&theirs))
    }

    #[test]
    fn one_change_is_found_and_named() {
        let difference = found(|theirs| theirs.gas_limit = 30_000_000);
        assert_eq!(difference, Difference { gas_limit: Some(30_000_000), ..Difference::UNKNOWN });
        assert_eq!((difference.name(), difference.to_string().as_str()), ("gas_limit", "gas limit 30000000"));
        let difference = found(|theirs| theirs.fee_recipient = Address::repeat_byte(2));
        assert_eq!(difference.fee_recipient, Some(Address::repeat_byte(2)));
        assert!(difference.to_string().contains("0x0202"), "{difference}");
        for timestamp in [1_700_000_000 - 384, 1_700_000_000 + 3 * 384] {
            let difference = found(|theirs| theirs.timestamp = timestamp);
            assert_eq!((difference.timestamp, difference.name()), (Some(timestamp), "timestamp"));
        }
    }

    #[test]
    fn two_changes_are_found_too_and_anything_else_is_unknown() {
        let difference = found(|theirs| {
            theirs.gas_limit = 60_000_000;
            theirs.fee_recipient = Address::ZERO;
        });
        assert_eq!((difference.parts(), difference.name()), (2, "several"));
        assert!(difference.to_string().contains(" and gas limit 60000000"), "{difference}");
        let difference = found(|theirs| theirs.gas_limit = 31_415_926);
        assert_eq!((difference, difference.name()), (Difference::UNKNOWN, "unknown"));
        assert_eq!(difference.to_string(), "something else");
    }

    #[test]
    fn disagreements_are_counted_by_operator_and_kind() {
        let held = Disagreements::default();
        let gas = |gas_limit| Difference { gas_limit: Some(gas_limit), ..Difference::UNKNOWN };
        let key = PublicKeyBytes([7; 48]);
        held.note(OperatorId(3), Slot(10), key, gas(1));
        held.note(OperatorId(3), Slot(20), key, gas(2));
        held.note(OperatorId(3), Slot(20), key, Difference::UNKNOWN);
        held.note(OperatorId(2), Slot(20), key, gas(1));
        let all: Vec<_> =
            held.all().iter().map(|one| (one.operator.get(), one.slot.get(), one.count)).collect();
        assert_eq!(all, [(2, 20, 1), (3, 20, 2), (3, 20, 1)]);
        assert_eq!(held.all()[1].difference, gas(2), "the last one is shown");
    }

    #[test]
    fn the_last_recipients_of_an_owner_are_remembered_while_it_has_a_validator_of_ours() {
        let recipients = Recipients::default();
        for recipient in [5, 6, 7, 7, 8, 6, 9] {
            recipients.notice(&Directory::paying(Address::repeat_byte(recipient)));
        }
        let owner = Directory::PAYING_OWNER;
        assert_eq!(recipients.of(owner), [7, 8, 6, 9].map(Address::repeat_byte));
        recipients.notice(&Directory::default());
        assert!(recipients.of(owner).is_empty());
    }

    #[test]
    fn the_oldest_leaves_at_the_bound() {
        let held = Disagreements::default();
        for number in 0..(KEPT as u64 + 5) {
            held.note(OperatorId(number), Slot(1_000 - number), PublicKeyBytes([7; 48]), Difference::UNKNOWN);
        }
        assert_eq!(held.all().len(), KEPT);
        assert!(held.all().iter().all(|one| one.slot > Slot(1_000 - KEPT as u64)));
    }
}

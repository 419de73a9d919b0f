//! The registry and the beacon chain as validation sees them: built anew when one of them changes, read by every judgement.
//!
//! A committee is shown with the registry, before the beacon nodes know a single validator of it: what bounds its messages is how many
//! validators are registered, and nobody is punished for what we do not know.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use beacon::{Validator, ValidatorStatus};
use types::{CommitteeId, OperatorId, PublicKeyBytes, ValidatorIndex};
use validation::{CommitteeView, RegistryView, ValidatorStanding, ValidatorView};

use crate::directory::{Committee, Directory};
use crate::roster::Roster;

#[derive(Debug, Default)]
struct SeenCommittee {
    operators: Vec<OperatorId>,
    registered: usize,
    validators: Vec<ValidatorIndex>,
}

#[derive(Debug, Clone, Copy)]
struct SeenValidator {
    committee: CommitteeId,
    liquidated: bool,
    standing: ValidatorStanding,
}

/// What validation sees.
#[derive(Debug, Default)]
pub(crate) struct Sight {
    operators: HashSet<OperatorId>,
    committees: HashMap<CommitteeId, SeenCommittee>,
    validators: HashMap<PublicKeyBytes, SeenValidator>,
}

impl Sight {
    pub(crate) fn new(directory: &Directory, roster: &Roster) -> Self {
        let mut sight = Self { operators: directory.operators.clone(), ..Self::default() };
        sight.committees =
            directory.committees.iter().map(|(id, committee)| (*id, seen(committee))).collect();
        for (key, registered) in &directory.validators {
            let known = roster.get(key);
            sight.validators.insert(
                *key,
                SeenValidator {
                    committee: registered.committee,
                    liquidated: registered.liquidated,
                    standing: known.map_or(ValidatorStanding::Unknown, standing),
                },
            );
            if let (Some(known), Some(seen)) = (known, sight.committees.get_mut(&registered.committee)) {
                seen.validators.push(known.index);
            }
        }
        sight
    }
}

/// A committee of which the beacon chain knows nothing yet.
fn seen(committee: &Arc<Committee>) -> SeenCommittee {
    SeenCommittee {
        operators: committee.members.clone(),
        registered: usize::try_from(committee.validators).unwrap_or(usize::MAX),
        validators: Vec::new(),
    }
}

const fn standing(validator: Validator) -> ValidatorStanding {
    let index = validator.index;
    match validator.status {
        ValidatorStatus::ActiveOngoing | ValidatorStatus::ActiveExiting => {
            ValidatorStanding::Attesting { index }
        }
        ValidatorStatus::PendingQueued => {
            ValidatorStanding::PendingFrom { index, activation: validator.activation_epoch }
        }
        ValidatorStatus::PendingInitialized
        | ValidatorStatus::ActiveSlashed
        | ValidatorStatus::ExitedUnslashed
        | ValidatorStatus::ExitedSlashed
        | ValidatorStatus::WithdrawalPossible
        | ValidatorStatus::WithdrawalDone
        | ValidatorStatus::Unrecognised => ValidatorStanding::NotAttesting,
    }
}

impl RegistryView for Sight {
    fn has_operator(&self, id: OperatorId) -> bool {
        self.operators.contains(&id)
    }

    fn committee(&self, id: &CommitteeId) -> Option<CommitteeView<'_>> {
        let seen = self.committees.get(id)?;
        Some(CommitteeView {
            operators: &seen.operators,
            registered: seen.registered,
            validators: &seen.validators,
        })
    }

    fn validator(&self, key: &PublicKeyBytes) -> Option<ValidatorView<'_>> {
        let seen = self.validators.get(key)?;
        let operators =
            self.committees.get(&seen.committee).map_or(&[][..], |committee| &committee.operators);
        Some(ValidatorView {
            committee: seen.committee,
            operators,
            liquidated: seen.liquidated,
            standing: seen.standing,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::Registered;
    use types::Epoch;

    #[test]
    fn a_committee_is_seen_with_all_its_validators_before_the_beacon_chain_is_asked() {
        let members: Vec<_> = (1..=4).map(OperatorId).collect();
        let id = CommitteeId::of(&members);
        let keys = Arc::new(qbft::CommitteeKeys::new(Vec::new()));
        let committee = Committee { id, members: members.clone(), keys, validators: 4, ours: false };
        let mut directory = Directory::default();
        directory.committees.insert(id, Arc::new(committee));
        for validator in 1..=4 {
            let registered = Registered { committee: id, liquidated: false };
            directory.validators.insert(PublicKeyBytes([validator; 48]), registered);
        }
        let roster = Roster::default();
        let seen = |roster: &Roster| {
            let sight = Sight::new(&directory, roster);
            let view = sight.committee(&id).unwrap();
            assert_eq!(view.operators, members);
            (view.registered, view.validators.to_vec())
        };
        assert_eq!(seen(&roster), (4, vec![]));
        roster.add(&[Validator {
            public_key: PublicKeyBytes([2; 48]),
            index: ValidatorIndex(7),
            status: ValidatorStatus::ActiveOngoing,
            activation_epoch: Epoch(0),
            exit_epoch: Epoch::FAR_FUTURE,
        }]);
        assert_eq!(seen(&roster), (4, vec![ValidatorIndex(7)]));
    }
}

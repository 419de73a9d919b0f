//! The registry and the beacon chain as validation sees them: built anew when one of them changes, read by every judgement.
//!
//! A committee of which the beacon nodes do not know a single validator yet is not shown at all: its messages are ignored until they
//! do. (Shown without validators it would have them rejected, and their senders punished for our ignorance.)

use std::collections::{HashMap, HashSet};

use beacon::{Validator, ValidatorStatus};
use types::{CommitteeId, OperatorId, PublicKeyBytes, ValidatorIndex};
use validation::{CommitteeView, RegistryView, ValidatorStanding, ValidatorView};

use crate::directory::Directory;
use crate::roster::Roster;

#[derive(Debug, Default)]
struct SeenCommittee {
    operators: Vec<OperatorId>,
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
            let (Some(known), Some(committee)) = (known, directory.committee(registered.committee)) else {
                continue;
            };
            let seen = sight.committees.entry(registered.committee).or_insert_with(|| SeenCommittee {
                operators: committee.members.clone(),
                validators: Vec::new(),
            });
            seen.validators.push(known.index);
        }
        sight
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
        Some(CommitteeView { operators: &seen.operators, validators: &seen.validators })
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

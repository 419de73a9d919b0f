//! The network in memory, in the structures the node keeps it in: what validation asks, and every operator's parsed key.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crypto::rsa::OperatorPublicKey;
use operator::SignerKeys;
use qbft::CommitteeKeys;
use types::{CommitteeId, Epoch, MessageId, OperatorId, PublicKeyBytes, Slot, ValidatorIndex};
use validation::{
    CommitteeView, DutyKnowledge, DutyView, Refusal, RegistryView, ValidatorStanding, ValidatorView,
};

use super::{MainNetwork, mix};

struct LoadedCommittee {
    operators: Vec<OperatorId>,
    validators: Vec<ValidatorIndex>,
    keys: Arc<CommitteeKeys>,
}

struct LoadedValidator {
    committee: CommitteeId,
    standing: ValidatorStanding,
}

/// Registry, duties and keys of the main network.
pub struct Loaded {
    operators: HashMap<OperatorId, OperatorPublicKey>,
    committees: HashMap<CommitteeId, LoadedCommittee>,
    validators: HashMap<PublicKeyBytes, LoadedValidator>,
    sync_committee: HashSet<ValidatorIndex>,
}

impl Loaded {
    /// Loads the network with these keys.
    #[must_use]
    pub fn new(network: &MainNetwork, operators: HashMap<OperatorId, OperatorPublicKey>) -> Self {
        let mut committees = HashMap::new();
        let mut validators = HashMap::new();
        for committee in &network.committees {
            let keys = committee.operators.iter().filter_map(|id| Some((*id, operators.get(id)?.clone())));
            committees.insert(
                committee.id,
                LoadedCommittee {
                    operators: committee.operators.clone(),
                    validators: committee.validators.iter().map(|(index, _)| *index).collect(),
                    keys: Arc::new(CommitteeKeys::new(keys.collect())),
                },
            );
            for (index, key) in &committee.validators {
                let standing = ValidatorStanding::Attesting { index: *index };
                validators.insert(*key, LoadedValidator { committee: committee.id, standing });
            }
        }
        let sync_committee = network.sync_committee.iter().copied().collect();
        Self { operators, committees, validators, sync_committee }
    }

    /// An operator's parsed key.
    #[must_use]
    pub fn key(&self, operator: OperatorId) -> Option<&OperatorPublicKey> {
        self.operators.get(&operator)
    }

    /// Whether a message of this name is about one of these committees or a validator of theirs.
    #[must_use]
    pub fn is_about(&self, committees: &HashSet<CommitteeId>, id: &MessageId) -> bool {
        let committee = if id.role().is_committee_role() {
            Some(id.committee_id())
        } else {
            self.validators.get(&id.validator_key()).map(|validator| validator.committee)
        };
        committee.is_some_and(|committee| committees.contains(&committee))
    }

    /// How many operators, committees and validators are loaded.
    #[must_use]
    pub fn sizes(&self) -> (usize, usize, usize) {
        (self.operators.len(), self.committees.len(), self.validators.len())
    }
}

impl RegistryView for Loaded {
    fn has_operator(&self, id: OperatorId) -> bool {
        self.operators.contains_key(&id)
    }

    fn committee(&self, id: &CommitteeId) -> Option<CommitteeView<'_>> {
        let committee = self.committees.get(id)?;
        Some(CommitteeView {
            operators: &committee.operators,
            registered: committee.validators.len(),
            validators: &committee.validators,
        })
    }

    fn validator(&self, key: &PublicKeyBytes) -> Option<ValidatorView<'_>> {
        let validator = self.validators.get(key)?;
        let operators = &self.committees.get(&validator.committee)?.operators;
        Some(ValidatorView {
            committee: validator.committee,
            operators,
            liquidated: false,
            standing: validator.standing,
        })
    }
}

impl DutyView for Loaded {
    fn proposes(&self, slot: Slot, validator: ValidatorIndex) -> DutyKnowledge {
        if mix::proposes(validator, slot) { DutyKnowledge::Yes } else { DutyKnowledge::No }
    }

    fn in_sync_committee(&self, _: Epoch, validator: ValidatorIndex) -> bool {
        self.sync_committee.contains(&validator)
    }

    fn exits(&self, _: Slot, _: &PublicKeyBytes) -> u64 {
        0
    }
}

impl SignerKeys for Loaded {
    fn keys_of(&self, committee: CommitteeId, signers: &[OperatorId]) -> Result<Arc<CommitteeKeys>, Refusal> {
        let committee = self.committees.get(&committee).ok_or(Refusal::NonExistentCommittee)?;
        if signers.iter().any(|signer| !self.operators.contains_key(signer)) {
            return Err(Refusal::UnknownOperator);
        }
        Ok(Arc::clone(&committee.keys))
    }
}

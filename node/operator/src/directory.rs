//! The registry's validator set, with every key parsed: who runs what with whom.
//!
//! Parsing and checking a key costs more than using it, so a directory takes over from its predecessor what has not changed.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use duty::ValidatorKeys;
use types::{Address, CommitteeId, MessageId, OperatorId, PublicKeyBytes, SsvFork, SubnetId};

/// A committee on the network, ours or not.
#[derive(Debug, Clone)]
pub struct Committee {
    /// Its name.
    pub id: CommitteeId,
    /// Its operators, ascending.
    pub members: Vec<OperatorId>,
    /// The operators' keys.
    pub keys: Arc<qbft::CommitteeKeys>,
    /// How many validators it runs.
    pub validators: u32,
    /// Whether this node is one of its operators.
    pub ours: bool,
}

/// A validator that this operator has a share of.
#[derive(Debug, Clone)]
pub struct OwnValidator {
    /// Its key.
    pub public_key: PublicKeyBytes,
    /// Who owns it on chain.
    pub owner: Address,
    /// Who receives the fees of its blocks: the owner's choice, or the owner.
    pub fee_recipient: Address,
    /// Who runs it.
    pub committee: CommitteeId,
    /// The key of this operator's share.
    pub share: PublicKeyBytes,
    /// Its key and those of all shares, parsed.
    pub keys: Arc<ValidatorKeys>,
    /// Whether its cluster is liquidated: it has no duties then.
    pub liquidated: bool,
}

/// A validator on the network, ours or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Registered {
    /// Who runs it.
    pub committee: CommitteeId,
    /// Whether its cluster is liquidated.
    pub liquidated: bool,
}

/// Who runs what with whom, as of one block.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    /// The block this is the state after.
    pub block: u64,
    /// The operator whose node this is, once it is registered.
    pub(crate) operator: Option<OperatorId>,
    pub(crate) committees: HashMap<CommitteeId, Arc<Committee>>,
    pub(crate) own: HashMap<PublicKeyBytes, Arc<OwnValidator>>,
    /// Every validator on the network.
    pub(crate) validators: HashMap<PublicKeyBytes, Registered>,
    /// Every operator on the network.
    pub(crate) operators: HashSet<OperatorId>,
}

impl Directory {
    /// A committee by its name.
    #[must_use]
    pub fn committee(&self, id: CommitteeId) -> Option<&Arc<Committee>> {
        self.committees.get(&id)
    }

    /// A validator that this operator has a share of.
    #[must_use]
    pub fn own(&self, key: &PublicKeyBytes) -> Option<&Arc<OwnValidator>> {
        self.own.get(key)
    }

    /// All validators that this operator has a share of.
    pub fn own_validators(&self) -> impl Iterator<Item = &Arc<OwnValidator>> {
        self.own.values()
    }

    /// The committees that this operator is a member of.
    pub fn own_committees(&self) -> impl Iterator<Item = &Arc<Committee>> {
        self.committees.values().filter(|committee| committee.ours)
    }

    /// The subnets that this node is on in a fork: those of its committees. Without any it is on the one that its operator would be on
    /// alone, so that it has peers and carries messages from the start. Where the reference draws lots (`ssv operator/node.go`) this one
    /// stays the same over restarts, which spares its peers a change.
    pub(crate) fn subnets(&self, fork: SsvFork) -> BTreeSet<SubnetId> {
        let own: BTreeSet<_> =
            self.own_committees().map(|committee| SubnetId::of(fork, &committee.members)).collect();
        if own.is_empty() {
            self.operator.iter().map(|operator| SubnetId::of(fork, &[*operator])).collect()
        } else {
            own
        }
    }

    /// The validators of all committees whose messages come by our subnets in these forks: what validation has to know.
    pub(crate) fn audible_validators(&self, forks: &[SsvFork]) -> Vec<PublicKeyBytes> {
        let mut audible = HashSet::new();
        for fork in forks {
            let subnets = self.subnets(*fork);
            let is_heard = |committee: &Committee| subnets.contains(&SubnetId::of(*fork, &committee.members));
            let heard = self.committees.values().filter(|committee| is_heard(committee));
            audible.extend(heard.map(|committee| committee.id));
        }
        let of_audible = self.validators.iter().filter(|(_, of)| audible.contains(&of.committee));
        of_audible.map(|(key, _)| *key).collect()
    }

    /// Whether a message of this name is about a duty of this operator's. What is no committee's role is a validator's.
    pub(crate) fn has_duty_of(&self, id: &MessageId) -> bool {
        if id.role().is_committee_role() {
            self.committee(id.committee_id()).is_some_and(|committee| committee.ours)
        } else {
            self.own.contains_key(&id.validator_key())
        }
    }

    /// How many validators the network has.
    #[must_use]
    pub fn known_validators(&self) -> usize {
        self.validators.len()
    }
}

#[cfg(test)]
impl Directory {
    /// One validator of ours, of [`Self::PAYING_OWNER`], whose fees this address receives.
    pub(crate) fn paying(fee_recipient: Address) -> Self {
        let key = crypto::bls::SecretKey::from_be_bytes(&[1; 32]).unwrap().public_key().to_bytes();
        let own = OwnValidator {
            public_key: key,
            owner: Self::PAYING_OWNER,
            fee_recipient,
            committee: CommitteeId([3; 32]),
            share: key,
            keys: Arc::new(ValidatorKeys::parse(&key, Vec::new()).unwrap()),
            liquidated: false,
        };
        Self { own: HashMap::from([(key, Arc::new(own))]), ..Self::default() }
    }

    pub(crate) const PAYING_OWNER: Address = Address::repeat_byte(2);
}

//! What the rest of the node sees of the registry: one immutable set per change, shared by everyone.

use std::collections::BTreeMap;
use std::sync::Arc;

use types::{Address, CommitteeId, OperatorId, PublicKeyBytes, Root};

use crate::ports::SharePlace;
use crate::rows::{OperatorRow, OwnerRow, ValidatorRow};
use crate::state::State;

/// A block of the execution chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockRef {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: Root,
}

/// Our share of a validator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnShare {
    /// Its public key.
    pub key: PublicKeyBytes,
    /// It decrypts to what was registered. Otherwise there are no duties for it here.
    pub usable: bool,
}

/// Operators, validators and owners at a block. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ValidatorSet {
    /// The block of the last change in here.
    pub block: BlockRef,
    /// Our operator id; `None` before our registration and after our removal.
    pub own_operator: Option<OperatorId>,
    operators: Arc<BTreeMap<OperatorId, Arc<OperatorRow>>>,
    validators: Arc<BTreeMap<PublicKeyBytes, Arc<ValidatorRow>>>,
    owners: Arc<BTreeMap<Address, OwnerRow>>,
    own: Arc<BTreeMap<PublicKeyBytes, OwnShare>>,
}

impl ValidatorSet {
    /// The set before anything was read.
    #[must_use]
    pub fn empty() -> Self {
        Self::of(&State::default(), BlockRef { number: 0, hash: Root::ZERO }, &[])
    }

    pub(crate) fn of(state: &State, block: BlockRef, own_text: &[u8]) -> Self {
        let own_operator = state.operator_with(own_text);
        Self {
            block,
            own_operator,
            operators: Arc::clone(&state.operators),
            validators: Arc::clone(&state.validators),
            owners: Arc::clone(&state.owners),
            own: Arc::new(own_shares(state, own_operator)),
        }
    }

    /// Every registered operator.
    #[must_use]
    pub fn operators(&self) -> &BTreeMap<OperatorId, Arc<OperatorRow>> {
        &self.operators
    }

    /// Every registered validator, liquidated ones included.
    #[must_use]
    pub fn validators(&self) -> &BTreeMap<PublicKeyBytes, Arc<ValidatorRow>> {
        &self.validators
    }

    /// One operator.
    #[must_use]
    pub fn operator(&self, id: OperatorId) -> Option<&Arc<OperatorRow>> {
        self.operators.get(&id)
    }

    /// One validator.
    #[must_use]
    pub fn validator(&self, key: &PublicKeyBytes) -> Option<&Arc<ValidatorRow>> {
        self.validators.get(key)
    }

    /// Where a validator's rewards go: its owner's choice, or the owner.
    #[must_use]
    pub fn fee_recipient(&self, validator: &ValidatorRow) -> Address {
        self.owners.get(&validator.owner).map_or(validator.owner, |row| row.fee_recipient)
    }

    /// Our share of a validator, if we are in its committee.
    #[must_use]
    pub fn own_share(&self, validator: &PublicKeyBytes) -> Option<OwnShare> {
        self.own.get(validator).copied()
    }

    /// The validators we have duties for: ours, share usable, not liquidated. With the key of our share.
    pub fn own_active(&self) -> impl Iterator<Item = (&Arc<ValidatorRow>, PublicKeyBytes)> {
        self.own.iter().filter(|(_, share)| share.usable).filter_map(|(key, share)| {
            self.validators.get(key).filter(|row| !row.liquidated).map(|row| (row, share.key))
        })
    }

    /// Our committees, each with the validators we have duties for.
    #[must_use]
    pub fn own_committees(&self) -> BTreeMap<CommitteeId, Vec<Arc<ValidatorRow>>> {
        let mut committees: BTreeMap<CommitteeId, Vec<Arc<ValidatorRow>>> = BTreeMap::new();
        for (row, _) in self.own_active() {
            committees.entry(row.committee_id()).or_default().push(Arc::clone(row));
        }
        committees
    }
}

fn own_shares(state: &State, own: Option<OperatorId>) -> BTreeMap<PublicKeyBytes, OwnShare> {
    let Some(own) = own else { return BTreeMap::new() };
    let share = |(validator, row): (&PublicKeyBytes, &Arc<crate::rows::ShareRow>)| {
        let key = state.validators.get(validator)?.share_of(own)?;
        Some((*validator, OwnShare { key, usable: row.usable }))
    };
    state.shares.iter().filter_map(share).collect()
}

/// The shares that should be able to sign.
pub(crate) fn places(set: &ValidatorSet) -> impl Iterator<Item = SharePlace> {
    set.own_active().map(|(row, share)| SharePlace { validator: row.key, share })
}

/// An owner of validators of ours has its fees go elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecipientChange {
    /// Who.
    pub owner: Address,
    /// The block of the event; a set of this block or of a later one has the new recipient.
    pub block: BlockRef,
    /// Unix seconds of that block; the slot of the registrations follows from it.
    pub timestamp: u64,
}

/// An owner asks for the voluntary exit of a validator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExitRequest {
    /// The validator.
    pub validator: PublicKeyBytes,
    /// Whether we have duties for it.
    pub own: bool,
    /// The block of the event.
    pub block: BlockRef,
    /// Unix seconds of that block; the exit duty's slot follows from it.
    pub timestamp: u64,
}

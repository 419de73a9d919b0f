//! The cluster state in memory, and changes that can be taken back.
//!
//! Maps are shared with the published sets and copied when they change (`Arc::make_mut`), so publishing is free and the first
//! change after it costs one copy of the map it touches; every other change takes logarithmic time.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use types::{Address, OperatorId, PublicKeyBytes, Root};

use crate::rows::{OperatorRow, OwnerRow, ShareRow, ValidatorRow};

/// Operators, validators, our shares and owners at one block.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub operators: Arc<BTreeMap<OperatorId, Arc<OperatorRow>>>,
    pub validators: Arc<BTreeMap<PublicKeyBytes, Arc<ValidatorRow>>>,
    pub shares: Arc<BTreeMap<PublicKeyBytes, Arc<ShareRow>>>,
    pub owners: Arc<BTreeMap<Address, OwnerRow>>,
    by_text: HashMap<Vec<u8>, OperatorId>,
    clusters: HashMap<Root, BTreeSet<PublicKeyBytes>>,
}

/// One row before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Changed<K, V> {
    pub key: K,
    pub before: Option<V>,
    pub after: Option<V>,
}

impl<K, V> Changed<K, V> {
    fn inverted(self) -> Self {
        Self { key: self.key, before: self.after, after: self.before }
    }
}

/// A change of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Operator(Changed<OperatorId, Arc<OperatorRow>>),
    Validator(Changed<PublicKeyBytes, Arc<ValidatorRow>>),
    Share(Changed<PublicKeyBytes, Arc<ShareRow>>),
    Owner(Changed<Address, OwnerRow>),
}

impl Change {
    /// The change that takes this one back.
    pub(crate) fn inverted(self) -> Self {
        match self {
            Self::Operator(changed) => Self::Operator(changed.inverted()),
            Self::Validator(changed) => Self::Validator(changed.inverted()),
            Self::Share(changed) => Self::Share(changed.inverted()),
            Self::Owner(changed) => Self::Owner(changed.inverted()),
        }
    }
}

/// The id of a cluster whatever the order of its operators.
pub(crate) fn cluster_of(owner: Address, mut operators: Vec<u64>) -> Root {
    operators.sort_unstable();
    contracts_abi::cluster_id(owner, &operators)
}

fn cluster_of_row(row: &ValidatorRow) -> Root {
    cluster_of(row.owner, row.committee.iter().map(|member| member.operator.get()).collect())
}

impl State {
    /// The operator registered with this key text.
    pub(crate) fn operator_with(&self, public_text: &[u8]) -> Option<OperatorId> {
        self.by_text.get(public_text).copied()
    }

    /// The nonce of an owner's next registration.
    pub(crate) fn next_nonce(&self, owner: &Address) -> u16 {
        self.owners.get(owner).map_or(0, |row| row.next_nonce)
    }

    /// Keys of the validators of a cluster.
    pub(crate) fn cluster(&self, id: &Root) -> impl Iterator<Item = &PublicKeyBytes> {
        self.clusters.get(id).into_iter().flatten()
    }

    /// How many clusters have validators.
    #[cfg(test)]
    pub(crate) fn clusters(&self) -> usize {
        self.clusters.len()
    }

    /// Enters a change.
    pub(crate) fn absorb(&mut self, change: &Change) {
        match change {
            Change::Operator(changed) => {
                if let Some(row) = self.operators.get(&changed.key) {
                    self.by_text.remove(&row.public_text);
                }
                if let Some(row) = &changed.after {
                    self.by_text.insert(row.public_text.clone(), changed.key);
                }
                set(Arc::make_mut(&mut self.operators), changed);
            }
            Change::Validator(changed) => {
                if let Some(row) = self.validators.get(&changed.key) {
                    leave(&mut self.clusters, cluster_of_row(row), &changed.key);
                }
                if let Some(row) = &changed.after {
                    self.clusters.entry(cluster_of_row(row)).or_default().insert(changed.key);
                }
                set(Arc::make_mut(&mut self.validators), changed);
            }
            Change::Share(changed) => set(Arc::make_mut(&mut self.shares), changed),
            Change::Owner(changed) => set(Arc::make_mut(&mut self.owners), changed),
        }
    }

    /// Takes a change back.
    pub(crate) fn revert(&mut self, change: Change) {
        self.absorb(&change.inverted());
    }
}

/// Takes a validator out of its cluster; an empty cluster is forgotten.
fn leave(clusters: &mut HashMap<Root, BTreeSet<PublicKeyBytes>>, id: Root, key: &PublicKeyBytes) {
    if let Entry::Occupied(mut cluster) = clusters.entry(id) {
        cluster.get_mut().remove(key);
        if cluster.get().is_empty() {
            cluster.remove();
        }
    }
}

fn set<K: Ord + Copy, V: Clone>(map: &mut BTreeMap<K, V>, changed: &Changed<K, V>) {
    match &changed.after {
        Some(value) => map.insert(changed.key, value.clone()),
        None => map.remove(&changed.key),
    };
}

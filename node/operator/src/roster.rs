//! What the beacon chain knows of validators: their indices and whether they take part. Asked for our own, and for those whose
//! committees we hear on our subnets.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arc_swap::ArcSwap;
use beacon::{BeaconError, BeaconNodes, Validator};
use types::{Epoch, PublicKeyBytes, SsvFork, ValidatorIndex};

use crate::directory::Directory;

/// The last answer of the beacon nodes.
#[derive(Clone, Default)]
pub(crate) struct Roster(Arc<ArcSwap<HashMap<PublicKeyBytes, Validator>>>);

impl Roster {
    /// Asks for all validators that matter here.
    pub(crate) async fn refresh(
        &self,
        beacon: &BeaconNodes,
        directory: &Directory,
        forks: &[SsvFork],
    ) -> Result<(), BeaconError> {
        let keys = directory.audible_validators(forks);
        let found = if keys.is_empty() { Vec::new() } else { beacon.validators(&keys).await? };
        self.0
            .store(Arc::new(found.into_iter().map(|validator| (validator.public_key, validator)).collect()));
        Ok(())
    }

    /// All that is known, as of now.
    pub(crate) fn all(&self) -> Arc<HashMap<PublicKeyBytes, Validator>> {
        self.0.load_full()
    }

    /// What the chain knows of a validator.
    pub(crate) fn get(&self, key: &PublicKeyBytes) -> Option<Validator> {
        self.0.load().get(key).copied()
    }

    /// The number of a validator.
    pub(crate) fn index_of(&self, key: &PublicKeyBytes) -> Option<ValidatorIndex> {
        self.get(key).map(|validator| validator.index)
    }

    /// Whether the chain knows that a validator leaves or has left.
    pub(crate) fn leaves(&self, index: ValidatorIndex) -> bool {
        let known = self.0.load();
        known.values().any(|validator| validator.index == index && validator.exit_epoch != Epoch::FAR_FUTURE)
    }

    /// Asks for validators of ours that the chain did not know: a deposit may take days. True if one was found.
    pub(crate) async fn look_for_missing(
        &self,
        beacon: &BeaconNodes,
        directory: &Directory,
    ) -> Result<bool, BeaconError> {
        let missing = self.missing(directory);
        let found = if missing.is_empty() { Vec::new() } else { beacon.validators(&missing).await? };
        self.add(&found);
        Ok(!found.is_empty())
    }

    /// Validators of ours that run and that the chain did not know.
    fn missing(&self, directory: &Directory) -> Vec<PublicKeyBytes> {
        let known = self.0.load();
        let running = directory.own_validators().filter(|own| !own.liquidated);
        running.map(|own| own.public_key).filter(|key| !known.contains_key(key)).collect()
    }

    pub(crate) fn add(&self, found: &[Validator]) {
        if !found.is_empty() {
            let mut known = HashMap::clone(&self.0.load());
            known.extend(found.iter().map(|validator| (validator.public_key, *validator)));
            self.0.store(Arc::new(known));
        }
    }

    /// All validators, ours and those we hear of, of which `takes_part` is true.
    pub(crate) fn heard(&self, takes_part: impl Fn(&Validator) -> bool) -> BTreeSet<ValidatorIndex> {
        let known = self.0.load();
        known.values().filter(|validator| takes_part(validator)).map(|validator| validator.index).collect()
    }

    /// Our own validators of which `takes_part` is true.
    pub(crate) fn own(
        &self,
        directory: &Directory,
        takes_part: impl Fn(&Validator) -> bool,
    ) -> BTreeSet<ValidatorIndex> {
        let known = self.0.load();
        let own = directory.own_validators().filter(|own| !own.liquidated);
        let active =
            own.filter_map(|own| known.get(&own.public_key)).filter(|validator| takes_part(validator));
        active.map(|validator| validator.index).collect()
    }
}

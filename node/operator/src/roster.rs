//! What the beacon chain knows of validators: their indices and whether they take part. Asked for our own, and for those whose
//! committees we hear on our subnets.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use beacon::Validator;
use types::{Epoch, PublicKeyBytes, SsvFork, ValidatorIndex};

use crate::directory::Directory;

/// Validators asked for before what was learned of them is seen; the beacon nodes are asked in smaller batches.
const PORTION: usize = 4_096;

/// The last answers of the beacon nodes.
#[derive(Clone, Default)]
pub(crate) struct Roster(Arc<ArcSwap<HashMap<PublicKeyBytes, Validator>>>);

impl Roster {
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

    /// Takes over the answer to a question: those that the chain does not know are forgotten. True if anything is another than before.
    pub(crate) fn learn(&self, asked: &[PublicKeyBytes], found: &[Validator]) -> bool {
        let answered: HashSet<_> = found.iter().map(|validator| validator.public_key).collect();
        let gone: HashSet<_> = asked.iter().filter(|key| !answered.contains(*key)).collect();
        let forgotten = self.keep(|key| !gone.contains(key));
        self.add(found) || forgotten
    }

    /// Takes over what was found; true if anything is another than before.
    pub(crate) fn add(&self, found: &[Validator]) -> bool {
        let known = self.0.load();
        if found.iter().all(|validator| known.get(&validator.public_key) == Some(validator)) {
            return false;
        }
        let mut known = HashMap::clone(&known);
        known.extend(found.iter().map(|validator| (validator.public_key, *validator)));
        self.0.store(Arc::new(known));
        true
    }

    /// Forgets all others; true if there were any.
    fn keep(&self, is_kept: impl Fn(&PublicKeyBytes) -> bool) -> bool {
        let known = self.0.load();
        if known.keys().all(&is_kept) {
            return false;
        }
        let kept = known.iter().filter(|(key, _)| is_kept(key));
        self.0.store(Arc::new(kept.map(|(key, validator)| (*key, *validator)).collect()));
        true
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

/// Whom the chain was asked for in an epoch: everybody once, and those of ours that it does not know, as a deposit may take days, in every
/// round.
#[derive(Default)]
pub(crate) struct Inquiry {
    epoch: Epoch,
    answered: HashSet<PublicKeyBytes>,
    /// For which directory and forks nobody is left.
    done: Option<(Arc<Directory>, Vec<SsvFork>)>,
}

impl Inquiry {
    /// Begins a round.
    pub(crate) fn begin(&mut self, epoch: Epoch, directory: &Directory, roster: &Roster) {
        if self.epoch != epoch {
            *self = Self { epoch, ..Self::default() };
        }
        let known = roster.all();
        for own in directory.own_validators().filter(|own| !known.contains_key(&own.public_key)) {
            self.answered.remove(&own.public_key);
        }
    }

    /// For whom to ask next: our own, then those of whom nothing is known, then the others, never mixed, so that the first do not wait for
    /// what goes wrong with the last. Nobody when all were asked for; then those who do not matter any more are forgotten.
    pub(crate) fn next(
        &mut self,
        directory: &Arc<Directory>,
        forks: &[SsvFork],
        roster: &Roster,
    ) -> Vec<PublicKeyBytes> {
        let is_open = |key: &PublicKeyBytes| !self.answered.contains(key);
        let running = directory.own_validators().filter(|own| !own.liquidated).map(|own| own.public_key);
        let own: Vec<_> = running.filter(is_open).take(PORTION).collect();
        if !own.is_empty() || self.is_done(directory, forks) {
            return own;
        }
        let (audible, known) = (directory.audible_validators(forks), roster.all());
        let open = || audible.iter().copied().filter(is_open);
        let unknown: Vec<_> = open().filter(|key| !known.contains_key(key)).take(PORTION).collect();
        if !unknown.is_empty() {
            return unknown;
        }
        let others: Vec<_> = open().take(PORTION).collect();
        if others.is_empty() {
            let audible: HashSet<_> = audible.into_iter().collect();
            roster.keep(|key| audible.contains(key));
            self.answered.retain(|key| audible.contains(key));
            self.done = Some((Arc::clone(directory), forks.to_vec()));
        }
        others
    }

    fn is_done(&self, directory: &Arc<Directory>, forks: &[SsvFork]) -> bool {
        self.done.as_ref().is_some_and(|(of, on)| Arc::ptr_eq(of, directory) && on == forks)
    }

    /// These were asked for.
    pub(crate) fn note(&mut self, asked: &[PublicKeyBytes]) {
        self.answered.extend(asked);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::{Committee, Registered};
    use beacon::ValidatorStatus;
    use types::{CommitteeId, OperatorId};

    const FORKS: &[SsvFork] = &[SsvFork::Alan];

    fn key(number: u16) -> PublicKeyBytes {
        let mut key = PublicKeyBytes([0; 48]);
        key.0[..2].copy_from_slice(&number.to_be_bytes());
        key
    }

    fn known(number: u16) -> Validator {
        Validator {
            public_key: key(number),
            index: ValidatorIndex(number.into()),
            status: ValidatorStatus::ActiveOngoing,
            activation_epoch: Epoch(0),
            exit_epoch: Epoch::FAR_FUTURE,
        }
    }

    /// A committee of ours with so many validators, none of which we have a share of.
    fn directory(validators: u16) -> Arc<Directory> {
        let members: Vec<_> = (1..=4).map(OperatorId).collect();
        let (id, keys) = (CommitteeId::of(&members), Arc::new(qbft::CommitteeKeys::new(Vec::new())));
        let committee = Committee { id, members, keys, validators: validators.into(), ours: true };
        let mut directory = Directory { operator: Some(OperatorId(1)), ..Directory::default() };
        directory.committees.insert(id, Arc::new(committee));
        let registered = Registered { committee: id, liquidated: false };
        directory.validators.extend((0..validators).map(|number| (key(number), registered)));
        Arc::new(directory)
    }

    #[test]
    fn what_is_unknown_is_asked_for_first_and_everybody_once_in_an_epoch() {
        let (roster, mut inquiry) = (Roster::default(), Inquiry::default());
        assert!(roster.add(&[known(0), known(1)]));
        let mut ask = |epoch, directory: &Arc<Directory>| {
            let mut portions = Vec::new();
            inquiry.begin(Epoch(epoch), directory, &roster);
            loop {
                let mut keys = inquiry.next(directory, FORKS, &roster);
                inquiry.note(&keys);
                keys.sort_unstable();
                match keys.is_empty() {
                    true => return portions,
                    false => portions.push(keys),
                }
            }
        };
        let first = directory(4);
        assert_eq!(ask(1, &first), [[key(2), key(3)], [key(0), key(1)]]);
        assert!(ask(1, &first).is_empty());
        assert_eq!(ask(1, &directory(5)), [[key(4)]], "only what the registry has anew");
        assert_eq!(ask(2, &directory(2)), [[key(0), key(1)]]);
        let sizes: Vec<_> = ask(3, &directory(5_000)).iter().map(Vec::len).collect();
        assert_eq!(sizes, [PORTION, 4_998 - PORTION, 2]);
    }

    #[test]
    fn the_roster_says_what_is_news_and_forgets_what_the_chain_and_the_registry_forgot() {
        let roster = Roster::default();
        assert!(roster.learn(&[key(0), key(1)], &[known(0), known(1)]));
        assert!(!roster.learn(&[key(0), key(1)], &[known(1), known(0)]));
        assert!(roster.learn(&[key(1)], &[]));
        assert_eq!((roster.get(&key(0)), roster.get(&key(1))), (Some(known(0)), None));
        let exited = Validator { exit_epoch: Epoch(9), ..known(0) };
        assert!(roster.learn(&[key(0)], &[exited]));
        assert!(roster.leaves(ValidatorIndex(0)));

        let mut inquiry = Inquiry::default();
        inquiry.note(&[key(0)]);
        assert!(inquiry.next(&directory(0), FORKS, &roster).is_empty());
        assert_eq!(roster.get(&key(0)), None);
    }
}

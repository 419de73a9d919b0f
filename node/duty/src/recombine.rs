//! From a quorum of partial signatures to the validator's signature, many validators at once.
//!
//! All signatures of one decided vote go through here together: each is recombined from its parts, and the whole batch is verified with one
//! equation. Only when that fails are the parts checked, and the operators whose parts are bad are named.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crypto::bls::{BlsError, HashedRoot, PublicKey, Signature, verify};
use crypto::threshold::{CoefficientCache, Partial, Reconstructed, Reconstruction, reconstruct_many};
use rand::CryptoRng;
use types::{OperatorId, PublicKeyBytes, Root, SignatureBytes, ValidatorIndex};

use crate::collector::SignatureSlot;

/// The parsed public keys of one validator.
#[derive(Debug, Clone)]
pub struct ValidatorKeys {
    /// The validator's key.
    pub validator: PublicKey,
    /// The key of each operator's share.
    pub shares: BTreeMap<OperatorId, PublicKey>,
}

impl ValidatorKeys {
    /// Parses and checks a validator's key and the keys of its shares, once.
    ///
    /// # Errors
    /// [`BlsError`] if one of them is no point of the group.
    pub fn parse(
        validator: &PublicKeyBytes,
        shares: impl IntoIterator<Item = (OperatorId, PublicKeyBytes)>,
    ) -> Result<Self, BlsError> {
        let parse =
            |(operator, key): (OperatorId, PublicKeyBytes)| Ok((operator, PublicKey::from_bytes(&key)?));
        Ok(Self {
            validator: PublicKey::from_bytes(validator)?,
            shares: shares.into_iter().map(parse).collect::<Result<_, _>>()?,
        })
    }
}

/// The parsed public keys of a committee's validators.
#[derive(Debug, Clone, Default)]
pub struct CommitteeKeys(HashMap<ValidatorIndex, Arc<ValidatorKeys>>);

impl CommitteeKeys {
    /// The keys of a validator.
    #[must_use]
    pub fn get(&self, validator: ValidatorIndex) -> Option<&ValidatorKeys> {
        self.0.get(&validator).map(Arc::as_ref)
    }

    /// How many validators they are of.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether they are nobody's.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `signature` is this operator's partial signature of `root` for this validator.
    #[must_use]
    pub fn verifies(
        &self,
        validator: ValidatorIndex,
        signer: OperatorId,
        root: Root,
        signature: &SignatureBytes,
    ) -> bool {
        let key = self.get(validator).and_then(|keys| keys.shares.get(&signer));
        match (key, Signature::from_bytes(signature)) {
            (Some(key), Ok(signature)) => verify(key, root, &signature),
            (None, _) | (_, Err(_)) => false,
        }
    }
}

impl FromIterator<(ValidatorIndex, Arc<ValidatorKeys>)> for CommitteeKeys {
    fn from_iter<T: IntoIterator<Item = (ValidatorIndex, Arc<ValidatorKeys>)>>(keys: T) -> Self {
        Self(keys.into_iter().collect())
    }
}

/// A validator's signature to be put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecombineTask {
    /// Whose signature, over what.
    pub slot: SignatureSlot,
    /// The parts held: a quorum, or more.
    pub parts: Vec<(OperatorId, SignatureBytes)>,
}

/// What became of a [`RecombineTask`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recombined {
    /// Whose signature, over what.
    pub slot: SignatureSlot,
    /// The verified signature, or the operators whose parts are bad (none named: the keys on record do not fit each other).
    pub result: Result<SignatureBytes, Vec<OperatorId>>,
}

/// Recombines and verifies. Heavy: 0.1 to 0.4 ms for each task, and a multi-pairing for all; runs on the crypto pool.
///
/// `rng` must be a private generator. A task for a validator without keys fails without naming anybody.
pub fn recombine(
    tasks: &[RecombineTask],
    keys: &CommitteeKeys,
    cache: &mut CoefficientCache,
    rng: &mut dyn CryptoRng,
) -> Vec<Recombined> {
    let mut hashed: HashMap<Root, HashedRoot> = HashMap::new();
    for task in tasks {
        hashed.entry(task.slot.root).or_insert_with(|| HashedRoot::new(task.slot.root));
    }
    let (mut batch, mut order) = (Vec::new(), Vec::new());
    let mut results: Vec<Result<SignatureBytes, Vec<OperatorId>>> = vec![Err(Vec::new()); tasks.len()];
    for (place, task) in tasks.iter().enumerate() {
        if let Some(item) = reconstruction(task, keys, &hashed) {
            batch.push(item);
            order.push(place);
        }
    }
    // Distinct operators and non-zero ids are the collector's doing; should that ever fail, nobody is blamed for it.
    let outcomes = reconstruct_many(&batch, cache, rng).unwrap_or_default();
    for (place, outcome) in order.into_iter().zip(outcomes) {
        if let Some(result) = results.get_mut(place) {
            *result = match outcome {
                Reconstructed::Signature(signature) => Ok(signature),
                Reconstructed::Failed { liars } => Err(liars),
            };
        }
    }
    tasks.iter().zip(results).map(|(task, result)| Recombined { slot: task.slot, result }).collect()
}

fn reconstruction<'a>(
    task: &RecombineTask,
    keys: &'a CommitteeKeys,
    hashed: &'a HashMap<Root, HashedRoot>,
) -> Option<Reconstruction<'a>> {
    let known = keys.get(task.slot.validator)?;
    let partials = task.parts.iter().filter_map(|(operator, signature)| {
        let share_key = known.shares.get(operator)?;
        Some(Partial { operator: *operator, share_key, signature: *signature })
    });
    Some(Reconstruction {
        validator: &known.validator,
        root: hashed.get(&task.slot.root)?,
        partials: partials.collect(),
    })
}

//! The keys of a test committee: a key for each validator, split among its operators.

use std::collections::BTreeMap;
use std::sync::Arc;

use crypto::bls::SecretKey;
use crypto::field::Scalar;
use crypto::shamir::split;
use duty::ValidatorKeys;
use rand_chacha::ChaCha20Rng;
use types::{OperatorId, PublicKeyBytes, Thresholds, ValidatorIndex};

pub struct Dealt {
    /// Of each validator, in order.
    pub keys: Vec<(ValidatorIndex, Arc<ValidatorKeys>)>,
    pub public_keys: Vec<PublicKeyBytes>,
    /// What each operator holds, in order.
    pub shares: Vec<BTreeMap<ValidatorIndex, SecretKey>>,
}

pub fn deal(
    validators: impl IntoIterator<Item = u64>,
    operators: &[OperatorId],
    rng: &mut ChaCha20Rng,
) -> Dealt {
    let quorum = usize::try_from(Thresholds::of_size(operators.len()).quorum()).unwrap();
    let shares = operators.iter().map(|_| BTreeMap::new()).collect();
    let mut dealt = Dealt { keys: Vec::new(), public_keys: Vec::new(), shares };
    for validator in validators.into_iter().map(ValidatorIndex) {
        let secret = SecretKey::from_scalar(Scalar::random(rng)).unwrap();
        let public_key = secret.public_key().to_bytes();
        let parts = split(&secret, operators, quorum, rng).unwrap();
        let share_keys: Vec<_> =
            parts.iter().map(|part| (part.operator, part.secret.public_key().to_bytes())).collect();
        let keys = ValidatorKeys::parse(&public_key, share_keys).unwrap();
        dealt.keys.push((validator, Arc::new(keys)));
        for (held, part) in dealt.shares.iter_mut().zip(parts) {
            held.insert(validator, part.secret);
        }
        dealt.public_keys.push(public_key);
    }
    dealt
}

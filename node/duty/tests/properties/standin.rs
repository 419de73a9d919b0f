//! Keys of the committee, and what stands for its partial signatures: bytes that follow from the signer and the root.

use std::sync::{Arc, LazyLock};

use crypto::bls::SecretKey;
use crypto::field::Scalar;
use duty::{CommitteeKeys, RecombineTask, Recombined, ValidatorKeys};
use qbft::{Leader, RoundRobin};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use types::{
    CommitteeId, OperatorId, PublicKeyBytes, Root, SignatureBytes, Slot, Thresholds, ValidatorIndex,
};

use crate::machine::Own;
use crate::seeded::Rng;

pub const SLOT: Slot = Slot(41);
pub const QUORUM: usize = 3;
pub const MEMBERS: usize = 4;
/// The first validator; the second one follows.
pub const FIRST: u64 = 100;

/// What is the same in every history.
pub struct Standing {
    pub operators: Vec<OperatorId>,
    pub thresholds: Thresholds,
    pub committee_id: CommitteeId,
    pub leader: Arc<dyn Leader>,
    pub keys: Arc<CommitteeKeys>,
    /// Those of the first validator alone.
    pub first_keys: Arc<CommitteeKeys>,
    pub public_keys: [PublicKeyBytes; 2],
}

pub static STANDING: LazyLock<Standing> = LazyLock::new(|| {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let mut key = || SecretKey::from_scalar(Scalar::random(&mut rng)).unwrap().public_key().to_bytes();
    let operators: Vec<_> = (1..=MEMBERS as u64).map(|i| OperatorId(i * 31)).collect();
    let public_keys = [key(), key()];
    let mut validator = |place: usize| {
        let shares: Vec<_> = operators.iter().map(|operator| (*operator, key())).collect();
        let keys = ValidatorKeys::parse(&public_keys[place], shares).unwrap();
        (ValidatorIndex(FIRST + place as u64), Arc::new(keys))
    };
    let validators = [validator(0), validator(1)];
    Standing {
        first_keys: Arc::new(validators.iter().take(1).cloned().collect()),
        thresholds: Thresholds::of_size(MEMBERS),
        committee_id: CommitteeId::of(&operators),
        leader: Arc::new(RoundRobin::new(operators.clone(), None)),
        keys: Arc::new(validators.into_iter().collect()),
        public_keys,
        operators,
    }
});

/// An honest place of the committee.
pub fn own(place: usize) -> Own {
    Own { operator: STANDING.operators[place], head: 0, lies: false }
}

/// The first byte says that this is no point of the curve, so that nobody spends time on it.
fn bytes(validator: ValidatorIndex, operator: u64, root: Root) -> SignatureBytes {
    let head = u64::from_le_bytes(root.0[..8].try_into().unwrap());
    let mut rng = Rng::new(head ^ validator.get().rotate_left(20) ^ operator.rotate_left(40));
    let mut bytes = [0; 96];
    bytes[1..].chunks_mut(8).for_each(|chunk| {
        let word = rng.next().to_le_bytes();
        chunk.copy_from_slice(&word[..chunk.len()]);
    });
    SignatureBytes(bytes)
}

/// An operator's partial signature.
pub fn part(validator: ValidatorIndex, operator: OperatorId, root: Root) -> SignatureBytes {
    bytes(validator, operator.get(), root)
}

/// The validator's signature.
pub fn whole(validator: ValidatorIndex, root: Root) -> SignatureBytes {
    bytes(validator, 0, root)
}

/// Stands for recombination: whole if the first parts of a quorum are good, else whoever lied.
pub fn recombine(tasks: &[RecombineTask]) -> Vec<Recombined> {
    let one = |task: &RecombineTask| {
        let slot = task.slot;
        assert!(task.parts.len() >= QUORUM, "recombination of less than a quorum");
        let is_bad = |(operator, signature): &&(OperatorId, SignatureBytes)| {
            *signature != part(slot.validator, *operator, slot.root)
        };
        let result = if task.parts[..QUORUM].iter().any(|part| is_bad(&part)) {
            Err(task.parts.iter().filter(is_bad).map(|(operator, _)| *operator).collect())
        } else {
            Ok(whole(slot.validator, slot.root))
        };
        Recombined { slot, result }
    };
    tasks.iter().map(one).collect()
}

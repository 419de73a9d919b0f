//! Recombination against the signature of the whole key, and liars of every kind.

use super::*;
use crate::bls::{HashedRoot, PublicKey, SecretKey, Signature, sign};
use crate::field::Scalar;
use crate::shamir::split;
use proptest::prelude::*;
use rand::{CryptoRng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use types::{OperatorId, Root, SignatureBytes};

fn secret(text: &str) -> SecretKey {
    SecretKey::from_be_bytes(&hex::decode(text).unwrap().try_into().unwrap()).unwrap()
}

/// Validator 1 of the public test keys.
const VALIDATOR: &str = "539924aa9690c9e67d833df878f8257c686097c0d29e0d2f6096f221ac0b4598";
const SHARES: [&str; 4] = [
    "2ba4c6e822de0d640a40303d604333ae14fe57c329f26e5ed01fb9d66a244d9d",
    "1311cf7b3ad771f6582f6747e72741a00ba35368163dbfb2d960c972185bc4a5",
    "09e03e63de7cf79d6750e3180da44f524c4f8aaf9780012b7c5a20f4b6b1aab0",
    "101013a20dce9e5937a4a3add3ba5cc4d702fd99adb932c8b90bc05e4525ffbe",
];

/// Of the ids 11, 22, 33: 3, -3, 1.
#[test]
fn published_coefficients() {
    let ids = [11, 22, 33].map(OperatorId);
    let coefficients = Coefficients::at_zero(&ids).unwrap();
    let three = Scalar::from(3);
    assert!(coefficients.scalars() == [three, Scalar::ZERO.minus(three), Scalar::ONE]);
    let refused = |ids: [u64; 2]| Coefficients::at_zero(&ids.map(OperatorId)).is_err();
    assert!(refused([0, 1]) && refused([7, 7]) && !refused([7, 8]));
}

#[test]
fn any_three_of_four_make_the_signature_and_two_do_not() {
    let root = Root::repeat_byte(0x11);
    let whole = sign(&secret(VALIDATOR), root);
    let parts: Vec<_> =
        (1u64..).zip(SHARES).map(|(id, share)| (OperatorId(id), sign(&secret(share), root))).collect();
    for chosen in 1u32..16 {
        let some: Vec<_> =
            parts.iter().enumerate().filter(|(i, _)| chosen >> i & 1 == 1).map(|(_, part)| *part).collect();
        let ids: Vec<_> = some.iter().map(|(id, _)| *id).collect();
        let points: Vec<_> = some.iter().map(|(_, bytes)| Signature::from_bytes(bytes).unwrap()).collect();
        let made = recombine(&Coefficients::at_zero(&ids).unwrap(), &points).unwrap();
        assert_eq!(made.to_bytes() == whole, some.len() >= 3, "subset {chosen:b}");
    }
}

#[test]
fn the_cache_answers_the_same_and_stays_bounded() {
    let mut cache = CoefficientCache::default();
    for i in 0..3000u64 {
        let ids = [i + 1, i + 2, i + 3].map(OperatorId);
        let cached = cache.at_zero(&ids).unwrap();
        assert!(cached.scalars() == Coefficients::at_zero(&ids).unwrap().scalars());
        assert!(std::sync::Arc::ptr_eq(&cached, &cache.at_zero(&ids).unwrap()));
    }
    assert!(cache.at_zero(&[1, 1].map(OperatorId)).is_err());
}

/// The short form of random ids and of ids that matter, against 255-bit weights over the same points.
#[test]
fn short_weights_agree_with_plain_ones() {
    let seed = 20;
    println!("seed {seed}");
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut chosen: Vec<Vec<u64>> =
        vec![vec![1, 2, 3], vec![1, 2, 4], vec![2, 4, 5], vec![34, 512, 911], vec![7], (1..=13).collect()];
    for _ in 0..60 {
        let count = 1 + rng.next_u64() % 13;
        let below = [14, 50, 2000, 1 << 40][usize::try_from(rng.next_u64() % 4).unwrap()];
        let mut ids = std::collections::BTreeSet::new();
        while (ids.len() as u64) < count {
            ids.insert(1 + rng.next_u64() % below);
        }
        let mut ids: Vec<_> = ids.into_iter().collect();
        let first = usize::try_from(rng.next_u64() % count).unwrap();
        ids.rotate_left(first);
        chosen.push(ids);
    }
    let mut short = 0;
    for ids in chosen {
        let ids: Vec<_> = ids.into_iter().map(OperatorId).collect();
        let points = random_points(ids.len(), &mut rng);
        let coefficients = Coefficients::at_zero(&ids).unwrap();
        short += u32::from(coefficients.short().is_some());
        let plain = recombine(&Coefficients::at(&ids, Scalar::ZERO).unwrap(), &points);
        assert_eq!(recombine(&coefficients, &points), plain, "{ids:?}");
    }
    assert!((30..66).contains(&short), "both ways must be taken: {short}");
}

fn random_points(count: usize, rng: &mut ChaCha20Rng) -> Vec<Signature> {
    let mut point = || {
        let key = SecretKey::from_scalar(Scalar::random(rng)).unwrap();
        Signature::from_bytes(&sign(&key, Root::repeat_byte(9))).unwrap()
    };
    (0..count).map(|_| point()).collect()
}

/// One part more than the threshold: whatever short form a committee's coefficients take, it is the whole signature.
#[test]
fn a_part_to_spare_gives_the_same_signature() {
    let seed = 21;
    println!("seed {seed}");
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let root = Root::repeat_byte(0x66);
    let (mut integral, mut cheaper, mut committees) =
        (0, 0, vec![vec![34, 512, 911, 1320], vec![3, 5, 9, 14]]);
    for _ in 0..30 {
        let mut next = || 1 + rng.next_u64() % 2000;
        committees.push(vec![next(), next() + 2000, next() + 4000, next() + 6000]);
    }
    for ids in committees {
        let ids: Vec<_> = ids.into_iter().map(OperatorId).collect();
        let made = new_split(&ids, 3, &mut rng);
        let points: Vec<_> = made
            .shares
            .iter()
            .map(|(_, share, _)| Signature::from_bytes(&sign(share, root)).unwrap())
            .collect();
        let coefficients = Coefficients::of_committee(&ids).unwrap();
        let cost = coefficients.short().unwrap().division_cost();
        integral += u32::from(cost == 0);
        cheaper += u32::from(cost < 2);
        assert_eq!(recombine(&coefficients, &points).unwrap().to_bytes(), sign(&made.whole, root), "{ids:?}");
    }
    println!("{integral} of 32 need no division, {cheaper} a short one or none");
    assert!(integral > 4 && cheaper > integral);
}

/// A validator split among a committee.
struct Split {
    whole: SecretKey,
    validator: PublicKey,
    shares: Vec<(OperatorId, SecretKey, PublicKey)>,
}

fn new_split(operators: &[OperatorId], threshold: usize, rng: &mut dyn CryptoRng) -> Split {
    let whole = SecretKey::from_scalar(Scalar::random(rng)).unwrap();
    let shares = split(&whole, operators, threshold, rng).unwrap();
    let shares = shares.into_iter().map(|share| {
        let key = share.secret.public_key();
        (share.operator, share.secret, key)
    });
    Split { validator: whole.public_key(), shares: shares.collect(), whole }
}

/// What a liar sends instead of its part.
fn lie(kind: u64, share: &SecretKey, root: Root) -> SignatureBytes {
    match kind {
        0 => sign(share, Root::repeat_byte(0xee)),
        1 => SignatureBytes([0; 96]),
        2 => SignatureBytes([0xff; 96]),
        3 => {
            let mut infinity = [0; 96];
            infinity[0] = 0xc0;
            SignatureBytes(infinity)
        }
        4 => {
            // The negative of the honest part: one flag bit.
            let mut bytes = sign(share, root);
            bytes.0[0] ^= 0x20;
            bytes
        }
        _ => {
            // On the curve and outside the subgroup.
            let mut bytes = [0; 96];
            (bytes[0], bytes[95]) = (0x80, 2);
            assert!(Signature::from_bytes(&SignatureBytes(bytes)).is_ok());
            SignatureBytes(bytes)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    /// Batches over two roots and random quorums, some with a part to spare, with random liars: honest validators get their signature, the others
    /// their liars by name.
    #[test]
    fn reconstruction_agrees_with_the_whole_key(seed in any::<u64>(), size in 1usize..12, liars in 0u64..4, big in any::<bool>()) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let (count, threshold) = if big { (7u64, 5usize) } else { (4, 3) };
        let operators: Vec<_> = (0..count).map(|i| OperatorId(1 + i * 37 + rng.next_u64() % 30)).collect();
        let roots = [Root::repeat_byte(1), Root::repeat_byte(2)].map(HashedRoot::new);
        let splits: Vec<_> = (0..size).map(|_| new_split(&operators, threshold, &mut rng)).collect();
        let (mut batch, mut expected) = (Vec::new(), Vec::new());
        for (i, split) in splits.iter().enumerate() {
            let root = &roots[i % 2];
            let start = usize::try_from(rng.next_u64() % count).unwrap();
            let spare = usize::from(rng.next_u64() % 3 == 0);
            let chosen = split.shares.iter().cycle().skip(start).take(threshold + spare);
            let (mut partials, mut lying) = (Vec::new(), Vec::new());
            for (operator, share, share_key) in chosen {
                let honest = rng.next_u64() % 10 >= liars;
                let signature = if honest { sign(share, root.root()) } else { lie(rng.next_u64() % 6, share, root.root()) };
                if !honest {
                    lying.push(*operator);
                }
                partials.push(Partial { operator: *operator, share_key, signature });
            }
            expected.push(if lying.is_empty() {
                Reconstructed::Signature(sign(&split.whole, root.root()))
            } else {
                Reconstructed::Failed { liars: lying }
            });
            batch.push(Reconstruction { validator: &split.validator, root, partials });
        }
        let found = reconstruct_many(&batch, &mut CoefficientCache::default(), &mut rng).unwrap();
        prop_assert_eq!(found, expected);
    }
}

/// Two liars whose lies cancel are not a problem: the sum verifies, so nobody lost anything.
#[test]
fn lies_that_cancel_are_accepted() {
    let root = Root::repeat_byte(0x33);
    let hashed = HashedRoot::new(root);
    let ids = [1, 2, 3].map(OperatorId);
    let shares: Vec<_> = SHARES.iter().take(3).map(|share| secret(share)).collect();
    let keys: Vec<_> = shares.iter().map(SecretKey::public_key).collect();
    // Lagrange weights of {1,2,3} are 3, -3, 1: adding one point to the parts of 1 and 2 changes nothing.
    let noise = Scalar::from(77);
    let spoilt = |i: usize| sign(&SecretKey::from_scalar(shares[i].to_scalar().plus(noise)).unwrap(), root);
    let signatures = [spoilt(0), spoilt(1), sign(&shares[2], root)];
    let partials =
        (0..3).map(|i| Partial { operator: ids[i], share_key: &keys[i], signature: signatures[i] }).collect();
    let validator = secret(VALIDATOR).public_key();
    let batch = [Reconstruction { validator: &validator, root: &hashed, partials }];
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let made = reconstruct_many(&batch, &mut CoefficientCache::default(), &mut rng).unwrap();
    assert_eq!(made, [Reconstructed::Signature(sign(&secret(VALIDATOR), root))]);
}

/// Too few parts fail without blaming anyone, as does a batch item without parts.
#[test]
fn too_few_parts_blame_nobody() {
    let root = Root::repeat_byte(0x44);
    let hashed = HashedRoot::new(root);
    let shares: Vec<_> = SHARES.iter().map(|share| secret(share)).collect();
    let keys: Vec<_> = shares.iter().map(SecretKey::public_key).collect();
    let validator = secret(VALIDATOR).public_key();
    let item = |count: u64| Reconstruction {
        validator: &validator,
        root: &hashed,
        partials: (1..=count)
            .zip(shares.iter().zip(&keys))
            .map(|(id, (share, share_key))| Partial {
                operator: OperatorId(id),
                share_key,
                signature: sign(share, root),
            })
            .collect(),
    };
    let batch = [item(2), item(0), item(4)];
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let made = reconstruct_many(&batch, &mut CoefficientCache::default(), &mut rng).unwrap();
    let failed = Reconstructed::Failed { liars: vec![] };
    assert_eq!(made, [failed.clone(), failed, Reconstructed::Signature(sign(&secret(VALIDATOR), root))]);
}

/// Operators that echo somebody else's part, as it is or negated, make equal and opposite points. They are found, and the
/// honest ones are not blamed.
#[test]
fn echoed_parts_are_found() {
    let root = Root::repeat_byte(0x55);
    let hashed = HashedRoot::new(root);
    let shares: Vec<_> = SHARES.iter().map(|share| secret(share)).collect();
    let keys: Vec<_> = shares.iter().map(SecretKey::public_key).collect();
    let honest: Vec<_> = shares.iter().map(|share| sign(share, root)).collect();
    let mut negated = honest[0];
    negated.0[0] ^= 0x20;
    let validator = secret(VALIDATOR).public_key();
    let item = |signatures: [SignatureBytes; 4]| Reconstruction {
        validator: &validator,
        root: &hashed,
        partials: (1u64..)
            .zip(keys.iter().zip(signatures))
            .map(|(id, (share_key, signature))| Partial { operator: OperatorId(id), share_key, signature })
            .collect(),
    };
    let batch = [
        item([honest[0], honest[0], honest[0], honest[0]]),
        item([honest[0], negated, honest[2], honest[3]]),
        item([negated, honest[0], negated, honest[0]]),
    ];
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let made = reconstruct_many(&batch, &mut CoefficientCache::default(), &mut rng).unwrap();
    let failed =
        |liars: &[u64]| Reconstructed::Failed { liars: liars.iter().copied().map(OperatorId).collect() };
    assert_eq!(made, [failed(&[2, 3, 4]), failed(&[2]), failed(&[1, 2, 3, 4])]);
}

//! The batch paths against the plain path of `blst`, and hostile points.

use super::windows::testing::both_sums;
use super::*;
use blst::MultiPoint;
use proptest::prelude::*;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use types::{PublicKeyBytes, Root, SignatureBytes};

fn key(rng: &mut ChaCha20Rng) -> SecretKey {
    SecretKey::from_scalar(crate::field::Scalar::random(rng)).unwrap()
}

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn signature(key: &SecretKey, root: Root) -> Signature {
    Signature::from_bytes(&sign(key, root)).unwrap()
}

/// A point of the curve whose order is 13, the smallest that the cofactor of G2 offers.
fn point_of_order_13() -> Signature {
    // (group order) * (cofactor of G2) / 13^2, little-endian.
    let factor = hex::decode(
        "ddcf410938e3f42945918182882906a7f88ffdc3335ccab3b450c7182d8f56968ed73777901e46d6485bfcf10fc1dacfb8ed7c5fd4f57\
         736d3a75715d70739b3ca9643c8bdb9f3568370b6a61f1cba28b7650c0a446c13a731a7cd49540004",
    )
    .unwrap();
    for x in 1..=u8::MAX {
        let mut bytes = [0; 96];
        (bytes[0], bytes[95]) = (0x80, x);
        let Ok(point) = Signature::from_bytes(&SignatureBytes(bytes)) else { continue };
        let small = times(&point, &factor, 755);
        let Some(small) = small else { continue };
        // Its order is 13 or 169.
        return times(&small, &[13], 8).unwrap_or(small);
    }
    panic!("no point of order 13");
}

/// A multiple of a point, `None` for infinity.
fn times(point: &Signature, scalar: &[u8], bits: usize) -> Option<Signature> {
    let product = [point.affine()].as_slice().mult(scalar, bits);
    Signature::from_point(blst::min_pk::AggregateSignature::from(product).to_signature())
}

fn plus(a: &Signature, b: &Signature) -> Option<Signature> {
    let sum = blst::min_pk::AggregateSignature::aggregate(&[a.inner(), b.inner()], false).unwrap();
    Signature::from_point(sum.to_signature())
}

/// One share of the 4-operator test set, signing an attestation root; computed apart from this code.
#[test]
fn published_partial_signature() {
    let secret = "5f4711a796c1116b5118ec35279fb64d551d9b38813d2939954dd2df5160d3d9";
    let secret = SecretKey::from_be_bytes(&hex::decode(secret).unwrap().try_into().unwrap()).unwrap();
    let root: Root = "0x4ae32f48079745930bc24da670a6fe72052e13e3832728c6aa2580adc0307b83".parse().unwrap();
    assert_eq!(hex::encode(&sign(&secret, root).0[..8]), "894dcf3c6f8a07ed");
}

#[test]
fn many_signatures_equal_single_ones() {
    let mut rng = rng(1);
    let root = Root::repeat_byte(7);
    let hashed = HashedRoot::new(root);
    let keys: Vec<_> = (0..40).map(|_| key(&mut rng)).collect();
    assert!(sign_many(&hashed, []).is_empty());
    for count in [1, 2, 40] {
        let expected: Vec<_> = keys.iter().take(count).map(|key| sign(key, root)).collect();
        assert_eq!(sign_many(&hashed, keys.iter().take(count)), expected);
    }
}

#[test]
fn hashed_and_plain_verification_agree() {
    let mut rng = rng(2);
    let (root, other) = (Root::repeat_byte(1), Root::repeat_byte(2));
    let (one, two) = (key(&mut rng), key(&mut rng));
    for (secret, signed) in [(&one, root), (&one, other), (&two, root)] {
        let made = signature(secret, signed);
        let expected = verify(&one.public_key(), root, &made);
        assert_eq!(expected, std::ptr::eq(secret, &one) && signed == root);
        assert_eq!(verify_hashed(&one.public_key(), &HashedRoot::new(root), &made), expected);
    }
}

#[test]
fn keys_and_signatures_that_are_none_are_refused() {
    let infinity = |len: usize| (0..len).map(|i| if i == 0 { 0xc0 } else { 0 }).collect::<Vec<u8>>();
    let key = |bytes: &[u8]| PublicKey::from_bytes(&PublicKeyBytes(bytes.try_into().unwrap())).err();
    let signature = |bytes: &[u8]| Signature::from_bytes(&SignatureBytes(bytes.try_into().unwrap())).err();
    for bytes in [infinity(48), vec![0; 48], vec![0xff; 48], vec![0x8f; 48]] {
        assert_eq!(key(&bytes), Some(BlsError::PublicKey), "{}", hex::encode(bytes));
    }
    for bytes in [infinity(96), vec![0; 96], vec![0xff; 96]] {
        assert_eq!(signature(&bytes), Some(BlsError::Signature), "{}", hex::encode(bytes));
    }
    // On the curve but outside G1: small x coordinates are almost never in the subgroup.
    let outside = (1..=u8::MAX).filter_map(|x| {
        let mut bytes = [0; 48];
        (bytes[0], bytes[47]) = (0x80, x);
        blst::min_pk::PublicKey::uncompress(&bytes).ok().map(|_| bytes)
    });
    assert_eq!(outside.map(|bytes| key(&bytes)).collect::<Vec<_>>().pop(), Some(Some(BlsError::PublicKey)));
    for secret in [[0; 32], [0xff; 32]] {
        assert_eq!(SecretKey::from_be_bytes(&secret).err(), Some(BlsError::SecretKey));
    }
}

/// The window sums equal the plain sum for honest points, at sizes on both sides of every internal switch.
#[test]
fn window_sums_equal_the_plain_sum() {
    let mut rng = rng(3);
    let root = Root::repeat_byte(3);
    let signatures: Vec<_> = (0..130).map(|_| signature(&key(&mut rng), root)).collect();
    for count in [1, 2, 23, 24, 31, 32, 33, 63, 64, 127, 130] {
        let some: Vec<_> = signatures.iter().take(count).collect();
        let (each, windows) = both_sums(&some, &mut rng);
        assert!(each.is_some() && each == windows, "{count} signatures");
    }
}

/// A part of order 13 vanishes from a random sum once in 13 times; no window check may be fooled.
#[test]
fn a_point_of_small_order_is_always_seen() {
    let torsion = point_of_order_13();
    assert!(times(&torsion, &[13], 8).is_none() && times(&torsion, &[12], 8).is_some());
    let mut rng = rng(4);
    let root = Root::repeat_byte(4);
    let secret = key(&mut rng);
    let honest = signature(&secret, root);
    let spoilt = plus(&honest, &torsion).unwrap();
    // The pairing does not see the torsion, so the subgroup check must.
    assert!(!verify(&secret.public_key(), root, &spoilt));
    assert!(!verify_hashed(&secret.public_key(), &HashedRoot::new(root), &spoilt));
    let mut signatures = vec![&honest; 40];
    signatures[17] = &spoilt;
    for _ in 0..130 {
        let (each, windows) = both_sums(&signatures, &mut rng);
        assert!(each.is_none() && windows.is_none());
    }
}

/// Equal, opposite and doubled signatures under keys related the same way.
#[test]
fn equal_and_opposite_points() {
    let mut rng = rng(5);
    let root = Root::repeat_byte(5);
    let hashed = HashedRoot::new(root);
    let one = key(&mut rng);
    let scalar = *one.to_scalar();
    let related = |scalar| SecretKey::from_scalar(scalar).unwrap();
    let opposite = related(crate::field::Scalar::ZERO.minus(scalar));
    let double = related(scalar.plus(scalar));
    let keys = [&one, &one, &opposite, &double, &opposite];
    let publics = keys.map(SecretKey::public_key);
    let honest = keys.map(|key| signature(key, root));
    let check = |signatures: &[Signature], count: usize, rng: &mut ChaCha20Rng| {
        let items = (0..count)
            .map(|i| SignedBy { public_key: &publics[i % 5], signature: &signatures[i % 5] })
            .collect::<Vec<_>>();
        verify_many(&[RootGroup { root: &hashed, items }], rng).remove(0)
    };
    for count in [1, 2, 5, 30, 100] {
        assert_eq!(check(&honest, count, &mut rng), vec![true; count]);
    }
    // Swapped signatures sum to the same unweighted total; only the random weights tell.
    let swapped = [honest[2], honest[1], honest[0], honest[3], honest[4]];
    for count in [5, 30, 100] {
        let expected: Vec<_> = (0..count).map(|i| !matches!(i % 5, 0 | 2)).collect();
        assert_eq!(check(&swapped, count, &mut rng), expected);
    }
}

/// How a claim of a random batch is spoilt.
fn spoil(kind: u64, honest: &Signature, torsion: &Signature, rng: &mut ChaCha20Rng) -> Signature {
    match kind {
        0 => signature(&key(rng), Root::repeat_byte(9)),
        1 => plus(honest, torsion).unwrap(),
        2 => plus(honest, honest).unwrap(),
        _ => *honest,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Random batches with random culprits: the batch answers what the plain path answers, claim by claim.
    #[test]
    fn batches_agree_with_the_plain_path(seed in any::<u64>(), groups in 1usize..4, size in 1usize..40, spoilt in 0u64..4) {
        let mut rng = rng(seed);
        let torsion = point_of_order_13();
        let roots: Vec<_> = (0..groups).map(|i| HashedRoot::new(Root::repeat_byte(u8::try_from(i).unwrap()))).collect();
        let mut claims = Vec::new();
        for i in 0..size {
            let root = &roots[i % groups];
            let secret = key(&mut rng);
            let honest = signature(&secret, root.root());
            let kind = if rng.next_u64() % 16 < spoilt { rng.next_u64() % 3 } else { 3 };
            let made = spoil(kind, &honest, &torsion, &mut rng);
            claims.push((root, secret.public_key(), made));
        }
        let expected: Vec<_> = claims.iter().map(|(root, key, made)| verify(key, root.root(), made)).collect();

        let mut in_groups: Vec<RootGroup<'_>> = roots.iter().map(|root| RootGroup { root, items: Vec::new() }).collect();
        let mut grouped: Vec<Vec<bool>> = vec![Vec::new(); groups];
        for (i, (_, public_key, signature)) in claims.iter().enumerate() {
            in_groups[i % groups].items.push(SignedBy { public_key, signature });
            grouped[i % groups].push(expected[i]);
        }
        prop_assert_eq!(verify_many(&in_groups, &mut rng), grouped);

        let distinct: Vec<_> = claims
            .iter()
            .map(|(root, public_key, signature)| (root.root(), SignedBy { public_key, signature }))
            .collect();
        prop_assert_eq!(verify_distinct(&distinct, &mut rng), expected);
    }
}

#[test]
fn empty_batches_are_answered_emptily() {
    let mut rng = rng(6);
    let hashed = HashedRoot::new(Root::ZERO);
    assert!(verify_many(&[], &mut rng).is_empty());
    assert_eq!(
        verify_many(&[RootGroup { root: &hashed, items: Vec::new() }], &mut rng),
        vec![Vec::<bool>::new()]
    );
    assert!(verify_distinct(&[], &mut rng).is_empty());
}

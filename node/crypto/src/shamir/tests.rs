//! A split that was computed apart from this code, and splits of every committee size.

use super::*;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;

fn scalar(text: &str) -> Scalar {
    Scalar::from_be_bytes(&hex::decode(text).unwrap().try_into().unwrap()).unwrap()
}

fn ids(ids: &[u64]) -> Vec<OperatorId> {
    ids.iter().copied().map(OperatorId).collect()
}

fn publics(shares: &[Share]) -> Vec<(OperatorId, PublicKey)> {
    shares.iter().map(|share| (share.operator, share.secret.public_key())).collect()
}

#[test]
fn published_split() {
    let polynomial = [
        "51b37d08dc99efb1aa6d02b2d3ad4f0796f96ea1590c46044da463856341ec5f",
        "36a8e5e81cd7fa2731051f7cde2db48c19d9b3c5813c81b216983d683d14a425",
        "268d1f4024b593d646b8fc5d1fd7e9787400dd2aa3ed2cc8ac6b50c02418bb68",
    ]
    .map(scalar);
    let shares = evaluate_all(&polynomial, &ids(&[11, 22, 33, 44]), 3).unwrap();
    let texts: Vec<_> = shares.iter().map(|share| hex::encode(*share.secret.to_be_bytes())).collect();
    assert_eq!(
        texts,
        [
            "0ef51261f9680caefeafd3a2b19c9a067ba938bb620b7bb2c4e831ff12d58df0",
            "0359e860c8a4c3ab2bbdb217a7131738dde6d43461c24764399e566ae1ca5781",
            "2ee1ff054a5014a631969e11b410c69ebdb2410c5830a918abc6d0c8d0204912",
            "1d9faefc54cc8257dd00bf88cef3d032c74ddb40455844d11b61a119ddd762a2",
        ]
    );
    let publics = publics(&shares);
    assert_eq!(
        hex::encode(publics[0].1.to_bytes()),
        "b0a5098600d1409162e3c57e21ed23e44028c4d254e9b09eb7a3a49ef5ce5f60712a5f91436ac0429d0914ad79b3f8b5"
    );
    assert_eq!(
        hex::encode(publics[3].1.to_bytes()),
        "8cfd6cf1423907dcb029073975ea52fa2122a68e6c57d74d1de139fea0278b7fa1b8c5aac6af56b8fdd8fa79676963ce"
    );
    let validator = SecretKey::from_scalar(polynomial[0]).unwrap().public_key();
    assert_eq!(
        hex::encode(validator.to_bytes()),
        "8ddc472340c854750b96c639fc0fd87f69f81b2ad1b8c5e102eb6827bfa7402f921cb7a2aaf0c69972c25464d059aa24"
    );
    assert_eq!(shares_match_validator(&validator, &publics, 3), Ok(true));
    assert_eq!(*combine(&shares[..3]).unwrap().to_be_bytes(), polynomial[0].to_be_bytes());
    assert_eq!(*combine(&shares[1..]).unwrap().to_be_bytes(), polynomial[0].to_be_bytes());
    assert_ne!(*combine(&shares[..2]).unwrap().to_be_bytes(), polynomial[0].to_be_bytes());
}

#[test]
fn every_committee_size_splits_and_combines() {
    for (seed, (size, threshold)) in [(4usize, 3usize), (7, 5), (10, 7), (13, 9)].into_iter().enumerate() {
        let mut rng = ChaCha20Rng::seed_from_u64(seed.try_into().unwrap());
        let secret = SecretKey::from_scalar(Scalar::random(&mut rng)).unwrap();
        // Real ids are sparse, and may be as large as a u64.
        let operators: Vec<_> = (0..size).map(|_| OperatorId(rng.next_u64())).collect();
        let mut shares = split(&secret, &operators, threshold, &mut rng).unwrap();
        assert!(shares.iter().map(|share| share.operator).eq(operators.iter().copied()));
        let validator = secret.public_key();
        assert_eq!(shares_match_validator(&validator, &publics(&shares), threshold), Ok(true), "size {size}");
        assert_eq!(*combine(&shares[size - threshold..]).unwrap().to_be_bytes(), *secret.to_be_bytes());
        assert_ne!(*combine(&shares[..threshold - 1]).unwrap().to_be_bytes(), *secret.to_be_bytes());

        let mut wrong = publics(&shares);
        wrong[size - 1].1 = validator;
        assert_eq!(shares_match_validator(&validator, &wrong, threshold), Ok(false));
        shares.swap(0, 1);
        assert_eq!(*combine(&shares[..threshold]).unwrap().to_be_bytes(), *secret.to_be_bytes());
        let other = SecretKey::from_scalar(Scalar::random(&mut rng)).unwrap().public_key();
        assert_eq!(shares_match_validator(&other, &publics(&shares), threshold), Ok(false));
    }
}

#[test]
fn impossible_splits_are_refused() {
    let mut rng = ChaCha20Rng::seed_from_u64(9);
    let secret = SecretKey::from_scalar(Scalar::ONE).unwrap();
    let mut refusal =
        |operators: &[u64], threshold| split(&secret, &ids(operators), threshold, &mut rng).err();
    assert_eq!(refusal(&[0, 1, 2, 3], 3), Some(ShamirError::ZeroId));
    assert_eq!(refusal(&[1, 2, 3, 2], 3), Some(ShamirError::DuplicateId(OperatorId(2))));
    assert_eq!(refusal(&[1, 2, 3, 4], 1), Some(ShamirError::Threshold { threshold: 1, shares: 4 }));
    assert_eq!(refusal(&[1, 2, 3, 4], 5), Some(ShamirError::Threshold { threshold: 5, shares: 4 }));
    let many: Vec<_> = (1..=14).collect();
    assert_eq!(refusal(&many, 9), Some(ShamirError::Threshold { threshold: 9, shares: 14 }));
}

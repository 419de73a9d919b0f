//! Verifying many signatures with one equation, and finding the culprits when it fails.

use super::pairing::PairingProduct;
use super::windows::{Coefficient, sum_public_keys, sum_signatures};
use super::{DST, HashedRoot, PublicKey, Signature, verify, verify_hashed};
use rand::CryptoRng;
use std::ops::Range;
use types::Root;

/// A claim: this key made this signature.
#[derive(Debug, Clone, Copy)]
pub struct SignedBy<'a> {
    /// The key, whole or share.
    pub public_key: &'a PublicKey,
    /// What it is said to have signed with.
    pub signature: &'a Signature,
}

/// Claims about one root.
#[derive(Debug)]
pub struct RootGroup<'a> {
    /// What was signed.
    pub root: &'a HashedRoot,
    /// Who is said to have signed it.
    pub items: Vec<SignedBy<'a>>,
}

/// Verifies every claim of every group. The answer has the shape of the question: one list per group, one flag per item.
///
/// An honest batch costs one multi-pairing with one pair per root. A batch with culprits is halved: each culprit costs
/// about `2 log2(n)` smaller checks, and honest items are never checked alone unless they stand beside a culprit.
///
/// `rng` must be a private generator; it is drawn from after all signatures are fixed.
#[must_use]
pub fn verify_many(groups: &[RootGroup<'_>], rng: &mut dyn CryptoRng) -> Vec<Vec<bool>> {
    let flat: Vec<Claim<'_>> = groups
        .iter()
        .enumerate()
        .flat_map(|(group, g)| g.items.iter().map(move |item| Claim { group, root: g.root, item: *item }))
        .collect();
    let valid = search(flat.len(), &mut |range| equation(flat.get(range).unwrap_or_default(), rng));
    let mut flags = valid.into_iter();
    groups.iter().map(|group| flags.by_ref().take(group.items.len()).collect()).collect()
}

/// Verifies claims about roots that are all different, where nothing can be shared but the final exponentiation
/// (about half the cost of one by one). One flag per item.
#[must_use]
pub fn verify_distinct(items: &[(Root, SignedBy<'_>)], rng: &mut dyn CryptoRng) -> Vec<bool> {
    search(items.len(), &mut |range| distinct_equation(items.get(range).unwrap_or_default(), rng))
}

struct Claim<'a> {
    group: usize,
    root: &'a HashedRoot,
    item: SignedBy<'a>,
}

/// One equation for all claims, which are ordered by group.
fn equation(claims: &[Claim<'_>], rng: &mut dyn CryptoRng) -> bool {
    if let [claim] = claims {
        return verify_hashed(claim.item.public_key, claim.root, claim.item.signature);
    }
    let coefficients: Vec<_> = claims.iter().map(|_| Coefficient::draw(rng)).collect();
    let signatures: Vec<_> = claims.iter().map(|claim| claim.item.signature).collect();
    let Some(signature) = sum_signatures(&signatures, &coefficients) else { return false };

    let mut product = PairingProduct::default();
    let mut coefficients = coefficients.as_slice();
    for group in claims.chunk_by(|a, b| a.group == b.group) {
        let (own, rest) = coefficients.split_at(group.len());
        coefficients = rest;
        let keys: Vec<_> = group.iter().map(|claim| claim.item.public_key).collect();
        if let Some(claim) = group.first() {
            product.push(sum_public_keys(&keys, own), *claim.root.point());
        }
    }
    product.equals_signature(signature)
}

/// Bits of a coefficient where the points are checked one by one.
const DISTINCT_BITS: usize = 64;

fn distinct_equation(items: &[(Root, SignedBy<'_>)], rng: &mut dyn CryptoRng) -> bool {
    if let [(root, item)] = items {
        return verify(item.public_key, *root, item.signature);
    }
    let mut pairing = blst::Pairing::new(true, DST);
    for (root, item) in items {
        let mut scalar = [0; 8];
        rng.fill_bytes(&mut scalar);
        // A zero coefficient would drop the item from the equation.
        scalar[0] |= 1;
        let (key, signature) = (item.public_key.affine(), item.signature.affine());
        let added = pairing.mul_n_aggregate(
            &key,
            false,
            &signature,
            true,
            &scalar,
            DISTINCT_BITS,
            root.as_slice(),
            &[],
        );
        if added != blst::BLST_ERROR::BLST_SUCCESS {
            return false;
        }
    }
    pairing.commit();
    pairing.finalverify(None)
}

/// Finds the culprits among `0..len` by halving: one flag each, false for a culprit. `check(range)` says whether a range
/// is free of them.
///
/// A range that is known to hold a culprit and whose left half is clean has it on the right; that half is not checked
/// as a whole again. But nobody is blamed without a check of his own.
fn search(len: usize, check: &mut dyn FnMut(Range<usize>) -> bool) -> Vec<bool> {
    let mut innocent = vec![true; len];
    if len == 0 || check(0..len) {
        return innocent;
    }
    // Ranges that hold a culprit, and whether that was seen (or follows from the other half).
    let mut guilty = vec![(0..len, true)];
    while let Some((range, seen)) = guilty.pop() {
        let half = range.len() / 2;
        if half == 0 {
            if let Some(flag) = innocent.get_mut(range.start) {
                *flag = !seen && check(range);
            }
            continue;
        }
        let middle = range.start.saturating_add(half);
        let (left, right) = (range.start..middle, middle..range.end);
        if check(left.clone()) {
            guilty.push((right, false));
        } else {
            if !check(right.clone()) {
                guilty.push((right, true));
            }
            guilty.push((left, true));
        }
    }
    innocent
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every subset of up to nine items is found exactly.
    #[test]
    fn search_finds_exactly_the_culprits() {
        for len in 0..9usize {
            for bad in 0..1u32 << len {
                let is_bad = |i: usize| bad >> i & 1 == 1;
                let found = search(len, &mut |mut range| !range.any(is_bad));
                let expected: Vec<_> = (0..len).map(|i| !is_bad(i)).collect();
                assert_eq!(found, expected, "len {len} bad {bad:b}");
            }
        }
    }

    #[test]
    fn a_clean_batch_is_checked_once() {
        let mut checks = 0;
        let found = search(1000, &mut |_| {
            checks += 1;
            true
        });
        assert_eq!((found, checks), (vec![true; 1000], 1));
    }
}

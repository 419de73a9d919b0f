//! Recombining partial signatures, many at a time, and naming those who lied.

use super::CoefficientCache;
use super::recombine::recombine_many;
use crate::bls::{HashedRoot, PublicKey, RootGroup, Signature, SignedBy, verify_many};
use crate::shamir::ShamirError;
use rand::CryptoRng;
use types::{OperatorId, SignatureBytes};

/// One operator's part.
#[derive(Debug, Clone, Copy)]
pub struct Partial<'a> {
    /// Whose part it is.
    pub operator: OperatorId,
    /// The key it should have been made with.
    pub share_key: &'a PublicKey,
    /// The part as it came over the wire; it need not even be a point.
    pub signature: SignatureBytes,
}

/// A validator's signature to be put together.
#[derive(Debug)]
pub struct Reconstruction<'a> {
    /// The key under which the result must verify.
    pub validator: &'a PublicKey,
    /// What was signed.
    pub root: &'a HashedRoot,
    /// The parts, of distinct operators. Their number is not checked: too few give a result that does not verify.
    pub partials: Vec<Partial<'a>>,
}

/// What became of a [`Reconstruction`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reconstructed {
    /// The signature of the validator key, verified.
    Signature(SignatureBytes),
    /// The parts do not make the signature. These operators' parts do not verify under their share keys; when none is
    /// named, all parts are valid and there were too few (or the share keys do not belong to the validator).
    Failed {
        /// Whose parts to drop and report.
        liars: Vec<OperatorId>,
    },
}

/// The parts of one item as points, in the order of its partials; `None` for bytes that are no point.
type Points = Vec<Option<Signature>>;

/// Recombines and verifies a batch, in its order; where a result does not verify, every part of that validator is
/// checked against its share key (all of them in one batch again).
///
/// # Errors
/// [`ShamirError`] when an item names an operator twice or the id zero; a collector keyed by operator cannot.
pub fn reconstruct_many(
    batch: &[Reconstruction<'_>],
    cache: &mut CoefficientCache,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<Reconstructed>, ShamirError> {
    let points: Vec<Points> = batch.iter().map(points_of).collect();
    let candidates = candidates(batch, &points, cache)?;
    let verified = verify_candidates(batch, &candidates, rng);
    let mut liars = find_liars(batch, &points, &verified, rng).into_iter();
    let outcomes = candidates.iter().zip(verified).map(|(candidate, valid)| match candidate {
        Some(signature) if valid => Reconstructed::Signature(signature.to_bytes()),
        Some(_) | None => Reconstructed::Failed { liars: liars.next().unwrap_or_default() },
    });
    Ok(outcomes.collect())
}

fn points_of(item: &Reconstruction<'_>) -> Points {
    item.partials.iter().map(|partial| Signature::from_bytes(&partial.signature).ok()).collect()
}

/// The recombined signatures; `None` where a part is no point of the curve.
fn candidates(
    batch: &[Reconstruction<'_>],
    points: &[Points],
    cache: &mut CoefficientCache,
) -> Result<Vec<Option<Signature>>, ShamirError> {
    let mut items = Vec::with_capacity(batch.len());
    for (item, points) in batch.iter().zip(points) {
        let ids: Vec<_> = item.partials.iter().map(|partial| partial.operator).collect();
        let points: Option<Vec<_>> = points.iter().copied().collect();
        items.push((cache.at_zero(&ids)?, points.unwrap_or_default()));
    }
    Ok(recombine_many(&items))
}

/// Which candidates are the validator's signature.
fn verify_candidates(
    batch: &[Reconstruction<'_>],
    candidates: &[Option<Signature>],
    rng: &mut dyn CryptoRng,
) -> Vec<bool> {
    let claims = batch.iter().zip(candidates).map(|(item, candidate)| {
        candidate.as_ref().map(|signature| (item.root, SignedBy { public_key: item.validator, signature }))
    });
    verify_claims(claims.collect(), rng)
}

/// The liars of each failed item, in the order of the failed items.
fn find_liars(
    batch: &[Reconstruction<'_>],
    points: &[Points],
    verified: &[bool],
    rng: &mut dyn CryptoRng,
) -> Vec<Vec<OperatorId>> {
    let all = batch.iter().zip(points).zip(verified);
    let failed: Vec<_> = all.filter(|(_, valid)| !**valid).map(|(item, _)| item).collect();
    let claims = failed.iter().flat_map(|(item, points)| {
        item.partials.iter().zip(*points).map(|(partial, signature)| {
            let claim = |signature| (item.root, SignedBy { public_key: partial.share_key, signature });
            signature.as_ref().map(claim)
        })
    });
    let mut honest = verify_claims(claims.collect(), rng).into_iter();
    let blame = |(item, _): &(&Reconstruction<'_>, &Points)| {
        let flags = honest.by_ref().take(item.partials.len());
        let liars = item.partials.iter().zip(flags).filter(|(_, honest)| !honest);
        liars.map(|(partial, _)| partial.operator).collect()
    };
    failed.iter().map(blame).collect()
}

/// Verifies claims grouped by root and answers in their order; a claim without a point is false.
fn verify_claims(claims: Vec<Option<(&HashedRoot, SignedBy<'_>)>>, rng: &mut dyn CryptoRng) -> Vec<bool> {
    let mut flags = vec![false; claims.len()];
    let mut groups: Vec<RootGroup<'_>> = Vec::new();
    let mut places: Vec<Vec<usize>> = Vec::new();
    for (place, (root, item)) in claims.into_iter().enumerate().filter_map(|(i, claim)| Some((i, claim?))) {
        let known = groups.iter().position(|group| group.root.root() == root.root());
        match known.and_then(|i| Some((groups.get_mut(i)?, places.get_mut(i)?))) {
            Some((group, places)) => {
                group.items.push(item);
                places.push(place);
            }
            None => {
                groups.push(RootGroup { root, items: vec![item] });
                places.push(vec![place]);
            }
        }
    }
    let answers = verify_many(&groups, rng);
    for (place, valid) in places.into_iter().flatten().zip(answers.into_iter().flatten()) {
        if let Some(flag) = flags.get_mut(place) {
            *flag = valid;
        }
    }
    flags
}

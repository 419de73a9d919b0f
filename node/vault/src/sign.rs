//! Signing in batches: one hash to the curve per distinct root.

use std::collections::BTreeMap;
use std::sync::Arc;

use crypto::bls::{self, HashedRoot, SecretKey};
use types::{Root, SignatureBytes};

use crate::error::Refused;
use crate::permit::Signer;

/// A partial signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Whose.
    pub signer: Signer,
    /// Over what.
    pub root: Root,
    /// The signature, by the share.
    pub signature: SignatureBytes,
}

/// One signature to be made.
pub(crate) struct Job {
    pub signer: Signer,
    pub root: Root,
    pub secret: Result<Arc<SecretKey>, Refused>,
}

/// Below this number a root is not worth hashing apart: a shared hash costs as much as a signature (`scripts/bench bls`).
const SHARED_HASH_FROM: usize = 5;

/// Makes the signatures, in the order of the jobs.
pub(crate) fn sign(jobs: &[Job]) -> Vec<Result<Signed, Refused>> {
    let mut by_root: BTreeMap<Root, Vec<(usize, &SecretKey)>> = BTreeMap::new();
    for (index, job) in jobs.iter().enumerate() {
        if let Ok(secret) = &job.secret {
            by_root.entry(job.root).or_default().push((index, secret));
        }
    }
    let mut made: BTreeMap<usize, SignatureBytes> = BTreeMap::new();
    for (root, group) in by_root {
        let signatures = sign_group(root, &group);
        made.extend(group.iter().map(|(index, _)| *index).zip(signatures));
    }
    let answer = |(index, job): (usize, &Job)| {
        let Job { signer, root, secret } = job;
        secret.as_ref().map_err(|refused| *refused)?;
        let signature = made.get(&index).copied().ok_or(Refused::NotArmed)?;
        Ok(Signed { signer: *signer, root: *root, signature })
    };
    jobs.iter().enumerate().map(answer).collect()
}

fn sign_group(root: Root, group: &[(usize, &SecretKey)]) -> Vec<SignatureBytes> {
    if group.len() < SHARED_HASH_FROM {
        return group.iter().map(|(_, secret)| bls::sign(secret, root)).collect();
    }
    bls::sign_many(&HashedRoot::new(root), group.iter().map(|(_, secret)| *secret))
}

//! Validators whose operators signed one root, and the two ways to do a committee's work on them.
//!
//! The plain way is one by one, as the common clients do: every signature with its own hash to the curve, every
//! recombination with 255-bit coefficients, every result verified alone. It is given coefficients that are computed
//! already and spared the subgroup checks of partial signatures, so ratios against it err on the low side.

use anyhow::{Result, ensure};
use crypto::bls::{
    HashedRoot, PublicKey, RootGroup, SecretKey, Signature, SignedBy, sign, sign_many, verify, verify_many,
};
use crypto::field::Scalar;
use crypto::shamir::split;
use crypto::threshold::{
    CoefficientCache, Coefficients, Partial, Reconstructed, Reconstruction, recombine, reconstruct_many,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use types::{OperatorId, Root, SignatureBytes};

/// The quorum of a committee of four.
const THRESHOLD: usize = 3;

/// One validator of the load.
struct Validator {
    key: PublicKey,
    own_share: SecretKey,
    parts: Vec<(OperatorId, PublicKey, SignatureBytes)>,
    signature: Signature,
}

/// Validators of one committee of four that all sign one root.
pub struct Load {
    root: Root,
    hashed: HashedRoot,
    plain: Coefficients,
    cache: CoefficientCache,
    validators: Vec<Validator>,
    rng: ChaCha20Rng,
}

impl Load {
    /// `size` validators with parts of the operators `ids`, three or four of them. The same each time.
    ///
    /// # Errors
    /// For ids that no committee can have.
    pub fn new(ids: &[u64], size: u32) -> Result<Self> {
        let mut rng = ChaCha20Rng::seed_from_u64(u64::from(size));
        let ids: Vec<_> = ids.iter().copied().map(OperatorId).collect();
        let root = Root::repeat_byte(0x5a);
        let validators = (0..size).map(|_| Validator::new(&ids, root, &mut rng)).collect::<Result<_>>()?;
        Ok(Self {
            root,
            hashed: HashedRoot::new(root),
            plain: Coefficients::at(&ids, Scalar::ZERO)?,
            cache: CoefficientCache::default(),
            validators,
            rng,
        })
    }

    /// Signs with every validator's own share.
    #[must_use]
    pub fn sign(&self) -> Vec<SignatureBytes> {
        let hashed = HashedRoot::new(self.root);
        sign_many(&hashed, self.validators.iter().map(|validator| &validator.own_share))
    }

    /// As [`Self::sign`], one by one.
    #[must_use]
    pub fn sign_plainly(&self) -> Vec<SignatureBytes> {
        self.validators.iter().map(|validator| sign(&validator.own_share, self.root)).collect()
    }

    /// From parts off the wire to verified signatures.
    ///
    /// # Errors
    /// When a signature is not the validator's.
    pub fn reconstruct(&mut self) -> Result<()> {
        let batch: Vec<_> = self.validators.iter().map(|validator| validator.task(&self.hashed)).collect();
        let made = reconstruct_many(&batch, &mut self.cache, &mut self.rng)?;
        let good = made.iter().all(|outcome| matches!(outcome, Reconstructed::Signature(_)));
        ensure!(good && made.len() == batch.len(), "a signature was not recombined");
        Ok(())
    }

    /// As [`Self::reconstruct`], one by one.
    ///
    /// # Errors
    /// As there.
    pub fn reconstruct_plainly(&self) -> Result<()> {
        for validator in &self.validators {
            let points = validator.parts.iter().map(|(_, _, bytes)| Signature::from_bytes(bytes));
            let made = recombine(&self.plain, &points.collect::<Result<Vec<_>, _>>()?);
            let good = made.is_some_and(|signature| verify(&validator.key, self.root, &signature));
            ensure!(good, "a signature was not recombined");
        }
        Ok(())
    }

    /// Verifies every validator's signature.
    pub fn verify(&mut self) -> bool {
        let validators = self.validators.iter();
        let items = validators.map(|v| SignedBy { public_key: &v.key, signature: &v.signature }).collect();
        verify_many(&[RootGroup { root: &self.hashed, items }], &mut self.rng)
            .iter()
            .flatten()
            .all(|valid| *valid)
    }

    /// As [`Self::verify`], one by one.
    #[must_use]
    pub fn verify_plainly(&self) -> bool {
        self.validators.iter().all(|validator| verify(&validator.key, self.root, &validator.signature))
    }

    /// Reads one part of every validator from its bytes.
    #[must_use]
    pub fn decompress(&self) -> bool {
        let mut firsts = self.validators.iter().filter_map(|validator| validator.parts.first());
        firsts.all(|(_, _, bytes)| Signature::from_bytes(bytes).is_ok())
    }
}

impl Validator {
    fn new(ids: &[OperatorId], root: Root, rng: &mut ChaCha20Rng) -> Result<Self> {
        let whole = SecretKey::from_scalar(Scalar::random(rng))?;
        let mut shares = split(&whole, ids, THRESHOLD, rng)?;
        let parts = shares
            .iter()
            .map(|share| (share.operator, share.secret.public_key(), sign(&share.secret, root)))
            .collect();
        ensure!(!shares.is_empty(), "a validator without shares");
        let own_share = shares.swap_remove(0).secret;
        Ok(Self {
            key: whole.public_key(),
            own_share,
            parts,
            signature: Signature::from_bytes(&sign(&whole, root))?,
        })
    }

    fn task<'a>(&'a self, root: &'a HashedRoot) -> Reconstruction<'a> {
        let partials = self.parts.iter().map(|(operator, share_key, signature)| Partial {
            operator: *operator,
            share_key,
            signature: *signature,
        });
        Reconstruction { validator: &self.key, root, partials: partials.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways do the same work and succeed.
    #[test]
    fn both_ways_agree() {
        for ids in [vec![1, 2, 4], vec![34, 512, 911, 1320]] {
            let mut load = Load::new(&ids, 3).unwrap();
            assert_eq!(load.sign(), load.sign_plainly());
            load.reconstruct().unwrap();
            load.reconstruct_plainly().unwrap();
            assert!(load.verify() && load.verify_plainly() && load.decompress());
        }
        assert!(Load::new(&[0, 1, 2], 1).is_err());
    }
}

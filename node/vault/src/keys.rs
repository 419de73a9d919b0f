//! The shares in memory.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crypto::bls::SecretKey;
use types::PublicKeyBytes;

use crate::error::Refused;
use crate::permit::Signer;

/// A decrypted share on its way into the vault.
pub struct ArmShare {
    /// The validator it is a share of.
    pub validator: PublicKeyBytes,
    /// The share's public key, as registered.
    pub share: PublicKeyBytes,
    /// The share's secret.
    pub secret: SecretKey,
}

impl ArmShare {
    /// Who signs with it.
    #[must_use]
    pub const fn signer(&self) -> Signer {
        Signer { validator: self.validator, share: self.share }
    }
}

/// One share. Nothing keeps two validators from being registered with the same share key, so it knows all of them.
struct Held {
    secret: Arc<SecretKey>,
    validators: BTreeSet<PublicKeyBytes>,
    stopped: bool,
}

/// All armed shares of this process, by share key.
#[derive(Default)]
pub(crate) struct KeyRing {
    held: RwLock<HashMap<PublicKeyBytes, Held>>,
}

impl KeyRing {
    /// Takes a share in. A stopped one stays stopped.
    pub(crate) fn hold(&self, share: ArmShare) {
        let mut held = self.write();
        let entry = held.entry(share.share).or_insert_with(|| Held {
            secret: Arc::new(share.secret),
            validators: BTreeSet::new(),
            stopped: false,
        });
        entry.validators.insert(share.validator);
    }

    /// Lets a share go for one validator. True when no validator needs it any more and the secret is gone.
    pub(crate) fn release(&self, signer: Signer) -> bool {
        let mut held = self.write();
        let Some(entry) = held.get_mut(&signer.share) else { return true };
        entry.validators.remove(&signer.validator);
        let unused = entry.validators.is_empty();
        // A stopped share must not come back by being armed anew, so it stays, without a validator.
        if unused && !entry.stopped {
            held.remove(&signer.share);
        }
        unused
    }

    /// The secret of a signer that may sign.
    pub(crate) fn secret(&self, signer: &Signer) -> Result<Arc<SecretKey>, Refused> {
        let held = self.read();
        let entry = held.get(&signer.share).ok_or(Refused::NotArmed)?;
        if entry.stopped {
            return Err(Refused::Stopped);
        }
        if !entry.validators.contains(&signer.validator) {
            return Err(Refused::NotArmed);
        }
        Ok(Arc::clone(&entry.secret))
    }

    /// Stops shares: they sign nothing more in this process.
    pub(crate) fn stop(&self, shares: impl IntoIterator<Item = PublicKeyBytes>) {
        let mut held = self.write();
        for share in shares {
            if let Some(entry) = held.get_mut(&share) {
                entry.stopped = true;
            }
        }
    }

    /// Shares that are stopped.
    pub(crate) fn stopped(&self) -> Vec<PublicKeyBytes> {
        self.read().iter().filter(|(_, held)| held.stopped).map(|(share, _)| *share).collect()
    }

    /// Shares that can sign.
    pub(crate) fn ready(&self) -> usize {
        self.read().values().filter(|held| !held.stopped && !held.validators.is_empty()).count()
    }

    // The lock is held for plain map operations that do not panic half-way.
    fn read(&self) -> RwLockReadGuard<'_, HashMap<PublicKeyBytes, Held>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<PublicKeyBytes, Held>> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }
}

//! One exchange of partial signatures, before consensus or after it: bundles go in, quorums come out, bad parts are dropped.

use types::{OperatorId, PartialSignatureMessage, SignatureBytes, ValidatorIndex};

use crate::bundle::slot_of;
use crate::collector::{Collector, Insert, SignatureSlot};
use crate::recombine::{CommitteeKeys, RecombineTask};

/// An operator whose partial signature for this validator does not verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Blame {
    pub operator: OperatorId,
    pub validator: ValidatorIndex,
}

/// What a bundle led to.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    /// What newly has a quorum, in the order of the bundle.
    pub quorate: Vec<SignatureSlot>,
    /// Whose earlier signature gave way.
    pub blamed: Vec<Blame>,
}

/// The partial signatures of one phase.
#[derive(Debug, Clone)]
pub(crate) struct Phase {
    collector: Collector,
}

impl Phase {
    pub(crate) const fn new(quorum: usize, per_signer: usize) -> Self {
        Self { collector: Collector::with_limits(quorum, per_signer) }
    }

    /// What is held.
    pub(crate) const fn collector(&self) -> &Collector {
        &self.collector
    }

    /// Holds one signature as it was held before.
    pub(crate) fn put_back(&mut self, slot: SignatureSlot, signer: OperatorId, signature: SignatureBytes) {
        let _ = self.collector.insert(signer, slot, signature);
    }

    /// Holds the entries of one operator's bundle.
    pub(crate) fn count(
        &mut self,
        signer: OperatorId,
        entries: &[PartialSignatureMessage],
        keys: &CommitteeKeys,
    ) -> Counted {
        let mut counted = Counted::default();
        for entry in entries {
            let slot = slot_of(entry);
            let mut answer = self.collector.insert(signer, slot, entry.partial_signature);
            if answer == Insert::Conflict && self.replaces(signer, entry, keys) {
                counted.blamed.push(Blame { operator: signer, validator: slot.validator });
                self.collector.remove(slot, signer);
                answer = self.collector.insert(signer, slot, entry.partial_signature);
            }
            if answer == Insert::NewlyQuorate {
                counted.quorate.push(slot);
            }
        }
        counted
    }

    /// Two different signatures of one operator: the first stays, unless only the second is one.
    fn replaces(&self, signer: OperatorId, entry: &PartialSignatureMessage, keys: &CommitteeKeys) -> bool {
        let slot = slot_of(entry);
        let verifies =
            |signature: &SignatureBytes| keys.verifies(slot.validator, signer, slot.root, signature);
        let held = self.collector.signature(slot, signer);
        held.is_some_and(|held| !verifies(&held)) && verifies(&entry.partial_signature)
    }

    /// The work that makes whole signatures of these.
    pub(crate) fn tasks(&self, slots: Vec<SignatureSlot>) -> Vec<RecombineTask> {
        let task = |slot| RecombineTask { slot, parts: self.collector.signatures(slot) };
        slots.into_iter().map(task).collect()
    }

    /// Drops bad parts; true if what is left is still a quorum and worth another try.
    pub(crate) fn drop_bad(&mut self, slot: SignatureSlot, liars: &[OperatorId]) -> bool {
        liars.iter().for_each(|operator| self.collector.remove(slot, *operator));
        !liars.is_empty() && self.collector.has_quorum(slot)
    }
}

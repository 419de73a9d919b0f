//! Partial signatures of one duty, until a quorum signs the same root for the same validator.
//!
//! Signatures are not verified when they arrive: the collector only counts. When a (validator, root) newly reaches
//! quorum, the signatures held for it are recombined and the result is verified, which costs one check instead of one
//! for each operator. Only when that fails are the bad ones searched, dropped by [`Collector::remove`], and the count can reach
//! quorum again with what comes later.
//!
//! Source: ssv-spec `ssv/partial_sig_container.go`, `ssv/runner.go` (`basePartialSigMsgProcessing`).
//!
//! **Bound**: at most [`Collector::with_limits`]`.per_signer` entries are held for each operator of the committee; what comes
//! beyond is refused with [`Insert::Full`]. An honest operator sends one bundle a phase, which has at most that many entries.

use std::collections::BTreeMap;

use types::{OperatorId, Root, SignatureBytes, ValidatorIndex};

/// What a signature in the collector belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SignatureSlot {
    /// The validator that signs.
    pub validator: ValidatorIndex,
    /// The signing root, domain included.
    pub root: Root,
}

/// The answer to [`Collector::insert`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Insert {
    /// Held; the quorum is not complete, or was complete before.
    Held,
    /// Held, and it completes the quorum.
    NewlyQuorate,
    /// This operator's signature for this slot is the one already held.
    Same,
    /// This operator has another signature for this slot: the caller decides which of the two verifies.
    Conflict,
    /// The operator holds as many entries as a bundle may have.
    Full,
}

/// Partial signatures by validator, root and operator.
#[derive(Debug, Clone)]
pub struct Collector {
    quorum: usize,
    per_signer: usize,
    held: BTreeMap<SignatureSlot, BTreeMap<OperatorId, SignatureBytes>>,
    counts: BTreeMap<OperatorId, usize>,
}

impl Collector {
    /// An empty collector: `quorum` signatures make one, `per_signer` entries are held for an operator.
    #[must_use]
    pub const fn with_limits(quorum: usize, per_signer: usize) -> Self {
        Self { quorum, per_signer, held: BTreeMap::new(), counts: BTreeMap::new() }
    }

    /// Adds one operator's signature; the first one stays unless it is removed.
    pub fn insert(&mut self, signer: OperatorId, slot: SignatureSlot, signature: SignatureBytes) -> Insert {
        if let Some(known) = self.signature(slot, signer) {
            return if known == signature { Insert::Same } else { Insert::Conflict };
        }
        let count = self.counts.entry(signer).or_default();
        if *count >= self.per_signer {
            return Insert::Full;
        }
        *count = count.saturating_add(1);
        let signatures = self.held.entry(slot).or_default();
        signatures.insert(signer, signature);
        if signatures.len() == self.quorum { Insert::NewlyQuorate } else { Insert::Held }
    }

    /// Takes one operator's signature out, because it does not verify.
    pub fn remove(&mut self, slot: SignatureSlot, signer: OperatorId) {
        let Some(signatures) = self.held.get_mut(&slot) else { return };
        if signatures.remove(&signer).is_some()
            && let Some(count) = self.counts.get_mut(&signer)
        {
            *count = count.saturating_sub(1);
        }
        if signatures.is_empty() {
            self.held.remove(&slot);
        }
    }

    /// The signature an operator gave for this slot.
    #[must_use]
    pub fn signature(&self, slot: SignatureSlot, signer: OperatorId) -> Option<SignatureBytes> {
        self.held.get(&slot)?.get(&signer).copied()
    }

    /// All signatures held for this slot, by operator.
    #[must_use]
    pub fn signatures(&self, slot: SignatureSlot) -> Vec<(OperatorId, SignatureBytes)> {
        self.held.get(&slot).into_iter().flatten().map(|(signer, signature)| (*signer, *signature)).collect()
    }

    /// Everything held, by slot and operator.
    pub fn entries(&self) -> impl Iterator<Item = (SignatureSlot, OperatorId, SignatureBytes)> {
        self.held.iter().flat_map(|(slot, signatures)| {
            signatures.iter().map(|(signer, signature)| (*slot, *signer, *signature))
        })
    }

    /// Whether a quorum of signatures is held for this slot.
    #[must_use]
    pub fn has_quorum(&self, slot: SignatureSlot) -> bool {
        self.held.get(&slot).is_some_and(|signatures| signatures.len() >= self.quorum)
    }

    /// How many operators signed this slot.
    #[must_use]
    pub fn count(&self, slot: SignatureSlot) -> usize {
        self.held.get(&slot).map_or(0, BTreeMap::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(validator: u64) -> SignatureSlot {
        SignatureSlot { validator: ValidatorIndex(validator), root: Root::repeat_byte(7) }
    }

    fn signature(byte: u8) -> SignatureBytes {
        SignatureBytes::from([byte; 96])
    }

    #[test]
    fn the_quorum_is_reported_once() {
        let mut collector = Collector::with_limits(3, 8);
        assert_eq!(collector.insert(OperatorId(1), slot(5), signature(1)), Insert::Held);
        assert_eq!(collector.insert(OperatorId(2), slot(5), signature(2)), Insert::Held);
        assert_eq!(collector.insert(OperatorId(2), slot(5), signature(2)), Insert::Same);
        assert!(!collector.has_quorum(slot(5)));
        assert_eq!(collector.insert(OperatorId(3), slot(5), signature(3)), Insert::NewlyQuorate);
        assert_eq!(collector.insert(OperatorId(4), slot(5), signature(4)), Insert::Held);
        assert!(collector.has_quorum(slot(5)));
        assert_eq!(collector.count(slot(6)), 0);
    }

    #[test]
    fn a_removed_signature_lets_the_quorum_come_again() {
        let mut collector = Collector::with_limits(3, 8);
        for id in 1..=3 {
            collector.insert(OperatorId(id), slot(5), signature(1));
        }
        collector.remove(slot(5), OperatorId(2));
        assert!(!collector.has_quorum(slot(5)));
        assert_eq!(collector.insert(OperatorId(2), slot(5), signature(9)), Insert::NewlyQuorate);
    }

    #[test]
    fn a_second_signature_of_the_same_operator_is_a_conflict() {
        let mut collector = Collector::with_limits(3, 8);
        collector.insert(OperatorId(1), slot(5), signature(1));
        assert_eq!(collector.insert(OperatorId(1), slot(5), signature(2)), Insert::Conflict);
        assert_eq!(collector.signature(slot(5), OperatorId(1)), Some(signature(1)));
    }

    #[test]
    fn one_operator_cannot_fill_it() {
        let mut collector = Collector::with_limits(3, 2);
        assert_eq!(collector.insert(OperatorId(1), slot(1), signature(1)), Insert::Held);
        assert_eq!(collector.insert(OperatorId(1), slot(2), signature(1)), Insert::Held);
        assert_eq!(collector.insert(OperatorId(1), slot(3), signature(1)), Insert::Full);
        assert_eq!(collector.insert(OperatorId(2), slot(3), signature(1)), Insert::Held);
        collector.remove(slot(1), OperatorId(1));
        assert_eq!(collector.insert(OperatorId(1), slot(3), signature(1)), Insert::Held);
    }
}

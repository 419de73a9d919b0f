//! What a committee's duty is told once.

use std::sync::Arc;

use qbft::{Committee, Config, INSTANCE_CAPACITY, Leader, VerifySigner};
use types::signing::BeaconDomain;
use types::{
    CommitteeId, CommitteeIndex, DomainType, MessageId, Round, RunnerRole, SsvFork, Thresholds, ValidatorDuty,
};

use crate::recombine::CommitteeKeys;

/// Which committee index an attestation's data carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttestationIndex {
    /// Before Electra: the beacon committee of the duty.
    OfDuty,
    /// From Electra on: zero, so that all attesters of a slot sign one root.
    Zero,
}

impl AttestationIndex {
    /// The index for this duty.
    #[must_use]
    pub const fn of(self, duty: &ValidatorDuty) -> CommitteeIndex {
        match self {
            Self::OfDuty => duty.committee_index,
            Self::Zero => CommitteeIndex(0),
        }
    }
}

/// Everything about the committee, the fork and the network that the duty needs.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The fork of the duty's epoch; it does not change during the duty.
    pub fork: SsvFork,
    /// The domain of that fork.
    pub domain: DomainType,
    /// The name of the committee.
    pub committee_id: CommitteeId,
    /// Its operators, and which one is this node.
    pub committee: Committee,
    /// Who proposes, by that fork's formula.
    pub leader: Arc<dyn Leader>,
    /// Verifies RSA signatures inside messages.
    pub verifier: Arc<dyn VerifySigner>,
    /// The round at which consensus stops.
    pub cut_off: Round,
    /// Public keys of the validators in the duty, and of their shares.
    pub keys: Arc<CommitteeKeys>,
    /// The beacon domain of attestations at the duty's epoch.
    pub attester_domain: BeaconDomain,
    /// The beacon domain of sync committee messages at the duty's epoch.
    pub sync_domain: BeaconDomain,
    /// Which committee index attestations carry at the duty's epoch.
    pub attestation_index: AttestationIndex,
}

impl Setup {
    /// The message id of this committee's duties.
    #[must_use]
    pub fn message_id(&self) -> MessageId {
        MessageId::committee(self.domain, RunnerRole::Committee, &self.committee_id)
    }

    /// How many partial signatures make the whole one.
    #[must_use]
    pub(crate) fn quorum(&self) -> usize {
        let quorum = Thresholds::of_size(self.committee.members().len()).quorum();
        usize::try_from(quorum).unwrap_or(usize::MAX)
    }

    /// What consensus is told once.
    #[must_use]
    pub fn qbft_config(&self) -> Config {
        Config {
            committee: self.committee.clone(),
            leader: Arc::clone(&self.leader),
            verifier: Arc::clone(&self.verifier),
            cut_off: self.cut_off,
            capacity: INSTANCE_CAPACITY,
        }
    }
}

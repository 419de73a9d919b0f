//! What a runner is told once.

use std::sync::Arc;

use qbft::{Committee, Config, Controller, INSTANCE_CAPACITY, Leader, ValueCheck, VerifySigner};
use types::beacon::{ValidatorRegistration, VoluntaryExit};
use types::{
    AggregatorCommitteeDuty, BeaconFork, BeaconRole, CommitteeId, DomainType, Epoch, MessageId,
    PartialSignatureType, PresetName, PublicKeyBytes, Round, RunnerRole, Slot, SsvFork, Thresholds,
    ValidatorDuty,
};

use super::check::{AggregationCheck, DutyCheck};
use super::object::Domains;
use super::selection::Selection;
use crate::recombine::CommitteeKeys;

/// What the duty is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// A block proposal.
    Proposal(ValidatorDuty),
    /// Aggregation of attestations by one validator (Alan).
    Aggregation(ValidatorDuty),
    /// Aggregation of sync committee messages by one validator (Alan).
    Contribution(ValidatorDuty),
    /// Aggregation and contributions of a whole committee (Boole).
    AggregatorCommittee(AggregatorCommitteeDuty),
    /// A builder registration.
    Registration(ValidatorDuty, ValidatorRegistration),
    /// A voluntary exit.
    Exit(ValidatorDuty, VoluntaryExit),
}

impl Plan {
    /// When.
    #[must_use]
    pub const fn slot(&self) -> Slot {
        match self {
            Self::AggregatorCommittee(duty) => duty.slot,
            Self::Proposal(duty)
            | Self::Aggregation(duty)
            | Self::Contribution(duty)
            | Self::Registration(duty, _)
            | Self::Exit(duty, _) => duty.slot,
        }
    }

    /// The role in message ids.
    #[must_use]
    pub const fn role(&self) -> RunnerRole {
        match self {
            Self::Proposal(_) => RunnerRole::Proposer,
            Self::Aggregation(_) => RunnerRole::Aggregator,
            Self::Contribution(_) => RunnerRole::SyncCommitteeContribution,
            Self::AggregatorCommittee(_) => RunnerRole::AggregatorCommittee,
            Self::Registration(..) => RunnerRole::ValidatorRegistration,
            Self::Exit(..) => RunnerRole::VoluntaryExit,
        }
    }

    /// The type of the bundles before consensus.
    #[must_use]
    pub const fn pre_type(&self) -> PartialSignatureType {
        match self {
            Self::Proposal(_) => PartialSignatureType::Randao,
            Self::Aggregation(_) => PartialSignatureType::SelectionProof,
            Self::Contribution(_) => PartialSignatureType::ContributionProofs,
            Self::AggregatorCommittee(_) => PartialSignatureType::AggregatorCommittee,
            Self::Registration(..) => PartialSignatureType::ValidatorRegistration,
            Self::Exit(..) => PartialSignatureType::VoluntaryExit,
        }
    }

    /// The entries that end with an outcome each.
    #[must_use]
    pub fn entries(&self) -> &[ValidatorDuty] {
        match self {
            Self::AggregatorCommittee(duty) => &duty.validator_duties,
            Self::Proposal(duty)
            | Self::Aggregation(duty)
            | Self::Contribution(duty)
            | Self::Registration(duty, _)
            | Self::Exit(duty, _) => std::slice::from_ref(duty),
        }
    }

    /// The one validator, unless it is a committee's duty.
    pub(super) const fn validator(&self) -> Option<&ValidatorDuty> {
        match self {
            Self::AggregatorCommittee(_) => None,
            Self::Proposal(duty)
            | Self::Aggregation(duty)
            | Self::Contribution(duty)
            | Self::Registration(duty, _)
            | Self::Exit(duty, _) => Some(duty),
        }
    }

    pub(super) const fn has_consensus(&self) -> bool {
        match self {
            Self::Proposal(_)
            | Self::Aggregation(_)
            | Self::Contribution(_)
            | Self::AggregatorCommittee(_) => true,
            Self::Registration(..) | Self::Exit(..) => false,
        }
    }

    pub(super) const fn beacon_role(&self) -> BeaconRole {
        match self {
            Self::Proposal(_) => BeaconRole::Proposer,
            Self::Aggregation(_) | Self::AggregatorCommittee(_) => BeaconRole::Aggregator,
            Self::Contribution(_) => BeaconRole::SyncCommitteeContribution,
            Self::Registration(..) => BeaconRole::ValidatorRegistration,
            Self::Exit(..) => BeaconRole::VoluntaryExit,
        }
    }
}

/// In which form an own block becomes the value of consensus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProposalForm {
    /// Always blinded, as the deployed nodes do.
    Blinded,
    /// As the beacon node gave it, as the specification does.
    AsFetched,
}

/// What value checks compare with: the signing history and the clock, as they are at the start of the duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// The epoch by the clock.
    pub current_epoch: Epoch,
    /// The highest slot that the share signed a block for.
    pub highest_block: Option<Slot>,
}

/// Everything about the committee, the forks and the network that the duty needs.
#[derive(Debug, Clone)]
pub struct RunnerSetup {
    /// The SSV fork of the duty's epoch; it does not change during the duty.
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
    /// Public keys of the validators in the duty, and of their shares: of exactly one for the duty of one validator, of all that
    /// the committee serves for its aggregation.
    pub keys: Arc<CommitteeKeys>,
    /// What beacon domains are made of.
    pub domains: Domains,
    /// Sizes of the beacon containers.
    pub preset: PresetName,
    /// The beacon fork at the duty's epoch.
    pub beacon_fork: BeaconFork,
    /// The form of own proposals.
    pub proposal_form: ProposalForm,
    /// Who aggregates.
    pub selection: Arc<dyn Selection>,
    /// What value checks compare with.
    pub facts: Facts,
}

impl RunnerSetup {
    /// The message id of this duty.
    #[must_use]
    pub fn message_id(&self, plan: &Plan) -> MessageId {
        let executor: Option<&PublicKeyBytes> = plan.validator().map(|duty| &duty.public_key);
        match executor {
            Some(key) => MessageId::validator(self.domain, plan.role(), key),
            None => MessageId::committee(self.domain, plan.role(), &self.committee_id),
        }
    }

    /// What judges values in the consensus of this duty.
    #[must_use]
    pub fn value_check(&self, plan: &Plan) -> Arc<dyn ValueCheck> {
        match plan.validator() {
            None => Arc::new(AggregationCheck { preset: self.preset }),
            Some(duty) => Arc::new(DutyCheck {
                fork: self.fork,
                preset: self.preset,
                role: plan.beacon_role(),
                public_key: duty.public_key,
                validator: duty.validator_index,
                facts: self.facts,
            }),
        }
    }

    /// How many partial signatures make the whole one.
    pub(super) fn quorum(&self) -> usize {
        let quorum = Thresholds::of_size(self.committee.members().len()).quorum();
        usize::try_from(quorum).unwrap_or(usize::MAX)
    }

    pub(super) fn epoch_of(&self, slot: Slot) -> Epoch {
        Epoch(slot.get().checked_div(self.preset.slots_per_epoch()).unwrap_or(0))
    }

    pub(super) fn controller(&self, id: MessageId) -> Controller {
        Controller::new(self.qbft_config(), id)
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

/// What is left of the previous duty of the same role and validator. A duty that is not newer does not start (40).
#[derive(Debug, Default)]
pub struct Past {
    /// Its consensus, with the highest height it saw.
    pub controller: Option<Controller>,
    /// The slot of its duty.
    pub slot: Option<Slot>,
}

//! Rules 52 and 67, and the limit of rules 55 and 71: is there such a duty, and how often?

use types::{PartialSignatureType, RunnerRole, Slot, ValidatorIndex};

use super::Subject;
use super::address::Executor;
use super::consensus::slots_may_overlap;
use crate::ports::DutyKnowledge;
use crate::refusal::Refusal;
use crate::seen::{Observation, Update};

impl Subject<'_> {
    /// Rules 52 and 67. `partial` is the kind of a bundle of partial signatures.
    pub(super) fn duty_exists(
        &self,
        slot: Slot,
        partial: Option<PartialSignatureType>,
    ) -> Result<(), Refusal> {
        let Executor::Validator(_, index) = self.address.executor else {
            return Ok(());
        };
        let duties = self.context.duties;
        let exists = match self.role() {
            RunnerRole::Proposer => match duties.proposes(slot, index) {
                DutyKnowledge::Yes => true,
                DutyKnowledge::No => false,
                DutyKnowledge::NotFetched => {
                    partial == Some(PartialSignatureType::Randao) && self.epoch_begins_now(slot)
                }
            },
            RunnerRole::SyncCommitteeContribution => {
                duties.in_sync_committee(self.context.rules.network.epoch_of(slot), index)
            }
            RunnerRole::Committee
            | RunnerRole::Aggregator
            | RunnerRole::ValidatorRegistration
            | RunnerRole::VoluntaryExit
            | RunnerRole::AggregatorCommittee
            | RunnerRole::Other(_) => true,
        };
        if exists { Ok(()) } else { Err(Refusal::NoDuty) }
    }

    /// The first slot of an epoch, while that epoch's duties may still be on their way.
    fn epoch_begins_now(&self, slot: Slot) -> bool {
        let rules = self.context.rules;
        let first = rules.network.first_slot(rules.network.epoch_of(slot));
        let now = rules.slot_at(self.inbound.received_at_millis).unwrap_or(Slot(0));
        slot == first && now <= slot
    }

    /// What this message will have shown, with the limit on its signers' duties.
    pub(super) fn update(&self, slot: Slot, observation: Observation) -> Update {
        let epoch = self.context.rules.network.epoch_of(slot);
        let signers = self.message.operator_ids.as_slice();
        let mask = self.address.operators.iter().zip(0_u16..).fold(0_u16, |mask, (operator, place)| {
            let bit = 1_u16.checked_shl(u32::from(place)).unwrap_or(0);
            if signers.contains(operator) { mask | bit } else { mask }
        });
        Update {
            key: (self.inbound.forwarder.clone(), self.message_id()),
            slot,
            epoch,
            signers: signers.to_vec(),
            signer_mask: mask,
            observation,
            duty_limit: self.duty_limit(slot),
            slots_may_overlap: slots_may_overlap(self.role()),
        }
    }

    /// Duties of one signer in the epoch of `slot`; `None` for any number.
    fn duty_limit(&self, slot: Slot) -> Option<u64> {
        match self.address.executor {
            Executor::Committee { registered, known } => {
                Some(self.committee_duty_limit(slot, registered, known))
            }
            Executor::Validator(key, _) => match self.role() {
                RunnerRole::Aggregator | RunnerRole::ValidatorRegistration => Some(2),
                RunnerRole::VoluntaryExit => Some(self.context.duties.exits(slot, &key)),
                RunnerRole::Committee
                | RunnerRole::Proposer
                | RunnerRole::SyncCommitteeContribution
                | RunnerRole::AggregatorCommittee
                | RunnerRole::Other(_) => None,
            },
        }
    }

    /// Each validator attests once an epoch and may do so again after a reorganisation; one in the sync committee has a duty in
    /// every slot.
    fn committee_duty_limit(&self, slot: Slot, registered: usize, known: &[ValidatorIndex]) -> u64 {
        let network = &self.context.rules.network;
        let slots = network.slots_per_epoch();
        let attestations = u64::try_from(registered).unwrap_or(u64::MAX).saturating_mul(2);
        let epoch = network.epoch_of(slot);
        let syncs = || known.iter().any(|index| self.context.duties.in_sync_committee(epoch, *index));
        if attestations < slots && syncs() { slots } else { attestations.min(slots) }
    }
}

//! What the beacon chain asks of a validator, and of all validators of a committee at one slot.

use crate::ids::{CommitteeIndex, PublicKeyBytes, Slot, ValidatorIndex};
use crate::list::List;
use crate::refusal::RefusalCode;
use crate::role::{BeaconRole, RunnerRole, SsvFork};

/// One duty of one validator (`ssv-spec types/beacon_types.go`). Travels inside proposer consensus data.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, ssz_derive::Encode, ssz_derive::Decode, tree_hash_derive::TreeHash,
)]
pub struct ValidatorDuty {
    /// What to do.
    pub role: BeaconRole,
    /// The validator's key.
    pub public_key: PublicKeyBytes,
    /// When.
    pub slot: Slot,
    /// The validator's number on the beacon chain.
    pub validator_index: ValidatorIndex,
    /// Its beacon committee in that slot.
    pub committee_index: CommitteeIndex,
    /// Members of that beacon committee.
    pub committee_length: u64,
    /// Beacon committees in that slot.
    pub committees_at_slot: u64,
    /// The validator's place in its beacon committee.
    pub validator_committee_index: u64,
    /// The validator's places in the sync committee of the period.
    pub validator_sync_committee_indices: List<u64, 13>,
}

impl ValidatorDuty {
    /// Largest encoding in bytes.
    pub const MAX_SSZ_LEN: usize = 212;

    /// The rules a duty can check on itself (`ssv-spec types/duty.go`, April 2026).
    ///
    /// # Errors
    /// [`RefusalCode::InvalidValidatorDuty`].
    pub fn validate(&self, fork: SsvFork) -> Result<(), RefusalCode> {
        let refusal = Err(RefusalCode::InvalidValidatorDuty);
        if self.role.runner(fork) == RunnerRole::UNKNOWN || self.public_key == PublicKeyBytes::default() {
            return refusal;
        }
        match self.role {
            BeaconRole::Attester | BeaconRole::Aggregator => {
                if self.committee_length == 0 || self.validator_committee_index >= self.committee_length {
                    return refusal;
                }
                Ok(())
            }
            BeaconRole::Proposer
            | BeaconRole::SyncCommittee
            | BeaconRole::SyncCommitteeContribution
            | BeaconRole::ValidatorRegistration
            | BeaconRole::VoluntaryExit
            | BeaconRole::Other(_) => Ok(()),
        }
    }
}

/// Every attestation and sync committee duty of one committee's validators at one slot. Never travels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CommitteeDuty {
    /// When.
    pub slot: Slot,
    /// The duties; attester and sync committee roles only.
    pub validator_duties: Vec<ValidatorDuty>,
}

impl CommitteeDuty {
    /// The rules a duty can check on itself (`ssv-spec types/duty.go`, April 2026).
    ///
    /// # Errors
    /// The code of the first broken rule, in the reference's order.
    pub fn validate(&self, fork: SsvFork) -> Result<(), RefusalCode> {
        if self.validator_duties.is_empty() {
            return Err(RefusalCode::NoBeaconDuties);
        }
        for duty in &self.validator_duties {
            if duty.slot != self.slot {
                return Err(RefusalCode::UnknownDutyRoleData);
            }
            if !matches!(duty.role, BeaconRole::Attester | BeaconRole::SyncCommittee) {
                return Err(RefusalCode::WrongBeaconRoleType);
            }
            duty.validate(fork)?;
        }
        Ok(())
    }
}

/// Every aggregation and contribution duty of one committee's validators at one slot (Boole). Never travels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AggregatorCommitteeDuty {
    /// When.
    pub slot: Slot,
    /// The duties; aggregator and sync committee contribution roles only.
    pub validator_duties: Vec<ValidatorDuty>,
}

impl AggregatorCommitteeDuty {
    /// The rules a duty can check on itself, given the validators this operator has shares of.
    ///
    /// # Errors
    /// [`RefusalCode::InvalidAggregatorCommitteeDuty`].
    pub fn validate(&self, is_ours: impl Fn(ValidatorIndex) -> bool) -> Result<(), RefusalCode> {
        let fits = |duty: &ValidatorDuty| {
            duty.slot == self.slot
                && matches!(duty.role, BeaconRole::Aggregator | BeaconRole::SyncCommitteeContribution)
                && is_ours(duty.validator_index)
        };
        if self.validator_duties.iter().all(fits) {
            return Ok(());
        }
        Err(RefusalCode::InvalidAggregatorCommitteeDuty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssz::{Decode, Encode};

    fn duty(role: BeaconRole) -> ValidatorDuty {
        ValidatorDuty {
            role,
            public_key: PublicKeyBytes([7; 48]),
            slot: Slot(12),
            validator_index: ValidatorIndex(1),
            committee_index: CommitteeIndex(3),
            committee_length: 128,
            committees_at_slot: 36,
            validator_committee_index: 11,
            validator_sync_committee_indices: List::new((0..13).collect()).unwrap(),
        }
    }

    #[test]
    fn sizes_and_layout() {
        let full = duty(BeaconRole::Proposer).as_ssz_bytes();
        assert_eq!(full.len(), ValidatorDuty::MAX_SSZ_LEN);
        assert_eq!(&full[..8], &2_u64.to_le_bytes());
        assert_eq!(&full[56..64], &12_u64.to_le_bytes());
        assert_eq!(&full[104..108], &108_u32.to_le_bytes());
        assert_eq!(ValidatorDuty::from_ssz_bytes(&full).unwrap(), duty(BeaconRole::Proposer));
    }

    #[test]
    fn a_duty_of_a_beacon_committee_needs_a_place_in_it() {
        let mut attester = duty(BeaconRole::Attester);
        attester.validator_committee_index = 127;
        assert_eq!(attester.validate(SsvFork::Alan), Ok(()));
        attester.validator_committee_index = 128;
        assert_eq!(attester.validate(SsvFork::Alan), Err(RefusalCode::InvalidValidatorDuty));
        attester.role = BeaconRole::SyncCommittee;
        assert_eq!(attester.validate(SsvFork::Alan), Ok(()));
        attester.role = BeaconRole::Other(9);
        assert_eq!(attester.validate(SsvFork::Alan), Err(RefusalCode::InvalidValidatorDuty));
        attester = ValidatorDuty { public_key: PublicKeyBytes::default(), ..duty(BeaconRole::Attester) };
        assert_eq!(attester.validate(SsvFork::Alan), Err(RefusalCode::InvalidValidatorDuty));
    }

    #[test]
    fn a_committee_duty_holds_one_slot_and_two_roles() {
        let check =
            |validator_duties| CommitteeDuty { slot: Slot(12), validator_duties }.validate(SsvFork::Alan);
        assert_eq!(check(vec![duty(BeaconRole::Attester), duty(BeaconRole::SyncCommittee)]), Ok(()));
        assert_eq!(check(vec![]), Err(RefusalCode::NoBeaconDuties));
        assert_eq!(check(vec![duty(BeaconRole::Proposer)]), Err(RefusalCode::WrongBeaconRoleType));
        let late = ValidatorDuty { slot: Slot(13), ..duty(BeaconRole::Proposer) };
        assert_eq!(check(vec![late]), Err(RefusalCode::UnknownDutyRoleData));
    }

    #[test]
    fn an_aggregator_committee_duty_is_about_our_validators() {
        let check = |role, ours| {
            AggregatorCommitteeDuty { slot: Slot(12), validator_duties: vec![duty(role)] }
                .validate(|index| index == ValidatorIndex(ours))
        };
        assert_eq!(check(BeaconRole::Aggregator, 1), Ok(()));
        assert_eq!(check(BeaconRole::Aggregator, 2), Err(RefusalCode::InvalidAggregatorCommitteeDuty));
        assert_eq!(check(BeaconRole::Attester, 1), Err(RefusalCode::InvalidAggregatorCommitteeDuty));
    }
}

//! May this value be decided? The rules of each role in the reference's order (`ssv-spec ssv/value_check.go`).
//!
//! | | One validator's data | Committee's aggregation data |
//! |---|---|---|
//! | 1 | they decode (80; without a number in Alan) | they decode (79) |
//! | 2 | they are valid in themselves (64 for whatever is wrong) | they are valid in themselves (78, 71-77, 84) |
//! | 3 | the duty's epoch is at most one ahead of the clock (50) | |
//! | 4 | the role (51), the key (53) and the number (52) are the own validator's | |
//! | 5 | proposer: no block was signed at or beyond this slot | |
//! | 6 | contribution: no two different ones for one subcommittee (without a number) | |
//!
//! Rule 6 is not the reference's: it signs whatever is decided. A validator makes one contribution for a subcommittee, and bundles
//! are whole or refused, so a value that says two different things of it is left to the next leader. A committee's data are not
//! refused for that, because its other validators would pay: the first of the two is signed.

use std::collections::BTreeMap;

use qbft::{ValueCheck, ValueRefusal};
use types::consensus_data::{AggregatorCommitteeConsensusData, Contributions, ProposerConsensusData};
use types::{
    BeaconRole, Decode, Mainnet, Minimal, Preset, PresetName, PublicKeyBytes, RefusalCode, SsvFork,
    ValidatorIndex,
};

use super::setup::Facts;

/// The check of a duty of one validator.
#[derive(Debug, Clone)]
pub struct DutyCheck {
    /// Alan or Boole.
    pub fork: SsvFork,
    /// Sizes of the beacon containers.
    pub preset: PresetName,
    /// The role that the data must have.
    pub role: BeaconRole,
    /// The own validator's key.
    pub public_key: PublicKeyBytes,
    /// The own validator's number.
    pub validator: ValidatorIndex,
    /// The clock and the signing history.
    pub facts: Facts,
}

impl DutyCheck {
    /// Judges decoded data.
    ///
    /// # Errors
    /// The first rule that refuses it.
    pub fn judge(&self, data: &ProposerConsensusData) -> Result<(), ValueRefusal> {
        let valid = match self.fork {
            SsvFork::Alan => data.validate_alan(self.preset).is_ok(),
            SsvFork::Boole => data.validate(self.preset).is_ok(),
        };
        if !valid {
            return refuse(RefusalCode::QbftValueInvalid, "the duty's data are not valid");
        }
        let epoch = data.duty.slot.get().checked_div(self.preset.slots_per_epoch()).unwrap_or(0);
        if epoch > self.facts.current_epoch.get().saturating_add(1) {
            return refuse(RefusalCode::DutyEpochTooFarFuture, "the duty is too far in the future");
        }
        if data.duty.role != self.role {
            return refuse(RefusalCode::WrongBeaconRoleType, "the duty has another role");
        }
        if data.duty.public_key != self.public_key {
            return refuse(RefusalCode::WrongValidatorPubkey, "the duty is another validator's");
        }
        if data.duty.validator_index != self.validator {
            return refuse(RefusalCode::WrongValidatorIndex, "the duty's validator has another number");
        }
        self.slashable(data)?;
        self.contradictory(data)
    }

    fn contradictory(&self, data: &ProposerConsensusData) -> Result<(), ValueRefusal> {
        if self.role != BeaconRole::SyncCommitteeContribution {
            return Ok(());
        }
        let contradicts = match self.preset {
            PresetName::Mainnet => contradicts::<Mainnet>(&data.data_ssz),
            PresetName::Minimal => contradicts::<Minimal>(&data.data_ssz),
        };
        if contradicts {
            return Err(ValueRefusal {
                code: None,
                reason: "two different contributions for one subcommittee",
            });
        }
        Ok(())
    }

    fn slashable(&self, data: &ProposerConsensusData) -> Result<(), ValueRefusal> {
        if self.role != BeaconRole::Proposer {
            return Ok(());
        }
        match (data.block(self.preset), self.facts.highest_block) {
            (Ok(block), Some(highest)) if block.slot() <= highest => Err(ValueRefusal {
                code: None,
                reason: "our share has signed a block at or beyond this slot",
            }),
            (Ok(_), _) => Ok(()),
            (Err(code), _) => refuse(code, "the block does not decode"),
        }
    }
}

impl ValueCheck for DutyCheck {
    fn check(&self, full_data: &[u8]) -> Result<(), ValueRefusal> {
        match (ProposerConsensusData::from_ssz_bytes(full_data), self.fork) {
            (Ok(data), _) => self.judge(&data),
            (Err(_), SsvFork::Boole) => {
                refuse(RefusalCode::ProposerConsensusDataDecode, "not a proposer's data")
            }
            (Err(_), SsvFork::Alan) => Err(ValueRefusal { code: None, reason: "not a validator's data" }),
        }
    }
}

/// What does not decode was refused before.
fn contradicts<P: Preset>(bytes: &[u8]) -> bool {
    let entries = Contributions::<P>::from_ssz_bytes(bytes).map(|entries| entries.0).unwrap_or_default();
    let mut firsts = BTreeMap::new();
    entries.iter().any(|entry| {
        let first = *firsts.entry(entry.contribution.subcommittee_index).or_insert(entry);
        first != entry
    })
}

/// The check of a committee's aggregation.
#[derive(Debug, Clone, Copy)]
pub struct AggregationCheck {
    /// Sizes of the beacon containers.
    pub preset: PresetName,
}

impl ValueCheck for AggregationCheck {
    fn check(&self, full_data: &[u8]) -> Result<(), ValueRefusal> {
        match self.preset {
            PresetName::Mainnet => aggregation::<Mainnet>(full_data),
            PresetName::Minimal => aggregation::<Minimal>(full_data),
        }
    }
}

fn aggregation<P: Preset>(full_data: &[u8]) -> Result<(), ValueRefusal> {
    match AggregatorCommitteeConsensusData::<P>::from_ssz_bytes(full_data) {
        Ok(data) => data
            .validate()
            .map_err(|code| ValueRefusal::rule(code, "the committee's aggregation data are not valid")),
        Err(_) => refuse(RefusalCode::AggCommConsensusDataDecode, "not a committee's aggregation data"),
    }
}

const fn refuse(code: RefusalCode, reason: &'static str) -> Result<(), ValueRefusal> {
    Err(ValueRefusal::rule(code, reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::beacon::SyncCommitteeContribution;
    use types::consensus_data::{Contribution, ValidatorConsensusData};
    use types::{
        ByteList, CommitteeIndex, DataVersion, Encode, Epoch, List, Root, SignatureBytes, Slot, ValidatorDuty,
    };

    const BLOCK: &[u8] = include_bytes!("../../../types/src/beacon/block/fixtures/capella_blinded.ssz");

    fn data(change: impl FnOnce(&mut ProposerConsensusData)) -> Vec<u8> {
        let duty = ValidatorDuty {
            role: BeaconRole::Proposer,
            public_key: PublicKeyBytes([7; 48]),
            slot: Slot(64),
            validator_index: ValidatorIndex(3),
            committee_index: CommitteeIndex(0),
            committee_length: 0,
            committees_at_slot: 0,
            validator_committee_index: 0,
            validator_sync_committee_indices: List::empty(),
        };
        let mut data = ProposerConsensusData {
            duty,
            version: DataVersion::Capella,
            data_ssz: ByteList::try_from(BLOCK).unwrap(),
        };
        change(&mut data);
        data.as_ssz_bytes()
    }

    fn check(fork: SsvFork, highest_block: Option<Slot>) -> DutyCheck {
        DutyCheck {
            fork,
            preset: PresetName::Mainnet,
            role: BeaconRole::Proposer,
            public_key: PublicKeyBytes([7; 48]),
            validator: ValidatorIndex(3),
            facts: Facts { current_epoch: Epoch(1), highest_block },
        }
    }

    fn code(fork: SsvFork, bytes: &[u8]) -> Option<u64> {
        check(fork, None).check(bytes).err().map(|refusal| refusal.code.map_or(0, RefusalCode::code))
    }

    #[test]
    fn a_proposers_rules_in_their_order() {
        let boole = |change: fn(&mut ProposerConsensusData)| code(SsvFork::Boole, &data(change));
        assert_eq!(boole(|_| ()), None);
        assert_eq!(code(SsvFork::Boole, &[1, 2, 3]), Some(80));
        assert_eq!(boole(|d| d.data_ssz = ByteList::empty()), Some(64));
        assert_eq!(boole(|d| d.version = DataVersion::Altair), Some(64));
        // In Boole a foreign role is no valid data, so that 51 is never seen.
        assert_eq!(boole(|d| d.duty.role = BeaconRole::Aggregator), Some(64));
        assert_eq!(
            boole(|d| {
                d.duty.slot = Slot(96);
                d.duty.public_key = PublicKeyBytes([8; 48]);
            }),
            Some(50)
        );
        assert_eq!(boole(|d| d.duty.slot = Slot(95)), None);
        assert_eq!(
            boole(|d| {
                d.duty.public_key = PublicKeyBytes([8; 48]);
                d.duty.validator_index = ValidatorIndex(4);
            }),
            Some(53)
        );
        assert_eq!(boole(|d| d.duty.validator_index = ValidatorIndex(4)), Some(52));
        assert_eq!(code(SsvFork::Alan, &[1, 2, 3]), Some(0));
        assert_eq!(code(SsvFork::Alan, &data(|d| d.duty.role = BeaconRole::VoluntaryExit)), Some(64));
    }

    #[test]
    fn one_subcommittee_has_one_contribution() {
        let contribution = |subcommittee_index, byte| Contribution::<Mainnet> {
            selection_proof: SignatureBytes([byte; 96]),
            contribution: SyncCommitteeContribution {
                slot: Slot(64),
                beacon_block_root: Root::repeat_byte(2),
                subcommittee_index,
                aggregation_bits: ssz::BitVector::new(),
                signature: SignatureBytes([3; 96]),
            },
        };
        let check = DutyCheck { role: BeaconRole::SyncCommitteeContribution, ..check(SsvFork::Alan, None) };
        let refused = |entries: Vec<Contribution<Mainnet>>| {
            let bytes = data(|data| {
                data.duty.role = BeaconRole::SyncCommitteeContribution;
                let entries = Contributions(List::new(entries).unwrap()).as_ssz_bytes();
                data.data_ssz = ByteList::new(entries).unwrap();
            });
            check.check(&bytes).is_err()
        };
        assert!(!refused(vec![contribution(0, 1), contribution(1, 1)]));
        // Two places in one subcommittee: said twice, but the same.
        assert!(!refused(vec![contribution(0, 1), contribution(1, 1), contribution(0, 1)]));
        assert!(refused(vec![contribution(0, 1), contribution(1, 1), contribution(0, 2)]));
    }

    /// In Alan one type serves three roles, so that another role than the own is seen as such.
    #[test]
    fn alan_tells_a_foreign_role() {
        let contributions: ValidatorConsensusData = {
            let mut data = ProposerConsensusData::from_ssz_bytes(&data(|_| ())).unwrap();
            data.duty.role = BeaconRole::SyncCommitteeContribution;
            data.data_ssz = ByteList::empty();
            data
        };
        assert_eq!(code(SsvFork::Alan, &contributions.as_ssz_bytes()), Some(51));
    }

    /// The slot is the block's own, whatever the duty says.
    #[test]
    fn a_block_at_or_below_the_highest_signed_one_is_refused() {
        let block_slot =
            types::beacon::AnyProposedBlock::decode(PresetName::Mainnet, DataVersion::Capella, BLOCK)
                .unwrap()
                .slot();
        let judge = |highest: u64| check(SsvFork::Boole, Some(Slot(highest))).check(&data(|_| ()));
        assert!(judge(block_slot.get() - 1).is_ok());
        assert!(judge(block_slot.get()).is_err());
        assert!(judge(block_slot.get() + 1).is_err());
    }
}

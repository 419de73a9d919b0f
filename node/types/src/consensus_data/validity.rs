//! The rules that a duty's data check on themselves: Boole's for a proposer, Alan's for three roles in one type.

use ssz::Decode;

use super::{Contributions, ProposerConsensusData};
use crate::beacon::{AggregateAndProof, AggregateAndProofElectra, AnyProposedBlock, BeaconFork};
use crate::preset::{Mainnet, Minimal, Preset, PresetName};
use crate::refusal::RefusalCode;
use crate::role::BeaconRole;

/// Why Alan's consensus data are refused. Its value checks hide all of these behind one code (64).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AlanDataError {
    /// A rule that Boole numbers too.
    #[error("{0}")]
    Rule(RefusalCode),
    /// A builder registration has no consensus (Alan's number 10).
    #[error("a validator registration has no consensus data")]
    Registration,
    /// A voluntary exit has no consensus (Alan's number 11).
    #[error("a voluntary exit has no consensus data")]
    Exit,
    /// No aggregate has this version; without a number in the reference.
    #[error("unknown version of an aggregate")]
    UnknownAggregateVersion,
}

impl ProposerConsensusData {
    /// The proposer's block.
    ///
    /// # Errors
    /// As [`crate::beacon::ProposedBlock::decode`]: 11 or 1.
    pub fn block(&self, preset: PresetName) -> Result<AnyProposedBlock, RefusalCode> {
        AnyProposedBlock::decode(preset, self.version, &self.data_ssz)
    }

    /// Boole's rules: a proposer's duty (10) and a block that decodes (11, 1).
    ///
    /// # Errors
    /// The code of the first broken rule.
    pub fn validate(&self, preset: PresetName) -> Result<(), RefusalCode> {
        if self.duty.role != BeaconRole::Proposer {
            return Err(RefusalCode::UnknownDutyRoleData);
        }
        self.block(preset).map(drop)
    }

    /// Alan's rules (`ValidatorConsensusData.Validate`): by role, the data decode as what the role signs.
    ///
    /// # Errors
    /// The first broken rule.
    pub fn validate_alan(&self, preset: PresetName) -> Result<(), AlanDataError> {
        match self.duty.role {
            BeaconRole::Aggregator => self.aggregate_decodes(preset),
            BeaconRole::Proposer => self.block(preset).map(drop).map_err(AlanDataError::Rule),
            BeaconRole::SyncCommitteeContribution => {
                let decodes = match preset {
                    PresetName::Mainnet => Contributions::<Mainnet>::from_ssz_bytes(&self.data_ssz).is_ok(),
                    PresetName::Minimal => Contributions::<Minimal>::from_ssz_bytes(&self.data_ssz).is_ok(),
                };
                decoded(decodes)
            }
            BeaconRole::ValidatorRegistration => Err(AlanDataError::Registration),
            BeaconRole::VoluntaryExit => Err(AlanDataError::Exit),
            BeaconRole::Attester | BeaconRole::SyncCommittee | BeaconRole::Other(_) => {
                Err(AlanDataError::Rule(RefusalCode::UnknownDutyRoleData))
            }
        }
    }

    fn aggregate_decodes(&self, preset: PresetName) -> Result<(), AlanDataError> {
        let fork = self.version.fork().ok_or(AlanDataError::UnknownAggregateVersion)?;
        match preset {
            PresetName::Mainnet => self.aggregate_is::<Mainnet>(fork),
            PresetName::Minimal => self.aggregate_is::<Minimal>(fork),
        }
    }

    fn aggregate_is<P: Preset>(&self, fork: BeaconFork) -> Result<(), AlanDataError> {
        decoded(if fork.has_electra_attestations() {
            AggregateAndProofElectra::<P>::from_ssz_bytes(&self.data_ssz).is_ok()
        } else {
            AggregateAndProof::from_ssz_bytes(&self.data_ssz).is_ok()
        })
    }
}

fn decoded(decodes: bool) -> Result<(), AlanDataError> {
    if decodes { Ok(()) } else { Err(AlanDataError::Rule(RefusalCode::UnmarshalSsz)) }
}

//! What a duty is: the beacon chain's roles, the runners that carry them out, and the fork that maps them.
//!
//! Source: `ssv-spec types/beacon_types.go`, `types/runner_role.go`; `SIPs forks/boole.md`.

use std::fmt;

use crate::open_enum::{open_enum, ssz_as_u64};

/// A version of the SSV protocol. The order is the order of activation.
///
/// A duty belongs to the fork at the epoch of its slot and never changes it midway
/// (`SIPs sips/fork_support.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SsvFork {
    /// Active on the main network since beacon epoch 327 375.
    Alan,
    /// The fork after it; scheduled nowhere yet.
    Boole,
}

impl SsvFork {
    /// Every fork, in the order of activation.
    pub const ALL: [Self; 2] = [Self::Alan, Self::Boole];

    /// Lower-case name, as in topic names and files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alan => "alan",
            Self::Boole => "boole",
        }
    }
}

impl fmt::Display for SsvFork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

open_enum! {
    /// The runner that carries out a duty: an `i32` inside the [`crate::MessageId`].
    ///
    /// The set is open because later forks add roles (Gloas: 7 and 8), and because a message may carry any number.
    RunnerRole: i32, Other {
        /// Attestation and sync committee message of a whole committee.
        Committee = 0,
        /// Alan only.
        Aggregator = 1,
        /// Block proposal.
        Proposer = 2,
        /// Alan only.
        SyncCommitteeContribution = 3,
        /// Builder registration, without consensus.
        ValidatorRegistration = 4,
        /// Voluntary exit, without consensus.
        VoluntaryExit = 5,
        /// Boole only: aggregation and sync committee contribution of a whole committee.
        AggregatorCommittee = 6,
    }
}

impl RunnerRole {
    /// The role of a duty that no runner carries out (-1 in the reference).
    pub const UNKNOWN: Self = Self::Other(-1);

    /// Whether the duty executor in the message id is a committee id (otherwise a validator key).
    #[must_use]
    pub const fn is_committee_role(self) -> bool {
        match self {
            Self::Committee | Self::AggregatorCommittee => true,
            Self::Aggregator
            | Self::Proposer
            | Self::SyncCommitteeContribution
            | Self::ValidatorRegistration
            | Self::VoluntaryExit
            | Self::Other(_) => false,
        }
    }

    /// Whether messages of this role exist in `fork`.
    #[must_use]
    pub const fn exists_in(self, fork: SsvFork) -> bool {
        match (self, fork) {
            (
                Self::Committee | Self::Proposer | Self::ValidatorRegistration | Self::VoluntaryExit,
                SsvFork::Alan | SsvFork::Boole,
            )
            | (Self::Aggregator | Self::SyncCommitteeContribution, SsvFork::Alan)
            | (Self::AggregatorCommittee, SsvFork::Boole) => true,
            (Self::Aggregator | Self::SyncCommitteeContribution, SsvFork::Boole)
            | (Self::AggregatorCommittee, SsvFork::Alan)
            | (Self::Other(_), SsvFork::Alan | SsvFork::Boole) => false,
        }
    }

    /// The reference's name for logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Committee => "COMMITTEE_RUNNER",
            Self::Aggregator => "AGGREGATOR_RUNNER",
            Self::Proposer => "PROPOSER_RUNNER",
            Self::SyncCommitteeContribution => "SYNC_COMMITTEE_CONTRIBUTION_RUNNER",
            Self::ValidatorRegistration => "VALIDATOR_REGISTRATION_RUNNER",
            Self::VoluntaryExit => "VOLUNTARY_EXIT_RUNNER",
            Self::AggregatorCommittee => "AGGREGATOR_COMMITTEE_RUNNER",
            Self::Other(_) => "UNDEFINED",
        }
    }
}

impl fmt::Display for RunnerRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(number) => write!(f, "UNDEFINED({number})"),
            Self::Committee
            | Self::Aggregator
            | Self::Proposer
            | Self::SyncCommitteeContribution
            | Self::ValidatorRegistration
            | Self::VoluntaryExit
            | Self::AggregatorCommittee => f.write_str(self.name()),
        }
    }
}

open_enum! {
    /// The beacon chain's name for a duty: a `u64` in [`crate::ValidatorDuty`].
    BeaconRole: u64, Other {
        /// Attestation.
        Attester = 0,
        /// Aggregation of attestations.
        Aggregator = 1,
        /// Block proposal.
        Proposer = 2,
        /// Sync committee message.
        SyncCommittee = 3,
        /// Aggregation of sync committee messages.
        SyncCommitteeContribution = 4,
        /// Builder registration.
        ValidatorRegistration = 5,
        /// Voluntary exit.
        VoluntaryExit = 6,
    }
}

ssz_as_u64!(BeaconRole);

impl BeaconRole {
    /// The runner that carries out a duty of this role in `fork`; [`RunnerRole::UNKNOWN`] for an unknown role.
    #[must_use]
    pub const fn runner(self, fork: SsvFork) -> RunnerRole {
        match (self, fork) {
            (Self::Attester | Self::SyncCommittee, SsvFork::Alan | SsvFork::Boole) => RunnerRole::Committee,
            (Self::Aggregator, SsvFork::Alan) => RunnerRole::Aggregator,
            (Self::SyncCommitteeContribution, SsvFork::Alan) => RunnerRole::SyncCommitteeContribution,
            (Self::Aggregator | Self::SyncCommitteeContribution, SsvFork::Boole) => {
                RunnerRole::AggregatorCommittee
            }
            (Self::Proposer, SsvFork::Alan | SsvFork::Boole) => RunnerRole::Proposer,
            (Self::ValidatorRegistration, SsvFork::Alan | SsvFork::Boole) => {
                RunnerRole::ValidatorRegistration
            }
            (Self::VoluntaryExit, SsvFork::Alan | SsvFork::Boole) => RunnerRole::VoluntaryExit,
            (Self::Other(_), SsvFork::Alan | SsvFork::Boole) => RunnerRole::UNKNOWN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_reference_and_one_to_one() {
        for (number, role) in RunnerRole::KNOWN.iter().enumerate() {
            assert_eq!(role.number(), i32::try_from(number).unwrap());
        }
        for number in [-2, -1, 0, 1, 5, 6, 7, 8, i32::MIN, i32::MAX] {
            assert_eq!(RunnerRole::from_number(number).number(), number);
        }
        assert_eq!(RunnerRole::from_number(-1), RunnerRole::UNKNOWN);
        assert_eq!(BeaconRole::from_number(u64::MAX).runner(SsvFork::Boole), RunnerRole::UNKNOWN);
    }

    #[test]
    fn boole_merges_the_two_aggregation_runners() {
        for role in [BeaconRole::Aggregator, BeaconRole::SyncCommitteeContribution] {
            assert_eq!(role.runner(SsvFork::Boole), RunnerRole::AggregatorCommittee);
            assert!(!role.runner(SsvFork::Alan).exists_in(SsvFork::Boole));
            assert!(role.runner(SsvFork::Alan).exists_in(SsvFork::Alan));
        }
        assert!(!RunnerRole::AggregatorCommittee.exists_in(SsvFork::Alan));
    }
}

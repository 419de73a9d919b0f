//! Forks of the beacon chain.

use std::fmt;

use crate::ids::byte_id;
use crate::open_enum::{open_enum, ssz_as_u64};

byte_id! {
    /// A fork's version as it enters signing domains.
    ForkVersion, 4
}

/// A fork of the beacon chain, in the order of activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BeaconFork {
    /// Genesis.
    Phase0,
    /// Sync committees.
    Altair,
    /// The merge.
    Bellatrix,
    /// Withdrawals.
    Capella,
    /// Blobs.
    Deneb,
    /// Attestations across committees.
    Electra,
    /// Data availability sampling.
    Fulu,
}

impl BeaconFork {
    /// Every fork, in the order of activation.
    pub const ALL: [Self; 7] =
        [Self::Phase0, Self::Altair, Self::Bellatrix, Self::Capella, Self::Deneb, Self::Electra, Self::Fulu];

    /// Lower-case name, as in the beacon API's version header.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Phase0 => "phase0",
            Self::Altair => "altair",
            Self::Bellatrix => "bellatrix",
            Self::Capella => "capella",
            Self::Deneb => "deneb",
            Self::Electra => "electra",
            Self::Fulu => "fulu",
        }
    }

    /// The fork with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fork| fork.name() == name)
    }

    /// The number of this fork in consensus data.
    #[must_use]
    pub const fn data_version(self) -> DataVersion {
        match self {
            Self::Phase0 => DataVersion::Phase0,
            Self::Altair => DataVersion::Altair,
            Self::Bellatrix => DataVersion::Bellatrix,
            Self::Capella => DataVersion::Capella,
            Self::Deneb => DataVersion::Deneb,
            Self::Electra => DataVersion::Electra,
            Self::Fulu => DataVersion::Fulu,
        }
    }

    /// Whether attestations have the Electra layout (and index 0 in their data).
    #[must_use]
    pub fn has_electra_attestations(self) -> bool {
        self >= Self::Electra
    }
}

impl fmt::Display for BeaconFork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

open_enum! {
    /// The number of a beacon fork inside consensus data (`go-eth2-client spec/dataversion.go`).
    DataVersion: u64, Other {
        /// Never sent by a correct operator.
        Unknown = 0,
        /// Phase 0.
        Phase0 = 1,
        /// Altair.
        Altair = 2,
        /// Bellatrix.
        Bellatrix = 3,
        /// Capella.
        Capella = 4,
        /// Deneb.
        Deneb = 5,
        /// Electra.
        Electra = 6,
        /// Fulu.
        Fulu = 7,
    }
}

ssz_as_u64!(DataVersion);

impl DataVersion {
    /// The fork, when there is one of this number.
    #[must_use]
    pub fn fork(self) -> Option<BeaconFork> {
        BeaconFork::ALL.into_iter().find(|fork| fork.data_version() == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        assert_eq!(DataVersion::from_number(4).fork(), Some(BeaconFork::Capella));
        assert_eq!(DataVersion::from_number(0).fork(), None);
        assert_eq!(DataVersion::from_number(8).fork(), None);
        for fork in BeaconFork::ALL {
            assert_eq!(BeaconFork::from_name(fork.name()), Some(fork));
            assert_eq!(fork.data_version().fork(), Some(fork));
        }
        assert!(!BeaconFork::Deneb.has_electra_attestations());
        assert!(BeaconFork::Fulu.has_electra_attestations());
    }
}

//! What the beacon node says about its chain: genesis, fork versions and sizes.
//!
//! Built from the answers of `/eth/v1/config/spec` and `/eth/v1/beacon/genesis`. Every relation is checked here once.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::RulesError;
use crate::beacon::{BeaconFork, ForkVersion};
use crate::ids::{Epoch, Root};
use crate::preset::PresetName;
use crate::signing::{BeaconDomain, BeaconDomainType, compute_domain};

/// The answer of `/eth/v1/beacon/genesis`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct BeaconGenesis {
    /// Unix seconds of slot 0.
    #[serde(with = "serde_utils::quoted_u64")]
    pub genesis_time: u64,
    /// The chain's name in signatures.
    pub genesis_validators_root: Root,
    /// The first fork version.
    pub genesis_fork_version: ForkVersion,
}

/// One fork of the beacon chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ForkAt {
    fork: BeaconFork,
    epoch: Epoch,
    version: ForkVersion,
}

/// A beacon chain as its node describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BeaconSpec {
    /// `CONFIG_NAME`.
    pub config_name: String,
    /// `PRESET_BASE`.
    pub preset: PresetName,
    /// `SECONDS_PER_SLOT`.
    pub seconds_per_slot: u64,
    /// `DEPOSIT_CHAIN_ID`, where the node tells it.
    pub deposit_chain_id: Option<u64>,
    /// Genesis.
    pub genesis: BeaconGenesis,
    /// From genesis on, ascending; at least the genesis fork.
    forks: Vec<ForkAt>,
}

impl BeaconSpec {
    /// Reads the node's two answers. `config` holds the string values of the configuration; others are not needed.
    ///
    /// # Errors
    /// [`RulesError`], naming the node's key.
    pub fn new(config: &BTreeMap<String, String>, genesis: BeaconGenesis) -> Result<Self, RulesError> {
        let config = Config(config);
        let preset = match config.text("PRESET_BASE")? {
            "mainnet" => PresetName::Mainnet,
            "minimal" => PresetName::Minimal,
            other => return Err(malformed("PRESET_BASE", other, "mainnet or minimal")),
        };
        config.sizes_are_those_of(preset)?;
        let seconds_per_slot = config.number("SECONDS_PER_SLOT")?.unwrap_or(12);
        if seconds_per_slot == 0 {
            return Err(malformed("SECONDS_PER_SLOT", "0", "a positive number"));
        }
        Ok(Self {
            config_name: config.0.get("CONFIG_NAME").cloned().unwrap_or_default(),
            preset,
            seconds_per_slot,
            deposit_chain_id: config.number("DEPOSIT_CHAIN_ID")?,
            genesis,
            forks: config.forks(genesis.genesis_fork_version)?,
        })
    }

    fn fork_row(&self, epoch: Epoch) -> ForkAt {
        let genesis =
            ForkAt { fork: BeaconFork::Phase0, epoch: Epoch(0), version: self.genesis.genesis_fork_version };
        let begun = |row: &&ForkAt| row.epoch <= epoch && row.epoch != Epoch::FAR_FUTURE;
        self.forks.iter().rev().find(begun).copied().unwrap_or(genesis)
    }

    /// The fork in force at an epoch.
    #[must_use]
    pub fn fork_at(&self, epoch: Epoch) -> BeaconFork {
        self.fork_row(epoch).fork
    }

    /// The version of the fork in force at an epoch.
    #[must_use]
    pub fn version_at(&self, epoch: Epoch) -> ForkVersion {
        self.fork_row(epoch).version
    }

    /// The version of a fork, scheduled or not.
    #[must_use]
    pub fn version_of(&self, fork: BeaconFork) -> Option<ForkVersion> {
        self.forks.iter().find(|row| row.fork == fork).map(|row| row.version)
    }

    /// The domain in which an object of this kind is signed at an epoch.
    ///
    /// Exits are signed with Capella's version for ever (EIP-7044; before Capella is known, with the epoch's), builder
    /// registrations and deposits with the genesis version and a zero root (builder-specs), everything else
    /// with the version of the epoch.
    #[must_use]
    pub fn domain(&self, kind: BeaconDomainType, epoch: Epoch) -> BeaconDomain {
        let root = self.genesis.genesis_validators_root;
        match kind {
            BeaconDomainType::ApplicationBuilder | BeaconDomainType::Deposit => {
                compute_domain(kind, self.genesis.genesis_fork_version, Root::ZERO)
            }
            BeaconDomainType::VoluntaryExit => {
                let version = self.version_of(BeaconFork::Capella).unwrap_or_else(|| self.version_at(epoch));
                compute_domain(kind, version, root)
            }
            BeaconDomainType::Proposer
            | BeaconDomainType::Attester
            | BeaconDomainType::Randao
            | BeaconDomainType::SelectionProof
            | BeaconDomainType::AggregateAndProof
            | BeaconDomainType::SyncCommittee
            | BeaconDomainType::SyncCommitteeSelectionProof
            | BeaconDomainType::ContributionAndProof => compute_domain(kind, self.version_at(epoch), root),
        }
    }
}

fn malformed(key: &str, value: &str, expected: &'static str) -> RulesError {
    RulesError::SpecMalformed { key: key.to_owned(), value: value.to_owned(), expected }
}

/// The node's configuration with typed access.
struct Config<'a>(&'a BTreeMap<String, String>);

impl Config<'_> {
    fn text(&self, key: &str) -> Result<&str, RulesError> {
        self.0.get(key).map(String::as_str).ok_or_else(|| RulesError::SpecMissing { key: key.to_owned() })
    }

    fn number(&self, key: &str) -> Result<Option<u64>, RulesError> {
        let Some(text) = self.0.get(key) else {
            return Ok(None);
        };
        u64::from_str(text).map(Some).map_err(|_| malformed(key, text, "a number"))
    }

    /// A node compiled with other sizes would exchange containers that nobody can read.
    fn sizes_are_those_of(&self, preset: PresetName) -> Result<(), RulesError> {
        let sizes = [
            ("SLOTS_PER_EPOCH", preset.slots_per_epoch()),
            ("EPOCHS_PER_SYNC_COMMITTEE_PERIOD", preset.epochs_per_sync_committee_period()),
            ("SYNC_COMMITTEE_SIZE", preset.sync_committee_size()),
            ("MAX_COMMITTEES_PER_SLOT", preset.max_committees_per_slot()),
            ("SYNC_COMMITTEE_SUBNET_COUNT", PresetName::SYNC_COMMITTEE_SUBNET_COUNT),
            ("TARGET_AGGREGATORS_PER_COMMITTEE", PresetName::TARGET_AGGREGATORS_PER_COMMITTEE),
            (
                "TARGET_AGGREGATORS_PER_SYNC_SUBCOMMITTEE",
                PresetName::TARGET_AGGREGATORS_PER_SYNC_SUBCOMMITTEE,
            ),
        ];
        for (key, expected) in sizes {
            let got = self.number(key)?.unwrap_or(expected);
            if got != expected {
                return Err(RulesError::SpecPreset { key, got, preset, expected });
            }
        }
        Ok(())
    }

    /// Every fork the node knows; those up to Electra are required, as an unscheduled one still has a version.
    fn forks(&self, genesis_version: ForkVersion) -> Result<Vec<ForkAt>, RulesError> {
        let mut forks = vec![ForkAt { fork: BeaconFork::Phase0, epoch: Epoch(0), version: genesis_version }];
        let mut last = Epoch(0);
        for fork in BeaconFork::ALL.into_iter().skip(1) {
            let upper = fork.name().to_ascii_uppercase();
            let (epoch_key, version_key) = (format!("{upper}_FORK_EPOCH"), format!("{upper}_FORK_VERSION"));
            let epoch = self.number(&epoch_key)?.map_or(Epoch::FAR_FUTURE, Epoch);
            if fork > BeaconFork::Electra && !self.0.contains_key(&version_key) && epoch == Epoch::FAR_FUTURE
            {
                continue;
            }
            let text = self.text(&version_key)?;
            let version = text.parse().map_err(|_| malformed(&version_key, text, "0x and 8 hex digits"))?;
            if epoch < last {
                return Err(malformed(&epoch_key, &epoch.to_string(), "at or after the fork before it"));
            }
            last = epoch;
            forks.push(ForkAt { fork, epoch, version });
        }
        Ok(forks)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::rules) fn mainnet_config() -> BTreeMap<String, String> {
        let rows = [
            ("CONFIG_NAME", "mainnet"),
            ("PRESET_BASE", "mainnet"),
            ("SECONDS_PER_SLOT", "12"),
            ("SLOTS_PER_EPOCH", "32"),
            ("SYNC_COMMITTEE_SIZE", "512"),
            ("DEPOSIT_CHAIN_ID", "1"),
            ("ALTAIR_FORK_EPOCH", "74240"),
            ("ALTAIR_FORK_VERSION", "0x01000000"),
            ("BELLATRIX_FORK_EPOCH", "144896"),
            ("BELLATRIX_FORK_VERSION", "0x02000000"),
            ("CAPELLA_FORK_EPOCH", "194048"),
            ("CAPELLA_FORK_VERSION", "0x03000000"),
            ("DENEB_FORK_EPOCH", "269568"),
            ("DENEB_FORK_VERSION", "0x04000000"),
            ("ELECTRA_FORK_EPOCH", "364032"),
            ("ELECTRA_FORK_VERSION", "0x05000000"),
            ("FULU_FORK_EPOCH", "411392"),
            ("FULU_FORK_VERSION", "0x06000000"),
        ];
        rows.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    pub(in crate::rules) fn mainnet_genesis() -> BeaconGenesis {
        BeaconGenesis {
            genesis_time: 1_606_824_023,
            genesis_validators_root: "0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95"
                .parse()
                .unwrap(),
            genesis_fork_version: ForkVersion::default(),
        }
    }

    fn with(key: &str, value: Option<&str>) -> Result<BeaconSpec, RulesError> {
        let mut config = mainnet_config();
        config.remove(key);
        if let Some(value) = value {
            config.insert(key.to_owned(), value.to_owned());
        }
        BeaconSpec::new(&config, mainnet_genesis())
    }

    #[test]
    fn forks_and_versions_by_epoch() {
        let spec = BeaconSpec::new(&mainnet_config(), mainnet_genesis()).unwrap();
        assert_eq!(spec.fork_at(Epoch(0)), BeaconFork::Phase0);
        assert_eq!(spec.fork_at(Epoch(74_239)), BeaconFork::Phase0);
        assert_eq!(spec.fork_at(Epoch(74_240)), BeaconFork::Altair);
        assert_eq!(spec.fork_at(Epoch(500_000)), BeaconFork::Fulu);
        assert_eq!(spec.version_at(Epoch(364_032)), ForkVersion([5, 0, 0, 0]));
    }

    #[test]
    fn each_kind_of_object_has_its_version() {
        let spec = BeaconSpec::new(&mainnet_config(), mainnet_genesis()).unwrap();
        let root = spec.genesis.genesis_validators_root;
        let late = Epoch(500_000);
        let attester = BeaconDomainType::Attester;
        assert_eq!(spec.domain(attester, late), compute_domain(attester, ForkVersion([6, 0, 0, 0]), root));
        let exit = BeaconDomainType::VoluntaryExit;
        assert_eq!(spec.domain(exit, late), compute_domain(exit, ForkVersion([3, 0, 0, 0]), root));
        assert_eq!(spec.domain(exit, Epoch(0)), spec.domain(exit, late));
        let builder = BeaconDomainType::ApplicationBuilder;
        assert_eq!(spec.domain(builder, late), compute_domain(builder, ForkVersion([0; 4]), Root::ZERO));
        // The domain that every registration on the main network is signed in.
        assert_eq!(
            spec.domain(builder, late).to_string(),
            "0x00000001f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a9"
        );
    }

    #[test]
    fn errors_name_the_key() {
        let text = |key, value| with(key, value).unwrap_err().to_string();
        assert!(text("PRESET_BASE", None).contains("PRESET_BASE"));
        assert!(text("PRESET_BASE", Some("gnosis")).contains("PRESET_BASE"));
        assert!(text("SLOTS_PER_EPOCH", Some("8")).contains("SLOTS_PER_EPOCH = 8"));
        assert!(text("SECONDS_PER_SLOT", Some("twelve")).contains("SECONDS_PER_SLOT"));
        assert!(text("CAPELLA_FORK_VERSION", None).contains("CAPELLA_FORK_VERSION"));
        assert!(text("CAPELLA_FORK_VERSION", Some("0x03")).contains("CAPELLA_FORK_VERSION"));
        assert!(text("DENEB_FORK_EPOCH", Some("5")).contains("DENEB_FORK_EPOCH"));
    }

    #[test]
    fn an_unknown_later_fork_is_no_error() {
        let mut config = mainnet_config();
        config.remove("FULU_FORK_EPOCH");
        config.remove("FULU_FORK_VERSION");
        let spec = BeaconSpec::new(&config, mainnet_genesis()).unwrap();
        assert_eq!(spec.fork_at(Epoch(u64::MAX)), BeaconFork::Electra);
        assert!(with("FULU_FORK_VERSION", None).is_err(), "a scheduled fork needs its version");
    }
}

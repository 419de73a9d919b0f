//! A network that is not built in: its TOML file.
//!
//! The file holds what nobody can be asked for. Sizes follow from the preset; genesis and beacon forks come from the
//! beacon node. Unknown keys are refused, so that a misspelt one cannot be overlooked.

use serde::Deserialize;

use super::builtin::{DISCOVERY_PROTOCOL_ID, ROWS};
use super::{ForkSchedule, NetworkRules, PeerLimits, RoundTimeouts, RulesError};
use crate::ids::{Address, DomainType, Epoch};
use crate::preset::PresetName;
use crate::role::SsvFork;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworkFile {
    name: String,
    preset: PresetName,
    chain_id: u64,
    contract: Address,
    views: Option<Address>,
    deploy_block: u64,
    follow_distance: u64,
    seconds_per_slot: u64,
    #[serde(default = "default_total_validators")]
    total_ethereum_validators: u64,
    discovery_protocol_id: Option<String>,
    #[serde(default)]
    bootnodes: Vec<String>,
    domains: Domains,
    #[serde(default)]
    forks: Forks,
    timeouts: Option<Timeouts>,
    peers: Option<Peers>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Domains {
    alan: DomainType,
    boole: Option<DomainType>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Forks {
    #[serde(default)]
    alan: u64,
    boole: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Timeouts {
    quick_ms: u64,
    slow_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Peers {
    ip_colocation_limit: u32,
    inbound_rate_limit: u32,
}

const fn default_total_validators() -> u64 {
    1_000_000
}

impl NetworkRules {
    /// Reads and checks a network file.
    ///
    /// # Errors
    /// [`RulesError`], naming the key.
    pub fn from_toml(text: &str) -> Result<Self, RulesError> {
        let file: NetworkFile = toml::from_str(text).map_err(|error| RulesError::File(error.to_string()))?;
        check_plain_values(&file)?;
        let slot_millis = file
            .seconds_per_slot
            .checked_mul(1000)
            .filter(|millis| (1_000..=3_600_000).contains(millis))
            .ok_or_else(|| RulesError::key("seconds_per_slot", "must be between 1 and 3600"))?;
        let rules = Self {
            discovery_protocol_id: protocol_id(file.discovery_protocol_id.as_deref())?,
            forks: schedule(&file)?,
            timeouts: timeouts(file.timeouts.as_ref(), slot_millis)?,
            peers: file.peers.map_or(PeerLimits::PUBLIC, |peers| PeerLimits {
                ip_colocation_limit: peers.ip_colocation_limit,
                inbound_rate_limit: peers.inbound_rate_limit,
            }),
            name: file.name,
            preset: file.preset,
            chain_id: file.chain_id,
            contract: file.contract,
            views: file.views,
            deploy_block: file.deploy_block,
            follow_distance: file.follow_distance,
            seconds_per_slot: file.seconds_per_slot,
            total_ethereum_validators: file.total_ethereum_validators,
            bootnodes: file.bootnodes,
        };
        rules.keep_public_timeouts()?;
        Ok(rules)
    }

    /// Operators of a public network time their rounds alike, or they cannot agree.
    fn keep_public_timeouts(&self) -> Result<(), RulesError> {
        let public = ROWS
            .iter()
            .any(|row| row.name == self.name || self.knows_domain(row.alan) || self.knows_domain(row.boole));
        if public && self.timeouts != RoundTimeouts::PUBLIC {
            return Err(RulesError::key(
                "timeouts",
                "a public network (by its name or domain) has quick_ms = 2000 and slow_ms = 120000",
            ));
        }
        Ok(())
    }
}

fn check_plain_values(file: &NetworkFile) -> Result<(), RulesError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if file.name.is_empty() || !file.name.chars().all(plain) {
        return Err(RulesError::key(
            "name",
            "must be lower-case letters, digits and hyphens: it enters topic names",
        ));
    }
    if file.contract == Address::ZERO {
        return Err(RulesError::key("contract", "must be the registry's address, not zero"));
    }
    if file.chain_id == 0 {
        return Err(RulesError::key("chain_id", "must be the execution chain's id, not 0"));
    }
    if file.total_ethereum_validators == 0 {
        return Err(RulesError::key("total_ethereum_validators", "must not be 0"));
    }
    if let Some(other) = file.bootnodes.iter().find(|bootnode| !bootnode.starts_with("enr:")) {
        return Err(RulesError::key(
            "bootnodes",
            format!("{other:?} is not an ENR; it must start with enr:"),
        ));
    }
    Ok(())
}

fn protocol_id(text: Option<&str>) -> Result<[u8; 6], RulesError> {
    let Some(text) = text else {
        return Ok(DISCOVERY_PROTOCOL_ID);
    };
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode(digits)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| RulesError::key("discovery_protocol_id", "must be 0x and 12 hex digits"))
}

fn schedule(file: &NetworkFile) -> Result<ForkSchedule, RulesError> {
    if file.forks.alan != 0 {
        return Err(RulesError::key("forks.alan", "must be 0: nothing before Alan is supported"));
    }
    let boole = match (file.domains.boole, file.forks.boole) {
        (Some(domain), epoch) => Some((domain, epoch.map_or(Epoch::FAR_FUTURE, Epoch))),
        (None, Some(_)) => return Err(RulesError::ForkWithoutDomain { fork: SsvFork::Boole }),
        (None, None) => None,
    };
    ForkSchedule::new(file.domains.alan, boole)
}

fn timeouts(given: Option<&Timeouts>, slot_millis: u64) -> Result<RoundTimeouts, RulesError> {
    let Some(given) = given else {
        return Ok(RoundTimeouts::of_slot(slot_millis));
    };
    if given.quick_ms == 0 {
        return Err(RulesError::key("timeouts.quick_ms", "must not be 0"));
    }
    if given.slow_ms < given.quick_ms {
        return Err(RulesError::key("timeouts.slow_ms", "must not be below timeouts.quick_ms"));
    }
    Ok(RoundTimeouts::new(given.quick_ms, given.slow_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCAL: &str = r#"
        name = "local"
        preset = "minimal"
        chain_id = 31337
        contract = "0x5fbdb2315678afecb367f032d93f642f64180aa3"
        deploy_block = 1
        follow_distance = 0
        seconds_per_slot = 3
        total_ethereum_validators = 1000000
        discovery_protocol_id = "0x737376647635"
        bootnodes = []
        [domains]
        alan = "0x00000402"
        boole = "0x00000403"
        [forks]
        alan = 0
        [timeouts]
        quick_ms = 500
        slow_ms = 30000
        [peers]
        ip_colocation_limit = 0
        inbound_rate_limit = 0
    "#;

    fn error(from: &str, to: &str) -> String {
        assert!(LOCAL.contains(from), "{from}");
        NetworkRules::from_toml(&LOCAL.replace(from, to)).unwrap_err().to_string()
    }

    #[test]
    fn the_local_network_reads() {
        let rules = NetworkRules::from_toml(LOCAL).unwrap();
        assert_eq!(rules.preset, PresetName::Minimal);
        assert_eq!(rules.slots_per_epoch(), 8);
        assert_eq!(rules.timeouts, RoundTimeouts::of_slot(3_000));
        assert_eq!(rules.forks.at(Epoch(u64::MAX)), SsvFork::Alan);
        assert_eq!(rules.forks.domain(SsvFork::Boole), Some(DomainType([0, 0, 4, 3])));
        assert_eq!(&rules.discovery_protocol_id, b"ssvdv5");
        assert_eq!(rules.peers, PeerLimits { ip_colocation_limit: 0, inbound_rate_limit: 0 });
        let ttl = rules.role_rules(SsvFork::Alan, crate::RunnerRole::Committee).unwrap().ttl_slots;
        assert_eq!(ttl, Some(10));
    }

    #[test]
    fn boole_begins_where_the_file_says() {
        let rules = NetworkRules::from_toml(&LOCAL.replace("alan = 0\n", "alan = 0\nboole = 4\n")).unwrap();
        assert_eq!(rules.forks.at(Epoch(4)), SsvFork::Boole);
    }

    #[test]
    fn every_error_names_its_key() {
        assert!(error("chain_id = 31337", "chain_identity = 1").contains("chain_identity"));
        assert!(error("preset = \"minimal\"", "preset = \"tiny\"").contains("preset"));
        assert!(error("seconds_per_slot = 3", "seconds_per_slot = 0").starts_with("seconds_per_slot:"));
        assert!(error("alan = 0\n", "alan = 5\n").starts_with("forks.alan:"));
        assert!(error("boole = \"0x00000403\"", "boole = \"0x00000402\"").starts_with("domains.boole:"));
        assert!(error("quick_ms = 500", "quick_ms = 0").starts_with("timeouts.quick_ms:"));
        assert!(error("slow_ms = 30000", "slow_ms = 30").starts_with("timeouts.slow_ms:"));
        assert!(error("0x737376647635", "0x7373").starts_with("discovery_protocol_id:"));
        assert!(error("bootnodes = []", "bootnodes = [\"1.2.3.4\"]").starts_with("bootnodes:"));
        assert!(error("name = \"local\"", "name = \"My/Net\"").starts_with("name:"));
    }

    #[test]
    fn a_scheduled_fork_needs_a_domain() {
        let text = LOCAL.replace("boole = \"0x00000403\"", "").replace("alan = 0\n", "alan = 0\nboole = 4\n");
        assert_eq!(
            NetworkRules::from_toml(&text),
            Err(RulesError::ForkWithoutDomain { fork: SsvFork::Boole })
        );
    }

    #[test]
    fn a_public_network_keeps_its_timeouts() {
        assert!(error("name = \"local\"", "name = \"mainnet\"").starts_with("timeouts:"));
        assert!(error("0x00000402", "0x00000001").starts_with("timeouts:"));
    }
}

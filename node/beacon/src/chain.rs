//! What chain a node is on, in its own words (genesis and configuration).
//!
//! Sources: beacon-APIs `getGenesis`, `getSpec`. What the words mean, and which must be there, is [`BeaconSpec`]'s.

use crate::error::CallError;
use crate::http::{Reply, Request};
use crate::state::{Data, read_json};
use std::collections::BTreeMap;
use std::sync::Arc;
use types::BeaconFork;
use types::rules::{BeaconGenesis, BeaconSpec};

/// Everything a node says about its chain.
#[derive(Debug, Clone)]
pub(crate) struct Reported {
    /// What it amounts to.
    pub spec: Arc<BeaconSpec>,
    /// The configuration it was read from.
    config: BTreeMap<String, String>,
}

/// A fork that a node has scheduled, in its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scheduled<'a> {
    pub epoch: &'a str,
    pub version: &'a str,
}

impl Reported {
    /// # Errors
    /// [`CallError::Malformed`] when the configuration is incomplete or contradicts itself.
    pub fn new(config: BTreeMap<String, String>, genesis: BeaconGenesis) -> Result<Self, CallError> {
        let spec =
            BeaconSpec::new(&config, genesis).map_err(|error| CallError::Malformed(error.to_string()))?;
        Ok(Self { spec: Arc::new(spec), config })
    }

    /// The row of a fork, if it is scheduled.
    pub fn scheduled(&self, fork: BeaconFork) -> Option<Scheduled<'_>> {
        let name = fork.name().to_ascii_uppercase();
        let epoch = self.config.get(&format!("{name}_FORK_EPOCH"))?;
        let version = self.config.get(&format!("{name}_FORK_VERSION"))?;
        (epoch.parse() != Ok(u64::MAX)).then_some(Scheduled { epoch, version })
    }
}

pub(crate) fn genesis_request() -> Request {
    Request::get("/eth/v1/beacon/genesis".into())
}

pub(crate) fn spec_request() -> Request {
    Request::get("/eth/v1/config/spec".into())
}

pub(crate) fn read_genesis(reply: &Reply) -> Result<BeaconGenesis, CallError> {
    Ok(read_json::<Data<BeaconGenesis>>(reply)?.data)
}

/// The configuration as key and text; the few values that are tables (blob schedule) do not matter here.
pub(crate) fn read_config(reply: &Reply) -> Result<BTreeMap<String, String>, CallError> {
    let Data { data } = read_json::<Data<BTreeMap<String, serde_json::Value>>>(reply)?;
    let mut config: BTreeMap<String, String> = data
        .into_iter()
        .filter_map(|(key, value)| match value {
            serde_json::Value::String(text) => Some((key, text)),
            serde_json::Value::Number(number) => Some((key, number.to_string())),
            serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_) => None,
        })
        .collect();
    // The key's successor (consensus-specs, 2025), for nodes that have dropped the old one.
    if !config.contains_key("SECONDS_PER_SLOT") {
        let millis = config.get("SLOT_DURATION_MS").and_then(|text| text.parse::<u64>().ok());
        if let Some(seconds) = millis.filter(|millis| millis % 1_000 == 0).map(|millis| millis / 1_000) {
            config.insert("SECONDS_PER_SLOT".into(), seconds.to_string());
        }
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Encoding;
    use bytes::Bytes;
    use types::{Epoch, ForkVersion, PresetName};

    fn json(body: impl Into<Bytes>) -> Reply {
        Reply { encoding: Encoding::Json, body: body.into(), ..Reply::default() }
    }

    /// Recorded from Lodestar 1.44.0, minimal preset, Fulu from genesis.
    const SPEC: &str = include_str!("../tests/answers/spec.json");
    const GENESIS: &str = include_str!("../tests/answers/genesis.json");

    fn reported(config: BTreeMap<String, String>) -> Result<Reported, CallError> {
        Reported::new(config, read_genesis(&json(GENESIS)).unwrap())
    }

    #[test]
    fn recorded_genesis_and_configuration_are_read() {
        let reported = reported(read_config(&json(SPEC)).unwrap()).unwrap();
        let spec = &reported.spec;
        assert_eq!((spec.preset, spec.seconds_per_slot), (PresetName::Minimal, 3));
        assert_eq!(
            spec.genesis.genesis_validators_root.to_string(),
            "0x3e8bd71d9925794b4f5e8623e15094ea6edc0fd206e3551e13dd2d10e08fbaba"
        );
        assert_eq!(spec.fork_at(Epoch(0)), BeaconFork::Fulu);
        assert_eq!(spec.version_at(Epoch(0)), ForkVersion([6, 0, 0, 1]));
        assert_eq!(
            reported.scheduled(BeaconFork::Fulu),
            Some(Scheduled { epoch: "0", version: "0x06000001" })
        );
    }

    #[test]
    fn slot_length_may_come_from_the_new_key() {
        let body = SPEC.replace(
            "\"SECONDS_PER_SLOT\":\"3\",\"SLOT_DURATION_MS\":\"3000\"",
            "\"SLOT_DURATION_MS\":\"6000\"",
        );
        assert_ne!(body, SPEC);
        assert_eq!(reported(read_config(&json(body)).unwrap()).unwrap().spec.seconds_per_slot, 6);
    }

    #[test]
    fn an_incomplete_configuration_names_the_key() {
        let mut config = read_config(&json(SPEC)).unwrap();
        config.remove("ELECTRA_FORK_VERSION");
        let error = reported(config).unwrap_err().to_string();
        assert!(error.contains("ELECTRA_FORK_VERSION"), "{error}");
    }

    #[test]
    fn an_unscheduled_fork_has_no_row() {
        let mut config = read_config(&json(SPEC)).unwrap();
        config.insert("FULU_FORK_EPOCH".into(), u64::MAX.to_string());
        assert_eq!(reported(config).unwrap().scheduled(BeaconFork::Fulu), None);
    }
}

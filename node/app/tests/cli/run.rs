//! `capstan run`: configuration, checks, and stopping.

use std::io::{BufRead, BufReader, Read};
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use crate::node;
use crate::support::{Ended, Place};

/// The chain of the recorded beacon node.
const NETWORK: &str = r#"
name = "local"
preset = "minimal"
chain_id = 5
contract = "0x5fbdb2315678afecb367f032d93f642f64180aa3"
deploy_block = 1
follow_distance = 0
seconds_per_slot = 3
[domains]
alan = "0x00000402"
"#;

/// [`place_with`] whose execution client is down.
pub fn place(beacon: &str) -> Place {
    place_with(beacon, "http://user:secret@127.0.0.1:1/token")
}

/// A folder with everything a node needs, on these clients. It has a loopback address of its own, so that no other test (and
/// no other process) has its ports.
pub fn place_with(beacon: &str, execution: &str) -> Place {
    static PLACES: AtomicU32 = AtomicU32::new(1);
    let number = PLACES.fetch_add(1, Ordering::Relaxed);
    let [_, _, a, b] = std::process::id().to_be_bytes();
    let own = Ipv4Addr::new(127, a | 1, b, u8::try_from(number).unwrap());
    let place = Place::at(own);
    place.operator_key();
    place.write("network.toml", NETWORK, 0o644);
    let config = format!(
        "data_dir = \"data\"\n[network]\nfile = \"network.toml\"\n[execution]\nurls = [\"{execution}\"]\n\
         [beacon]\nurls = [\"{beacon}\"]\n[operator]\nkey_file = \"operator.json\"\npassword_file = \"operator.pass\"\n\
         [p2p]\nlisten = \"{own}\"\ntcp_port = 23001\nudp_port = 22001\n[api]\nlisten = \"{own}\"\nport = 26000\n",
    );
    place.write("capstan.toml", &config, 0o644);
    place
}

fn check(place: &Place, more: &[&str]) -> (i32, Value) {
    let ended = place.run(&[&["run", "--config", "capstan.toml", "--check", "--json"], more].concat());
    (ended.code, serde_json::from_str(&ended.stdout).unwrap())
}

fn finding<'a>(report: &'a Value, what: &str) -> &'a Value {
    report["checks"].as_array().unwrap().iter().find(|finding| finding["what"] == what).unwrap()
}

fn row<'a>(report: &'a Value, key: &str) -> &'a Value {
    report["config"].as_array().unwrap().iter().find(|row| row["key"] == key).unwrap()
}

#[test]
fn the_check_shows_values_with_sources_and_looks_at_everything() {
    let place = place(&node::start());
    let (code, report) = check(&place, &["--log-level", "debug"]);
    assert_eq!(code, 1, "the execution client is not there");
    assert_eq!(report["ok"], false);
    assert_eq!(row(&report, "log.level")["source"], "--log-level");
    assert_eq!(row(&report, "p2p.max_peers")["source"], "default");
    assert_eq!(row(&report, "execution.urls")["value"], "http://127.0.0.1:1/...");
    for what in ["network", "beacon node", "operator key", "network key", "data folder", "api port"] {
        assert_eq!(finding(&report, what)["ok"], true, "{report:#}");
    }
    let execution = finding(&report, "execution client");
    assert_eq!(execution["ok"], false);
    assert!(!report.to_string().contains("secret"), "{report:#}");
    assert!(!place.path("data").exists() && !place.path("network.key").exists(), "a check creates nothing");
}

#[test]
fn a_beacon_node_of_another_network_is_for_an_operator_to_decide() {
    let place = place(&node::start());
    place.write("network.toml", &NETWORK.replace("seconds_per_slot = 3", "seconds_per_slot = 12"), 0o644);
    let (code, report) = check(&place, &[]);
    assert_eq!(code, 3);
    let beacon = finding(&report, "beacon node")["detail"].as_str().unwrap();
    assert!(beacon.contains("slots of 3 s") && beacon.contains("seconds_per_slot"), "{beacon}");
}

#[test]
fn a_wrong_password_is_found_by_the_check_and_by_the_start() {
    let place = place("http://127.0.0.1:1");
    place.write("operator.pass", "another one\n", 0o600);
    let start = place.run(&["run", "--config", "capstan.toml"]);
    assert_eq!(start.code, 2);
    assert!(start.stderr.contains("wrong password"), "{}", start.stderr);
    assert!(start.stderr.contains("operator.json does not open with the password in"), "{}", start.stderr);
    assert!(!place.path("network.key").exists());
}

#[test]
fn a_configuration_that_cannot_be_used_tells_every_problem_at_once() {
    let place = Place::new();
    place.write("capstan.toml", "[api]\nprt = 1\nport = 0\n", 0o644);
    let ended = place.run(&["run", "--config", "capstan.toml"]);
    assert_eq!(ended.code, 2);
    for problem in [
        "did you mean api.port?",
        "a number from 1 to 65535",
        "beacon.urls is needed",
        "CAPSTAN__EXECUTION__URLS",
    ] {
        assert!(ended.stderr.contains(problem), "{problem} in {}", ended.stderr);
    }
    let ended = place.run(&["run", "--config", "absent.toml"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("absent.toml"), "{}", ended.stderr);
}

#[test]
fn variables_are_a_layer_between_file_and_flags() {
    let place = place(&node::start());
    let mut command =
        place.command(&["run", "--config", "capstan.toml", "--check", "--json", "--api-port", "2003"]);
    command.env("CAPSTAN__API__PORT", "2002").env("CAPSTAN__LOG__FORMAT", "json");
    let ended = Ended::of(command.output().unwrap());
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(row(&report, "api.port")["value"], "2003");
    assert_eq!(row(&report, "log.format")["source"], "CAPSTAN__LOG__FORMAT");
}

#[test]
fn a_node_whose_clients_are_down_waits_and_stops_when_asked() {
    let place = place("http://127.0.0.1:1");
    let mut command = place.command(&["run", "--config", "capstan.toml", "--log-format", "json"]);
    let mut node = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(node.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("network key created") {
        line.clear();
        assert!(lines.read_line(&mut line).unwrap() > 0, "the node ended by itself");
        let _: Value = serde_json::from_str(&line).unwrap();
    }
    let pid = node.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert_eq!(node.wait().unwrap().code(), Some(0), "{rest}");
    assert!(rest.contains("SIGTERM"), "{rest}");
}

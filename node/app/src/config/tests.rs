use super::*;
use crate::exit::Exit;
use std::fs;
use std::path::Path;

const FILE: &str = r#"
data_dir = "data"
[network]
name = "mainnet"
[execution]
urls = ["http://127.0.0.1:8545"]
[beacon]
urls = ["http://user:secret@127.0.0.1:5052/token", "https://other.example"]
[operator]
key_file = "operator.json"
password_file = "/etc/capstan/operator.pass"
[p2p]
tcp_port = 14001
"#;

fn layers(folder: &Path, text: &str) -> Layers {
    let file = folder.join("config.toml");
    fs::write(&file, text).unwrap();
    Layers { file: Some(file), ..Layers::default() }
}

fn variable(name: &str, value: &str) -> (String, String) {
    (name.into(), value.into())
}

fn problems(layers: &Layers) -> String {
    let error = load(layers).unwrap_err();
    assert_eq!(Exit::of(&error), Exit::Usage);
    error.to_string()
}

#[test]
fn flags_win_over_variables_over_the_file_over_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let mut layers = layers(folder.path(), FILE);
    layers.environment = vec![
        variable("CAPSTAN__P2P__UDP_PORT", "15001"),
        variable("CAPSTAN__API__PORT", "15002"),
        variable("CAPSTAN__BEACON__URLS", "http://a:1, http://b:2"),
        variable("PATH", "/bin"),
    ];
    layers.flags = vec![Flag { key: "api.port", values: vec!["15003".into()] }];
    let Loaded { config, rows } = load(&layers).unwrap();
    assert_eq!((config.p2p.tcp_port, config.p2p.udp_port, config.api.port), (14001, 15001, 15003));
    assert_eq!(config.beacon.urls, ["http://a:1", "http://b:2"]);
    assert_eq!((config.p2p.max_peers, config.beacon.agreement), (60, 1));
    let source = |key: &str| rows.iter().find(|row| row.key == key).unwrap().source.clone();
    assert!(source("p2p.tcp_port").ends_with("config.toml"), "{}", source("p2p.tcp_port"));
    assert_eq!(source("p2p.udp_port"), "CAPSTAN__P2P__UDP_PORT");
    assert_eq!(source("api.port"), "--api-port");
    assert_eq!(source("p2p.max_peers"), "default");
}

#[test]
fn wishes_of_own_blocks_have_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let proposals = |text: &str| {
        load(&layers(folder.path(), &format!("{FILE}[proposals]\n{text}")))
            .map(|loaded| loaded.config.proposals)
    };
    let section = proposals("").unwrap();
    assert_eq!((section.graffiti.as_str(), section.gas_limit, section.builder), ("capstan", None, true));
    assert_eq!((section.builder_boost_factor, section.delay_ms), (100, 0));
    let all = proposals(
        "graffiti = \"\"\ngas_limit = 45000000\nbuilder = false\nbuilder_boost_factor = \"18446744073709551615\"",
    );
    let section = all.unwrap();
    assert_eq!((section.graffiti.as_str(), section.gas_limit), ("", Some(45_000_000)));
    assert_eq!((section.builder, section.builder_boost_factor), (false, u64::MAX));
    let long = format!("graffiti = \"{}\"", "x".repeat(33));
    for (text, told) in [(long.as_str(), "at most 32 fit"), ("delay_ms = 2001", "from 0 to 2000")] {
        let error = proposals(text).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn the_protections_are_switched_by_true_and_false() {
    let folder = tempfile::tempdir().unwrap();
    let safety = |text: &str, variables: Vec<(String, String)>| {
        let mut layers = layers(folder.path(), &format!("{FILE}[safety]\n{text}"));
        layers.environment = variables;
        load(&layers).map(|loaded| loaded.config.safety)
    };
    let section = |doppelganger, second_copy| SafetySection { doppelganger, second_copy };
    assert_eq!(safety("", vec![]).unwrap(), section(false, true));
    assert_eq!(safety("doppelganger = true", vec![]).unwrap(), section(true, true));
    let off = vec![variable("CAPSTAN__SAFETY__SECOND_COPY", "false")];
    assert_eq!(safety("second_copy = true", off).unwrap(), section(false, false));
    let told = safety("doppelganger = 1", vec![]).unwrap_err().to_string();
    assert!(told.contains("safety.doppelganger") && told.contains("it can be true or false"), "{told}");
}

#[test]
fn a_network_given_higher_up_replaces_the_other_kind() {
    let folder = tempfile::tempdir().unwrap();
    let mut layers = layers(folder.path(), FILE);
    layers.flags = vec![Flag { key: "network.file", values: vec!["local.toml".into()] }];
    let network = load(&layers).unwrap().config.network;
    assert_eq!(network, NetworkSection { name: None, file: Some("local.toml".into()) });
}

#[test]
fn relative_paths_start_at_the_file_or_at_the_working_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mut layers = layers(folder.path(), FILE);
    layers.flags = vec![Flag { key: "data_dir", values: vec!["here".into()] }];
    let config = load(&layers).unwrap().config;
    assert_eq!(config.operator.key_file, folder.path().join("operator.json"));
    assert_eq!(config.operator.password_file, Some("/etc/capstan/operator.pass".into()));
    assert_eq!(config.p2p.key_file, folder.path().join("network.key"));
    assert_eq!(config.data_dir, Path::new("here"));
}

#[test]
fn shown_addresses_hold_no_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let rows = load(&layers(folder.path(), FILE)).unwrap().rows;
    let beacon = rows.iter().find(|row| row.key == "beacon.urls").unwrap();
    assert_eq!(beacon.value, "http://127.0.0.1:5052/..., https://other.example");
    assert!(rows.iter().all(|row| !row.value.contains("secret")));
}

#[test]
fn every_problem_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let text = FILE.replace("tcp_port = 14001", "tcp_prt = 14001\nmax_peers = \"many\"");
    let mut layers = layers(folder.path(), &text);
    layers.environment = vec![variable("CAPSTAN__API__PORT", "99999"), variable("CAPSTAN__API__HOST", "x")];
    let text = problems(&layers);
    for expected in [
        "p2p.tcp_prt (",
        "did you mean p2p.tcp_port?",
        "p2p.max_peers (",
        "it must be a number from 4 to 500",
        "api.port (CAPSTAN__API__PORT) is \"99999\"; it must be a number from 1 to 65535",
        "api.host (CAPSTAN__API__HOST) is no key of the configuration",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
}

#[test]
fn what_is_needed_is_named_with_every_way_to_set_it() {
    let text = problems(&Layers::default());
    assert!(text.contains(
        "beacon.urls is needed: set it in the configuration file, or with CAPSTAN__BEACON__URLS, --beacon-url"
    ));
    assert!(text.contains("operator.key_file is needed"));
    let folder = tempfile::tempdir().unwrap();
    let empty = FILE.replace("[\"http://127.0.0.1:8545\"]", "[]");
    assert!(problems(&layers(folder.path(), &empty)).contains("execution.urls is needed"));
}

#[test]
fn relations_between_values_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let check = |from: &str, to: &str| {
        assert!(FILE.contains(from));
        problems(&layers(folder.path(), &FILE.replace(from, to)))
    };
    assert!(check("name = \"mainnet\"", "").contains("network.name or network.file is needed"));
    assert!(check("name = \"mainnet\"", "name = \"mainnet\"\nfile = \"x.toml\"").contains("keep one"));
    assert!(check("tcp_port = 14001", "tcp_port = 16000").contains("are both 16000"));
    assert!(
        check("tcp_port = 14001", "external_address = \"0.0.0.0\"").contains("the address of no machine")
    );
    let of_three = check("[operator]", "agreement = 3\n[operator]");
    assert!(of_three.contains("beacon.agreement (") && of_three.contains("is 3, and beacon.urls has 2"));
    assert!(check("[operator]", "agreement = 0\n[operator]").contains("it must be a number from 1 to 16"));
    assert!(check("[p2p]", "[log]\nlevel = \"beacon=loud\"\n[p2p]").contains("log.level"));
    assert!(check("[p2p]", "[log]\nformat = \"xml\"\n[p2p]").contains("it can be text or json"));
    assert!(check("\"http://127.0.0.1:8545\"", "\"ftp://x\"").contains("execution.urls"));
    assert!(check("tcp_port = 14001", "listen = \"localhost\"").contains("it must be an IP address"));
}

#[test]
fn a_file_that_is_no_toml_or_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    assert!(problems(&layers(folder.path(), "data_dir = ")).contains("config.toml"));
    let missing = Layers { file: Some(folder.path().join("none.toml")), ..Layers::default() };
    assert!(problems(&missing).contains("there is no configuration file"));
}

#[test]
fn the_table_of_keys_and_the_structs_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut layers = layers(folder.path(), FILE);
    layers.environment = vec![
        variable("CAPSTAN__P2P__EXTERNAL_ADDRESS", "10.0.0.1"),
        variable("CAPSTAN__PROPOSALS__GAS_LIMIT", "36000000"),
    ];
    let loaded = load(&layers).unwrap();
    // Only network.file is not set, as it excludes network.name. A key that no struct has would have been refused.
    let missing: Vec<_> =
        KEYS.iter().filter(|key| loaded.rows.iter().all(|row| row.key != key.path)).collect();
    assert_eq!(missing.iter().map(|key| key.path).collect::<Vec<_>>(), ["network.file"]);
}

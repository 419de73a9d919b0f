//! Operator and network keys.

use crate::support::{Place, mode};

#[test]
fn an_operator_key_is_made_shown_and_never_overwritten() {
    let place = Place::new();
    let made = place.operator_key();
    assert_eq!(mode(&place.path("operator.json")), 0o600);
    assert_eq!(made["public_key"].as_str().unwrap().len(), 612);
    let file = std::fs::read_to_string(place.path("operator.json")).unwrap();
    assert!(!file.contains("PRIVATE KEY"));

    let shown = place.json(&["operator", "key", "show", "--key", "operator.json"]);
    assert_eq!((&shown["public_key"], &shown["opened"]), (&made["public_key"], &false.into()));
    let opened = place.json(&[
        "operator",
        "key",
        "show",
        "--key",
        "operator.json",
        "--password-file",
        "operator.pass",
    ]);
    assert_eq!((&opened["public_key_sha256"], &opened["opened"]), (&made["public_key_sha256"], &true.into()));

    let again =
        place.run(&["operator", "key", "new", "--out", "operator.json", "--password-file", "operator.pass"]);
    assert_eq!(again.code, 2);
    assert!(again.stderr.contains("not overwritten"), "{}", again.stderr);
    assert_eq!(std::fs::read_to_string(place.path("operator.json")).unwrap(), file);
}

#[test]
fn a_wrong_password_and_a_damaged_file_say_what_is_wrong() {
    let place = Place::new();
    place.operator_key();
    place.write("wrong.pass", "incorrect horse\n", 0o600);
    let show = ["operator", "key", "show", "--key", "operator.json", "--password-file", "wrong.pass"];
    let wrong = place.run(&show);
    assert_eq!(wrong.code, 2);
    assert!(
        wrong.stderr.contains("operator.json") && wrong.stderr.contains("wrong password"),
        "{}",
        wrong.stderr
    );
    let as_json = place.run(&[&show[..], &["--json"]].concat());
    let error: serde_json::Value = serde_json::from_str(&as_json.stdout).unwrap();
    assert_eq!(error["error"]["exit_code"], 2);

    place.write("operator.json", "{\"kdf\": 1", 0o600);
    let damaged = place.run(&show);
    assert_eq!(damaged.code, 2);
    assert!(damaged.stderr.contains("is not an operator key file, or is damaged"), "{}", damaged.stderr);
    let missing = place.run(&["operator", "key", "show", "--key", "nothing.json"]);
    assert_eq!(missing.code, 1);
    assert!(missing.stderr.contains("nothing.json"), "{}", missing.stderr);
}

#[test]
fn a_password_is_not_asked_for_without_a_terminal() {
    let place = Place::new();
    let ended = place.run(&["operator", "key", "new", "--out", "operator.json"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("--password-file"), "{}", ended.stderr);
    assert!(!place.path("operator.json").exists());
}

#[test]
fn a_password_file_that_others_can_read_is_remarked_on() {
    let place = Place::new();
    place.write("open.pass", " correct horse battery \n", 0o644);
    let ended =
        place.run(&["operator", "key", "new", "--out", "operator.json", "--password-file", "open.pass"]);
    assert_eq!(ended.code, 0);
    assert!(ended.stderr.contains("chmod 600"), "{}", ended.stderr);
    assert!(ended.stderr.contains("white space"), "{}", ended.stderr);
}

#[test]
fn a_network_key_gives_a_peer_id_and_a_record() {
    let place = Place::new();
    let made = place.json(&["network", "key", "new", "--out", "network.key"]);
    assert_eq!(mode(&place.path("network.key")), 0o600);
    let show = ["network", "key", "show", "--key", "network.key", "--address", "127.0.0.1"];
    let show = [&show[..], &["--tcp-port", "13001", "--udp-port", "12001", "--network"]].concat();
    let shown = place.json(&[&show[..], &["mainnet"]].concat());
    assert_eq!(shown["peer_id"], made["peer_id"]);
    assert!(shown["peer_id"].as_str().unwrap().starts_with("16Uiu2HA"));
    assert!(shown["enr"].as_str().unwrap().starts_with("enr:-"));
    assert_eq!(shown.as_object().unwrap().len(), 2);

    let unknown = place.run(&[&show[..], &["mainet"]].concat());
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("mainnet, "), "{}", unknown.stderr);
    assert_eq!(place.run(&["network", "key", "new", "--out", "network.key"]).code, 2);
}

#[test]
fn the_worked_example_of_the_handshake_has_its_peer_id() {
    let place = Place::new();
    let bytes: Vec<String> = (1..=32).map(|byte| format!("{byte:02x}")).collect();
    place.write("network.key", &bytes.concat(), 0o600);
    let args = ["network", "key", "show", "--key", "network.key", "--address", "10.0.0.1"];
    let args = [&args[..], &["--tcp-port", "1", "--udp-port", "2", "--network", "mainnet"]].concat();
    assert_eq!(place.json(&args)["peer_id"], "16Uiu2HAm4Ms862Gnqafssgvik4JJ1LuqWMcKNipq4nm2UaoLRbeP");
    place.write("network.key", "0123", 0o600);
    let short = place.run(&args);
    assert_eq!(short.code, 1);
    assert!(short.stderr.contains("32 bytes in hex"), "{}", short.stderr);
}

#[test]
fn an_exposed_network_key_is_refused() {
    let place = Place::new();
    place.write("network.key", &"11".repeat(32), 0o644);
    let args = ["network", "key", "show", "--key", "network.key", "--address", "10.0.0.1"];
    let ended =
        place.run(&[&args[..], &["--tcp-port", "1", "--udp-port", "2", "--network", "mainnet"]].concat());
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("chmod 600"), "{}", ended.stderr);
}

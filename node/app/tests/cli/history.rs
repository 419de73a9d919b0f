//! `capstan history` on the folder of a stopped node.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crypto::bls::SecretKey;
use serde_json::{Value, json};
use store::{HistoryDb, HistoryTable, StoreError};
use types::beacon::AttestationData;
use types::rules::{BeaconGenesis, BeaconSpec};
use types::{ChainRules, Checkpoint, CommitteeIndex, Epoch, NetworkRules, PublicKeyBytes, Root, Slot};
use vault::{ArmShare, Arming, AttestationRequest, Floor, Vault};

use crate::support::Place;

/// The main network on a chain with this genesis validators root.
fn chain(root: u8) -> Arc<ChainRules> {
    let network = NetworkRules::builtin("mainnet").unwrap();
    let text = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let mut config = BTreeMap::from([
        text("PRESET_BASE", "mainnet"),
        text("SECONDS_PER_SLOT", "12"),
        text("CONFIG_NAME", "mainnet"),
    ]);
    for (number, fork) in (1..).zip(["ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA"]) {
        config.insert(format!("{fork}_FORK_EPOCH"), (number * 1000).to_string());
        config.insert(format!("{fork}_FORK_VERSION"), format!("0x0{number}000000"));
    }
    let genesis = BeaconGenesis {
        genesis_time: 0,
        genesis_validators_root: Root::repeat_byte(root),
        genesis_fork_version: "0x00000000".parse().unwrap(),
    };
    let beacon = BeaconSpec::new(&config, genesis).unwrap();
    Arc::new(ChainRules::new(Arc::new(network), Arc::new(beacon)).unwrap())
}

/// A history on the chain `root` in which one share signed votes from epoch 10 for these targets. Gives the share.
pub fn signed(folder: &Path, root: u8, targets: &[u64]) -> PublicKeyBytes {
    let vault = Vault::open(HistoryDb::open(folder).unwrap(), chain(root)).unwrap();
    let secret = SecretKey::from_be_bytes(&[1; 32]).unwrap();
    let share =
        ArmShare { validator: PublicKeyBytes([9; 48]), share: secret.public_key().to_bytes(), secret };
    let (signer, key) = (share.signer(), share.share);
    vault.arm(vec![share], Floor::now(Epoch(10), Slot(320), Some(Epoch(9))), Arming::Anew).unwrap();
    for target in targets {
        let point = |epoch| Checkpoint { epoch, root: Root::repeat_byte(5) };
        let data = AttestationData {
            slot: Slot(target * 32),
            index: CommitteeIndex(0),
            beacon_block_root: Root::repeat_byte(5),
            source: point(Epoch(10)),
            target: point(Epoch(*target)),
        };
        let granted = vault.permit_attestations(Slot(100_000), &[AttestationRequest { signer, data }]);
        assert!(granted[0].is_ok(), "{granted:?}");
    }
    key
}

/// Changes a byte of every row of this share.
pub fn damage(folder: &Path, share: &PublicKeyBytes) {
    let file = folder.join("history.redb");
    let mut bytes = std::fs::read(&file).unwrap();
    let rows = (0..bytes.len()).filter(|start| bytes[*start..].starts_with(&share.0)).collect::<Vec<_>>();
    assert!(!rows.is_empty());
    rows.into_iter().for_each(|start| bytes[start + 40] ^= 1);
    std::fs::write(&file, bytes).unwrap();
}

fn hex(key: &PublicKeyBytes) -> String {
    key.to_string()
}

fn show(place: &Place, folder: &str) -> Value {
    place.json(&["history", "show", "--data-dir", folder])
}

#[test]
fn the_account_has_marks_votes_and_slashable_pairs() {
    let place = Place::new();
    let share = signed(&place.path("data"), 7, &[20, 21, 22]);
    let shown = show(&place, "data");
    let expected = json!({
        "share": hex(&share), "validator": hex(&PublicKeyBytes([9; 48])), "armed": true,
        "source": 10, "target": 22, "slot": shown["shares"][0]["slot"], "votes": 3, "slashable_pairs": 0,
    });
    assert_eq!(shown["shares"], json!([expected]));
    assert_eq!(shown["slashable_pairs"], 0);
    assert_eq!(shown["genesis_validators_root"], Root::repeat_byte(7).to_string());

    // A second vote for a target, and one around the others, as no vault would ever record them.
    let db = HistoryDb::open(&place.path("data")).unwrap();
    for (source, target) in [(10_u64, 21_u64), (9, 23)] {
        let key = [&share.0[..], &target.to_be_bytes(), Root::repeat_byte(0xee).as_slice()].concat();
        let planted = db.transact(|transaction| {
            transaction.put(HistoryTable::Attestations, &key, &source.to_le_bytes())?;
            Ok::<(), StoreError>(())
        });
        planted.unwrap();
    }
    drop(db);
    let shown = show(&place, "data");
    assert_eq!((&shown["shares"][0]["votes"], &shown["slashable_pairs"]), (&json!(5), &json!(5)));
    let text = place.run(&["history", "show", "--data-dir", "data"]);
    assert_eq!(text.code, 0);
    assert!(text.stdout.contains("5 votes, 5 slashable pairs"), "{}", text.stdout);
}

#[test]
fn what_is_exported_raises_the_marks_of_another_history() {
    let place = Place::new();
    let share = signed(&place.path("old"), 7, &[20, 33]);
    signed(&place.path("new"), 7, &[20]);
    let done = place.json(&["history", "export", "--data-dir", "old", "--out", "out.json"]);
    assert_eq!(done, json!({ "file": "out.json", "shares": 1 }));
    let document: Value =
        serde_json::from_str(&std::fs::read_to_string(place.path("out.json")).unwrap()).unwrap();
    assert_eq!(document["metadata"]["interchange_format_version"], "5");
    assert_eq!(document["data"][0]["pubkey"], hex(&share));

    assert_eq!(show(&place, "new")["shares"][0]["target"], 20);
    for _ in 0..2 {
        assert_eq!(place.json(&["history", "import", "--data-dir", "new", "out.json"])["shares"], 1);
        assert_eq!(show(&place, "new")["shares"][0]["target"], 33);
    }
    place.json(&["history", "export", "--data-dir", "new", "--out", "again.json"]);
    let read = |name| std::fs::read_to_string(place.path(name)).unwrap();
    assert_eq!(read("out.json"), read("again.json"));
    let taken = place.run(&["history", "export", "--data-dir", "new", "--out", "out.json"]);
    assert_eq!(taken.code, 2);
    assert!(taken.stderr.contains("not overwritten"), "{}", taken.stderr);
}

#[test]
fn a_running_node_a_missing_folder_and_damage_are_told_apart() {
    let place = Place::new();
    let absent = place.run(&["history", "show", "--data-dir", "data"]);
    assert_eq!(absent.code, 2);
    assert!(absent.stderr.contains("--data-dir data") && absent.stderr.contains("no history database"));
    assert!(!place.path("data").exists(), "looking creates nothing");

    let share = signed(&place.path("data"), 7, &[20]);
    let running = HistoryDb::open(&place.path("data")).unwrap();
    let busy = place.run(&["history", "show", "--data-dir", "data"]);
    assert_eq!(busy.code, 3);
    assert!(busy.stderr.contains("stop the node, then try again"), "{}", busy.stderr);
    drop(running);

    damage(&place.path("data"), &share);
    let damaged = place.run(&["history", "show", "--data-dir", "data"]);
    assert_eq!(damaged.code, 3, "{}", damaged.stderr);
    assert!(damaged.stderr.contains("newest copy"), "{}", damaged.stderr);
    std::fs::write(place.path("data").join("history.redb"), "something else").unwrap();
    let other = place.run(&["history", "show", "--data-dir", "data"]);
    assert_eq!(other.code, 3, "{}", other.stderr);
    assert!(other.stderr.contains("newest copy"), "{}", other.stderr);
}

#[test]
fn a_document_that_does_not_fit_changes_nothing() {
    let place = Place::new();
    signed(&place.path("data"), 7, &[20]);
    signed(&place.path("other"), 8, &[40]);
    place.json(&["history", "export", "--data-dir", "other", "--out", "other.json"]);
    let import = |file: &str| place.run(&["history", "import", "--data-dir", "data", file]);

    let foreign = import("other.json");
    assert_eq!(foreign.code, 3);
    assert!(foreign.stderr.contains("genesis validators root"), "{}", foreign.stderr);
    let text = std::fs::read_to_string(place.path("other.json")).unwrap();
    place.write("newer.json", &text.replace("\"5\"", "\"6\""), 0o644);
    assert_eq!(import("newer.json").code, 2);
    place.write("nonsense.json", "{}", 0o644);
    let nonsense = import("nonsense.json");
    assert_eq!(nonsense.code, 2);
    assert!(nonsense.stderr.contains("nonsense.json is no interchange document"), "{}", nonsense.stderr);
    assert_eq!(import("absent.json").code, 2);
    assert_eq!(show(&place, "data")["shares"][0]["target"], 20);
}

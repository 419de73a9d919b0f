//! Files that people and other tools read: keystores, operator keys, key shares, signing histories.
//!
//! Each is generated as JSON, field by field and by name, as those who write such files write them. It must be read, and what is
//! written of it again must say the same; its text is what is hashed.

use app::chain::keyshares::Keyshares;
use crypto::keystore::{EncryptedOperatorKey, ValidatorKeystore};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use vault::interchange::Interchange;

use crate::Entry;
use crate::generate::Generator;

pub const ENTRIES: &[Entry] = &[
    ("file validator keystore, PBKDF2", |g| keystore(g, pbkdf2)),
    ("file validator keystore, scrypt", |g| keystore(g, scrypt)),
    ("file operator key", |g| through::<EncryptedOperatorKey>(&operator_key(g))),
    ("file keyshares", |g| through::<Keyshares>(&keyshares(g))),
    ("file interchange", |g| through::<Interchange>(&interchange(g))),
];

fn through<T: Serialize + DeserializeOwned>(given: &Value) -> Vec<u8> {
    let read: T = serde_json::from_value(given.clone()).unwrap();
    let text = serde_json::to_vec(&read).unwrap();
    assert_eq!(&serde_json::from_slice::<Value>(&text).unwrap(), given);
    text
}

fn hex<const N: usize>(g: &mut Generator) -> String {
    hex::encode(g.array::<N>())
}

fn prefixed<const N: usize>(g: &mut Generator) -> String {
    format!("0x{}", hex::<N>(g))
}

fn pbkdf2(g: &mut Generator) -> Value {
    let params = json!({ "c": 262_144, "dklen": 32, "prf": "hmac-sha256", "salt": hex::<32>(g) });
    json!({ "function": "pbkdf2", "params": params, "message": "" })
}

fn scrypt(g: &mut Generator) -> Value {
    let params = json!({ "n": 262_144, "r": 8, "p": 1, "dklen": 32, "salt": hex::<32>(g) });
    json!({ "function": "scrypt", "params": params, "message": "" })
}

fn modules(g: &mut Generator, kdf: &Value) -> Value {
    json!({
        "kdf": kdf,
        "checksum": { "function": "sha256", "params": {}, "message": hex::<32>(g) },
        "cipher": { "function": "aes-128-ctr", "params": { "iv": hex::<16>(g) }, "message": hex::<32>(g) },
    })
}

fn keystore(g: &mut Generator, kdf: fn(&mut Generator) -> Value) -> Vec<u8> {
    let kdf = kdf(g);
    let given = json!({
        "crypto": modules(g, &kdf),
        "description": format!("validator {}", g.number()),
        "pubkey": hex::<48>(g),
        "path": "m/12381/3600/0/0/0",
        "uuid": hex::<16>(g),
        "version": 4,
    });
    let text = ValidatorKeystore::from_json(&given.to_string()).unwrap().to_json().unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), given);
    text.into_bytes()
}

fn operator_key(g: &mut Generator) -> Value {
    let kdf = pbkdf2(g);
    let mut file = modules(g, &kdf);
    file["pubkey"] = Value::from(hex::<60>(g));
    file
}

fn keyshares(g: &mut Generator) -> Value {
    let public_key = prefixed::<48>(g);
    let ids: Vec<u64> = (1..=4).map(|place| place * 1_000 + g.below(1_000)).collect();
    let operators: Vec<Value> =
        ids.iter().map(|id| json!({ "id": id, "operatorKey": hex::<60>(g) })).collect();
    // Checksummed, as it is written.
    let owner = g.address().to_checksum(None);
    json!({
        "version": "v1.2.0",
        "createdAt": "2026-01-01T00:00:00.000Z",
        "shares": [{
            "data": {
                "ownerNonce": g.below(1_000),
                "ownerAddress": owner,
                "publicKey": public_key,
                "operators": operators,
            },
            "payload": { "publicKey": public_key, "operatorIds": ids, "sharesData": prefixed::<200>(g) },
        }],
    })
}

fn interchange(g: &mut Generator) -> Value {
    let root = |g: &mut Generator| prefixed::<32>(g);
    let known = g.flag();
    let mut block = json!({ "slot": g.number().to_string() });
    let mut vote = json!({ "source_epoch": g.number().to_string(), "target_epoch": g.number().to_string() });
    if known {
        block["signing_root"] = Value::from(root(g));
        vote["signing_root"] = Value::from(root(g));
    }
    json!({
        "metadata": { "interchange_format_version": "5", "genesis_validators_root": root(g) },
        "data": [{ "pubkey": prefixed::<48>(g), "signed_blocks": [block], "signed_attestations": [vote] }],
    })
}

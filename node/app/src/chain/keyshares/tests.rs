#[path = "../../../../conformance/src/vectors.rs"]
mod vectors;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use alloy_primitives::{Address, address};
use crypto::bls::SecretKey;
use crypto::rsa::OperatorPrivateKey;
use crypto::shamir::{self, Share};
use types::{OperatorId, PublicKeyBytes};

use super::file::FileError;
use super::split::Committee;
use super::verify::VerifyError;
use super::*;
use crate::chain::history::RegisteredOperator;

const OWNER: Address = address!("0x81592c3DE184A3E2c0DCB5a261BC107Bfa91f494");

/// A published example, when it is there.
fn example(name: &str) -> Option<PathBuf> {
    vectors::find(&format!("keyshares/{name}"))
}

fn item(name: &str) -> Option<Result<Item, serde_json::Error>> {
    example(name).map(|path| serde_json::from_str(&std::fs::read_to_string(path).unwrap()))
}

#[test]
fn files_of_the_existing_tools_are_read_and_pass() {
    for (name, validators) in [
        ("ssv-keys/multi-shares.json", 1),
        ("ssv-dkg/ceremony-4/keyshares.json", 1),
        ("ssv-dkg/ceremony-13/keyshares.json", 1),
        ("ssv-dkg/ceremony-bulk-3/keyshares.json", 3),
        ("ssv-dkg/validator-invalid/keyshares--valid.json", 1),
    ] {
        let Some(path) = example(name) else { continue };
        let file = Keyshares::read(&path).unwrap();
        assert_eq!(file.shares.len(), validators, "{name}");
        for item in &file.shares {
            item.verify().unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}

/// Same members, same order, same texts; the owner's address is written with its checksum.
#[test]
fn what_is_written_has_the_form_of_the_existing_tools() {
    let Some(path) = example("ssv-keys/multi-shares.json") else { return };
    let theirs = std::fs::read_to_string(&path).unwrap();
    let ours = serde_json::to_string(&Keyshares::read(&path).unwrap()).unwrap();
    let compact: String = theirs.split_whitespace().collect();
    assert!(compact.contains("0x81592c3de184a3e2c0dcb5a261bc107bfa91f494"));
    assert_eq!(ours, compact.replace("0x81592c3de184a3e2c0dcb5a261bc107bfa91f494", &OWNER.to_checksum(None)));
}

#[test]
fn bad_examples_are_refused_for_their_reason() {
    for name in ["ssv-keys/old-shares.json", "ssv-keys/multi-shares-invalid-struct.json"] {
        let Some(path) = example(name) else { continue };
        assert!(matches!(Keyshares::read(&path), Err(FileError::Json { .. })), "{name}");
    }
    for name in ["ssv-keys/item-empty.json", "ssv-keys/item-with-wrong-operator-id.json"] {
        let Some(item) = item(name) else { continue };
        assert!(item.is_err(), "{name}");
    }
    type Expected = fn(&VerifyError) -> bool;
    let items: [(&str, Expected); 2] = [
        ("ssv-keys/item-with-duplicated-operator-key.json", |e| {
            matches!(e, VerifyError::SameOperatorKey(..))
        }),
        ("ssv-keys/item-with-missed-operator-key.json", |e| matches!(e, VerifyError::OperatorKey(_))),
    ];
    for (name, expected) in items {
        let Some(item) = item(name) else { continue };
        let error = item.unwrap().verify().unwrap_err();
        assert!(expected(&error), "{name}: {error}");
    }
    for (name, expected) in [
        ("ssv-dkg/validator-invalid/keyshares--duplicate-payload-operator.json", VerifyError::OtherOperators),
        ("ssv-dkg/validator-invalid/keyshares--duplicate-data-operator.json", VerifyError::NotAscending),
    ] {
        let Some(path) = example(name) else { continue };
        assert_eq!(Keyshares::read(&path).unwrap().shares[0].verify(), Err(expected), "{name}");
    }
}

/// Four operators, made once: keys are slow to make.
static OPERATORS: LazyLock<Vec<OperatorPrivateKey>> =
    LazyLock::new(|| (0..4).map(|_| OperatorPrivateKey::generate().unwrap()).collect());

fn committee() -> Vec<RegisteredOperator> {
    let operator = |(id, key): (u64, &OperatorPrivateKey)| RegisteredOperator {
        id: OperatorId(id),
        key: key.public_key().clone(),
        text: key.public_key().to_base64(),
    };
    (11..).zip(OPERATORS.iter()).map(operator).collect()
}

fn secret(byte: u8) -> SecretKey {
    let mut bytes = [0; 32];
    bytes[31] = byte;
    SecretKey::from_be_bytes(&bytes).unwrap()
}

fn split() -> Item {
    let operators = committee();
    Committee { owner: OWNER, operators: &operators }.split(&secret(7), 5, &mut rand::rng()).unwrap()
}

#[test]
fn operators_decrypt_what_was_split_and_a_quorum_has_the_key() {
    let item = split();
    assert_eq!(item.payload.shares_data.len(), 1312);
    let (_, keys) = layout::signature_and_keys(&item.payload.shares_data, 4).unwrap();
    let encrypted = item.payload.shares_data[96 + 4 * 48..].chunks(256);
    let shares: Vec<_> = OPERATORS
        .iter()
        .zip(keys.iter().zip(encrypted))
        .zip(11..)
        .map(|((operator, (key, text)), id)| Share {
            operator: OperatorId(id),
            secret: operator.decrypt_share(text, key).unwrap().0,
        })
        .collect();
    let key = |shares: &[Share]| shamir::combine(shares).unwrap().public_key().to_bytes();
    assert_eq!(key(&shares[..3]), secret(7).public_key().to_bytes());
    assert_eq!(key(&shares[1..]), secret(7).public_key().to_bytes());
    assert_ne!(key(&shares[..2]), secret(7).public_key().to_bytes());
}

#[test]
fn splitting_twice_gives_other_shares() {
    assert_ne!(split().payload.shares_data[96..], split().payload.shares_data[96..]);
}

#[test]
fn every_part_of_an_entry_is_checked() {
    let good = split();
    good.verify().unwrap();
    let broken = |change: &dyn Fn(&mut Item)| {
        let mut item = good.clone();
        change(&mut item);
        item.verify().unwrap_err()
    };
    let flip = |at: usize| {
        broken(&|item| {
            let mut data = item.payload.shares_data.to_vec();
            data[at] ^= 1;
            item.payload.shares_data = data.into();
        })
    };
    let other = secret(8).public_key().to_bytes();
    assert_eq!(broken(&|item| item.data.public_key = other), VerifyError::OtherValidator);
    let zero = PublicKeyBytes([0; 48]);
    assert_eq!(
        broken(&|item| (item.data.public_key, item.payload.public_key) = (zero, zero)),
        VerifyError::NotAKey
    );
    assert_eq!(broken(&|item| item.payload.operator_ids.swap(0, 1)), VerifyError::OtherOperators);
    let signed_for = |owner: Address, nonce| VerifyError::Signature { owner: owner.to_checksum(None), nonce };
    assert_eq!(broken(&|item| item.data.owner_nonce = 6), signed_for(OWNER, 6));
    assert_eq!(broken(&|item| item.data.owner_address = Address::ZERO), signed_for(Address::ZERO, 5));
    assert_eq!(flip(95), signed_for(OWNER, 5));
    assert_eq!(
        broken(&|item| item.payload.shares_data = item.payload.shares_data.slice(1..)),
        VerifyError::Length { expected: 1312, found: 1311 }
    );
    assert_eq!(
        broken(&|item| item.data.operators[1].operator_key = item.data.operators[0].operator_key.clone()),
        VerifyError::SameOperatorKey(OperatorId(11), OperatorId(12))
    );
    // A share key that is no point, or a point of another polynomial.
    assert_eq!(flip(96), VerifyError::ShareKey(OperatorId(11)));
    assert_eq!(
        broken(&|item| {
            let mut data = item.payload.shares_data.to_vec();
            data[96 + 3 * 48..96 + 4 * 48].copy_from_slice(&other.0);
            item.payload.shares_data = data.into();
        }),
        VerifyError::OtherKey
    );
    assert_eq!(
        broken(&|item| {
            item.data.operators.pop();
            item.payload.operator_ids.pop();
        }),
        VerifyError::Size(3)
    );
}

#[test]
fn a_file_is_written_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keyshares.json");
    let file = Keyshares::new(vec![split()], 1_702_201_609_972);
    file.write(&path).unwrap();
    assert_eq!(Keyshares::read(&path).unwrap(), file);
    assert!(file.write(&path).is_err());
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(r#""version": "v1.2.0""#) && text.contains("2023-12-10T09:46:49.972Z"), "{text}");

    std::fs::write(dir.path().join("old.json"), text.replace("v1.2.0", "v1.0.0")).unwrap();
    assert!(matches!(Keyshares::read(&dir.path().join("old.json")), Err(FileError::Version { .. })));
    assert!(matches!(Keyshares::read(Path::new("/nowhere/file")), Err(FileError::Io { .. })));
}

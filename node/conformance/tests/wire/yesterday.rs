//! A registry file as `migrations/registry/0001_rows.rs` lays it out, byte by byte: the present binary reads every row of it.

use std::path::Path;
use std::sync::Arc;

use crypto::bls::SecretKey;
use crypto::rsa::ShareError;
use registry::{
    ArmFailed, Armer, Arming, BlockRef, ExitRequest, HistoryMark, Member, OperatorRow, OwnShare, Registry,
    RegistryConfig, RegistryError, ShareDecryptor, SharePlace, ShareToArm, Timing, ValidatorRow,
};
use sha2::{Digest, Sha256};
use store::{Batch, FileId, Generation, RegistryDb, RegistryTable, Table};
use types::rules::NetworkRules;
use types::{Address, OperatorId, PublicKeyBytes, Root};

const OWN: u64 = 2;
const OWNER: [u8; 20] = [0x0a; 20];
const RECIPIENT: [u8; 20] = [0x0b; 20];
const VALIDATOR: [u8; 48] = [0xc2; 48];
const BLOCK: u64 = 24_500_000;
const HASH: [u8; 32] = [0xb1; 32];
const HISTORY: HistoryMark = HistoryMark { id: FileId([0xe4; 16]), generation: Generation(7) };
/// Where the table of `undo` rows begins, and a part of it that nobody can read.
const UNDO: [u8; 4] = 36_u32.to_le_bytes();
const NO_UNDO: [u8; 4] = 35_u32.to_le_bytes();

fn text(operator: u64) -> String {
    format!("key of operator {operator}")
}

fn secret() -> SecretKey {
    SecretKey::from_be_bytes(&[3; 32]).unwrap()
}

fn share_of(operator: u64) -> PublicKeyBytes {
    if operator == OWN { secret().public_key().to_bytes() } else { PublicKeyBytes([0x11; 48]) }
}

/// Table, key and value: integers big-endian in keys and little-endian in values, variable parts behind offsets of four bytes.
fn rows(rules: &NetworkRules, undo_offset: [u8; 4]) -> Vec<(RegistryTable, Vec<u8>, Vec<u8>)> {
    let (le, be) = (|n: u64| n.to_le_bytes().to_vec(), |n: u64| n.to_be_bytes().to_vec());
    let offset = |at: u32| at.to_le_bytes().to_vec();
    let (owner, validator) = (OWNER.to_vec(), VALIDATOR.to_vec());
    let operator = |id: u64| [le(id), OWNER.to_vec(), offset(32), text(id).into_bytes()].concat();
    let committee: Vec<u8> = (1..=4).flat_map(|id| [le(id), share_of(id).0.to_vec()].concat()).collect();
    let validator_row = [validator.clone(), owner.clone(), offset(73), vec![0], committee].concat();
    let share = [vec![1], offset(5), vec![3; 256]].concat();
    let owner_row = [owner.clone(), RECIPIENT.to_vec(), vec![1, 0]].concat();
    // The owner's row was not there before the block.
    let undone = [vec![4], offset(10), vec![0], offset(30), owner.clone()].concat();
    let undo = [HASH.to_vec(), undo_offset.to_vec(), offset(4), undone].concat();
    let history = [HISTORY.id.0.to_vec(), le(HISTORY.generation.0)].concat();
    use RegistryTable::{Binding, Cursor, Operators, Owners, Shares, Skipped, Undo, Validators};
    let mut rows = vec![
        (Binding, b"chain_id".to_vec(), le(rules.chain_id)),
        (Binding, b"contract".to_vec(), rules.contract.to_vec()),
        (Binding, b"network".to_vec(), rules.name.clone().into_bytes()),
        (Binding, b"operator_key".to_vec(), Sha256::digest(text(OWN)).to_vec()),
        (Binding, b"history".to_vec(), history),
        (Cursor, Vec::new(), [le(BLOCK), HASH.to_vec()].concat()),
        (Validators, validator.clone(), validator_row),
        (Shares, validator, share),
        (Owners, owner, owner_row),
        (Undo, be(BLOCK), undo),
        (Skipped, [be(BLOCK - 1), be(3)].concat(), [vec![1], vec![0x77; 32]].concat()),
    ];
    rows.extend((1..=4).map(|id| (Operators, be(id), operator(id))));
    rows
}

/// Opens the one ciphertext there is.
struct Opener;

impl ShareDecryptor for Opener {
    fn decrypt(&self, ciphertext: &[u8], registered: &PublicKeyBytes) -> Result<SecretKey, ShareError> {
        assert_eq!((ciphertext, registered), (&[3; 256][..], &share_of(OWN)));
        Ok(secret())
    }
}

/// Takes the one share there is.
struct Hand;

impl Armer for Hand {
    fn arm(&self, shares: Vec<ShareToArm>, arming: Arming) -> Result<(), ArmFailed> {
        let places: Vec<SharePlace> = shares.iter().map(|share| share.place).collect();
        let place = SharePlace { validator: PublicKeyBytes(VALIDATOR), share: share_of(OWN) };
        assert_eq!((places, arming), (vec![place], Arming::Resume));
        Ok(())
    }

    fn disarm(&self, places: &[SharePlace]) -> Result<(), ArmFailed> {
        assert!(places.is_empty());
        Ok(())
    }

    fn keep_exits(&self, requests: &[ExitRequest]) -> Result<(), ArmFailed> {
        assert!(requests.is_empty());
        Ok(())
    }

    fn mark(&self) -> HistoryMark {
        HISTORY
    }
}

fn open(folder: &Path, undo_offset: [u8; 4]) -> Result<Registry, RegistryError> {
    let rules = Arc::new(NetworkRules::builtin("mainnet").unwrap());
    let mut batch = Batch::new();
    let rows = rows(&rules, undo_offset);
    for table in RegistryTable::ALL {
        assert!(rows.iter().any(|(of, ..)| of == table), "no row of the table {}", table.name());
    }
    for (table, key, value) in rows {
        batch.put(table, key, value);
    }
    RegistryDb::open(folder).unwrap().commit(batch).unwrap();
    let config = RegistryConfig {
        folder: folder.to_owned(),
        urls: vec!["http://127.0.0.1:1".parse::<url::Url>().unwrap()],
        operator_key_text: text(OWN),
        timing: Timing::of(&rules),
        rules,
    };
    Registry::open(config, Arc::new(Opener), Arc::new(Hand)).map(|(registry, _)| registry)
}

#[test]
fn a_registry_file_of_yesterday_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let set = open(folder.path(), UNDO).unwrap().set();
    assert_eq!(set.block, BlockRef { number: BLOCK, hash: Root::from(HASH) });
    assert_eq!(set.own_operator, Some(OperatorId(OWN)));
    let operators: Vec<OperatorRow> = set.operators().values().map(|row| (**row).clone()).collect();
    let operator = |id| OperatorRow {
        id: OperatorId(id),
        owner: Address::from(OWNER),
        public_text: text(id).into_bytes(),
    };
    assert_eq!(operators, (1..=4).map(operator).collect::<Vec<_>>());
    let key = PublicKeyBytes(VALIDATOR);
    let row = set.validator(&key).unwrap();
    let committee = (1..=4).map(|id| Member { operator: OperatorId(id), share: share_of(id) }).collect();
    assert_eq!(**row, ValidatorRow { key, owner: Address::from(OWNER), committee, liquidated: false });
    assert_eq!(set.fee_recipient(row), Address::from(RECIPIENT));
    assert_eq!(set.own_share(&key), Some(OwnShare { key: share_of(OWN), usable: true }));
}

/// The blocks that can be taken back are read too, not passed over.
#[test]
fn a_registry_file_with_another_layout_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = open(folder.path(), NO_UNDO).err().unwrap();
    assert!(matches!(error, RegistryError::Layout { table: "undo" }), "{error}");
}

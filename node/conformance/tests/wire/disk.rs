//! What lies on disk: rows as their types encode them, and whole files written by the rooms that own them.

use std::fmt::Write as _;
use std::sync::Arc;

use conformance::interchange;
use crypto::bls::SecretKey;
use outbox::{DutyLog, DutyRecord, DutyRole, Micros, Outcome, StartCause};
use registry::{Member, OperatorRow, OwnerRow, ValidatorRow};
use sha2::{Digest, Sha256};
use store::{HistoryDb, HistoryTable, JournalDb, JournalTable, Row, Table};
use types::beacon::{AttestationData, BeaconBlockHeader};
use types::{Checkpoint, CommitteeId, CommitteeIndex, Encode, Epoch, Root, RunnerRole, Slot, ValidatorIndex};
use vault::{ArmShare, Arming, AttestationRequest, BlockRequest, Floor, Vault};

use crate::Entry;
use crate::generate::Generator;

pub const ENTRIES: &[Entry] = &[
    ("registry OperatorRow", |g| {
        OperatorRow { id: g.operator(), owner: g.address(), public_text: g.bytes(500) }.as_ssz_bytes()
    }),
    ("registry ValidatorRow", |g| {
        let member = |g: &mut Generator| Member { operator: g.operator(), share: g.key() };
        ValidatorRow {
            key: g.key(),
            owner: g.address(),
            committee: g.items(13, member),
            liquidated: g.flag(),
        }
        .as_ssz_bytes()
    }),
    ("registry OwnerRow", |g| {
        let next_nonce = u16::try_from(g.below(1 << 16)).unwrap();
        OwnerRow { owner: g.address(), fee_recipient: g.address(), next_nonce }.as_ssz_bytes()
    }),
];

/// One line for each file.
pub fn files() -> String {
    let mut text = String::new();
    writeln!(text, "history file {}", history()).unwrap();
    writeln!(text, "journal file {}", journal()).unwrap();
    text
}

fn hash_of(tables: impl Iterator<Item = (&'static str, Vec<Row>)>) -> String {
    let mut hash = Sha256::new();
    for (table, rows) in tables {
        for (key, value) in rows {
            for part in [table.as_bytes(), &key, &value] {
                hash.update(part.len().to_le_bytes());
                hash.update(part);
            }
        }
    }
    hex::encode(hash.finalize())
}

/// Marks, votes, blocks and consensus of three shares.
fn history() -> String {
    let folder = tempfile::tempdir().unwrap();
    let chain = interchange::chain(Root::repeat_byte(7)).unwrap();
    let vault = Vault::open(HistoryDb::open(folder.path()).unwrap(), chain).unwrap();
    let share = |number: u8| {
        let secret = SecretKey::from_be_bytes(&[number; 32]).unwrap();
        let validator = types::PublicKeyBytes([number; 48]);
        ArmShare { validator, share: secret.public_key().to_bytes(), secret }
    };
    let floor = Floor { source: Epoch(9), target: Epoch(10), slot: Slot(320) };
    vault.arm((1..=3).map(share).collect(), floor, Arming::Anew).unwrap();
    for number in 1..=2 {
        let signer = share(number).signer();
        let root = Root::repeat_byte(number);
        let checkpoint = |epoch| Checkpoint { epoch: Epoch(epoch), root };
        let data = AttestationData {
            slot: Slot(384),
            index: CommitteeIndex(0),
            beacon_block_root: root,
            source: checkpoint(11),
            target: checkpoint(12),
        };
        let header = BeaconBlockHeader {
            slot: Slot(400),
            proposer_index: ValidatorIndex(5),
            parent_root: root,
            state_root: root,
            body_root: root,
        };
        let now = Slot(1_000);
        assert!(vault.permit_attestations(now, &[AttestationRequest { signer, data }])[0].is_ok());
        assert!(vault.permit_blocks(now, &[BlockRequest { signer, header }])[0].is_ok());
    }
    vault.begin_consensus(&[(CommitteeId([3; 32]), RunnerRole::Proposer)], Slot(400)).unwrap();
    let rows = |table: &HistoryTable| (table.name(), vault.history().rows(*table, &[]).unwrap());
    hash_of(HistoryTable::ALL.iter().map(rows))
}

/// Records of duties with every field.
fn journal() -> String {
    let folder = tempfile::tempdir().unwrap();
    let journal = Arc::new(JournalDb::open(folder.path()).unwrap());
    let mut generator = Generator::new("journal");
    let records: Vec<DutyRecord> = (0..20).map(|place| record(&mut generator, place)).collect();
    DutyLog::new(Arc::clone(&journal)).write(&records).unwrap();
    let rows = |table: &JournalTable| (table.name(), journal.rows(*table, &[]).unwrap());
    hash_of(JournalTable::ALL.iter().map(rows))
}

fn record(g: &mut Generator, place: u64) -> DutyRecord {
    let mut time = || g.below(12_000_000);
    let micros = Micros {
        start: Some(time()),
        data: Some(time()),
        proposal: Some(time()),
        decided: Some(time()),
        post_quorum: Some(time()),
        submit_start: None,
        submitted: Some(time()),
    };
    DutyRecord {
        slot: Slot(1_000 + place),
        epoch: Epoch(31),
        role: if g.flag() { DutyRole::Attester } else { DutyRole::SyncCommittee },
        validator_index: g.validator(),
        public_key: g.key(),
        committee_id: g.committee_id(),
        committee_index: g.committee(),
        outcome: if g.flag() { Outcome::Submitted } else { Outcome::Failed },
        reason: g.flag().then(|| "reason".to_owned()),
        room: g.flag().then(|| "room".to_owned()),
        round: Some(g.round()),
        leader: Some(g.operator()),
        micros,
        start_cause: Some(if g.flag() { StartCause::HeadEvent } else { StartCause::Clock }),
        head_event_unix_micros: Some(g.number()),
        bad_partial_signatures: g.items(4, Generator::operator),
    }
}

//! What lies on disk: rows as their types encode them, and whole files written by the rooms that own them.

use std::fmt::Write as _;
use std::sync::Arc;

use conformance::interchange;
use crypto::bls::SecretKey;
use outbox::{
    DutyLog, DutyRecord, DutyRole, Heard, Inclusion, Micros, Outcome, RoundSpan, StartCause, Times,
};
use registry::{Member, OperatorRow, OwnerRow, ValidatorRow};
use sha2::{Digest, Sha256};
use store::{HistoryDb, HistoryTable, JournalDb, JournalTable, Row, Table};
use types::beacon::{AttestationData, BeaconBlockHeader};
use types::{Checkpoint, CommitteeId, CommitteeIndex, Encode, Epoch, Root, RunnerRole, Slot, ValidatorIndex};
use vault::{ArmShare, Arming, AttestationRequest, BlockRequest, Floor, PendingExit, Vault};

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

/// One line for each table that is written.
pub fn files() -> String {
    let mut text = String::new();
    let history = history().into_iter().map(|(table, rows)| ("history", table, rows));
    for (file, table, rows) in history.chain([("journal", JournalTable::Duties.name(), duties())]) {
        assert!(!rows.is_empty(), "nothing here writes the table {table}");
        writeln!(text, "{file} {table} {}", hash_of(rows)).unwrap();
    }
    text
}

fn hash_of(rows: Vec<Row>) -> String {
    let mut hash = Sha256::new();
    for part in rows.into_iter().flat_map(|(key, value)| [key, value]) {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

/// Marks, votes, blocks, consensus and an exit in flight of three shares.
fn history() -> Vec<(&'static str, Vec<Row>)> {
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
    let exit = PendingExit { slot: Slot(420), validator: types::PublicKeyBytes([1; 48]) };
    assert!(vault.put_exit(exit).unwrap());
    let rows = |table: &HistoryTable| (table.name(), vault.history().rows(*table, &[]).unwrap());
    HistoryTable::ALL.iter().map(rows).collect()
}

/// Records of duties with every role and every field.
fn duties() -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    let journal = Arc::new(JournalDb::open(folder.path()).unwrap());
    let mut generator = Generator::new("journal duties");
    let records: Vec<DutyRecord> = (0..28).map(|place| record(&mut generator, place)).collect();
    for record in &records {
        assert_filled(&serde_json::to_value(record).unwrap(), "record");
    }
    DutyLog::new(Arc::clone(&journal)).write(&records).unwrap();
    journal.rows(JournalTable::Duties, &[]).unwrap()
}

/// A field that nothing fills would not be pinned.
fn assert_filled(value: &serde_json::Value, path: &str) {
    let empty = match value {
        serde_json::Value::Null => true,
        serde_json::Value::Array(items) => items.is_empty(),
        serde_json::Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| assert_filled(field, &format!("{path}/{name}")));
            fields.is_empty()
        }
        serde_json::Value::Bool(_) | serde_json::Value::Number(_) | serde_json::Value::String(_) => false,
    };
    assert!(!empty, "nothing here fills {path}");
}

fn record(g: &mut Generator, place: u64) -> DutyRecord {
    let place_in = |length: usize| usize::try_from(place).unwrap() % length;
    let micros = Micros {
        scheduled: Some(time(g)),
        start: Some(time(g)),
        pre_quorum: Some(time(g)),
        data: Some(time(g)),
        proposal: Some(time(g)),
        decided: Some(time(g)),
        post_quorum: Some(time(g)),
        submit_start: Some(time(g)),
        submitted: Some(time(g)),
        included: Some(time(g)),
    };
    let heard = Heard {
        round: Some(g.round()),
        proposals: times(g),
        prepares: times(g),
        commits: times(g),
        round_changes: times(g),
        pre_signatures: times(g),
        post_signatures: times(g),
    };
    let span = RoundSpan { start: time(g), end: time(g), leader: Some(g.operator()) };
    let included = Inclusion {
        slot: g.slot(),
        block_root: g.root(),
        head: Some(g.flag()),
        target: Some(g.flag()),
        source: Some(g.flag()),
    };
    DutyRecord {
        slot: Slot(1_000 + place),
        epoch: Epoch(31),
        role: DutyRole::ALL[place_in(DutyRole::ALL.len())],
        validator_index: g.validator(),
        public_key: g.key(),
        committee_id: g.committee_id(),
        committee_index: g.committee(),
        outcome: Outcome::ALL[place_in(Outcome::ALL.len())],
        reason: Some("reason".to_owned()),
        room: Some("room".to_owned()),
        round: Some(g.round()),
        leader: Some(g.operator()),
        micros,
        start_cause: Some(if g.flag() { StartCause::HeadEvent } else { StartCause::Clock }),
        head_event_unix_micros: Some(g.number()),
        bad_partial_signatures: vec![g.operator()],
        disagreeing: vec![g.operator()],
        beacon_answer: Some("answer".to_owned()),
        operators: vec![g.operator(), g.operator()],
        own_operator: Some(g.operator()),
        heard,
        rounds: [(g.round(), span)].into(),
        included: Some(included),
        warnings: vec!["warning".to_owned()],
    }
}

fn time(g: &mut Generator) -> u64 {
    g.below(12_000_000)
}

fn times(g: &mut Generator) -> Times {
    [(g.operator(), time(g)), (g.operator(), time(g))].into()
}

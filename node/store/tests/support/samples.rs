//! The rows that every fixture holds, as the newest schema lays them out.

use store::{Batch, HistoryTable, JournalTable, RegistryTable};

/// Table, key and value.
pub type Sample<T> = (T, Vec<u8>, Vec<u8>);

fn le(number: u64) -> Vec<u8> {
    number.to_le_bytes().to_vec()
}

fn be(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

fn offset(at: u32) -> Vec<u8> {
    at.to_le_bytes().to_vec()
}

/// Two operators, a validator with our share, its owner, one block to undo and one skipped event.
pub fn registry() -> Vec<Sample<RegistryTable>> {
    let (owner, hash, validator) = (vec![0x0a; 20], vec![0xb1; 32], vec![0xc2; 48]);
    let operator =
        |id: u64| [le(id), owner.clone(), offset(32), format!("key of {id}").into_bytes()].concat();
    let committee = [le(1), vec![0x11; 48], le(2), vec![0x22; 48]].concat();
    let validator_row = [validator.clone(), owner.clone(), offset(73), vec![0], committee].concat();
    let undone = [vec![4], offset(10), vec![0], offset(30), owner.clone()].concat();
    let undo = [hash.clone(), offset(36), offset(4), undone].concat();
    vec![
        (RegistryTable::Binding, b"chain_id".to_vec(), le(31337)),
        (RegistryTable::Binding, b"contract".to_vec(), vec![0xc0; 20]),
        (RegistryTable::Binding, b"network".to_vec(), b"local".to_vec()),
        (RegistryTable::Binding, b"operator_key".to_vec(), vec![0xd3; 32]),
        (RegistryTable::Binding, b"history".to_vec(), [vec![0xe4; 16], le(7)].concat()),
        (RegistryTable::Cursor, Vec::new(), [le(120), hash].concat()),
        (RegistryTable::Operators, be(1), operator(1)),
        (RegistryTable::Operators, be(2), operator(2)),
        (RegistryTable::Validators, validator.clone(), validator_row),
        (RegistryTable::Shares, validator, [vec![1], offset(5), vec![0xf5; 256]].concat()),
        (RegistryTable::Owners, owner.clone(), [owner.clone(), owner, vec![1, 0]].concat()),
        (RegistryTable::Undo, be(120), undo),
        (RegistryTable::Skipped, [be(119), be(3)].concat(), [vec![1], vec![0x77; 32]].concat()),
    ]
}

/// One share with a vote, a block and a started slot, and a validator that wants to leave.
pub fn history() -> Vec<Sample<HistoryTable>> {
    let (share, validator, root) = (vec![0x11; 48], vec![0xc2; 48], vec![0x99; 32]);
    let mark = [vec![1], validator.clone(), le(9), le(10), le(81)].concat();
    vec![
        (HistoryTable::Exits, validator, le(95)),
        (HistoryTable::Binding, b"genesis_validators_root".to_vec(), vec![0x42; 32]),
        (HistoryTable::Marks, share.clone(), mark),
        (HistoryTable::Attestations, [share.clone(), be(10), root.clone()].concat(), le(9)),
        (HistoryTable::Proposals, [share, be(81), root].concat(), Vec::new()),
        (HistoryTable::Started, [vec![0x55; 32], vec![0; 4]].concat(), le(81)),
    ]
}

/// One row of each kind.
pub fn journal() -> Vec<Sample<JournalTable>> {
    let duty = [be(81), vec![0], be(7)].concat();
    vec![
        (JournalTable::Duties, duty, br#"{"slot":81,"outcome":"submitted"}"#.to_vec()),
        (JournalTable::Events, be(1), br#"{"kind":"duty"}"#.to_vec()),
        (JournalTable::Cursors, b"page".to_vec(), b"1".to_vec()),
        (JournalTable::Peers, vec![0x12; 38], b"{}".to_vec()),
    ]
}

/// All samples as one batch.
pub fn batch<T: store::Table + Ord>(samples: Vec<Sample<T>>) -> Batch<T> {
    let mut batch = Batch::new();
    for (table, key, value) in samples {
        batch.put(table, key, value);
    }
    batch
}

//! State, cursor and undo rows in the database (layout: `migrations/registry`).

use std::collections::BTreeMap;
use std::sync::Arc;

use ssz::{Decode, Encode};
use ssz_derive::{Decode, Encode};
use store::{Batch, RegistryDb, RegistryTable, Table};
use types::{Address, OperatorId, PublicKeyBytes, Root};

use crate::apply::Malformed;
use crate::error::RegistryError;
use crate::rows::{OperatorRow, OwnerRow, ShareRow, ValidatorRow};
use crate::set::BlockRef;
use crate::state::{Change, Changed, State};

/// What is needed to take one block back.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct UndoBlock {
    pub hash: Root,
    /// In the order in which the changes were made.
    pub rows: Vec<UndoRow>,
}

/// A row as it was before a change.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct UndoRow {
    table: u8,
    key: Vec<u8>,
    was_present: bool,
    value: Vec<u8>,
}

const OPERATORS: u8 = 1;
const VALIDATORS: u8 = 2;
const SHARES: u8 = 3;
const OWNERS: u8 = 4;

/// Table, key, and the value before and after.
struct Row {
    table: RegistryTable,
    number: u8,
    key: Vec<u8>,
    before: Option<Vec<u8>>,
    after: Option<Vec<u8>>,
}

fn row_of(change: &Change) -> Row {
    fn row<K, V>(
        table: RegistryTable,
        number: u8,
        key: Vec<u8>,
        changed: &Changed<K, V>,
        bytes: impl Fn(&V) -> Vec<u8>,
    ) -> Row {
        Row {
            table,
            number,
            key,
            before: changed.before.as_ref().map(&bytes),
            after: changed.after.as_ref().map(&bytes),
        }
    }
    match change {
        Change::Operator(changed) => {
            let key = changed.key.get().to_be_bytes().to_vec();
            row(RegistryTable::Operators, OPERATORS, key, changed, |row| row.as_ssz_bytes())
        }
        Change::Validator(changed) => {
            let key = changed.key.0.to_vec();
            row(RegistryTable::Validators, VALIDATORS, key, changed, |row| row.as_ssz_bytes())
        }
        Change::Share(changed) => {
            let key = changed.key.0.to_vec();
            row(RegistryTable::Shares, SHARES, key, changed, |row| row.as_ssz_bytes())
        }
        Change::Owner(changed) => {
            let key = changed.key.as_slice().to_vec();
            row(RegistryTable::Owners, OWNERS, key, changed, OwnerRow::as_ssz_bytes)
        }
    }
}

/// Writes the row of a change as it is afterwards.
pub(crate) fn put_change(batch: &mut Batch<RegistryTable>, change: &Change) {
    let row = row_of(change);
    match row.after {
        Some(value) => batch.put(row.table, row.key, value),
        None => batch.remove(row.table, row.key),
    }
}

/// The rows that take these changes back.
pub(crate) fn undo_rows(changes: &[Change]) -> Vec<UndoRow> {
    let undo = |change: &Change| {
        let row = row_of(change);
        let was_present = row.before.is_some();
        UndoRow { table: row.number, key: row.key, was_present, value: row.before.unwrap_or_default() }
    };
    changes.iter().map(undo).collect()
}

/// The change that brings a row back to what it was.
pub(crate) fn undoing(state: &State, row: &UndoRow) -> Result<Change, RegistryError> {
    let value = row.was_present.then_some(row.value.as_slice());
    match row.table {
        OPERATORS => {
            let key = operator_id(&row.key)?;
            let before = state.operators.get(&key).cloned();
            Ok(Change::Operator(Changed { key, before, after: shared(value, "undo")? }))
        }
        VALIDATORS => {
            let key = public_key(&row.key, "undo")?;
            let before = state.validators.get(&key).cloned();
            Ok(Change::Validator(Changed { key, before, after: shared(value, "undo")? }))
        }
        SHARES => {
            let key = public_key(&row.key, "undo")?;
            let before = state.shares.get(&key).cloned();
            Ok(Change::Share(Changed { key, before, after: shared(value, "undo")? }))
        }
        OWNERS => {
            let key = Address::try_from(row.key.as_slice()).map_err(|_| layout("undo"))?;
            let before = state.owners.get(&key).copied();
            let after = value.map(|value| decode(value, "undo")).transpose()?;
            Ok(Change::Owner(Changed { key, before, after }))
        }
        _ => Err(layout("undo")),
    }
}

fn shared<R: Decode>(value: Option<&[u8]>, table: &'static str) -> Result<Option<Arc<R>>, RegistryError> {
    value.map(|value| decode(value, table).map(Arc::new)).transpose()
}

fn layout(table: &'static str) -> RegistryError {
    RegistryError::Layout { table }
}

fn decode<R: Decode>(bytes: &[u8], table: &'static str) -> Result<R, RegistryError> {
    R::from_ssz_bytes(bytes).map_err(|_| layout(table))
}

fn operator_id(key: &[u8]) -> Result<OperatorId, RegistryError> {
    let bytes: [u8; 8] = key.try_into().map_err(|_| layout("operators"))?;
    Ok(OperatorId(u64::from_be_bytes(bytes)))
}

fn public_key(key: &[u8], table: &'static str) -> Result<PublicKeyBytes, RegistryError> {
    PublicKeyBytes::try_from(key).map_err(|_| layout(table))
}

/// Reads the whole state.
pub(crate) fn load_state(db: &RegistryDb) -> Result<State, RegistryError> {
    let mut state = State::default();
    each(db, RegistryTable::Operators, |_, value| {
        let row: OperatorRow = decode(value, "operators")?;
        state.absorb(&Change::Operator(Changed { key: row.id, before: None, after: Some(Arc::new(row)) }));
        Ok(())
    })?;
    each(db, RegistryTable::Validators, |_, value| {
        let row: ValidatorRow = decode(value, "validators")?;
        state.absorb(&Change::Validator(Changed { key: row.key, before: None, after: Some(Arc::new(row)) }));
        Ok(())
    })?;
    each(db, RegistryTable::Shares, |key, value| {
        let row: ShareRow = decode(value, "shares")?;
        let key = public_key(key, "shares")?;
        state.absorb(&Change::Share(Changed { key, before: None, after: Some(Arc::new(row)) }));
        Ok(())
    })?;
    each(db, RegistryTable::Owners, |_, value| {
        let row: OwnerRow = decode(value, "owners")?;
        state.absorb(&Change::Owner(Changed { key: row.owner, before: None, after: Some(row) }));
        Ok(())
    })?;
    Ok(state)
}

fn each(
    db: &RegistryDb,
    table: RegistryTable,
    visitor: impl FnMut(&[u8], &[u8]) -> Result<(), RegistryError>,
) -> Result<(), RegistryError> {
    db.visit(table, &[], visitor)
}

/// Reads the cursor.
pub(crate) fn load_cursor(db: &RegistryDb) -> Result<Option<BlockRef>, RegistryError> {
    let Some(bytes) = db.get(RegistryTable::Cursor, &[])? else { return Ok(None) };
    let (number, hash) = bytes.split_first_chunk::<8>().ok_or_else(|| layout("cursor"))?;
    let hash = Root::try_from(hash).map_err(|_| layout("cursor"))?;
    Ok(Some(BlockRef { number: u64::from_le_bytes(*number), hash }))
}

/// Writes the cursor.
pub(crate) fn put_cursor(batch: &mut Batch<RegistryTable>, block: BlockRef) {
    let value = [&block.number.to_le_bytes()[..], block.hash.as_slice()].concat();
    batch.put(RegistryTable::Cursor, [], value);
}

/// Numbers and hashes of the blocks that can be undone.
pub(crate) fn load_undo_index(db: &RegistryDb) -> Result<BTreeMap<u64, Root>, RegistryError> {
    let mut index = BTreeMap::new();
    each(db, RegistryTable::Undo, |key, value| {
        let number: [u8; 8] = key.try_into().map_err(|_| layout("undo"))?;
        index.insert(u64::from_be_bytes(number), decode::<UndoBlock>(value, "undo")?.hash);
        Ok(())
    })?;
    Ok(index)
}

/// Reads what is needed to undo a block.
pub(crate) fn load_undo(db: &RegistryDb, number: u64) -> Result<UndoBlock, RegistryError> {
    let bytes = db.get(RegistryTable::Undo, &number.to_be_bytes())?.ok_or_else(|| layout("undo"))?;
    decode(&bytes, "undo")
}

/// Writes what is needed to undo a block.
pub(crate) fn put_undo(batch: &mut Batch<RegistryTable>, number: u64, block: &UndoBlock) {
    batch.put(RegistryTable::Undo, number.to_be_bytes(), block.as_ssz_bytes());
}

/// Forgets a block.
pub(crate) fn remove_undo(batch: &mut Batch<RegistryTable>, number: u64) {
    batch.remove(RegistryTable::Undo, number.to_be_bytes());
}

/// Where an event stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LogPlace {
    pub block: u64,
    pub index: u64,
}

impl LogPlace {
    fn key(self) -> Vec<u8> {
        [self.block.to_be_bytes(), self.index.to_be_bytes()].concat()
    }
}

/// Notes a skipped event.
pub(crate) fn put_skipped(batch: &mut Batch<RegistryTable>, place: LogPlace, reason: Malformed, topic: Root) {
    let value = [&[reason.code()], topic.as_slice()].concat();
    batch.put(RegistryTable::Skipped, place.key(), value);
}

/// Forgets a skipped event.
pub(crate) fn remove_skipped(batch: &mut Batch<RegistryTable>, place: LogPlace) {
    batch.remove(RegistryTable::Skipped, place.key());
}

/// Places of the skipped events that are kept.
pub(crate) fn load_skipped(db: &RegistryDb) -> Result<Vec<LogPlace>, RegistryError> {
    let mut places = Vec::new();
    each(db, RegistryTable::Skipped, |key, _| {
        let (block, index) = key.split_first_chunk::<8>().ok_or_else(|| layout("skipped"))?;
        let index = <[u8; 8]>::try_from(index).map_err(|_| layout("skipped"))?;
        places.push(LogPlace { block: u64::from_be_bytes(*block), index: u64::from_be_bytes(index) });
        Ok(())
    })?;
    Ok(places)
}

/// Removes everything that comes from the chain.
pub(crate) fn put_empty(db: &RegistryDb, batch: &mut Batch<RegistryTable>) -> Result<(), RegistryError> {
    for table in RegistryTable::ALL.iter().filter(|table| **table != RegistryTable::Binding) {
        each(db, *table, |key, _| {
            batch.remove(*table, key);
            Ok(())
        })?;
    }
    Ok(())
}

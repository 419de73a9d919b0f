//! What ties a data folder to one registry, one operator key and one signing history.

use sha2::{Digest as _, Sha256};
use store::{Batch, FileId, Generation, RegistryDb, RegistryTable};
use types::rules::NetworkRules;

use crate::error::RegistryError;
use crate::ports::HistoryMark;

const HISTORY: &[u8] = b"history";
const OPERATOR: &[u8] = b"operator_key";

/// Compares the folder with what the node is told to follow; a new folder is bound to it.
pub(crate) fn check(db: &RegistryDb, rules: &NetworkRules, own_text: &[u8]) -> Result<(), RegistryError> {
    let chain = rules.chain_id.to_le_bytes();
    let facts: [(&'static str, &[u8], &[u8]); 3] = [
        ("network", b"network", rules.name.as_bytes()),
        ("chain id", b"chain_id", &chain),
        ("contract", b"contract", rules.contract.as_slice()),
    ];
    let mut batch = Batch::new();
    for (what, key, expected) in facts {
        match db.get(RegistryTable::Binding, key)? {
            None => batch.put(RegistryTable::Binding, key, expected),
            Some(found) if found == expected => {}
            Some(found) => {
                let (found, expected) = (in_words(what, &found), in_words(what, expected));
                return Err(RegistryError::OtherRegistry { what, found, expected });
            }
        }
    }
    let fingerprint = Sha256::digest(own_text);
    match db.get(RegistryTable::Binding, OPERATOR)? {
        None => batch.put(RegistryTable::Binding, OPERATOR, fingerprint.as_slice()),
        Some(found) if found == fingerprint.as_slice() => {}
        Some(_) => return Err(RegistryError::OtherOperator),
    }
    db.commit(batch)?;
    Ok(())
}

fn in_words(what: &str, bytes: &[u8]) -> String {
    match (what, <[u8; 8]>::try_from(bytes)) {
        ("network", _) => String::from_utf8_lossy(bytes).into_owned(),
        ("chain id", Ok(number)) => u64::from_le_bytes(number).to_string(),
        _ => alloy_primitives::hex::encode_prefixed(bytes),
    }
}

/// Compares the signing history with the one that the shares were armed in. Only asked when we have shares.
pub(crate) fn check_history(db: &RegistryDb, found: HistoryMark) -> Result<(), RegistryError> {
    let Some(bytes) = db.get(RegistryTable::Binding, HISTORY)? else { return Ok(()) };
    let layout = RegistryError::Layout { table: "binding" };
    let Some((id, generation)) = bytes.split_first_chunk::<16>() else { return Err(layout) };
    let generation = <[u8; 8]>::try_from(generation).map_err(|_| layout)?;
    let expected = HistoryMark { id: FileId(*id), generation: Generation(u64::from_le_bytes(generation)) };
    if found.id != expected.id {
        return Err(RegistryError::HistoryMissing);
    }
    if found.generation < expected.generation {
        return Err(RegistryError::older(found.generation, expected.generation));
    }
    Ok(())
}

/// Notes the state of the signing history, to be compared at the next start.
pub(crate) fn note_history(batch: &mut Batch<RegistryTable>, mark: HistoryMark) {
    let value = [&mark.id.0[..], &mark.generation.0.to_le_bytes()].concat();
    batch.put(RegistryTable::Binding, HISTORY, value);
}

//! The digest of the state at a block: two nodes that read the same log have the same one.
//!
//! SHA-256 over three tables, each as the number of its rows (u64, little-endian) and the SSZ rows in key order: operators (id,
//! owner, key text), validators (key, owner, committee with share keys, liquidated), owners (owner, fee recipient, next
//! nonce); then the block number (u64, little-endian).

use sha2::{Digest as _, Sha256};
use ssz::Encode;
use types::Root;

use crate::state::State;

/// The hash of the rows, waiting for a block number: it is kept as long as no row changes.
#[derive(Clone)]
pub(crate) struct RowsDigest(Sha256);

impl RowsDigest {
    pub(crate) fn of(state: &State) -> Self {
        let mut hasher = Sha256::new();
        table(&mut hasher, state.operators.values().map(AsRef::as_ref));
        table(&mut hasher, state.validators.values().map(AsRef::as_ref));
        table(&mut hasher, state.owners.values());
        Self(hasher)
    }

    pub(crate) fn at(&self, block: u64) -> Root {
        let mut hasher = self.0.clone();
        hasher.update(block.to_le_bytes());
        Root::from(<[u8; 32]>::from(hasher.finalize()))
    }
}

fn table<'a, R: Encode + 'a>(hasher: &mut Sha256, rows: impl ExactSizeIterator<Item = &'a R>) {
    hasher.update(u64::try_from(rows.len()).unwrap_or(u64::MAX).to_le_bytes());
    for row in rows {
        hasher.update(row.as_ssz_bytes());
    }
}

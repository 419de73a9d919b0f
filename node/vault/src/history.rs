//! The rows of the signing history (layout: `migrations/history`), read and written inside one transaction.

use store::{HistoryDb, HistoryTable, Transaction};
use types::{CommitteeId, Epoch, PublicKeyBytes, Root, RunnerRole, Slot};

use crate::error::HistoryError;
use crate::rules::{self, Breach, Safe};

/// Votes are kept one by one for this many epochs below the newest; older ones are covered by the marks.
pub(crate) const KEPT_EPOCHS: u64 = 256;
/// As [`KEPT_EPOCHS`], for blocks.
pub(crate) const KEPT_SLOTS: u64 = 8192;

const CHAIN_KEY: &[u8] = b"genesis_validators_root";
const MARKS_LEN: usize = 1 + 48 + 3 * 8;

/// The marks of a share: nothing below them is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Highest source of a vote.
    pub source: Epoch,
    /// Highest target of a vote.
    pub target: Epoch,
    /// Highest slot of a block.
    pub slot: Slot,
}

/// The row of a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MarksRow {
    /// Whether the share belongs to a validator of ours that may have duties.
    pub armed: bool,
    /// The validator it was last armed for; zeros when it is only known by import.
    pub validator: PublicKeyBytes,
    pub marks: Marks,
}

impl MarksRow {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![u8::from(self.armed)];
        bytes.extend_from_slice(&self.validator.0);
        for number in [self.marks.source.get(), self.marks.target.get(), self.marks.slot.get()] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, HistoryError> {
        let layout = || HistoryError::Layout { table: "marks" };
        let bytes: &[u8; MARKS_LEN] = bytes.try_into().map_err(|_| layout())?;
        let (head, numbers) = bytes.split_at(49);
        let armed = match head.first() {
            Some(0) => false,
            Some(1) => true,
            _ => return Err(layout()),
        };
        let validator =
            head.get(1..).and_then(|key| PublicKeyBytes::try_from(key).ok()).ok_or_else(layout)?;
        let mut numbers = numbers.chunks_exact(8).map(|chunk| read_u64(chunk, "marks"));
        let mut next = || numbers.next().unwrap_or_else(|| Err(layout()));
        let marks = Marks { source: Epoch(next()?), target: Epoch(next()?), slot: Slot(next()?) };
        Ok(Self { armed, validator, marks })
    }
}

pub(crate) fn read_u64(bytes: &[u8], table: &'static str) -> Result<u64, HistoryError> {
    let bytes: [u8; 8] = bytes.try_into().map_err(|_| HistoryError::Layout { table })?;
    Ok(u64::from_le_bytes(bytes))
}

/// Key of a vote or block: share, number (big-endian), signing root.
fn record_key(share: &PublicKeyBytes, number: u64, root: &Root) -> Vec<u8> {
    [&share.0[..], &number.to_be_bytes(), root.as_slice()].concat()
}

/// Key before every record of `share` from `number` on.
fn record_start(share: &PublicKeyBytes, number: u64) -> Vec<u8> {
    [&share.0[..], &number.to_be_bytes()].concat()
}

fn started_key(committee: &CommitteeId, role: RunnerRole) -> Vec<u8> {
    [&committee.0[..], &role.number().to_be_bytes()].concat()
}

/// The history inside one transaction.
pub(crate) struct Books<'a, 't>(pub(crate) &'a mut Transaction<'t, HistoryTable>);

impl Books<'_, '_> {
    pub(crate) fn marks(&mut self, share: &PublicKeyBytes) -> Result<Option<MarksRow>, HistoryError> {
        let stored = self.0.get(HistoryTable::Marks, &share.0)?;
        stored.map(|bytes| MarksRow::decode(&bytes)).transpose()
    }

    pub(crate) fn set_marks(&mut self, share: &PublicKeyBytes, row: &MarksRow) -> Result<(), HistoryError> {
        Ok(self.0.put(HistoryTable::Marks, &share.0, &row.encode())?)
    }

    /// Checks a vote and records it. `None` when the share has no marks.
    pub(crate) fn attestation(
        &mut self,
        share: &PublicKeyBytes,
        vote: Vote,
    ) -> Result<Option<Result<Safe, Breach>>, HistoryError> {
        let Some(mut row) = self.marks(share)? else { return Ok(None) };
        let key = record_key(share, vote.target.get(), &vote.root);
        let recorded = self.0.get(HistoryTable::Attestations, &key)?.is_some();
        let verdict = rules::attestation(&row.marks, vote.source, vote.target, recorded);
        if verdict == Ok(Safe::New) {
            self.0.put(HistoryTable::Attestations, &key, &vote.source.get().to_le_bytes())?;
            row.marks.source = row.marks.source.max(vote.source);
            row.marks.target = row.marks.target.max(vote.target);
            self.set_marks(share, &row)?;
            self.prune(HistoryTable::Attestations, share, vote.target.get().saturating_sub(KEPT_EPOCHS))?;
        }
        Ok(Some(verdict))
    }

    /// Checks a block and records it. `None` when the share has no marks.
    pub(crate) fn block(
        &mut self,
        share: &PublicKeyBytes,
        slot: Slot,
        root: &Root,
    ) -> Result<Option<Result<Safe, Breach>>, HistoryError> {
        let Some(mut row) = self.marks(share)? else { return Ok(None) };
        let key = record_key(share, slot.get(), root);
        let recorded = self.0.get(HistoryTable::Proposals, &key)?.is_some();
        let verdict = rules::block(&row.marks, slot, recorded);
        if verdict == Ok(Safe::New) {
            self.0.put(HistoryTable::Proposals, &key, &[])?;
            row.marks.slot = row.marks.slot.max(slot);
            self.set_marks(share, &row)?;
            self.prune(HistoryTable::Proposals, share, slot.get().saturating_sub(KEPT_SLOTS))?;
        }
        Ok(Some(verdict))
    }

    /// Removes the records of a share below `number`.
    fn prune(
        &mut self,
        table: HistoryTable,
        share: &PublicKeyBytes,
        number: u64,
    ) -> Result<(), HistoryError> {
        let rows = self.0.rows_between(table, &record_start(share, 0), &record_start(share, number))?;
        for (key, _) in rows {
            self.0.remove(table, &key)?;
        }
        Ok(())
    }

    /// Records that consensus begins at `slot`, unless it began at this slot or a later one before. Returns the slot that
    /// stands in the way.
    pub(crate) fn start(
        &mut self,
        committee: &CommitteeId,
        role: RunnerRole,
        slot: Slot,
    ) -> Result<Option<Slot>, HistoryError> {
        let key = started_key(committee, role);
        if let Some(bytes) = self.0.get(HistoryTable::Started, &key)? {
            let last = Slot(read_u64(&bytes, "started")?);
            if slot <= last {
                return Ok(Some(last));
            }
        }
        self.0.put(HistoryTable::Started, &key, &slot.get().to_le_bytes())?;
        Ok(None)
    }

    /// Binds the history to a chain, or checks that it is bound to this one.
    pub(crate) fn bind(&mut self, chain: Root) -> Result<(), HistoryError> {
        match self.0.get(HistoryTable::Binding, CHAIN_KEY)? {
            None => Ok(self.0.put(HistoryTable::Binding, CHAIN_KEY, chain.as_slice())?),
            Some(bytes) if bytes == chain.as_slice() => Ok(()),
            Some(bytes) => Err(HistoryError::OtherChain { found: chain_of(&bytes)?, expected: chain }),
        }
    }
}

/// The parts of a vote that the history knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Vote {
    pub source: Epoch,
    pub target: Epoch,
    pub root: Root,
}

fn chain_of(bytes: &[u8]) -> Result<Root, HistoryError> {
    Root::try_from(bytes).map_err(|_| HistoryError::Layout { table: "binding" })
}

/// The chain a history is bound to, if any.
pub(crate) fn bound_chain(db: &HistoryDb) -> Result<Option<Root>, HistoryError> {
    db.get(HistoryTable::Binding, CHAIN_KEY)?.map(|bytes| chain_of(&bytes)).transpose()
}

/// The votes recorded for a share, oldest target first.
pub(crate) fn votes(db: &HistoryDb, share: &PublicKeyBytes) -> Result<Vec<Vote>, HistoryError> {
    let table = "attestations";
    let mut votes = Vec::new();
    db.visit(HistoryTable::Attestations, &share.0, |key, value| {
        let (target, root) = record_of(key, table)?;
        votes.push(Vote { source: Epoch(read_u64(value, table)?), target: Epoch(target), root });
        Ok::<(), HistoryError>(())
    })?;
    Ok(votes)
}

/// Number and root of a record's key.
fn record_of(key: &[u8], table: &'static str) -> Result<(u64, Root), HistoryError> {
    let layout = || HistoryError::Layout { table };
    let (_, rest) = key.split_first_chunk::<48>().ok_or_else(layout)?;
    let (number, root) = rest.split_first_chunk::<8>().ok_or_else(layout)?;
    Ok((u64::from_be_bytes(*number), Root::try_from(root).map_err(|_| layout())?))
}

/// Every share the history knows, with its row.
pub(crate) fn shares(db: &HistoryDb) -> Result<Vec<(PublicKeyBytes, MarksRow)>, HistoryError> {
    let mut shares = Vec::new();
    db.visit(HistoryTable::Marks, &[], |key, value| {
        let share = PublicKeyBytes::try_from(key).map_err(|_| HistoryError::Layout { table: "marks" })?;
        shares.push((share, MarksRow::decode(value)?));
        Ok::<(), HistoryError>(())
    })?;
    Ok(shares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_marks_reads_back() {
        let marks = Marks { source: Epoch(1), target: Epoch(u64::MAX), slot: Slot(3) };
        for armed in [false, true] {
            let row = MarksRow { armed, validator: PublicKeyBytes([7; 48]), marks };
            assert_eq!(MarksRow::decode(&row.encode()).unwrap(), row);
        }
    }

    #[test]
    fn rows_of_another_layout_are_refused() {
        let row = MarksRow { armed: true, validator: PublicKeyBytes([7; 48]), marks: Marks::default() };
        let mut bytes = row.encode();
        assert!(MarksRow::decode(&bytes[1..]).is_err());
        bytes[0] = 2;
        assert!(MarksRow::decode(&bytes).is_err());
        assert!(read_u64(&[0; 7], "started").is_err());
        assert!(record_of(&[0; 87], "attestations").is_err());
    }
}

//! Exits in flight: what a validator's owner asked for on the contract and no beacon node has yet.
//!
//! An exit cannot be taken back, and the event that asks for it is seen once. So the request is durable before anything is done
//! about it, it is still there after a restart, and [`crate::Vault::sign_objects`] signs no exit without one.
//!
//! **Bound**: one request for each validator, the newest, and at most [`MAX_PENDING`] of them; what comes beyond is refused with
//! [`ExitError::TooMany`].

use store::{HistoryTable, StoreError};
use types::beacon::VoluntaryExit;
use types::{PublicKeyBytes, Slot};

use crate::error::{HistoryError, Refused};
use crate::history::{Books, read_u64};
use crate::permit::Signer;
use crate::vault::Vault;

/// Requests that are held at once: many times what one operator may have as validators.
pub const MAX_PENDING: usize = 1 << 16;

const TABLE: &str = "exits";

/// An exit that was requested and is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PendingExit {
    /// The slot of its duty, the same at every operator. Its epoch is that of the exit.
    pub slot: Slot,
    /// Who leaves.
    pub validator: PublicKeyBytes,
}

/// Why a request is not held.
#[derive(Debug, thiserror::Error)]
pub enum ExitError {
    /// Too many exits are pending.
    #[error("{MAX_PENDING} exits are pending: no more are taken before some of them are done")]
    TooMany,
    /// The history failed.
    #[error(transparent)]
    History(#[from] HistoryError),
}

impl From<StoreError> for ExitError {
    fn from(error: StoreError) -> Self {
        Self::History(error.into())
    }
}

impl Vault {
    /// Writes down that an exit was requested; durable when this returns. True if it is new; an older request of the same validator
    /// gives way, a newer one stays.
    ///
    /// # Errors
    /// [`ExitError::TooMany`]; a failure of the history. The request is not held then.
    pub fn put_exit(&self, exit: PendingExit) -> Result<bool, ExitError> {
        self.put_exit_within(exit, MAX_PENDING)
    }

    pub(crate) fn put_exit_within(&self, exit: PendingExit, bound: usize) -> Result<bool, ExitError> {
        self.history().transact(|transaction| {
            let mut books = Books(transaction);
            let held = books.exit(&exit.validator)?;
            if held.is_some_and(|slot| slot >= exit.slot) {
                return Ok(false);
            }
            if held.is_none() && books.exits()?.len() >= bound {
                return Err(ExitError::TooMany);
            }
            books.set_exit(&exit)?;
            Ok(true)
        })
    }

    /// The exits that were requested and are not done, oldest slot first.
    ///
    /// # Errors
    /// A failure of the history.
    pub fn pending_exits(&self) -> Result<Vec<PendingExit>, HistoryError> {
        let mut exits = Vec::new();
        self.history().visit(HistoryTable::Exits, &[], |key, value| {
            exits.push(pending(key, value)?);
            Ok::<(), HistoryError>(())
        })?;
        exits.sort_unstable();
        Ok(exits)
    }

    /// Strikes a request out, because it is done or given up. A newer request of the same validator stays.
    ///
    /// # Errors
    /// A failure of the history. The request is still held then, and will be seen again.
    pub fn end_exit(&self, exit: PendingExit) -> Result<(), HistoryError> {
        self.history().transact(|transaction| {
            let mut books = Books(transaction);
            if books.exit(&exit.validator)?.is_some_and(|slot| slot <= exit.slot) {
                books.remove_exit(&exit.validator)?;
            }
            Ok(())
        })
    }

    /// Whether the history holds the request that this exit answers.
    pub(crate) fn check_exit(&self, signer: &Signer, exit: &VoluntaryExit) -> Result<(), Refused> {
        let held = self.history().get(HistoryTable::Exits, &signer.validator.0);
        let slot = held
            .map_err(HistoryError::from)
            .and_then(|row| row.map(|bytes| read_u64(&bytes, TABLE)).transpose());
        match slot {
            Ok(Some(slot)) if self.chain().network.epoch_of(Slot(slot)) == exit.epoch => Ok(()),
            Ok(_) => Err(Refused::NotRequested),
            Err(error) => {
                tracing::error!(%error, "the pending exits are not readable: none is signed");
                Err(Refused::NotRequested)
            }
        }
    }
}

pub(crate) fn pending(key: &[u8], value: &[u8]) -> Result<PendingExit, HistoryError> {
    let validator = PublicKeyBytes::try_from(key).map_err(|_| HistoryError::Layout { table: TABLE })?;
    Ok(PendingExit { slot: Slot(read_u64(value, TABLE)?), validator })
}

impl Books<'_, '_> {
    fn exit(&mut self, validator: &PublicKeyBytes) -> Result<Option<Slot>, HistoryError> {
        let stored = self.0.get(HistoryTable::Exits, &validator.0)?;
        stored.map(|bytes| Ok(Slot(read_u64(&bytes, TABLE)?))).transpose()
    }

    fn exits(&mut self) -> Result<Vec<store::Row>, HistoryError> {
        // No key starts with as many bytes as a key and one more.
        Ok(self.0.rows_between(HistoryTable::Exits, &[], &[0xff; 49])?)
    }

    fn set_exit(&mut self, exit: &PendingExit) -> Result<(), HistoryError> {
        Ok(self.0.put(HistoryTable::Exits, &exit.validator.0, &exit.slot.get().to_le_bytes())?)
    }

    fn remove_exit(&mut self, validator: &PublicKeyBytes) -> Result<(), HistoryError> {
        Ok(self.0.remove(HistoryTable::Exits, &validator.0)?)
    }
}

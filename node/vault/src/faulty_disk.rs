//! A vault whose disk fails when told to, for the tests of crates that cannot reach the database (feature `faulty-disk`).

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use store::HistoryDb;
use store::faulty_disk::FaultyDisk;
use types::rules::ChainRules;

use crate::{HistoryError, Vault};

impl Vault {
    /// A vault over a new history in memory, and the switch that breaks its disk.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub fn on_faulty_disk(chain: Arc<ChainRules>) -> Result<(Self, Arc<AtomicBool>), HistoryError> {
        let (disk, broken) = FaultyDisk::new();
        Ok((Self::open(HistoryDb::open_on(disk)?, chain)?, broken))
    }
}

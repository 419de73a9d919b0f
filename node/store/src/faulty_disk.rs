//! A disk in memory that fails while a switch is on: for tests of what stands on a database (feature `faulty-disk`).

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::StorageBackend;
use redb::backends::InMemoryBackend;

/// Writes and syncs fail while the switch is on.
#[derive(Debug)]
pub struct FaultyDisk {
    inner: InMemoryBackend,
    broken: Arc<AtomicBool>,
}

impl FaultyDisk {
    /// A sound disk and the switch that breaks it.
    #[must_use]
    pub fn new() -> (Self, Arc<AtomicBool>) {
        let broken = Arc::new(AtomicBool::new(false));
        (Self { inner: InMemoryBackend::new(), broken: Arc::clone(&broken) }, broken)
    }

    fn check(&self) -> io::Result<()> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(io::Error::other("no space left on device"));
        }
        Ok(())
    }
}

impl StorageBackend for FaultyDisk {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.check()?;
        self.inner.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.check()?;
        self.inner.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check()?;
        self.inner.write(offset, data)
    }
}

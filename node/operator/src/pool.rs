//! The threads for heavy mathematics. Nothing that takes more than some microseconds runs on the I/O threads.
//!
//! **Bound**: [`CryptoPool::QUEUE`] pieces of work wait or run at once; who comes then waits for a place, which holds back its
//! own source (a committee's mailbox, the gossip intake) and nobody else's.

use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::sync::{Semaphore, oneshot};

/// The work was lost: the node is stopping, or the work failed by a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the crypto pool lost the work")]
pub struct PoolClosed;

/// Why the pool did not start.
#[derive(Debug, thiserror::Error)]
#[error("the threads of the crypto pool did not start: {0}")]
pub struct PoolError(#[from] rayon::ThreadPoolBuildError);

/// A fixed set of threads, first come first served.
#[derive(Debug, Clone)]
pub struct CryptoPool {
    threads: Arc<rayon::ThreadPool>,
    places: Arc<Semaphore>,
}

impl CryptoPool {
    /// Pieces of work that wait or run at once.
    pub const QUEUE: usize = 1024;

    /// A pool with a thread for each core.
    ///
    /// # Errors
    /// [`PoolError`] if the system gives no threads.
    pub fn start() -> Result<Self, PoolError> {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(cores)
            .thread_name(|i| format!("crypto-{i}"))
            // Without a handler a panic would abort the process: one message of a peer must not end the node.
            .panic_handler(|_| tracing::error!("a piece of work on the crypto pool failed: this is a defect, please report it with the log"))
            .build()?;
        Ok(Self { threads: Arc::new(threads), places: Arc::new(Semaphore::new(Self::QUEUE)) })
    }

    /// Runs one piece of work and gives back what it returns.
    ///
    /// # Errors
    /// [`PoolClosed`] if the work was lost, which only happens while the node stops, or by a defect.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PoolClosed> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| PoolClosed)?;
        let (answer, answered) = oneshot::channel();
        self.threads.spawn_fifo(move || {
            let result = work();
            drop(place);
            // Nobody waits for the answer any more when the asking task was stopped.
            let _ = answer.send(result);
        });
        answered.await.map_err(|_| PoolClosed)
    }

    /// Starts a piece of work that takes no place, for who bounds the number of its pieces itself: at most [`Self::threads`].
    pub(crate) fn begin(&self, work: impl FnOnce() + Send + 'static) {
        self.threads.spawn_fifo(work);
    }

    /// How many pieces run at once.
    pub(crate) fn threads(&self) -> usize {
        self.threads.current_num_threads()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_runs_on_the_pool_and_comes_back() {
        let pool = CryptoPool::start().unwrap();
        let name = pool.run(|| std::thread::current().name().map(str::to_owned)).await.unwrap();
        assert!(name.unwrap().starts_with("crypto-"));
        assert_eq!(pool.places.available_permits(), CryptoPool::QUEUE);
    }

    #[tokio::test]
    async fn work_that_panics_is_lost_and_the_pool_goes_on() {
        let pool = CryptoPool::start().unwrap();
        let lost: Result<(), _> = pool.run(|| panic!("a defect")).await;
        assert_eq!(lost, Err(PoolClosed));
        assert_eq!(pool.run(|| 7).await, Ok(7));
    }

    #[tokio::test]
    async fn who_finds_the_pool_full_waits_for_a_place() {
        let pool = CryptoPool::start().unwrap();
        let all = u32::try_from(CryptoPool::QUEUE).unwrap();
        let places = Arc::clone(&pool.places).acquire_many_owned(all).await.unwrap();
        let mut waiting = Box::pin(pool.run(|| 7));
        assert!(futures::poll!(&mut waiting).is_pending());
        drop(places);
        assert_eq!(waiting.await, Ok(7));
    }
}

//! Answers that several duties ask for at the same moment, asked for once.
//!
//! **Bound**: the newest [`KEPT`] questions; a question that failed is forgotten, so that a later one asks again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

/// Questions remembered: the beacon committees and subcommittees of two slots.
const KEPT: usize = 136;

type Cell<V, E> = Arc<OnceCell<Result<V, E>>>;

/// Answers by question.
pub(crate) struct Memo<K, V, E>(Mutex<VecDeque<(K, Cell<V, E>)>>);

impl<K, V, E> Default for Memo<K, V, E> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: PartialEq, V: Clone, E: Clone> Memo<K, V, E> {
    /// The answer; `ask` is polled by the first who asks, and the others wait for it.
    ///
    /// # Errors
    /// That of `ask`, shared by all who waited for it.
    pub(crate) async fn get(&self, question: K, ask: impl Future<Output = Result<V, E>>) -> Result<V, E> {
        let cell = self.cell(question);
        let answer = cell.get_or_init(|| ask).await.clone();
        if answer.is_err() {
            self.lock().retain(|(_, other)| !Arc::ptr_eq(other, &cell));
        }
        answer
    }

    fn cell(&self, question: K) -> Cell<V, E> {
        let mut kept = self.lock();
        if let Some((_, cell)) = kept.iter().find(|(known, _)| *known == question) {
            return Arc::clone(cell);
        }
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        let cell = Cell::default();
        kept.push_back((question, Arc::clone(&cell)));
        cell
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(K, Cell<V, E>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn one_asks_for_all_and_a_failure_is_forgotten() {
        let (memo, asked) = (Memo::<u64, u64, &str>::default(), AtomicUsize::new(0));
        let ask = |answer| {
            let asked = &asked;
            async move {
                asked.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                answer
            }
        };
        let (a, b) = tokio::join!(memo.get(1, ask(Err("no"))), memo.get(1, ask(Ok(7))));
        assert_eq!((a, b, asked.load(Ordering::Relaxed)), (Err("no"), Err("no"), 1));
        assert_eq!(memo.get(1, ask(Ok(7))).await, Ok(7));
        assert_eq!(memo.get(1, ask(Ok(8))).await, Ok(7));
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        for other in 2..2 + KEPT as u64 {
            assert_eq!(memo.get(other, ask(Ok(other))).await, Ok(other));
        }
        assert_eq!((memo.get(1, ask(Ok(9))).await, memo.lock().len()), (Ok(9), KEPT));
    }
}

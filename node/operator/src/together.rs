//! Submissions that come one by one, sent together: before Boole each validator aggregates by itself, so that an operator has as many
//! aggregates to submit at one moment as it has aggregators.
//!
//! **Bound**: [`QUEUE`] submissions wait; who comes then waits for a place. A batch has at most [`BATCH`] of them.

use std::collections::BTreeMap;
use std::time::Duration;

use beacon::{BeaconError, Call, ItemFailure};
use tokio::sync::{mpsc, oneshot};
use types::BeaconFork;

/// Submissions that wait.
const QUEUE: usize = 1024;
/// Submissions in one batch.
const BATCH: usize = 256;

/// The items that no beacon node accepted, by their place in what was given.
pub(crate) type Refused = Vec<ItemFailure>;

struct Parcel<T> {
    fork: BeaconFork,
    objects: Vec<T>,
    answer: oneshot::Sender<Result<Refused, BeaconError>>,
}

/// The way to the task that sends.
pub(crate) struct Together<T> {
    call: Call,
    sender: mpsc::Sender<Parcel<T>>,
}

impl<T: Send + 'static> Together<T> {
    /// Starts the task, which sends what comes within `pause` by one call of `send`; it ends with the returned handle.
    pub(crate) fn start<F>(
        call: Call,
        pause: Duration,
        send: impl Fn(BeaconFork, Vec<T>) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Refused, BeaconError>> + Send + 'static,
    {
        let (sender, mut parcels) = mpsc::channel::<Parcel<T>>(QUEUE);
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(BATCH);
            while let Some(first) = parcels.recv().await {
                tokio::time::sleep(pause).await;
                batch.push(first);
                while batch.len() < BATCH
                    && let Ok(parcel) = parcels.try_recv()
                {
                    batch.push(parcel);
                }
                for (fork, parcels) in by_fork(batch.drain(..)) {
                    let (objects, owners) = unpack(parcels);
                    let sent = send(fork, objects);
                    tokio::spawn(async move { answer(owners, &sent.await) });
                }
            }
        });
        Self { call, sender }
    }

    /// Submits; the places of what is refused are those in `objects`.
    ///
    /// # Errors
    /// See [`BeaconError`].
    pub(crate) async fn submit(&self, fork: BeaconFork, objects: Vec<T>) -> Result<Refused, BeaconError> {
        let (answer, answered) = oneshot::channel();
        let stopping = BeaconError::Unsendable { call: self.call, why: "the node stops" };
        if self.sender.send(Parcel { fork, objects, answer }).await.is_err() {
            return Err(stopping);
        }
        answered.await.unwrap_or(Err(stopping))
    }
}

fn by_fork<T>(parcels: impl Iterator<Item = Parcel<T>>) -> BTreeMap<BeaconFork, Vec<Parcel<T>>> {
    let mut groups = BTreeMap::<_, Vec<_>>::new();
    for parcel in parcels {
        groups.entry(parcel.fork).or_default().push(parcel);
    }
    groups
}

/// Who waits for an answer, and for how many objects.
type Owner = (usize, oneshot::Sender<Result<Refused, BeaconError>>);

fn unpack<T>(parcels: Vec<Parcel<T>>) -> (Vec<T>, Vec<Owner>) {
    let (mut objects, mut owners) = (Vec::new(), Vec::new());
    for parcel in parcels {
        owners.push((parcel.objects.len(), parcel.answer));
        objects.extend(parcel.objects);
    }
    (objects, owners)
}

/// Tells each what became of its part.
fn answer(owners: Vec<Owner>, result: &Result<Refused, BeaconError>) {
    let mut start = 0_usize;
    for (count, owner) in owners {
        let end = start.saturating_add(count);
        let part = result.as_ref().map_err(Clone::clone).map(|refused| {
            let own = refused.iter().filter(|failure| (start..end).contains(&failure.index));
            own.map(|failure| ItemFailure {
                index: failure.index.saturating_sub(start),
                message: failure.message.clone(),
            })
            .collect()
        });
        // The duty may be over.
        let _ = owner.send(part);
        start = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(index: usize) -> ItemFailure {
        ItemFailure { index, message: "no".to_owned() }
    }

    #[tokio::test]
    async fn what_comes_together_is_sent_together_and_each_is_told_of_its_own() {
        let (sent, mut calls) = mpsc::channel(8);
        let together =
            Together::start(Call::SubmitAggregates, Duration::from_millis(5), move |fork, all: Vec<u8>| {
                let sent = sent.clone();
                async move {
                    sent.send((fork, all)).await.unwrap();
                    Ok(vec![failure(1), failure(2)])
                }
            });
        let fork = BeaconFork::Electra;
        let (a, b, c) = tokio::join!(
            together.submit(fork, vec![1, 2]),
            together.submit(fork, vec![3]),
            together.submit(BeaconFork::Fulu, vec![4])
        );
        assert_eq!(a.unwrap(), [failure(1)]);
        assert_eq!(b.unwrap(), [failure(0)]);
        assert!(c.unwrap().is_empty());
        assert_eq!(calls.recv().await, Some((fork, vec![1, 2, 3])));
        assert_eq!(calls.recv().await, Some((BeaconFork::Fulu, vec![4])));
    }

    #[tokio::test]
    async fn a_failure_is_everyones() {
        let error = BeaconError::Unsendable { call: Call::SubmitAggregates, why: "test" };
        let told = error.clone();
        let together = Together::start(Call::SubmitAggregates, Duration::ZERO, move |_, _: Vec<u8>| {
            let told = told.clone();
            async move { Err(told) }
        });
        let fork = BeaconFork::Electra;
        let (a, b) = tokio::join!(together.submit(fork, vec![1]), together.submit(fork, vec![2]));
        assert_eq!((a.unwrap_err(), b.unwrap_err()), (error.clone(), error));
    }
}

//! The gate between the network and the crypto pool: messages wait in turns ([`Waiting`]) and are taken in by as many pieces of work as
//! the pool has threads, each of which works off [`SHARE`] messages and then lets other mathematics have its turn.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use types::MessageId;
use validation::claimed_id;

use super::queue::Crowd;
use super::waiting::{Place, Waiting};
use crate::pool::CryptoPool;

/// Messages that one piece of work takes in before it goes to the end of the pool's queue: half a millisecond.
const SHARE: usize = 32;

/// What becomes of the messages.
pub trait Porter: Send + Sync + 'static {
    /// A message with its circumstances.
    type Parcel: Send;

    /// Whether what a message says it is about is a duty of this node's operator. Asked of every message that comes: a look into a
    /// table, no more.
    fn is_own(&self, about: &MessageId) -> bool;

    /// Takes one in; runs on the crypto pool.
    fn take_in(&self, parcel: Self::Parcel);

    /// Turns one away that found no place; must not block.
    fn turn_away(&self, parcel: Self::Parcel, crowd: Crowd);
}

struct Room<T> {
    waiting: Waiting<T>,
    /// Pieces of work that are taking messages in.
    at_work: usize,
}

/// Lets messages in, in turns.
pub struct Gate<P: Porter> {
    porter: P,
    pool: CryptoPool,
    runtime: tokio::runtime::Handle,
    room: Mutex<Room<P::Parcel>>,
}

impl<P: Porter> Gate<P> {
    /// A gate on this pool. To be called within the runtime.
    pub fn new(porter: P, pool: CryptoPool) -> Arc<Self> {
        let room = Room { waiting: Waiting::new(), at_work: 0 };
        let runtime = tokio::runtime::Handle::current();
        Arc::new(Self { porter, pool, runtime, room: Mutex::new(room) })
    }

    /// Takes over a message that `peer` (its id) forwarded. Never waits.
    pub fn admit(self: &Arc<Self>, peer: &[u8], data: &[u8], parcel: P::Parcel) {
        let about = claimed_id(data);
        let is_own = about.as_ref().is_some_and(|about| self.porter.is_own(about));
        let place = Place { peer, about, is_own, len: data.len() };
        let gone = self.room().waiting.push(&place, parcel);
        for (parcel, crowd) in gone {
            self.porter.turn_away(parcel, crowd);
        }
        self.set_to_work();
    }

    /// Starts a piece of work if there is something to do and a thread for it.
    fn set_to_work(self: &Arc<Self>) {
        let mut room = self.room();
        if room.waiting.is_empty() || room.at_work >= self.pool.threads() {
            return;
        }
        room.at_work = room.at_work.saturating_add(1);
        drop(room);
        let shift = Shift(Arc::clone(self));
        self.pool.begin(move || shift.work());
    }

    fn room(&self) -> MutexGuard<'_, Room<P::Parcel>> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One piece of work. However it ends, by a defect too, its place is free again afterwards.
struct Shift<P: Porter>(Arc<Gate<P>>);

impl<P: Porter> Shift<P> {
    fn work(self) {
        // What takes messages in may start tasks.
        let _within = self.0.runtime.enter();
        for _ in 0..SHARE {
            let Some(parcel) = self.0.room().waiting.pop() else { return };
            self.0.porter.take_in(parcel);
        }
    }
}

impl<P: Porter> Drop for Shift<P> {
    fn drop(&mut self) {
        let gate = Arc::clone(&self.0);
        let is_empty = {
            let mut room = gate.room();
            room.at_work = room.at_work.saturating_sub(1);
            room.waiting.is_empty()
        };
        // Work that is started from one of the pool's own threads overtakes all that waits there, so it is started from outside.
        if !is_empty {
            let runtime = gate.runtime.clone();
            runtime.spawn(async move { gate.set_to_work() });
        }
    }
}

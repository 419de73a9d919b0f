//! Voluntary exits that owners asked for on the contract, from the event to the beacon chain.
//!
//! ```text
//! registry's event ─> signing history (durable) ─> at its slot: a duty ─> signed by the committee ─> beacon nodes, until one takes it
//!                                                                                             ─> struck out of the history
//! ```
//!
//! * The event is seen once, so the registry has a request written down before it goes past its block ([`crate::Armory`]). What is told here
//!   is a word to look there.
//! * The duty's slot is the same at every operator: four slots after the block of the event (ssv `operator/duties/voluntary_exit.go`). A node that
//!   restarts begins the duty anew under that slot.
//! * A request is done when a beacon node took the exit, or when the chain knows of it by whatever way ([`strike_out`]): the others may have
//!   completed it without this node, which then waits for partial signatures that nobody sends again.
//! * Of foreign validators the requests are counted for [`KEPT_SLOTS`] slots: validation believes messages of announced exits only.
//!
//! **Bounds**: requests of our validators are bounded by the history ([`vault::MAX_PENDING`]), announcements by [`ANNOUNCED`]; beyond
//! it the oldest leaves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use duty::runner::End;
use registry::ExitRequest;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::task::JoinHandle;
use types::{BeaconRole, Epoch, MessageId, PublicKeyBytes, RunnerRole, Slot, ValidatorIndex};
use vault::{PendingExit, Vault};

use crate::clock::{SlotClock, slot_of_event};
use crate::committee::Letter;
use crate::context::Context;
use crate::routes::Routes;
use crate::run::RunId;

/// Slots for which announcements of foreign exits are kept.
const KEPT_SLOTS: u64 = 32;
/// Announcements kept.
const ANNOUNCED: usize = 1 << 16;

/// The exits that are asked for.
pub(crate) struct Exits {
    vault: Arc<Vault>,
    clock: Arc<SlotClock>,
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    /// How often an exit was asked for, by the slot of its duty.
    announced: BTreeMap<(Slot, PublicKeyBytes), u64>,
    /// Own requests, as in the history.
    pending: BTreeSet<PendingExit>,
    /// Own requests whose duty was begun by this process.
    begun: BTreeSet<PendingExit>,
}

impl Exits {
    /// The exits of this history: those that an earlier run left are pending.
    ///
    /// # Errors
    /// A failure of the history.
    pub(crate) fn open(vault: Arc<Vault>, clock: Arc<SlotClock>) -> Result<Self, vault::HistoryError> {
        let pending: BTreeSet<_> = vault.pending_exits()?.into_iter().collect();
        if !pending.is_empty() {
            tracing::info!(exits = pending.len(), "exits of an earlier run are taken up again");
        }
        let announced = pending.iter().map(|exit| ((exit.slot, exit.validator), 1)).collect();
        let books = Mutex::new(Books { announced, pending, begun: BTreeSet::new() });
        Ok(Self { vault, clock, books })
    }

    /// Takes requests on until the registry ends.
    pub(crate) async fn run(self: Arc<Self>, mut requests: broadcast::Receiver<ExitRequest>) {
        loop {
            match requests.recv().await {
                Ok(request) => self.ask(request).await,
                Err(RecvError::Lagged(lost)) => {
                    tracing::warn!(
                        lost,
                        "exit requests came faster than they could be counted: messages for foreign ones will not be believed"
                    );
                    self.take_up(|_| true).await;
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    pub(crate) async fn ask(self: &Arc<Self>, request: ExitRequest) {
        let exit = pending(&self.clock, &request);
        self.books().announce(exit);
        if request.own {
            self.take_up(|kept| *kept == exit).await;
        }
    }

    /// Takes on what the history holds of these: it may have refused a request, or hold a newer one of the same validator.
    async fn take_up(self: &Arc<Self>, wanted: impl Fn(&PendingExit) -> bool) {
        let exits = Arc::clone(self);
        match tokio::task::spawn_blocking(move || exits.vault.pending_exits()).await {
            Ok(Ok(kept)) => self.books().pending.extend(kept.into_iter().filter(wanted)),
            Ok(Err(error)) => {
                tracing::error!(%error, "exits that are asked for cannot be read: they are taken on at the next start");
            }
            // The node stops.
            Err(_) => {}
        }
    }

    /// Own requests whose time has come and whose duty this process has not begun; they count as begun from now on.
    pub(crate) fn due(&self, now: Slot) -> Vec<PendingExit> {
        let mut books = self.books();
        let due = books.pending.iter().take_while(|exit| exit.slot <= now);
        let fresh: Vec<_> = due.filter(|exit| !books.begun.contains(exit)).copied().collect();
        books.begun.extend(&fresh);
        books.forget(now);
        fresh
    }

    /// A duty that could not be made yet, because the chain does not know the validator, is due again.
    pub(crate) fn not_begun(&self, exit: PendingExit) {
        self.books().begun.remove(&exit);
    }

    /// Own requests that are not done.
    pub(crate) fn pending(&self) -> Vec<PendingExit> {
        self.books().pending.iter().copied().collect()
    }

    /// Strikes out what is done.
    pub(crate) async fn done(self: &Arc<Self>, exit: PendingExit) {
        let _was_begun = self.forget(exit);
        self.erase(exit).await;
    }

    /// Takes a request off the list; true if its duty was begun.
    fn forget(&self, exit: PendingExit) -> bool {
        let mut books = self.books();
        books.pending.remove(&exit);
        books.begun.remove(&exit)
    }

    async fn erase(self: &Arc<Self>, exit: PendingExit) {
        let exits = Arc::clone(self);
        let ended = tokio::task::spawn_blocking(move || exits.vault.end_exit(exit)).await;
        if let Ok(Err(error)) = ended {
            tracing::error!(validator = %exit.validator, %error, "an exit that is done stays in the history until the next start");
        }
    }

    /// How often an exit was asked for.
    pub(crate) fn announced(&self, slot: Slot, validator: &PublicKeyBytes) -> u64 {
        self.books().announced.get(&(slot, *validator)).copied().unwrap_or(0)
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn announce(&mut self, exit: PendingExit) {
        let count = self.announced.entry((exit.slot, exit.validator)).or_default();
        *count = count.saturating_add(1);
        while self.announced.len() > ANNOUNCED {
            self.announced.pop_first();
        }
    }

    fn forget(&mut self, now: Slot) {
        let before = now.saturating_sub(KEPT_SLOTS);
        let pending = &self.pending;
        self.announced.retain(|(slot, validator), _| {
            *slot >= before || pending.contains(&PendingExit { slot: *slot, validator: *validator })
        });
    }
}

/// The exit that a request asks for.
pub(crate) fn pending(clock: &SlotClock, request: &ExitRequest) -> PendingExit {
    PendingExit { slot: slot_of_event(clock.rules(), request.timestamp), validator: request.validator }
}

/// Strikes out the exits that the chain knows of, and ends their duties. Whoever wants to can wait until the history is written; the
/// schedule does not.
pub(crate) async fn strike_out(context: &Arc<Context>, routes: &Routes) -> Vec<JoinHandle<()>> {
    let mut written = Vec::new();
    for exit in context.exits.pending() {
        let known = context.roster.get(&exit.validator);
        let Some(validator) = known.filter(|known| known.exit_epoch != Epoch::FAR_FUTURE) else { continue };
        tracing::info!(validator = %exit.validator, epoch = %validator.exit_epoch, "the chain knows of the exit");
        if context.exits.forget(exit) {
            end_duty(context, routes, exit, validator.index).await;
        }
        let exits = Arc::clone(&context.exits);
        written.push(tokio::spawn(async move { exits.erase(exit).await }));
    }
    written
}

/// The exit reached the chain, so its duty did not fail, whoever handed it in.
async fn end_duty(context: &Arc<Context>, routes: &Routes, exit: PendingExit, validator: ValidatorIndex) {
    context.ledger.end(exit.slot, validator, BeaconRole::VoluntaryExit, End::Submitted);
    let directory = context.directory.load_full();
    let Some(own) = directory.own(&exit.validator) else { return };
    let domain = context.clock.rules().network.domain_at(exit.slot);
    let message_id = MessageId::validator(domain, RunnerRole::VoluntaryExit, &exit.validator);
    let duty = RunId { slot: exit.slot, message_id };
    routes.mailbox(own.committee, context).send(Letter::Done(duty)).await;
}

#[cfg(test)]
pub(crate) mod tests;

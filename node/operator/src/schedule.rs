//! The schedule: at each slot every committee of ours gets its duties. Proposals, selection proofs, registrations and exits begin with
//! the slot; votes get the word to start when the head of the slot is known, or when a third of the slot is over.
//!
//! A duty is scheduled when it stands in the ledger. Who has which duty is [`crate::plan`]'s.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use beacon::{NodeId, Validator};
use duty::FailureReason;
use outbox::StartCause;
use tokio::sync::watch;
use types::{CommitteeId, Epoch, PublicKeyBytes, Root, RunnerRole, Slot, ValidatorDuty};

use crate::assign::{Assigned, Office};
use crate::book::{self, DutyBook};
use crate::changes::Changes;
use crate::committee::{Letter, Mailbox, Start};
use crate::context::Context;
use crate::directory::Directory;
use crate::exits;
use crate::plan::{self, Known, Plan};
use crate::registrations::is_current;
use crate::routes::Routes;
use crate::run::RunId;
use crate::signer::Standing;
use crate::worth;

/// The newest head, and who told of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SeenHead {
    pub slot: Slot,
    pub block: Root,
    pub first_byte_unix_micros: u64,
    pub teller: Option<NodeId>,
}

/// The task that schedules.
pub(crate) struct Schedule {
    pub context: Arc<Context>,
    pub book: Arc<DutyBook>,
    pub routes: Arc<Routes>,
    pub heads: watch::Receiver<Option<SeenHead>>,
    pub changes: Changes,
}

/// Slots for which a node listens for another copy of itself, if there is nobody to hear it from.
const LISTENING: u64 = 3;

/// What the clock says to a schedule that waits for a slot.
#[derive(Debug, PartialEq, Eq)]
enum Turn {
    /// Wait for this slot; an earlier one than before if the clock was set back.
    Wait(Slot),
    /// It is this slot; those from `missed` up to it were slept through.
    Run { missed: Slot, slot: Slot },
}

/// From which slot on a node speaks that has listened since `start`; `now` begins. `None`: look again at the next slot.
fn speaks_from(start: Slot, now: Slot, has_peer: bool) -> Option<Slot> {
    let listened = now.checked_since(start)?;
    ((has_peer && listened > 0) || listened >= LISTENING).then(|| now.next())
}

/// Duties of slots further back than `kept` are not in the book any more, so there is nothing to record of them, however far the clock
/// has jumped.
fn turn(next: Slot, now: Option<Slot>, kept: u64) -> Turn {
    match now {
        Some(slot) if slot >= next => Turn::Run { missed: next.max(slot.saturating_sub(kept)), slot },
        Some(slot) => Turn::Wait(next.min(slot.next())),
        None => Turn::Wait(Slot(0)),
    }
}

/// The head of this slot or of a later one. Waits for ever when nobody tells of heads any more: then the clock starts duties.
async fn head_from(heads: &mut watch::Receiver<Option<SeenHead>>, slot: Slot) -> SeenHead {
    if let Ok(head) = heads.wait_for(|head| head.is_some_and(|head| head.slot >= slot)).await
        && let Some(head) = *head
    {
        return head;
    }
    std::future::pending().await
}

impl Schedule {
    /// Runs for ever, slot by slot.
    pub(crate) async fn run(mut self) {
        let clock = Arc::clone(&self.context.clock);
        let mut next = self.first_slot().await;
        let kept = clock.rules().network.slots_per_epoch().saturating_mul(book::EPOCHS);
        loop {
            let (mut missed, slot) = match turn(next, clock.now(), kept) {
                Turn::Run { missed, slot } => (missed, slot),
                Turn::Wait(slot) => {
                    next = slot;
                    clock.reach(clock.start_of(slot)).await;
                    continue;
                }
            };
            while missed < slot {
                self.miss(missed).await;
                missed = missed.next();
            }
            let votes = self.prepare(slot).await;
            self.send_registrations(slot);
            self.begin(slot, votes).await;
            self.routes.tick(slot).await;
            next = slot.next();
        }
    }

    /// The first slot whose duties are taken on. A node that starts in the middle of a slot begins with the next one: this slot's
    /// consensus is under way. One that listens for another copy of itself listens for a whole slot before it says a word, with a peer
    /// to hear from: so it is the newcomer that notices and stops, not the one that was at work. Without any peer it listens for
    /// [`LISTENING`] slots: then its duties fail in its books, and not before them.
    async fn first_slot(&self) -> Slot {
        let (clock, context) = (&self.context.clock, &self.context);
        let Some(mut start) = clock.now() else { return Slot(0) };
        if !context.identity.voice().listens() {
            return start.next();
        }
        let (peers, mut now) = (context.network.connected(), start);
        loop {
            clock.reach(clock.start_of(now.next())).await;
            now = clock.slot();
            // The clock may be set back meanwhile.
            start = start.min(now);
            if let Some(first) = speaks_from(start, now, *peers.borrow() > 0) {
                return first;
            }
        }
    }

    /// A slot that the node slept through: its duties are scheduled, and have failed.
    async fn miss(&self, slot: Slot) {
        let standing = self.standing(slot).await;
        for (committee, plan) in self.plan(slot, &standing) {
            let ledger = &self.context.ledger;
            let duties: Vec<_> = plan.duties().cloned().collect();
            ledger.schedule(self.epoch_of(slot), committee, &duties);
            for duty in &duties {
                let end = duty::runner::End::Failed(FailureReason::NeverStarted);
                ledger.end(slot, duty.validator_index, duty.role, end);
            }
            self.context.books.write(slot, committee);
        }
    }

    /// Gives every committee its duties, and the word to start to those that begin with the slot; returns the votes, which wait.
    pub(crate) async fn prepare(&mut self, slot: Slot) -> Vec<(Mailbox, RunId)> {
        let mut votes = Vec::new();
        let standing = self.standing(slot).await;
        // Before the plan: the turns in it must not be of an older directory than the changes.
        let changes = self.plan_changes(slot);
        let mut plans = self.plan(slot, &standing);
        for (committee, plan) in changes {
            plans.entry(committee).or_default().add(plan);
        }
        exits::strike_out(&self.context, &self.routes).await;
        self.add_exits(slot, &mut plans);
        for (id, plan) in plans {
            let Assigned { at_once, vote, refused } = self.assign(slot, id, &plan, &standing);
            for (duty, refusal) in refused {
                tracing::error!(%slot, committee = %id, validator = %duty.validator_index, role = ?duty.role, %refusal, "the duty is not one");
            }
            let name = |assignment: &crate::run::Assignment| assignment.id();
            let begin: Vec<_> = at_once.iter().map(name).collect();
            let waits = vote.as_ref().map(name);
            let duties: Vec<_> = at_once.into_iter().chain(vote).collect();
            let entries: Vec<_> = duties.iter().flat_map(|duty| duty.machine.entries()).cloned().collect();
            if duties.is_empty() {
                continue;
            }
            self.write_down(id, &entries);
            let mailbox = self.routes.mailbox(id, &self.context);
            mailbox.send(Letter::Prepare { slot, duties }).await;
            if !begin.is_empty() {
                mailbox.send(Letter::Begin(begin, Start::CLOCK)).await;
            }
            votes.extend(waits.map(|vote| (mailbox, vote)));
        }
        votes
    }

    /// Opens the records of duties; those that follow from an event of the contract may be of an earlier slot.
    fn write_down(&self, committee: CommitteeId, duties: &[ValidatorDuty]) {
        let slots: BTreeSet<_> = duties.iter().map(|duty| duty.slot).collect();
        for slot in slots {
            let of_slot: Vec<_> = duties.iter().filter(|duty| duty.slot == slot).cloned().collect();
            self.context.ledger.schedule(self.epoch_of(slot), committee, &of_slot);
            self.context.books.write(slot, committee);
        }
    }

    /// The registrations of validators whose owners have a new fee recipient.
    fn plan_changes(&mut self, slot: Slot) -> BTreeMap<CommitteeId, Plan> {
        let (directory, roster) = (self.context.directory.load_full(), self.context.roster.all());
        let due = self.changes.due(self.context.clock.rules(), directory.block, slot);
        let may_vote = |_, _| false;
        plan::plan_changes(&self.known(&directory, &roster, &may_vote), &due, slot)
    }

    /// Exits whose time has come; one of a validator that the chain does not know yet has to wait.
    fn add_exits(&self, slot: Slot, plans: &mut BTreeMap<CommitteeId, Plan>) {
        let due = self.context.exits.due(slot);
        let (directory, roster) = (self.context.directory.load_full(), self.context.roster.all());
        let may_vote = |_, _| false;
        let known = self.known(&directory, &roster, &may_vote);
        for (exit, planned) in plan::plan_exits(&known, &due) {
            match planned {
                Some((committee, plan)) => plans.entry(committee).or_default().add(plan),
                None => self.context.exits.not_begun(exit),
            }
        }
    }

    fn assign(&self, slot: Slot, id: CommitteeId, plan: &Plan, standing: &Standing) -> Assigned {
        let directory = self.context.directory.load_full();
        let Some(committee) = directory.committee(id) else { return Assigned::default() };
        let office = Office {
            rules: self.context.clock.rules(),
            own: self.context.identity.id,
            committee,
            slot,
            highest_block: &|share| standing.highest_block(share),
        };
        office.assign(plan)
    }

    /// Builders forget: the registrations whose turn it is go out again, off the path of duties.
    fn send_registrations(&self, slot: Slot) {
        let (context, known) = (Arc::clone(&self.context), self.context.roster.all());
        let network = &context.clock.rules().network;
        let ahead = self.epoch_of(slot).saturating_add(plan::REGISTRATION_EPOCHS);
        let directory = context.directory.load_full();
        let due = context.registrations.due(slot, network.slots_per_epoch(), |message| {
            is_current(&directory, message)
                && known.get(&message.pubkey).is_some_and(|validator| validator.attests_in(ahead))
        });
        if !due.is_empty() {
            tokio::spawn(async move {
                if let Err(error) = context.beacon.register_validators(&due).await {
                    tracing::warn!(%slot, count = due.len(), %error, "registrations not sent again");
                }
            });
        }
    }

    /// Gives votes the word to start, on the head of the slot or on the clock.
    async fn begin(&mut self, slot: Slot, votes: Vec<(Mailbox, RunId)>) {
        let clock = &self.context.clock;
        let due = worth::due_millis(&clock.rules().network, RunnerRole::Committee, slot);
        let mut clock_says = std::pin::pin!(clock.reach(clock.start_of(slot).saturating_add(due)));
        let first = tokio::select! {
            biased;
            head = head_from(&mut self.heads, slot) => Some(head),
            _ = &mut clock_says => None,
        };
        // A head of a later slot: our clock is behind, and there is no time to lose.
        let head = first.filter(|head| head.slot == slot);
        let start = head.map_or(Start::CLOCK, |head| Start {
            cause: StartCause::HeadEvent,
            head_event_unix_micros: Some(head.first_byte_unix_micros),
            teller: head.teller,
        });
        for (mailbox, vote) in votes {
            mailbox.send(Letter::Begin(vec![vote], start)).await;
        }
        // The next slot must not begin before this one has run a third, whatever heads say.
        if first.is_some() {
            clock_says.await;
        }
    }

    fn epoch_of(&self, slot: Slot) -> Epoch {
        self.context.clock.rules().network.epoch_of(slot)
    }

    /// What those have signed that vote or propose in a slot.
    async fn standing(&self, slot: Slot) -> Standing {
        let shares =
            plan::signing_shares(&self.context.directory.load(), &self.book, self.epoch_of(slot), slot);
        self.context.signer.standing(shares).await
    }

    /// Who has what to do in a slot, by committee.
    fn plan(&self, slot: Slot, standing: &Standing) -> BTreeMap<CommitteeId, Plan> {
        let (directory, roster) = (self.context.directory.load_full(), self.context.roster.all());
        let may_vote = |share, epoch| standing.may_vote(share, epoch);
        plan::plan(&self.known(&directory, &roster, &may_vote), slot)
    }

    fn known<'a>(
        &'a self,
        directory: &'a Directory,
        roster: &'a HashMap<PublicKeyBytes, Validator>,
        may_vote: &'a dyn Fn(PublicKeyBytes, Epoch) -> bool,
    ) -> Known<'a> {
        let rules = self.context.clock.rules();
        Known { rules, directory, roster, book: &self.book, proposals: &self.context.proposals, may_vote }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    fn head(slot: u64) -> Option<SeenHead> {
        Some(SeenHead { slot: Slot(slot), first_byte_unix_micros: 5, ..SeenHead::default() })
    }

    #[test]
    fn a_node_speaks_after_a_whole_slot_in_which_it_could_hear_itself() {
        let start = Slot(9);
        assert_eq!(speaks_from(start, start, true), None, "the slot of the start is not whole");
        assert_eq!(speaks_from(start, Slot(10), true), Some(Slot(11)));
        assert_eq!(speaks_from(start, Slot(10), false), None, "without a peer nobody is heard");
        assert_eq!(speaks_from(start, Slot(11), true), Some(Slot(12)));
        assert_eq!(speaks_from(start, Slot(12), false), Some(Slot(13)), "it does not wait for ever");
        assert_eq!(
            speaks_from(start, Slot(500), true),
            Some(Slot(501)),
            "a clock that jumps costs nothing more"
        );
    }

    #[test]
    fn slots_run_one_after_the_other() {
        assert_eq!(turn(Slot(9), Some(Slot(8)), 24), Turn::Wait(Slot(9)));
        assert_eq!(turn(Slot(9), Some(Slot(9)), 24), Turn::Run { missed: Slot(9), slot: Slot(9) });
        assert_eq!(turn(Slot(0), None, 24), Turn::Wait(Slot(0)));
    }

    #[test]
    fn a_clock_that_jumps_ahead_costs_the_slots_between_and_no_more_than_the_book_holds() {
        assert_eq!(turn(Slot(9), Some(Slot(12)), 24), Turn::Run { missed: Slot(9), slot: Slot(12) });
        let now = Slot(12_000_000);
        assert_eq!(turn(Slot(0), Some(now), 24), Turn::Run { missed: Slot(11_999_976), slot: now });
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_silence_the_node_until_it_catches_up() {
        assert_eq!(turn(Slot(300), Some(Slot(8)), 24), Turn::Wait(Slot(9)));
        assert_eq!(turn(Slot(300), None, 24), Turn::Wait(Slot(0)));
    }

    #[test]
    fn duties_wait_for_the_head_of_their_slot() {
        let (tell, mut heads) = watch::channel(None);
        assert_eq!(head_from(&mut heads, Slot(0)).now_or_never(), None, "no head is no head of slot 0");
        tell.send_replace(head(8));
        assert_eq!(head_from(&mut heads, Slot(9)).now_or_never(), None);
        tell.send_replace(head(9));
        assert_eq!(head_from(&mut heads, Slot(9)).now_or_never(), head(9), "told before anyone waited");
    }

    #[test]
    fn the_end_of_the_event_streams_starts_no_duty() {
        let (tell, mut heads) = watch::channel(None);
        drop(tell);
        assert_eq!(head_from(&mut heads, Slot(9)).now_or_never(), None);
    }
}

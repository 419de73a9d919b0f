//! Looks at every block of the chain for what came of our duties, and closes their accounts an epoch later.
//!
//! This is the first thing that is left out under load: blocks are looked at one at a time, and nobody waits for it. A lookout that
//! falls behind walks back from the newest head; **bound**: [`DEPTH`] blocks. What lies further back is left out and counted, and the
//! duties whose blocks were not seen say so. The beacon committees of the [`COMMITTEES`] slots that were asked for last are kept.

use std::collections::{BTreeSet, VecDeque};
use std::ops::RangeInclusive;
use std::sync::Arc;

use beacon::{Aggregate, BeaconNodes, BlockVotes};
use tokio::sync::watch;
use types::beacon::AttestationElectra;
use types::preset::{ByPreset, Preset};
use types::{CommitteeId, CommitteeIndex, Root, Slot};

use crate::books::Books;
use crate::clock::{SlotClock, unix_micros};
use crate::context::Context;
use crate::drops::{DropReason, Drops};
use crate::inclusion::{self, Block, Committees, Judge, Vote};
use crate::ledger::Ledger;
use crate::schedule::SeenHead;
use crate::window::{Joined, Window};

/// Blocks that are fetched to come from a new head back to what is known.
const DEPTH: usize = 16;
/// Slots whose beacon committees are kept: on the main network each has 30,000 members.
const COMMITTEES: usize = 8;
/// Slots after which a duty's messages have been heard: what changes in its records then is written to the journal.
const SETTLED: u64 = 2;

/// Where blocks come from. What it cannot give is left out.
pub(crate) trait Blocks: Send + Sync + 'static {
    /// The block with this root.
    fn block(&self, root: Root) -> impl Future<Output = Option<Block>> + Send;

    /// The beacon committees of a slot.
    fn committees(&self, slot: Slot) -> impl Future<Output = Option<Committees>> + Send;
}

impl Blocks for BeaconNodes {
    async fn block(&self, root: Root) -> Option<Block> {
        let votes = self.block_votes(root).await;
        votes
            .inspect_err(|error| tracing::debug!(%root, %error, "a block is not looked at"))
            .ok()
            .map(Block::from)
    }

    async fn committees(&self, slot: Slot) -> Option<Committees> {
        let committees = BeaconNodes::committees(self, slot).await;
        committees
            .inspect_err(|error| tracing::debug!(%slot, %error, "the beacon committees are not known"))
            .ok()
    }
}

impl From<BlockVotes> for Block {
    fn from(found: BlockVotes) -> Self {
        Self {
            root: found.root,
            slot: found.slot,
            parent: found.parent_root,
            proposer: found.proposer,
            votes: found.attestations.into_iter().map(Vote::from).collect(),
            sync_seats: found.sync_seats,
            exits: found.exits,
        }
    }
}

impl From<Aggregate> for Vote {
    fn from(aggregate: Aggregate) -> Self {
        match aggregate {
            Aggregate::Phase0(vote) => Self {
                data: vote.data,
                committees: vec![vote.data.index],
                bits: vote.aggregation_bits.iter().collect(),
            },
            Aggregate::Electra(ByPreset::Mainnet(vote)) => of_electra(&vote),
            Aggregate::Electra(ByPreset::Minimal(vote)) => of_electra(&vote),
        }
    }
}

fn of_electra<P: Preset>(vote: &AttestationElectra<P>) -> Vote {
    let committees = (0..).map(CommitteeIndex).zip(vote.committee_bits.iter()).filter(|(_, is_set)| *is_set);
    Vote {
        data: vote.data,
        committees: committees.map(|(index, _)| index).collect(),
        bits: vote.aggregation_bits.iter().collect(),
    }
}

/// The task that looks.
pub(crate) struct Lookout<B> {
    blocks: B,
    ledger: Arc<Ledger>,
    drops: Drops,
    clock: Arc<SlotClock>,
    window: Window,
    /// By slot, the last learnt first.
    committees: VecDeque<(Slot, Committees)>,
    /// Duties up to this slot are closed.
    closed: Option<Slot>,
}

impl<B: Blocks> Lookout<B> {
    pub(crate) fn new(context: &Context, blocks: B) -> Self {
        let (ledger, clock) = (Arc::clone(&context.ledger), Arc::clone(&context.clock));
        Self::over(ledger, clock, context.drops.clone(), blocks)
    }

    fn over(ledger: Arc<Ledger>, clock: Arc<SlotClock>, drops: Drops, blocks: B) -> Self {
        Self {
            blocks,
            ledger,
            drops,
            clock,
            window: Window::default(),
            committees: VecDeque::new(),
            closed: None,
        }
    }

    /// Looks until nobody tells of heads any more.
    pub(crate) async fn run(mut self, mut heads: watch::Receiver<Option<SeenHead>>, books: Books) {
        loop {
            let next = self.clock.start_of(self.clock.now().map_or(Slot(0), Slot::next));
            tokio::select! {
                changed = heads.changed() => {
                    let newest = *heads.borrow_and_update();
                    match (changed, newest) {
                        (Ok(()), Some(head)) => self.follow(head.slot, head.block).await,
                        (Ok(()), None) => {}
                        (Err(_), _) => return,
                    }
                }
                _ = self.clock.reach(next) => {
                    for (slot, committee) in self.tick(self.clock.slot()) {
                        books.write(slot, committee);
                    }
                }
            }
        }
    }

    fn slots_per_epoch(&self) -> u64 {
        self.clock.rules().network.slots_per_epoch()
    }

    /// Looks at a new head, and at the blocks between it and what is known.
    async fn follow(&mut self, slot: Slot, root: Root) {
        if self.window.holds(root) {
            return;
        }
        let before = self.window.tip();
        let new = self.walk_back(root).await;
        let Some(oldest) = new.last() else {
            return self.drops.count(DropReason::BlockNotSeen, 1);
        };
        if !self.window.holds(oldest.parent) {
            if let Some(before) = before {
                let gap = slot.get().saturating_sub(before.get());
                let seen = u64::try_from(new.len()).unwrap_or(u64::MAX);
                self.drops.count(DropReason::BlockNotSeen, gap.saturating_sub(seen));
            }
            self.window.restart(oldest.slot, oldest.root);
            self.look(oldest).await;
        }
        for block in new.iter().rev() {
            match self.window.join(block.slot, block.root, block.parent) {
                Joined::Grown => self.look(block).await,
                Joined::Reorganised { from } => {
                    self.withdraw(from);
                    self.look(block).await;
                }
                Joined::Known | Joined::Orphan => {}
            }
        }
    }

    /// Blocks from this one back to the first whose parent is known, the newest first.
    async fn walk_back(&self, root: Root) -> Vec<Block> {
        let (mut new, mut wanted) = (Vec::<Block>::new(), root);
        // The first look at a chain begins with its head.
        let depth = if self.window.tip().is_none() { 1 } else { DEPTH };
        while new.len() < depth && !self.window.holds(wanted) {
            let Some(block) = self.blocks.block(wanted).await else { break };
            wanted = block.parent;
            new.push(block);
        }
        new
    }

    /// Looks at one block, the newest of the window.
    async fn look(&mut self, block: &Block) {
        let recent = self.recent(block.slot);
        let voted = block.votes.iter().map(|vote| vote.data.slot.get());
        let mut slots: BTreeSet<u64> = voted.filter(|slot| recent.contains(slot)).collect();
        slots.extend([block.slot.get(), block.slot.get().saturating_sub(1)]);
        if !block.exits.is_empty() {
            slots.extend(recent);
        }
        let seen = unix_micros();
        for slot in slots.into_iter().map(Slot) {
            self.learn_committees(slot, block).await;
            let judge = Judge {
                block,
                window: &self.window,
                committees: self.committees_of(slot),
                slots_per_epoch: self.slots_per_epoch(),
            };
            let micros = self.clock.micros_into(slot, seen);
            self.ledger.review(slot, |entry, _| {
                let verdict = judge.judge(entry);
                let is_new = verdict.is_some();
                if let Some(verdict) = verdict {
                    verdict.write(&mut entry.record, micros);
                }
                is_new
            });
        }
    }

    /// Slots whose duties a block may hold something of: votes of two epochs.
    fn recent(&self, block: Slot) -> RangeInclusive<u64> {
        let first = block.saturating_sub(self.slots_per_epoch().saturating_mul(2));
        first.get()..=block.get()
    }

    /// Asks for the committees of a slot, where votes of several of them are to be read for a duty of ours.
    async fn learn_committees(&mut self, slot: Slot, block: &Block) {
        let mut is_needed = block.votes.iter().any(|vote| vote.data.slot == slot && vote.needs_committees());
        is_needed &= self.committees_of(slot).is_none();
        if is_needed
            && self.ledger.awaits_votes(slot)
            && let Some(committees) = self.blocks.committees(slot).await
        {
            // Not the oldest slot leaves: that may be the one which a late vote is of.
            self.committees.truncate(COMMITTEES.saturating_sub(1));
            self.committees.push_front((slot, committees));
        }
    }

    fn committees_of(&self, slot: Slot) -> Option<&Committees> {
        self.committees.iter().find(|(of, _)| *of == slot).map(|(_, committees)| committees)
    }

    /// Takes back what blocks that are not of the chain any more said.
    fn withdraw(&mut self, from: Slot) {
        // The other branch may have seated the validators in another way.
        self.committees.clear();
        let Some(tip) = self.window.tip() else { return };
        let first = from.saturating_sub(self.slots_per_epoch().saturating_mul(2));
        for slot in (first.get()..=tip.get()).map(Slot) {
            self.ledger.review(slot, |entry, _| inclusion::withdraw(&mut entry.record, from));
        }
    }

    /// Closes what is an epoch old. Returns what is to be written to the journal.
    fn tick(&mut self, now: Slot) -> Vec<(Slot, CommitteeId)> {
        let due = now.saturating_sub(self.slots_per_epoch().saturating_add(SETTLED));
        let next = self.closed.map_or(due, Slot::next).max(now.saturating_sub(Ledger::SLOTS));
        for slot in (next.get()..=due.get()).map(Slot) {
            let (window, slots_per_epoch) = (&self.window, self.slots_per_epoch());
            self.ledger.review(slot, |entry, figures| {
                inclusion::close(&mut entry.record, window, slots_per_epoch, figures)
            });
            self.closed = Some(slot);
        }
        self.ledger.unwritten(now.saturating_sub(SETTLED))
    }
}

#[cfg(test)]
mod tests;

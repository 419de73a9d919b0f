//! What the chain made of a duty, judged once for each block: a pure comparison of the block with the ledger.
//!
//! * An attestation is in the first block that holds the validator's bit, whoever submitted it. The bit is read only where the validator
//!   sits on the canonical chain where its duty says: a reorganisation under an epoch gives it another seat. Its head and target are right if they
//!   are the blocks that the chain has at its slot and at the start of its epoch; a wrong source makes a block invalid, so what is
//!   included has the right one.
//! * A sync committee message can only be in the block of the next slot, in the seats of its validator; all of them count.
//! * An exit is in the block that names its validator.
//! * A proposal is in the chain if the chain's block at its slot is by its validator.
//! * Aggregates and contributions cannot be seen in blocks: their bits are merged with others. Nor are registrations there.
//!
//! An epoch after its slot a duty's account is closed: what was submitted and not seen gets a warning.

use duty::Warning;
use outbox::{DutyRecord, DutyRole, Figures, Inclusion, Outcome};
use types::beacon::AttestationData;
use types::{CommitteeIndex, Root, Slot, ValidatorDuty, ValidatorIndex};

use crate::ledger::Entry;
use crate::window::Window;

/// A block, as far as duties are concerned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Block {
    pub root: Root,
    pub slot: Slot,
    pub parent: Root,
    pub proposer: ValidatorIndex,
    pub votes: Vec<Vote>,
    /// The sync aggregate, by seat.
    pub sync_seats: Vec<bool>,
    /// Validators that leave by it.
    pub exits: Vec<ValidatorIndex>,
}

/// One aggregate of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Vote {
    pub data: AttestationData,
    /// The beacon committees whose members' bits follow each other.
    pub committees: Vec<CommitteeIndex>,
    pub bits: Vec<bool>,
}

/// The members of the beacon committees of one slot, by index and in their order, on the canonical chain.
pub(crate) type Committees = Vec<Vec<ValidatorIndex>>;

/// Whether a vote holds a validator's bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    Yes,
    No,
    /// Its place cannot be told, as the committees are not known or do not fit.
    Unknown,
    /// On the canonical chain the validator has another place: its duty was of a branch that lost.
    Elsewhere,
}

impl Vote {
    fn holds(&self, duty: &ValidatorDuty, committees: Option<&Committees>) -> Held {
        if self.data.slot != duty.slot {
            return Held::No;
        }
        if committees.is_some_and(|committees| !is_seated(duty, committees)) {
            return Held::Elsewhere;
        }
        let Some(place) = self.committees.iter().position(|index| *index == duty.committee_index) else {
            return Held::No;
        };
        let Some(offset) = self.offset(place, duty, committees) else { return Held::Unknown };
        match offset.checked_add(duty.validator_committee_index) {
            Some(bit) if self.bit(bit) => Held::Yes,
            Some(_) | None => Held::No,
        }
    }

    /// Where the bits of the committee at `place` begin.
    fn offset(&self, place: usize, duty: &ValidatorDuty, committees: Option<&Committees>) -> Option<u64> {
        let size_of = |index: &CommitteeIndex| {
            if self.committees.len() == 1 {
                return Some(duty.committee_length);
            }
            u64::try_from(members(committees?, *index)?.len()).ok()
        };
        let sum = |committees: &[CommitteeIndex]| {
            committees.iter().try_fold(0_u64, |sum, index| sum.checked_add(size_of(index)?))
        };
        let all = sum(&self.committees)?;
        let fits = usize::try_from(all).is_ok_and(|all| all == self.bits.len());
        if fits { sum(self.committees.get(..place)?) } else { None }
    }

    fn bit(&self, place: u64) -> bool {
        usize::try_from(place).ok().and_then(|place| self.bits.get(place)).copied().unwrap_or_default()
    }

    /// Whether the committees are needed to read it.
    pub(crate) const fn needs_committees(&self) -> bool {
        self.committees.len() > 1
    }
}

fn members(committees: &Committees, index: CommitteeIndex) -> Option<&Vec<ValidatorIndex>> {
    committees.get(usize::try_from(index.get()).ok()?)
}

/// Whether the validator sits where its duty says.
fn is_seated(duty: &ValidatorDuty, committees: &Committees) -> bool {
    let place = usize::try_from(duty.validator_committee_index).ok();
    let seated = members(committees, duty.committee_index).and_then(|members| members.get(place?));
    seated == Some(&duty.validator_index)
}

/// What one block says about one duty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub included: Option<Inclusion>,
    pub warnings: Vec<Warning>,
}

impl Verdict {
    /// Writes it down; `micros` after the start of the duty's slot the block was seen.
    pub(crate) fn write(self, record: &mut DutyRecord, micros: u64) {
        record.micros.included = self.included.map(|_| micros);
        record.included = self.included;
        record.warnings.retain(|name| !is_of_chain(name));
        record.warnings.extend(self.warnings.iter().map(|warning| warning.name().to_owned()));
    }
}

/// A block, the newest of the window, with what is needed to read it.
#[derive(Clone, Copy)]
pub(crate) struct Judge<'a> {
    pub block: &'a Block,
    pub window: &'a Window,
    /// The beacon committees of the slot whose duties are judged, if they are known.
    pub committees: Option<&'a Committees>,
    pub slots_per_epoch: u64,
}

impl Judge<'_> {
    /// What the block says about a duty; `None` if nothing new.
    pub(crate) fn judge(&self, entry: &Entry) -> Option<Verdict> {
        if entry.record.included.is_some() {
            return None;
        }
        match entry.record.role {
            DutyRole::Attester => self.vote(&entry.duty),
            DutyRole::SyncCommittee => self.sync_message(&entry.duty),
            DutyRole::Proposer => self.proposal(&entry.duty),
            DutyRole::VoluntaryExit => self.plainly(self.block.exits.contains(&entry.record.validator_index)),
            DutyRole::Aggregator | DutyRole::SyncCommitteeContribution | DutyRole::ValidatorRegistration => {
                None
            }
        }
    }

    fn vote(&self, duty: &ValidatorDuty) -> Option<Verdict> {
        let mut warning = None;
        for vote in &self.block.votes {
            match vote.holds(duty, self.committees) {
                Held::Yes => return Some(self.include_vote(&vote.data)),
                Held::No => {}
                Held::Unknown => warning = Some(Warning::NotChecked),
                Held::Elsewhere => warning = Some(Warning::Reassigned),
            }
        }
        warning.map(|warning| Verdict { included: None, warnings: vec![warning] })
    }

    fn include_vote(&self, data: &AttestationData) -> Verdict {
        let is_right = |slot: Slot, root: Root| self.window.block_at(slot).map(|right| right == root);
        let target_slot = Slot(data.target.epoch.get().saturating_mul(self.slots_per_epoch));
        let (head, target) =
            (is_right(data.slot, data.beacon_block_root), is_right(target_slot, data.target.root));
        let warnings = [
            (self.window.has_block_between(data.slot.next(), self.block.slot), Warning::IncludedLate),
            (head == Some(false), Warning::WrongHead),
            (target == Some(false), Warning::WrongTarget),
        ];
        let included = Inclusion { head, target, source: Some(true), ..in_block(self.block) };
        let warnings = warnings.into_iter().filter(|(is_so, _)| *is_so).map(|(_, warning)| warning);
        Verdict { included: Some(included), warnings: warnings.collect() }
    }

    fn sync_message(&self, duty: &ValidatorDuty) -> Option<Verdict> {
        let sat = |seat: &u64| {
            let seat = usize::try_from(*seat).ok();
            seat.and_then(|seat| self.block.sync_seats.get(seat)).copied().unwrap_or_default()
        };
        let is_in =
            self.block.slot == duty.slot.next() && duty.validator_sync_committee_indices.iter().all(sat);
        // The aggregate verifies against the block's parent, so whoever is in it signed the right head.
        let included = Inclusion { head: Some(true), ..in_block(self.block) };
        is_in.then(|| Verdict { included: Some(included), warnings: Vec::new() })
    }

    fn proposal(&self, duty: &ValidatorDuty) -> Option<Verdict> {
        self.plainly(self.block.slot == duty.slot && self.block.proposer == duty.validator_index)
    }

    fn plainly(&self, is_in: bool) -> Option<Verdict> {
        is_in.then(|| Verdict { included: Some(in_block(self.block)), warnings: Vec::new() })
    }
}

const fn in_block(block: &Block) -> Inclusion {
    Inclusion { slot: block.slot, block_root: block.root, head: None, target: None, source: None }
}

/// Takes back what blocks from this slot on, which are not of the chain any more, said about a duty. True if they said something.
pub(crate) fn withdraw(record: &mut DutyRecord, from: Slot) -> bool {
    let is_gone = record.included.is_some_and(|included| included.slot >= from);
    if is_gone {
        record.included = None;
        record.micros.included = None;
        record.warnings.retain(|name| !is_of_chain(name));
    }
    is_gone
}

/// Closes the account of a duty an epoch after its slot, and counts it. True if that changed the record.
///
/// That something is missing is only said where the blocks of at least half of that epoch were looked at: a node without a beacon node
/// sees nothing and knows nothing.
pub(crate) fn close(
    record: &mut DutyRecord,
    window: &Window,
    slots_per_epoch: u64,
    figures: &mut Figures,
) -> bool {
    let before = record.warnings.len();
    let enough = record.slot.saturating_add(slots_per_epoch / 2);
    let has_looked = window.covers(record.slot) && window.tip() >= Some(enough);
    if record.included.is_some() {
        figures.include(record.role);
    } else if record.outcome != Outcome::Submitted {
        // Nobody expects to see it; that it was never due on the chain that won may say why it failed.
        record.warnings.retain(|name| !is_of_chain(name) || name == Warning::Reassigned.name());
    } else if !record.warnings.iter().any(|name| is_of_chain(name))
        && let Some(missing) = missing(record, window)
    {
        let warning = if has_looked { missing } else { Warning::NotChecked };
        record.warnings.push(warning.name().to_owned());
    }
    for warning in &record.warnings {
        figures.warn(record.role, warning);
    }
    record.warnings.len() != before
}

/// Whether a warning is the chain's word; those of this node stay, whatever the chain says.
fn is_of_chain(name: &str) -> bool {
    Warning::from_name(name).is_none_or(Warning::is_of_chain)
}

/// What it is called that a submitted duty is not seen; `None` for what is never seen.
fn missing(record: &DutyRecord, window: &Window) -> Option<Warning> {
    let next = record.slot.next();
    match record.role {
        DutyRole::Attester | DutyRole::VoluntaryExit => Some(Warning::NotIncluded),
        DutyRole::SyncCommittee if window.has_block_between(next, next.next()) => Some(Warning::NotIncluded),
        DutyRole::SyncCommittee => Some(Warning::NoNextBlock),
        DutyRole::Proposer => Some(Warning::NotCanonical),
        DutyRole::Aggregator | DutyRole::SyncCommitteeContribution | DutyRole::ValidatorRegistration => None,
    }
}

#[cfg(test)]
mod tests;

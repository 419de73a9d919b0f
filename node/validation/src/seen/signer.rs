//! What one signer has done under one message id.

use types::{Epoch, QbftMessage, QbftMessageType, Root, Round, SignedSsvMessage, Slot};

use super::Update;
use crate::refusal::Refusal;

/// When partial signatures are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    PreConsensus,
    PostConsensus,
}

/// What a message shows of its signers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Observation {
    Consensus {
        round: Round,
        kind: QbftMessageType,
        /// SHA-256 of the full data, where there is any; equal to the message's root by rule 35.
        full_data: Option<Root>,
        decided: bool,
    },
    PartialSignatures(Phase),
}

impl Observation {
    pub(crate) fn of_consensus(signed: &SignedSsvMessage, message: &QbftMessage) -> Self {
        Self::Consensus {
            round: message.round,
            kind: message.msg_type,
            full_data: (!signed.full_data.is_empty()).then_some(message.root),
            decided: signed.operator_ids.len() > 1,
        }
    }
}

/// Steps a signer takes at most once in a round (or slot), as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Steps(u8);

impl Steps {
    const PRE_CONSENSUS: u8 = 1;
    const POST_CONSENSUS: u8 = 2;
    const PROPOSAL: u8 = 4;
    const PREPARE: u8 = 8;
    const COMMIT: u8 = 16;
    const ROUND_CHANGE: u8 = 32;

    const fn of_kind(kind: QbftMessageType) -> u8 {
        match kind {
            QbftMessageType::Proposal => Self::PROPOSAL,
            QbftMessageType::Prepare => Self::PREPARE,
            QbftMessageType::Commit => Self::COMMIT,
            QbftMessageType::RoundChange => Self::ROUND_CHANGE,
            QbftMessageType::Other(_) => 0,
        }
    }

    const fn of_phase(phase: Phase) -> u8 {
        match phase {
            Phase::PreConsensus => Self::PRE_CONSENSUS,
            Phase::PostConsensus => Self::POST_CONSENSUS,
        }
    }

    const fn contains(self, step: u8) -> bool {
        self.0 & step != 0
    }

    fn insert(&mut self, step: u8) {
        self.0 |= step;
    }
}

/// What a signer has done in one slot, in its latest round.
#[derive(Debug)]
pub(super) struct SlotState {
    round: Round,
    steps: Steps,
    proposal: Option<Root>,
    /// Signer sets of decided messages; two or three, and 1,093 at most (the quorums of thirteen).
    decided: Vec<u16>,
}

impl SlotState {
    fn new(round: Round) -> Self {
        Self { round, steps: Steps::default(), proposal: None, decided: Vec::new() }
    }

    /// Rules 46 to 49 and 68.
    pub(super) fn admits(&self, update: &Update) -> Result<(), Refusal> {
        match update.observation {
            Observation::PartialSignatures(phase) => {
                if self.steps.contains(Steps::of_phase(phase)) {
                    return Err(Refusal::InvalidPartialSignatureTypeCount);
                }
            }
            Observation::Consensus { decided: true, .. } => {
                if self.decided.contains(&update.signer_mask) {
                    return Err(Refusal::DecidedWithSameSigners);
                }
            }
            Observation::Consensus { round, kind, full_data, decided: false } => {
                if round < self.round {
                    return Err(Refusal::RoundAlreadyAdvanced);
                }
                if round == self.round {
                    if full_data.is_some() && self.proposal.is_some() && full_data != self.proposal {
                        return Err(Refusal::DifferentProposalData);
                    }
                    if self.steps.contains(Steps::of_kind(kind)) {
                        return Err(Refusal::DuplicatedMessage);
                    }
                }
            }
        }
        Ok(())
    }

    fn record(&mut self, update: &Update) {
        match update.observation {
            Observation::PartialSignatures(phase) => self.steps.insert(Steps::of_phase(phase)),
            Observation::Consensus { round, kind, full_data, decided } => {
                if round > self.round {
                    *self = Self::new(round);
                }
                if kind == QbftMessageType::Proposal && full_data.is_some() {
                    self.proposal = full_data;
                }
                if decided {
                    // The same set again is refused by rule 49.
                    self.decided.push(update.signer_mask);
                } else {
                    self.steps.insert(Steps::of_kind(kind));
                }
            }
        }
    }
}

/// A signer's latest slots and its duties in two epochs.
#[derive(Debug, Default)]
pub(super) struct SignerHistory {
    /// Slots that differ modulo the number of slots kept, in no order: a slot pushes out the one that many before it. Most
    /// signers have one or a few.
    slots: Vec<(Slot, SlotState)>,
    highest_slot: Slot,
    highest_epoch: Epoch,
    duties: u64,
    duties_before: u64,
}

impl SignerHistory {
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) const fn highest_slot(&self) -> Slot {
        self.highest_slot
    }

    pub(super) fn at(&self, slot: Slot) -> Option<&SlotState> {
        self.slots.iter().find(|(at, _)| *at == slot).map(|(_, state)| state)
    }

    /// Duties in this epoch, with the one at this slot if it is new.
    pub(super) fn duties_with(&self, slot: Slot, epoch: Epoch) -> u64 {
        let count = if epoch == self.highest_epoch {
            self.duties
        } else if epoch.next() == self.highest_epoch {
            self.duties_before
        } else {
            0
        };
        count.saturating_add(u64::from(self.at(slot).is_none()))
    }

    /// Takes in a message; true if it is the first of its slot and pushes no other slot out.
    pub(super) fn record(&mut self, update: &Update, slots_kept: u64) -> bool {
        if let Some((_, state)) = self.slots.iter_mut().find(|(at, _)| *at == update.slot) {
            state.record(update);
            return false;
        }
        let round = match update.observation {
            Observation::Consensus { round, .. } => round,
            Observation::PartialSignatures(_) => Round::FIRST,
        };
        let mut state = SlotState::new(round);
        state.record(update);
        self.new_duty(update.slot, update.epoch);
        let place = |slot: Slot| slot.get().checked_rem(slots_kept);
        if let Some(old) = self.slots.iter_mut().find(|(at, _)| place(*at) == place(update.slot)) {
            *old = (update.slot, state);
            return false;
        }
        if self.slots.is_empty() {
            self.slots.reserve_exact(1);
        }
        self.slots.push((update.slot, state));
        true
    }

    fn new_duty(&mut self, slot: Slot, epoch: Epoch) {
        self.highest_slot = self.highest_slot.max(slot);
        if epoch > self.highest_epoch {
            self.duties_before = self.duties;
            self.duties = 1;
            self.highest_epoch = epoch;
        } else if epoch == self.highest_epoch {
            self.duties = self.duties.saturating_add(1);
        } else {
            self.duties_before = self.duties_before.saturating_add(1);
        }
    }
}

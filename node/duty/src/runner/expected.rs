//! What a stage signs, and how a bundle is held against it.

use std::collections::BTreeSet;

use types::{PartialSignatureMessage, RefusalCode, ValidatorIndex};

use super::effect::ShareTask;
use super::object::Domains;
use crate::collector::SignatureSlot;

/// The signatures of a stage, in the order in which they are signed. Two entries may be for the same slot.
#[derive(Debug, Default)]
pub(super) struct Expected {
    tasks: Vec<ShareTask>,
    slots: Vec<SignatureSlot>,
}

impl Expected {
    pub(super) fn new(tasks: Vec<ShareTask>, domains: &Domains) -> Self {
        let slot = |task: &ShareTask| SignatureSlot {
            validator: task.validator,
            root: domains.signing_root(&task.object),
        };
        let slots = tasks.iter().map(slot).collect();
        Self { tasks, slots }
    }

    pub(super) fn tasks(&self) -> &[ShareTask] {
        &self.tasks
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&ShareTask, SignatureSlot)> {
        self.tasks.iter().zip(self.slots.iter().copied())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// The first task of a slot.
    pub(super) fn task(&self, slot: SignatureSlot) -> Option<&ShareTask> {
        self.iter().find_map(|(task, other)| (other == slot).then_some(task))
    }

    /// The place of a slot among all.
    pub(super) fn place(&self, slot: SignatureSlot) -> Option<usize> {
        self.slots.iter().position(|other| *other == slot)
    }

    pub(super) fn contains(&self, slot: SignatureSlot) -> bool {
        self.slots.contains(&slot)
    }

    pub(super) fn distinct(&self) -> BTreeSet<SignatureSlot> {
        self.slots.iter().copied().collect()
    }

    /// One validator's bundle is exactly what is expected: its index (48), the count (49), the roots in any order (41).
    pub(super) fn is_exactly(
        &self,
        validator: ValidatorIndex,
        entries: &[PartialSignatureMessage],
    ) -> Result<(), RefusalCode> {
        if entries.iter().any(|entry| entry.validator_index != validator) {
            return Err(RefusalCode::UnknownValidatorIndex);
        }
        if entries.len() != self.slots.len() {
            return Err(RefusalCode::WrongRootsCount);
        }
        let mut got: Vec<_> = entries.iter().map(|entry| entry.signing_root).collect();
        let mut wanted: Vec<_> = self.slots.iter().map(|slot| slot.root).collect();
        got.sort_unstable();
        wanted.sort_unstable();
        if got == wanted { Ok(()) } else { Err(RefusalCode::WrongSigningRoot) }
    }
}

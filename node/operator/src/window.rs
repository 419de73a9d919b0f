//! The last blocks of the canonical chain, as the heads told them one after the other.
//!
//! **Bound**: the blocks of [`Window::KEEP`] slots; older ones leave.

use std::collections::BTreeMap;

use types::{Root, Slot};

/// The last blocks of the canonical chain.
#[derive(Debug, Default)]
pub(crate) struct Window {
    blocks: BTreeMap<Slot, Root>,
}

/// What a block did to the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joined {
    /// It stands there already.
    Known,
    /// It came on top.
    Grown,
    /// It came on top of an older one; the blocks from this slot on are not of the chain any more.
    Reorganised {
        /// The first slot whose block left.
        from: Slot,
    },
    /// Its parent is not in the window.
    Orphan,
}

impl Window {
    /// Slots whose blocks are kept: a vote and its target are at most two epochs old, and epochs have at most 32 slots.
    pub(crate) const KEEP: u64 = 128;

    /// Adds a block on top of its parent.
    pub(crate) fn join(&mut self, slot: Slot, root: Root, parent: Root) -> Joined {
        if self.blocks.get(&slot) == Some(&root) {
            return Joined::Known;
        }
        let below = self.blocks.range(..slot).rev().find(|(_, other)| **other == parent);
        let Some(parent_slot) = below.map(|(slot, _)| *slot) else { return Joined::Orphan };
        let gone = self.blocks.split_off(&parent_slot.next());
        self.blocks.insert(slot, root);
        self.blocks = self.blocks.split_off(&slot.saturating_sub(Self::KEEP));
        gone.keys().next().map_or(Joined::Grown, |from| Joined::Reorganised { from: *from })
    }

    /// Forgets everything and begins with this block.
    pub(crate) fn restart(&mut self, slot: Slot, root: Root) {
        self.blocks = BTreeMap::from([(slot, root)]);
    }

    /// Whether this block is of the window.
    pub(crate) fn holds(&self, root: Root) -> bool {
        self.blocks.values().rev().any(|known| *known == root)
    }

    /// The newest block's slot.
    pub(crate) fn tip(&self) -> Option<Slot> {
        self.blocks.last_key_value().map(|(slot, _)| *slot)
    }

    /// The chain's block at this slot: that of the slot itself or the last one before it. `None` if that is older than the window.
    pub(crate) fn block_at(&self, slot: Slot) -> Option<Root> {
        self.blocks.range(..=slot).next_back().map(|(_, root)| *root)
    }

    /// Whether every block from this slot on has been seen.
    pub(crate) fn covers(&self, slot: Slot) -> bool {
        self.blocks.first_key_value().is_some_and(|(first, _)| *first <= slot)
    }

    /// Whether the chain has a block in the slots from `from` up to but not including `to`.
    pub(crate) fn has_block_between(&self, from: Slot, to: Slot) -> bool {
        from < to && self.blocks.range(from..to).next().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(number: u8) -> Root {
        Root::repeat_byte(number)
    }

    fn window() -> Window {
        let mut window = Window::default();
        window.restart(Slot(10), root(10));
        assert_eq!(window.join(Slot(11), root(11), root(10)), Joined::Grown);
        assert_eq!(window.join(Slot(13), root(13), root(11)), Joined::Grown);
        window
    }

    #[test]
    fn a_slot_without_a_block_has_that_of_the_slot_before() {
        let window = window();
        assert_eq!(window.block_at(Slot(12)), Some(root(11)));
        assert_eq!(window.block_at(Slot(99)), Some(root(13)));
        assert_eq!(window.block_at(Slot(9)), None);
        assert!(window.covers(Slot(10)) && !window.covers(Slot(9)));
        assert!(
            window.has_block_between(Slot(11), Slot(12)) && !window.has_block_between(Slot(12), Slot(13))
        );
        assert!(!window.has_block_between(Slot(13), Slot(12)));
        assert_eq!(window.tip(), Some(Slot(13)));
    }

    #[test]
    fn blocks_of_the_other_branch_leave() {
        let mut window = window();
        assert_eq!(window.join(Slot(14), root(14), root(10)), Joined::Reorganised { from: Slot(11) });
        assert_eq!(window.block_at(Slot(13)), Some(root(10)));
        assert_eq!(window.join(Slot(14), root(14), root(10)), Joined::Known);
        assert_eq!(window.join(Slot(16), root(16), root(15)), Joined::Orphan);
        assert_eq!(window.tip(), Some(Slot(14)));
        assert!(window.holds(root(14)) && !window.holds(root(13)));
    }

    #[test]
    fn the_oldest_blocks_leave() {
        let mut window = Window::default();
        window.restart(Slot(1), root(0));
        for slot in 2..=300_u64 {
            let of = |slot: u64| Root::left_padding_from(&slot.to_be_bytes());
            let parent = if slot == 2 { root(0) } else { of(slot - 1) };
            assert_eq!(window.join(Slot(slot), of(slot), parent), Joined::Grown);
        }
        assert!(window.covers(Slot(300 - Window::KEEP)) && !window.covers(Slot(299 - Window::KEEP)));
    }
}

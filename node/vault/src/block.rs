//! The header of a block: its tree hash root is that of the block, full or blinded (consensus-specs `BeaconBlockHeader`).

use types::{Root, Slot, ValidatorIndex};

/// What a proposer's signature is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, tree_hash_derive::TreeHash)]
pub struct BlockHeader {
    /// When.
    pub slot: Slot,
    /// The proposer.
    pub proposer_index: ValidatorIndex,
    /// The block before it.
    pub parent_root: Root,
    /// State after it.
    pub state_root: Root,
    /// Root of its body.
    pub body_root: Root,
}

//! Slots of the newest blocks, by root: learnt from head events of all nodes, asked for where an event was missed.

use crate::error::CallError;
use crate::http::{Reply, Request};
use crate::quoted::Quoted;
use crate::state::{Data, read_json};
use serde::Deserialize;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use types::{Root, Slot};

/// Blocks remembered, the oldest leaves first: heads of some forty slots from three nodes that disagree.
const KEPT: usize = 128;

/// The newest blocks.
#[derive(Debug, Default)]
pub(crate) struct Heads(Mutex<VecDeque<(Root, Slot)>>);

impl Heads {
    pub fn note(&self, root: Root, slot: Slot) {
        let mut heads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if heads.iter().any(|(known, _)| *known == root) {
            return;
        }
        if heads.len() >= KEPT {
            heads.pop_front();
        }
        heads.push_back((root, slot));
    }

    /// The slot of a block, if it was heard of.
    pub fn slot_of(&self, root: Root) -> Option<Slot> {
        let heads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heads.iter().find(|(known, _)| *known == root).map(|(_, slot)| *slot)
    }
}

pub(crate) fn request(root: Root) -> Request {
    Request::get(format!("/eth/v1/beacon/headers/{root}"))
}

#[derive(Deserialize)]
struct HeaderJson {
    header: SignedJson,
}

#[derive(Deserialize)]
struct SignedJson {
    message: MessageJson,
}

#[derive(Deserialize)]
struct MessageJson {
    slot: Quoted,
}

pub(crate) fn read(reply: &Reply) -> Result<Slot, CallError> {
    Ok(Slot(read_json::<Data<HeaderJson>>(reply)?.data.header.message.slot.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_block_leaves_first() {
        let heads = Heads::default();
        let root = |slot: u64| Root::left_padding_from(&slot.to_be_bytes());
        let kept = u64::try_from(KEPT).unwrap();
        for slot in 0..=kept {
            heads.note(root(slot), Slot(slot));
            heads.note(root(slot), Slot(7));
        }
        assert_eq!(heads.slot_of(root(0)), None);
        assert_eq!(heads.slot_of(root(1)), Some(Slot(1)), "the first word stays");
        assert_eq!(heads.slot_of(root(kept)), Some(Slot(kept)));
    }
}

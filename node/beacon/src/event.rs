//! What a beacon node says unasked (`GET /eth/v1/events`), typed.

use crate::error::NodeName;
use crate::quoted::Quoted;
use crate::sse::Frame;
use serde::Deserialize;
use types::{Epoch, Root, Slot};

/// The topics subscribed to, as they stand in the request.
pub(crate) const TOPICS: &str = "head,chain_reorg,finalized_checkpoint";

/// Which of the configured nodes; its position in `beacon.urls`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub usize);

/// An event, with the node that told it first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeaconEvent {
    /// Which node.
    pub node: NodeId,
    /// Its name, for logs.
    pub name: NodeName,
    /// When the first byte of the event was read from the socket, in microseconds since the Unix epoch.
    pub first_byte_unix_micros: u64,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// The chain has a new head.
    Head(Head),
    /// The head moved to another branch.
    Reorg(Reorg),
    /// A checkpoint became final.
    Finalized(Finalized),
}

/// A new head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Slot of the head block.
    pub slot: Slot,
    /// Its root.
    pub block: Root,
    /// Whether it is the first head of its epoch.
    pub epoch_transition: bool,
    /// Attester duties of this epoch depend on this block: when it changes, they must be fetched again.
    pub previous_duty_dependent_root: Root,
    /// Attester duties of the next epoch depend on this block.
    pub current_duty_dependent_root: Root,
    /// The head was not verified by an execution client: nothing may be signed on it.
    pub execution_optimistic: bool,
}

/// The head moved to another branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reorg {
    /// Slot of the new head.
    pub slot: Slot,
    /// How many slots were undone.
    pub depth: u64,
    /// Root of the block that was the head.
    pub old_head_block: Root,
    /// Root of the block that is.
    pub new_head_block: Root,
    /// Epoch in which it happened.
    pub epoch: Epoch,
}

/// A checkpoint became final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finalized {
    /// The epoch.
    pub epoch: Epoch,
    /// Root of its first block.
    pub block: Root,
}

impl EventKind {
    /// Reads a frame; `None` for a topic that was not asked for.
    ///
    /// # Errors
    /// The data is not what the Beacon API says.
    pub(crate) fn read(frame: &Frame) -> Result<Option<Self>, serde_json::Error> {
        let kind = match frame.event.as_str() {
            "head" => Self::Head(serde_json::from_str::<HeadJson>(&frame.data)?.into()),
            "chain_reorg" => Self::Reorg(serde_json::from_str::<ReorgJson>(&frame.data)?.into()),
            "finalized_checkpoint" => {
                Self::Finalized(serde_json::from_str::<FinalizedJson>(&frame.data)?.into())
            }
            _ => return Ok(None),
        };
        Ok(Some(kind))
    }
}

#[derive(Deserialize)]
struct HeadJson {
    slot: Quoted,
    block: Root,
    #[serde(default)]
    epoch_transition: bool,
    previous_duty_dependent_root: Root,
    current_duty_dependent_root: Root,
    #[serde(default)]
    execution_optimistic: bool,
}

impl From<HeadJson> for Head {
    fn from(json: HeadJson) -> Self {
        Self {
            slot: Slot(json.slot.0),
            block: json.block,
            epoch_transition: json.epoch_transition,
            previous_duty_dependent_root: json.previous_duty_dependent_root,
            current_duty_dependent_root: json.current_duty_dependent_root,
            execution_optimistic: json.execution_optimistic,
        }
    }
}

#[derive(Deserialize)]
struct ReorgJson {
    slot: Quoted,
    depth: Quoted,
    old_head_block: Root,
    new_head_block: Root,
    epoch: Quoted,
}

impl From<ReorgJson> for Reorg {
    fn from(json: ReorgJson) -> Self {
        Self {
            slot: Slot(json.slot.0),
            depth: json.depth.0,
            old_head_block: json.old_head_block,
            new_head_block: json.new_head_block,
            epoch: Epoch(json.epoch.0),
        }
    }
}

#[derive(Deserialize)]
struct FinalizedJson {
    block: Root,
    epoch: Quoted,
}

impl From<FinalizedJson> for Finalized {
    fn from(json: FinalizedJson) -> Self {
        Self { epoch: Epoch(json.epoch.0), block: json.block }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sse::Parser;

    /// Recorded from Lodestar 1.44.0.
    const RECORDED: &str = include_str!("../tests/answers/head_event.txt");

    #[test]
    fn a_recorded_head_event_is_read() {
        let mut frames = Vec::new();
        Parser::default().push(RECORDED.as_bytes(), 5, &mut frames).unwrap();
        let Some(EventKind::Head(head)) = EventKind::read(&frames[0]).unwrap() else {
            panic!("a head event")
        };
        assert_eq!(head.slot, Slot(19));
        assert_eq!(
            head.block.to_string(),
            "0xedb674a27b543526100a9ceea1bb310b7aa1782c4c6537066738d41f59df39a7"
        );
        assert_eq!(
            head.previous_duty_dependent_root.to_string(),
            "0xeb6d98b8729b18fd25bba06bd9bab3f712b5c1df4ceb29133ea746db2600489c"
        );
        assert!(!head.epoch_transition && !head.execution_optimistic);
    }

    #[test]
    fn reorgs_and_finality_are_read_and_other_topics_skipped() {
        // The examples of the Beacon API specification (beacon-APIs apis/eventstream/index.yaml).
        let frame = |event: &str, data: &str| Frame {
            event: event.into(),
            data: data.into(),
            first_byte_unix_micros: 0,
        };
        let reorg = frame(
            "chain_reorg",
            r#"{"slot":"200","depth":"50","old_head_block":"0x9a2fefd2fdb57f74993c7780ea5b9030d2897b615b89f808011ca5aebed54eaf","new_head_block":"0x76262e91970d375a19bfe8a867288d7b9cde43c8635f598d93d39d041706fc76","old_head_state":"0x9a2fefd2fdb57f74993c7780ea5b9030d2897b615b89f808011ca5aebed54eaf","new_head_state":"0x600e852a08c1200654ddf11025f1ceacb3c2e74bdd5c630cde0838b2591b69f9","epoch":"2","execution_optimistic": false}"#,
        );
        let Some(EventKind::Reorg(read)) = EventKind::read(&reorg).unwrap() else { panic!("a reorg") };
        assert_eq!((read.slot, read.depth, read.epoch), (Slot(200), 50, Epoch(2)));
        let finalized = frame(
            "finalized_checkpoint",
            r#"{"block":"0x9a2fefd2fdb57f74993c7780ea5b9030d2897b615b89f808011ca5aebed54eaf","state":"0x600e852a08c1200654ddf11025f1ceacb3c2e74bdd5c630cde0838b2591b69f9","epoch":"2","execution_optimistic": false}"#,
        );
        assert!(
            matches!(EventKind::read(&finalized), Ok(Some(EventKind::Finalized(f))) if f.epoch == Epoch(2))
        );
        assert_eq!(EventKind::read(&frame("block", "{}")).unwrap(), None);
        assert!(EventKind::read(&frame("head", "{}")).is_err());
    }
}

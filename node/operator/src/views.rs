//! What the own beacon node would vote for in a slot: asked once for all committees, again until it answers.

use std::sync::Arc;
use std::time::Duration;

use beacon::{BeaconNodes, NodeId};
use types::beacon::AttestationData;
use types::{BeaconVote, CommitteeIndex, Slot};

use crate::clock::{SlotClock, unix_millis};

/// How long to wait before a failed question is asked again: at first, and at most. All duties of an epoch may wait here at once while
/// every beacon node is down.
const RETRY_AT_FIRST: Duration = Duration::from_millis(100);
const RETRY_AT_MOST: Duration = Duration::from_secs(1);

/// The own view of the chain.
#[derive(Clone)]
pub(crate) struct Views {
    beacon: BeaconNodes,
    clock: Arc<SlotClock>,
}

impl Views {
    pub(crate) const fn new(beacon: BeaconNodes, clock: Arc<SlotClock>) -> Self {
        Self { beacon, clock }
    }

    /// The vote of this slot. `None` if no beacon node gave one until the duty was worth nothing any more.
    pub(crate) async fn vote(&self, slot: Slot, teller: Option<NodeId>) -> Option<BeaconVote> {
        let data = self.data(slot, teller).await?;
        Some(BeaconVote { block_root: data.beacon_block_root, source: data.source, target: data.target })
    }

    /// The attestation data of this slot, the same for all who ask.
    ///
    /// The committee index is 0 also before Electra: what is voted for does not depend on it.
    pub(crate) async fn data(&self, slot: Slot, teller: Option<NodeId>) -> Option<AttestationData> {
        let rules = self.clock.rules();
        let last = slot.saturating_add(rules.network.slots_per_epoch());
        let mut pause = RETRY_AT_FIRST;
        while unix_millis() < self.clock.start_of(last) {
            match self.beacon.attestation_data(slot, CommitteeIndex(0), teller).await {
                Ok(answer) => return Some(answer.data),
                Err(error) => tracing::debug!(%slot, %error, "no attestation data yet"),
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(RETRY_AT_MOST);
        }
        tracing::warn!(%slot, "no beacon node gave attestation data");
        None
    }
}

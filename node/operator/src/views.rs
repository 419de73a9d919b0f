//! What the own beacon node would vote for in a slot: asked once for all committees, again until it answers. The last answer is kept: the
//! checkpoints in it hold for the whole epoch.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
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
    last: Arc<ArcSwapOption<AttestationData>>,
}

impl Views {
    pub(crate) fn new(beacon: BeaconNodes, clock: Arc<SlotClock>) -> Self {
        Self { beacon, clock, last: Arc::default() }
    }

    /// What can be said of a slot's vote before the beacon node said it: that of the last slot, if it was of the same epoch.
    pub(crate) fn foresee(&self, slot: Slot) -> Option<BeaconVote> {
        let epoch = |slot| self.clock.rules().network.epoch_of(slot);
        let last = self.last.load();
        last.as_deref().filter(|data| data.slot < slot && epoch(data.slot) == epoch(slot)).map(vote_of)
    }

    /// The vote of this slot. `None` if no beacon node gave one until the duty was worth nothing any more.
    pub(crate) async fn vote(&self, slot: Slot, teller: Option<NodeId>) -> Option<BeaconVote> {
        self.data(slot, teller).await.as_ref().map(vote_of)
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
                Ok(answer) => {
                    self.keep(answer.data);
                    return Some(answer.data);
                }
                Err(error) => tracing::debug!(%slot, %error, "no attestation data yet"),
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(RETRY_AT_MOST);
        }
        tracing::warn!(%slot, "no beacon node gave attestation data");
        None
    }

    fn keep(&self, data: AttestationData) {
        if self.last.load().as_deref().is_none_or(|last| last.slot < data.slot) {
            self.last.store(Some(Arc::new(data)));
        }
    }
}

fn vote_of(data: &AttestationData) -> BeaconVote {
    BeaconVote { block_root: data.beacon_block_root, source: data.source, target: data.target }
}

#[cfg(test)]
mod tests {
    use super::*;
    use beacon::{Expectations, Settings};
    use types::Root;

    #[tokio::test]
    async fn the_checkpoints_of_an_epoch_are_foreseen_and_of_no_other() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let settings = Settings::new(vec!["http://127.0.0.1:1".to_owned()], Duration::from_secs(3));
        let beacon = BeaconNodes::start(&settings, Expectations::default()).unwrap();
        let clock = Arc::new(SlotClock::new(Arc::new(crate::plan::tests::chain())));
        let views = Views::new(beacon, clock);
        assert_eq!(views.foresee(Slot(65)), None);
        let data = |slot, byte| AttestationData {
            slot: Slot(slot),
            beacon_block_root: Root::repeat_byte(byte),
            ..AttestationData::default()
        };
        views.keep(data(64, 1));
        views.keep(data(63, 2));
        assert_eq!(views.foresee(Slot(65)).unwrap().block_root, Root::repeat_byte(1));
        assert!(views.foresee(Slot(95)).is_some());
        assert_eq!(views.foresee(Slot(96)), None, "the next epoch");
        assert_eq!(views.foresee(Slot(64)), None, "its own slot has an answer");
    }
}

//! What is submitted: signed objects, and announcements of the duties to come.

use bytes::Bytes;
use serde::Serialize;

use crate::http::Request;
use crate::quoted::Quoted;
use types::beacon::{Attestation, BeaconFork, SingleAttestation};
use types::{CommitteeIndex, Epoch, Slot, ValidatorIndex};

/// Signed attestations of one slot, in the form of its fork.
#[derive(Debug, Clone, Copy)]
pub enum Attestations<'a> {
    /// From Electra on.
    Single(&'a [SingleAttestation]),
    /// Before Electra.
    Committee(&'a [Attestation]),
}

impl Attestations<'_> {
    pub(crate) const fn len(&self) -> usize {
        match self {
            Self::Single(items) => items.len(),
            Self::Committee(items) => items.len(),
        }
    }

    /// Whether the form is the fork's.
    pub(crate) fn fits(&self, fork: BeaconFork) -> bool {
        match self {
            Self::Single(_) => fork.has_electra_attestations(),
            Self::Committee(_) => !fork.has_electra_attestations(),
        }
    }

    pub(crate) fn request(&self, fork: BeaconFork) -> Result<Request, serde_json::Error> {
        let body = match self {
            Self::Single(items) => serde_json::to_vec(items)?,
            Self::Committee(items) => serde_json::to_vec(items)?,
        };
        Ok(Request::post("/eth/v2/beacon/pool/attestations".into(), body.into()).version(fork.name()))
    }
}

/// Announces that a validator attests in a slot, so that the node is on the right subnet in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommitteeSubscription {
    /// The validator.
    pub validator_index: ValidatorIndex,
    /// Its beacon committee.
    pub committee_index: CommitteeIndex,
    /// Beacon committees in that slot.
    pub committees_at_slot: u64,
    /// The slot.
    pub slot: Slot,
    /// Whether the node should collect votes for an aggregate.
    pub is_aggregator: bool,
}

#[derive(Serialize)]
struct CommitteeSubscriptionJson {
    validator_index: Quoted,
    committee_index: Quoted,
    committees_at_slot: Quoted,
    slot: Quoted,
    is_aggregator: bool,
}

impl From<&CommitteeSubscription> for CommitteeSubscriptionJson {
    fn from(subscription: &CommitteeSubscription) -> Self {
        Self {
            validator_index: Quoted(subscription.validator_index.0),
            committee_index: Quoted(subscription.committee_index.0),
            committees_at_slot: Quoted(subscription.committees_at_slot),
            slot: Quoted(subscription.slot.0),
            is_aggregator: subscription.is_aggregator,
        }
    }
}

/// Announces that a validator sits in the sync committee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncSubscription {
    /// The validator.
    pub validator_index: ValidatorIndex,
    /// Its seats.
    pub seats: Vec<u64>,
    /// First epoch in which it no longer does.
    pub until_epoch: Epoch,
}

#[derive(Serialize)]
struct SyncSubscriptionJson {
    validator_index: Quoted,
    sync_committee_indices: Vec<Quoted>,
    until_epoch: Quoted,
}

impl From<&SyncSubscription> for SyncSubscriptionJson {
    fn from(subscription: &SyncSubscription) -> Self {
        Self {
            validator_index: Quoted(subscription.validator_index.0),
            sync_committee_indices: subscription.seats.iter().map(|seat| Quoted(*seat)).collect(),
            until_epoch: Quoted(subscription.until_epoch.0),
        }
    }
}

pub(crate) fn committee_subscriptions(items: &[CommitteeSubscription]) -> Result<Bytes, serde_json::Error> {
    let items: Vec<CommitteeSubscriptionJson> = items.iter().map(Into::into).collect();
    serde_json::to_vec(&items).map(Into::into)
}

pub(crate) fn sync_subscriptions(items: &[SyncSubscription]) -> Result<Bytes, serde_json::Error> {
    let items: Vec<SyncSubscriptionJson> = items.iter().map(Into::into).collect();
    serde_json::to_vec(&items).map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscriptions_have_the_form_of_the_api() {
        let committee = CommitteeSubscription {
            validator_index: ValidatorIndex(7),
            committee_index: CommitteeIndex(1),
            committees_at_slot: 4,
            slot: Slot(33),
            is_aggregator: true,
        };
        assert_eq!(
            committee_subscriptions(&[committee]).unwrap(),
            r#"[{"validator_index":"7","committee_index":"1","committees_at_slot":"4","slot":"33","is_aggregator":true}]"#
        );
        let sync = SyncSubscription {
            validator_index: ValidatorIndex(7),
            seats: vec![3, 26],
            until_epoch: Epoch(16),
        };
        assert_eq!(
            sync_subscriptions(&[sync]).unwrap(),
            r#"[{"validator_index":"7","sync_committee_indices":["3","26"],"until_epoch":"16"}]"#
        );
    }
}

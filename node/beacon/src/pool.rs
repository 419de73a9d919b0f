//! What is submitted: signed objects, and announcements of the duties to come.

use bytes::Bytes;
use serde::Serialize;

use crate::broadcast::Submission;
use crate::call::Call;
use crate::error::BeaconError;
use crate::http::Request;
use crate::nodes::{BeaconNodes, encode, unencodable};
use crate::quoted::Quoted;
use types::beacon::{Attestation, BeaconFork, SingleAttestation, SyncCommitteeMessage};
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
    const fn len(&self) -> usize {
        match self {
            Self::Single(items) => items.len(),
            Self::Committee(items) => items.len(),
        }
    }

    /// Whether the form is the fork's.
    fn fits(&self, fork: BeaconFork) -> bool {
        match self {
            Self::Single(_) => fork.has_electra_attestations(),
            Self::Committee(_) => !fork.has_electra_attestations(),
        }
    }

    fn request(&self, fork: BeaconFork) -> Result<Request, serde_json::Error> {
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

fn committee_subscriptions(items: &[CommitteeSubscription]) -> Result<Bytes, serde_json::Error> {
    let items: Vec<CommitteeSubscriptionJson> = items.iter().map(Into::into).collect();
    serde_json::to_vec(&items).map(Into::into)
}

fn sync_subscriptions(items: &[SyncSubscription]) -> Result<Bytes, serde_json::Error> {
    let items: Vec<SyncSubscriptionJson> = items.iter().map(Into::into).collect();
    serde_json::to_vec(&items).map(Into::into)
}

impl BeaconNodes {
    /// Submits signed attestations of one slot to every node.
    ///
    /// # Errors
    /// See [`BeaconError`]. A batch that is accepted in part is no error: look at [`Submission::refused`].
    pub async fn submit_attestations(
        &self,
        fork: BeaconFork,
        attestations: Attestations<'_>,
    ) -> Result<Submission, BeaconError> {
        let call = Call::SubmitAttestations;
        if attestations.len() == 0 {
            return Err(BeaconError::Unsendable { call, why: "an empty batch" });
        }
        if !attestations.fits(fork) {
            return Err(BeaconError::Unsendable {
                call,
                why: "the attestations are not in the form of the fork",
            });
        }
        let request = attestations.request(fork).map_err(|_| unencodable(call))?;
        self.submit(call, request).await
    }

    /// Submits signed sync committee messages of one slot to every node.
    ///
    /// # Errors
    /// As [`Self::submit_attestations`].
    pub async fn submit_sync_messages(
        &self,
        messages: &[SyncCommitteeMessage],
    ) -> Result<Submission, BeaconError> {
        let call = Call::SubmitSyncMessages;
        if messages.is_empty() {
            return Err(BeaconError::Unsendable { call, why: "an empty batch" });
        }
        let body = encode(call, messages)?;
        self.submit(call, Request::post("/eth/v1/beacon/pool/sync_committees".into(), body)).await
    }

    /// Announces attestations to come to every node. No subscriptions, no call.
    ///
    /// # Errors
    /// See [`BeaconError`]; nothing to do but to announce again with the next duties.
    pub async fn subscribe_committees(&self, items: &[CommitteeSubscription]) -> Result<(), BeaconError> {
        let call = Call::CommitteeSubscriptions;
        let body = committee_subscriptions(items).map_err(|_| unencodable(call))?;
        self.announce(call, items.is_empty(), "/eth/v1/validator/beacon_committee_subscriptions", body).await
    }

    /// Announces sync committee seats to every node. No subscriptions, no call.
    ///
    /// # Errors
    /// As [`Self::subscribe_committees`].
    pub async fn subscribe_sync_committees(&self, items: &[SyncSubscription]) -> Result<(), BeaconError> {
        let call = Call::SyncSubscriptions;
        let body = sync_subscriptions(items).map_err(|_| unencodable(call))?;
        self.announce(call, items.is_empty(), "/eth/v1/validator/sync_committee_subscriptions", body).await
    }

    async fn announce(&self, call: Call, empty: bool, path: &str, body: Bytes) -> Result<(), BeaconError> {
        if empty {
            return Ok(());
        }
        self.submit(call, Request::post(path.into(), body)).await.map(|_| ())
    }
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

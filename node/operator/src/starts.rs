//! The first word in a consensus, written down before it is said: many duties that begin together share one write.
//!
//! **Bound**: [`QUEUE`] requests wait; who comes then waits for a place.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, oneshot};
use types::{CommitteeId, MessageId, RunnerRole, Slot};
use vault::Consensus;

use crate::signer::Signer;

/// Requests that wait.
const QUEUE: usize = 1024;
/// Requests answered by one write.
const BATCH: usize = 256;

/// Who would speak in which consensus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Speaker {
    /// The committee, or for the duties of one validator the [`voice`] of that validator in it.
    pub voice: CommitteeId,
    pub role: RunnerRole,
    pub slot: Slot,
}

impl Speaker {
    /// Who speaks in the consensus of this duty. The validators of a committee speak for themselves in the duties of one validator:
    /// several of them may aggregate in one slot.
    pub(crate) fn of(slot: Slot, committee: CommitteeId, id: &MessageId) -> Self {
        let role = id.role();
        let voice = if role.is_committee_role() { committee } else { voice(committee, id) };
        Self { voice, role, slot }
    }
}

/// The name under which a validator's word in its committee is recorded: a digest in the place of a committee's name, which is a
/// digest too.
fn voice(committee: CommitteeId, id: &MessageId) -> CommitteeId {
    let digest = Sha256::new().chain_update(committee.0).chain_update(id.executor()).finalize();
    CommitteeId(digest.into())
}

type Request = (Speaker, oneshot::Sender<bool>);

/// The way to the task that writes.
#[derive(Clone)]
pub(crate) struct Starts(mpsc::Sender<Request>);

impl Starts {
    /// Starts the task; it ends with the last of the returned handles.
    pub(crate) fn start(signer: Signer) -> Self {
        let (sender, requests) = mpsc::channel(QUEUE);
        tokio::spawn(write(signer, requests));
        Self(sender)
    }

    /// Writes down that this node speaks. False if it may have spoken before, or if nothing could be written: then it must not.
    pub(crate) async fn may_speak(&self, speaker: Speaker) -> bool {
        let (answer, answered) = oneshot::channel();
        self.0.send((speaker, answer)).await.is_ok() && answered.await.unwrap_or(false)
    }
}

async fn write(signer: Signer, mut requests: mpsc::Receiver<Request>) {
    let mut batch = Vec::with_capacity(BATCH);
    while requests.recv_many(&mut batch, BATCH).await > 0 {
        let mut by_slot: BTreeMap<Slot, Vec<Request>> = BTreeMap::new();
        for request in batch.drain(..) {
            by_slot.entry(request.0.slot).or_default().push(request);
        }
        for (slot, requests) in by_slot {
            let speakers = requests.iter().map(|(speaker, _)| (speaker.voice, speaker.role)).collect();
            let answers = signer.begin_consensus(speakers, slot).await;
            for (place, (speaker, answer)) in requests.into_iter().enumerate() {
                let begun = answers.get(place).copied();
                if let Some(Consensus::AlreadySpoken { last }) = begun {
                    tracing::info!(%slot, role = ?speaker.role, %last, "this node may have spoken in this slot before it was restarted: it follows in silence");
                }
                // The duty may be over.
                let _ = answer.send(begun == Some(Consensus::Started));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::{DomainType, PublicKeyBytes};

    #[test]
    fn validators_speak_for_themselves_and_a_committee_with_one_voice() {
        let (committee, domain) = (CommitteeId([3; 32]), DomainType([0, 0, 4, 2]));
        let of = |role, key| {
            let id = MessageId::validator(domain, role, &PublicKeyBytes([key; 48]));
            Speaker::of(Slot(9), committee, &id).voice
        };
        assert_ne!(of(RunnerRole::Aggregator, 1), of(RunnerRole::Aggregator, 2));
        assert_ne!(of(RunnerRole::Proposer, 1), committee);
        let id = MessageId::committee(domain, RunnerRole::Committee, &committee);
        assert_eq!(Speaker::of(Slot(9), committee, &id).voice, committee);
    }
}

//! From the network to a committee's mailbox: every message is judged, its signatures are verified, and only then is it relayed
//! and believed.
//!
//! ```text
//! network ─> judge (pure, in place) ─> RSA (crypto pool) ─> commit what was seen ─> verdict ─> mailbox of the committee
//! ```
//!
//! **Bound**: [`IN_FLIGHT`] messages are between judgement and verdict at once; beyond it the intake waits, and the network's own
//! bounded queue drops what comes meanwhile, counted there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use arc_swap::ArcSwap;
use network::{InboundMessage, NetworkEvent, NetworkHandle, Verdict};
use qbft::{CommitteeKeys, VerifySigner};
use tokio::sync::{Semaphore, mpsc};
use types::{CommitteeId, OperatorId};
use validation::{Candidate, Inbound, NoDuties, PeerKey, Refusal, SeenState, SignatureCheck};

use crate::clock::SlotClock;
use crate::directory::Directory;
use crate::drops::{DropReason, Drops};
use crate::pool::CryptoPool;
use crate::routes::{Delivery, Routes};
use crate::sight::Sight;

/// Messages between judgement and verdict.
const IN_FLIGHT: usize = 512;

/// The task that takes messages in.
#[derive(Clone)]
pub(crate) struct Intake {
    pub clock: Arc<SlotClock>,
    pub network: NetworkHandle,
    pub pool: CryptoPool,
    pub directory: Arc<ArcSwap<Directory>>,
    pub sight: Arc<ArcSwap<Sight>>,
    pub routes: Arc<Routes>,
    pub seen: Arc<Mutex<SeenState>>,
    pub refusals: Refusals,
    pub drops: Drops,
}

/// How often each rule refused a message.
#[derive(Clone, Default)]
pub(crate) struct Refusals(Arc<Mutex<HashMap<Refusal, u64>>>);

impl Refusals {
    fn count(&self, refusal: Refusal) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(refusal).or_default();
        *count = count.saturating_add(1);
    }

    /// All counts, by the name of the rule.
    pub(crate) fn all(&self) -> Vec<(&'static str, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(refusal, count)| (refusal.name(), *count)).collect()
    }
}

impl Intake {
    /// Runs until the network stops.
    pub(crate) async fn run(self, mut events: mpsc::Receiver<NetworkEvent>) {
        let places = Arc::new(Semaphore::new(IN_FLIGHT));
        while let Some(event) = events.recv().await {
            match event {
                NetworkEvent::Message(message) => {
                    let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
                    let intake = self.clone();
                    tokio::spawn(async move {
                        intake.take(message).await;
                        drop(place);
                    });
                }
                NetworkEvent::PeerConnected { peer } => tracing::info!(%peer, "peer connected"),
                NetworkEvent::PeerDisconnected { peer, reason } => {
                    tracing::info!(%peer, ?reason, "peer disconnected");
                }
                NetworkEvent::PeerRefused { peer, reason } => tracing::debug!(%peer, ?reason, "peer refused"),
                NetworkEvent::PeerSubscribed { .. } | NetworkEvent::PeerUnsubscribed { .. } => {}
            }
        }
    }

    async fn take(&self, message: InboundMessage) {
        let Some(believed) = self.believe(&message).await else { return };
        match believed {
            Ok(candidate) => {
                self.network.verdict(message.receipt, Verdict::Accept);
                self.deliver(candidate);
            }
            Err(refusal) => {
                tracing::debug!(rule = refusal.rule(), %refusal, from = %message.from, "message refused");
                self.refusals.count(refusal);
                self.network.verdict(message.receipt, verdict(refusal));
            }
        }
    }

    /// `None` while the node stops: then nobody is believed, and nobody is blamed.
    async fn believe(&self, message: &InboundMessage) -> Option<Result<Candidate, Refusal>> {
        let forwarder = PeerKey::new(&message.from.to_bytes());
        let since = message.received_at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let inbound = Inbound {
            data: &message.data,
            topic: validation::Topic { fork: message.topic.fork, subnet: message.topic.subnet },
            forwarder: &forwarder,
            received_at_millis: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        };
        let candidate = match self.judge(&inbound) {
            Ok(candidate) => candidate,
            Err(refusal) => return Some(Err(refusal)),
        };
        let signers = &candidate.message.operator_ids;
        let keys = match keys_of(&self.directory.load(), candidate.committee, signers) {
            Ok(keys) => keys,
            Err(refusal) => return Some(Err(refusal)),
        };
        let (candidate, valid) = self.verify(candidate, keys).await?;
        if !valid {
            return Some(Err(Refusal::SignatureVerification));
        }
        // Another message may have come in between: the state is looked at once more.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        Some(seen.commit(&candidate.update, self.clock.slot()).map(|()| candidate))
    }

    fn judge(&self, inbound: &Inbound<'_>) -> Result<Candidate, Refusal> {
        let sight = self.sight.load();
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let context = validation::Context {
            rules: self.clock.rules(),
            registry: sight.as_ref(),
            duties: &NoDuties,
            seen: &seen,
        };
        context.judge(inbound)
    }

    /// Verifies the RSA signatures on the crypto pool; false if one does not hold.
    async fn verify(&self, candidate: Candidate, keys: Arc<CommitteeKeys>) -> Option<(Candidate, bool)> {
        let work = move || {
            let holds = |check: SignatureCheck<'_>| keys.verify(check.signer, check.digest, check.signature);
            let valid = candidate.signature_checks().all(holds);
            (candidate, valid)
        };
        self.pool.run(work).await.ok()
    }

    fn deliver(&self, candidate: Candidate) {
        let (slot, committee) = (candidate.slot(), candidate.committee);
        match self.routes.offer(committee, slot, candidate.message) {
            Delivery::Taken => {}
            Delivery::NoPlace => self.drops.count(DropReason::MailboxFull, 1),
            Delivery::NoTask => {
                tracing::debug!(%slot, %committee, "no committee of ours takes the message");
            }
        }
    }
}

/// The keys of a committee all of whose signers are still registered. The registry is a moment ahead of what the message was judged by: who
/// left it in between is unknown, and nobody is to blame for relaying him.
fn keys_of<'a>(
    directory: &Directory,
    committee: CommitteeId,
    signers: impl IntoIterator<Item = &'a OperatorId>,
) -> Result<Arc<CommitteeKeys>, Refusal> {
    let committee = directory.committee(committee).ok_or(Refusal::NonExistentCommittee)?;
    if signers.into_iter().any(|signer| !directory.operators.contains(signer)) {
        return Err(Refusal::UnknownOperator);
    }
    Ok(Arc::clone(&committee.keys))
}

const fn verdict(refusal: Refusal) -> Verdict {
    match refusal.verdict() {
        validation::Verdict::Accept => Verdict::Accept,
        validation::Verdict::Ignore => Verdict::Ignore,
        validation::Verdict::Reject => Verdict::Reject,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::Committee;

    /// Operators 1 to 4 run a validator together; those of `registered` are still there.
    fn directory(registered: &[u64]) -> (Directory, CommitteeId) {
        let members: Vec<_> = (1..=4).map(OperatorId).collect();
        let id = CommitteeId::of(&members);
        let keys = Arc::new(CommitteeKeys::new(Vec::new()));
        let committee = Committee { id, members, keys, validators: 1, ours: true };
        let mut directory = Directory::default();
        directory.committees.insert(id, Arc::new(committee));
        directory.operators = registered.iter().copied().map(OperatorId).collect();
        (directory, id)
    }

    #[test]
    fn who_left_the_registry_a_moment_ago_costs_no_peer_its_standing() {
        let signer = [OperatorId(2)];
        let (directory, id) = directory(&[1, 3, 4]);
        let refusal = |answer: Result<_, Refusal>| answer.map(|_: Arc<CommitteeKeys>| ()).unwrap_err();
        let removed = refusal(keys_of(&directory, id, &signer));
        assert_eq!((removed, verdict(removed)), (Refusal::UnknownOperator, Verdict::Ignore));
        let gone = refusal(keys_of(&Directory::default(), id, &signer));
        assert_eq!((gone, verdict(gone)), (Refusal::NonExistentCommittee, Verdict::Ignore));
        assert!(keys_of(&directory, id, &[OperatorId(3)]).is_ok());
    }
}

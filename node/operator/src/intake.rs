//! From the network to a committee's mailbox: every message is judged, its signatures are verified, and only then is it relayed
//! and believed.
//!
//! ```text
//! network ─> gate: own duties first, peers and duties in turns ─> crypto pool: judge, RSA, commit what was seen ─> verdict ─> mailbox of the committee
//! ```
//!
//! **Bound**: what waits at the gate ([`queue::BOUNDS`]); what finds no place is ignored, and counted by reason. As many messages are being judged as the
//! pool has threads.

mod believe;
mod gate;
mod queue;
#[cfg(test)]
mod tests;
mod waiting;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

use arc_swap::ArcSwap;
use network::{InboundMessage, NetworkEvent, Verdict};
use qbft::CommitteeKeys;
use tokio::sync::mpsc;
use types::{CommitteeId, MessageId, OperatorId};
use validation::{Candidate, Inbound, PeerKey, Refusal, SeenState};

pub use self::believe::{SignerKeys, believe};
pub use self::gate::{Gate, Porter};
pub use self::queue::Crowd;
use crate::book::DutyBook;
use crate::context::Context;
use crate::directory::Directory;
use crate::drops::DropReason;
use crate::duty_sight::DutySight;
use crate::routes::Routes;
use crate::run::RunId;
use crate::sight::Sight;

/// The task that takes messages in.
pub(crate) struct Intake {
    pub context: Arc<Context>,
    pub book: Arc<DutyBook>,
    pub sight: Arc<ArcSwap<Sight>>,
    pub routes: Arc<Routes>,
    pub seen: Arc<Mutex<SeenState>>,
    pub refusals: Refusals,
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
        let pool = self.context.pool.clone();
        let gate = Gate::new(self, pool);
        while let Some(event) = events.recv().await {
            match event {
                NetworkEvent::Message(message) => {
                    let (peer, data) = (message.from.to_bytes(), message.data.clone());
                    gate.admit(&peer, &data, message);
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

    fn believe(&self, message: &InboundMessage) -> Result<Candidate, Refusal> {
        let forwarder = PeerKey::new(&message.from.to_bytes());
        let since = message.received_at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let inbound = Inbound {
            data: &message.data,
            topic: validation::Topic { fork: message.topic.fork, subnet: message.topic.subnet },
            forwarder: &forwarder,
            received_at_millis: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        };
        let sight = self.sight.load();
        let (clock, exits) = (&self.context.clock, &self.context.exits);
        let duties = DutySight { book: &self.book, exits, rules: &clock.rules().network };
        let rules = validation::Context { rules: clock.rules(), registry: sight.as_ref(), duties: &duties };
        believe(&rules, &self.seen, &**self.context.directory.load(), &inbound, clock.slot())
    }

    /// Whether a believed message is ours and made by somebody else.
    fn is_second_copy(&self, candidate: &Candidate, from: &network::PeerId) -> bool {
        let (identity, message) = (&self.context.identity, &candidate.message);
        message.operator_ids.as_slice() == [identity.id]
            && identity
                .voice()
                .hear(&message.ssv_message, candidate.slot(), || (identity.id, from.to_string()))
    }

    /// To the committee's mailbox; its task is started by its first message if that comes before its first duty.
    fn deliver(&self, candidate: Candidate) {
        let (slot, committee) = (candidate.slot(), candidate.committee);
        if !self.context.directory.load().committee(committee).is_some_and(|committee| committee.ours) {
            tracing::debug!(%slot, %committee, "no committee of ours takes the message");
            return;
        }
        let id = RunId { slot, message_id: candidate.message.ssv_message.msg_id };
        if !self.routes.mailbox(committee, &self.context).offer(id, candidate.message) {
            self.context.drops.count(DropReason::MailboxFull, 1);
        }
    }
}

impl Porter for Intake {
    type Parcel = InboundMessage;

    fn is_own(&self, about: &MessageId) -> bool {
        self.context.directory.load().has_duty_of(about)
    }

    fn take_in(&self, message: InboundMessage) {
        match self.believe(&message) {
            Ok(candidate) => {
                self.context.network.verdict(message.receipt, Verdict::Accept);
                if !self.is_second_copy(&candidate, &message.from) {
                    self.deliver(candidate);
                }
            }
            Err(refusal) => {
                tracing::debug!(rule = refusal.rule(), %refusal, from = %message.from, "message refused");
                self.refusals.count(refusal);
                self.context.network.verdict(message.receipt, verdict(refusal));
            }
        }
    }

    fn turn_away(&self, message: InboundMessage, crowd: Crowd) {
        self.context.drops.count(
            match crowd {
                Crowd::Peer => DropReason::PeerShareFull,
                Crowd::All => DropReason::IntakeFull,
            },
            1,
        );
        self.context.network.verdict(message.receipt, Verdict::Ignore);
    }
}

impl SignerKeys for Directory {
    fn keys_of(&self, committee: CommitteeId, signers: &[OperatorId]) -> Result<Arc<CommitteeKeys>, Refusal> {
        let committee = self.committee(committee).ok_or(Refusal::NonExistentCommittee)?;
        if signers.iter().any(|signer| !self.operators.contains(signer)) {
            return Err(Refusal::UnknownOperator);
        }
        Ok(Arc::clone(&committee.keys))
    }
}

const fn verdict(refusal: Refusal) -> Verdict {
    match refusal.verdict() {
        validation::Verdict::Accept => Verdict::Accept,
        validation::Verdict::Ignore => Verdict::Ignore,
        validation::Verdict::Reject => Verdict::Reject(refusal.name()),
    }
}

//! Effects, carried out in their order: durable, then sign, then publish, then timers, then submit.
//!
//! What is short and must keep its order (signing with the operator's key and publishing) is awaited in place. What takes time or
//! waits for others runs as a task of its own and answers through the mailbox, so that a committee hears its messages while its
//! beacon node is slow.

use std::sync::Arc;

use duty::{Effect, Input, OwnView, RecombineTask, SignRequest, Submission};
use network::PublishError;
use tokio::sync::mpsc::WeakSender;
use types::rules::RoundEnd;
use types::{CommitteeId, Round, RunnerRole, SignedSsvMessage, Slot, Wire};

use crate::clock::unix_millis;
use crate::committee::Letter;
use crate::context::Context;
use crate::run::Run;
use crate::submit::submit;

/// Carries out the effects of one committee's machines.
pub(crate) struct Interpreter {
    committee: CommitteeId,
    context: Arc<Context>,
    mailbox: WeakSender<Letter>,
}

impl Interpreter {
    pub(crate) const fn new(
        committee: CommitteeId,
        context: Arc<Context>,
        mailbox: WeakSender<Letter>,
    ) -> Self {
        Self { committee, context, mailbox }
    }

    /// Carries out one effect; what it answers at once comes back.
    pub(crate) async fn carry_out(&self, run: &mut Run, effect: Effect) -> Option<Input> {
        let slot = run.slot;
        match effect {
            Effect::BeginConsensus => self.begin_consensus(slot),
            Effect::FetchView => self.fetch_view(run),
            Effect::ArmTimer { round } => self.arm_timer(run, round),
            Effect::Broadcast(message) => return self.broadcast(slot, message).await,
            Effect::PublishDecided(message) => self.publish(slot, &message).await,
            Effect::Sign(request) => self.sign(run, request),
            Effect::Recombine(tasks) => self.recombine(run, tasks),
            Effect::Submit(submission) => self.submit(submission),
            Effect::Reached(_) | Effect::BadPartialSignature { .. } | Effect::Ended(_) => {}
        }
        None
    }

    /// Runs `work` as a task of its own and brings its answer to the machine of `slot`.
    fn answer_later(&self, slot: Slot, work: impl Future<Output = Option<Input>> + Send + 'static) {
        let mailbox = self.mailbox.clone();
        tokio::spawn(async move {
            if let Some(input) = work.await
                && let Some(mailbox) = mailbox.upgrade()
            {
                // The committee's task is gone when the node stops.
                let _ = mailbox.send(Letter::Answer { slot, input }).await;
            }
        });
    }

    fn begin_consensus(&self, slot: Slot) {
        let (signer, committee) = (self.context.signer.clone(), self.committee);
        self.answer_later(slot, async move {
            Some(Input::ConsensusPermitted(
                signer.begin_consensus(committee, RunnerRole::Committee, slot).await,
            ))
        });
    }

    /// Asks until an answer comes, or the duty is worth nothing any more.
    fn fetch_view(&self, run: &Run) {
        let (context, slot, teller, shares) =
            (Arc::clone(&self.context), run.slot, run.teller, run.attesting_shares());
        self.answer_later(slot, async move {
            let view = context.views.vote(slot, teller).await;
            let watermarks = context.signer.watermarks(&shares);
            Some(Input::View(view.map(|vote| OwnView { vote, watermarks })))
        });
    }

    fn arm_timer(&self, run: &mut Run, round: Round) {
        let (slot, rules) = (run.slot, self.context.clock.rules());
        let end = rules.network.round_end(rules.network.fork_at(slot), RunnerRole::Committee, round);
        let Some(at) = end.map(|end| match end {
            RoundEnd::SinceSlotStart(millis) => self.context.clock.start_of(slot).saturating_add(millis),
            RoundEnd::SinceRoundEntry(millis) => unix_millis().saturating_add(millis),
        }) else {
            return;
        };
        let (clock, mailbox) = (self.context.clock.clone(), self.mailbox.clone());
        let timer = tokio::spawn(async move {
            clock.sleep_until(at).await;
            if let Some(mailbox) = mailbox.upgrade() {
                let _ = mailbox.send(Letter::Timeout { slot, round }).await;
            }
        });
        run.set_timer(timer.abort_handle());
    }

    /// Signs with the operator's key, publishes, and loops the message back: own messages count like all others.
    async fn broadcast(&self, slot: Slot, message: qbft::Unsigned) -> Option<Input> {
        let identity = self.context.identity.clone();
        match self.context.pool.run(move || identity.sign(message)).await {
            Ok(Ok(message)) => {
                self.publish(slot, &message).await;
                Some(Input::Message(message))
            }
            Ok(Err(error)) => {
                tracing::error!(%slot, committee = %self.committee, %error, "own message not signed");
                None
            }
            Err(closed) => {
                tracing::debug!(%slot, %closed, "own message not signed");
                None
            }
        }
    }

    async fn publish(&self, slot: Slot, message: &SignedSsvMessage) {
        let fork = self.context.clock.rules().network.fork_at(slot);
        let Some(topic) = self.context.topic(slot, self.committee) else { return };
        match message.to_wire(fork) {
            Ok(bytes) => {
                match self.context.network.publish(topic, bytes).await {
                    Ok(_) => {}
                    // A decided message is the same whoever makes it: a peer was faster.
                    Err(PublishError::Duplicate) => {
                        tracing::debug!(%slot, committee = %self.committee, "published by a peer");
                    }
                    Err(error) => {
                        tracing::warn!(%slot, committee = %self.committee, %error, "message not published");
                    }
                }
            }
            Err(error) => {
                tracing::error!(%slot, committee = %self.committee, %error, "own message not published");
            }
        }
    }

    fn sign(&self, run: &Run, request: SignRequest) {
        let (signer, signers, slot) = (self.context.signer.clone(), run.signers.clone(), run.slot);
        self.answer_later(slot, async move { Some(Input::Signed(signer.sign(signers, request).await)) });
    }

    /// Each of few roots is worked on by itself, so that the attestations (one root from Electra on) go out before the sync
    /// committee messages are whole. Many roots share one batch.
    fn recombine(&self, run: &Run, tasks: Vec<RecombineTask>) {
        for tasks in by_root(tasks) {
            let (context, keys) = (Arc::clone(&self.context), Arc::clone(&run.keys));
            let work = async move { context.recombine(keys, tasks).await.map(Input::Recombined) };
            self.answer_later(run.slot, work);
        }
    }

    fn submit(&self, submission: Submission) {
        let (context, slot) = (Arc::clone(&self.context), submission.slot);
        let mailbox = self.mailbox.clone();
        tokio::spawn(async move {
            for (objects, result) in submit(&context, submission).await {
                let Some(mailbox) = mailbox.upgrade() else { return };
                let input = Input::Submitted { objects, result };
                let _ = mailbox.send(Letter::Answer { slot, input }).await;
            }
        });
    }
}

/// Roots that are worked on one by one; with more of them the shared batch saves more than the order gains.
const FEW_ROOTS: usize = 2;

/// The tasks of each root, in the order in which roots appear; all in one if there are many roots.
fn by_root(tasks: Vec<RecombineTask>) -> Vec<Vec<RecombineTask>> {
    let mut groups: Vec<Vec<RecombineTask>> = Vec::new();
    for task in &tasks {
        let same = |group: &Vec<RecombineTask>| group.iter().any(|other| other.slot.root == task.slot.root);
        match groups.iter().position(same).and_then(|place| groups.get_mut(place)) {
            Some(group) => group.push(task.clone()),
            None => groups.push(vec![task.clone()]),
        }
        if groups.len() > FEW_ROOTS {
            return vec![tasks];
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use duty::collector::SignatureSlot;
    use types::{Root, ValidatorIndex};

    fn task(validator: u64, root: u8) -> RecombineTask {
        let slot = SignatureSlot { validator: ValidatorIndex(validator), root: Root::repeat_byte(root) };
        RecombineTask { slot, parts: Vec::new() }
    }

    #[test]
    fn few_roots_are_apart_and_many_together() {
        let lengths = |roots: &[u8]| {
            let tasks = roots.iter().zip(0..).map(|(root, validator)| task(validator, *root)).collect();
            by_root(tasks).iter().map(Vec::len).collect::<Vec<_>>()
        };
        assert_eq!(lengths(&[1, 1, 2, 1]), [3, 1]);
        assert_eq!(lengths(&[1, 2, 3, 1]), [4]);
        assert!(lengths(&[]).is_empty());
    }
}

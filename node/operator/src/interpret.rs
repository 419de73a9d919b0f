//! Effects, carried out in their order: durable, then sign, then publish, then timers, then submit.
//!
//! What is short and must keep its order (signing with the operator's key and publishing) is awaited in place. What takes time or
//! waits for others runs as a task of its own and answers through the mailbox, so that a committee hears its messages while its
//! beacon node is slow.

use std::sync::Arc;
use std::time::Duration;

use duty::runner::{Fetch, Fetched, ShareRequest, Stage};
use duty::{OwnView, RecombineTask, SignRequest, Warning, Withheld};
use network::PublishError;
use outbox::RoundSpan;
use tokio::sync::mpsc::WeakSender;
use tokio::time::timeout;
use types::rules::RoundEnd;
use types::{BeaconVote, CommitteeId, OperatorId, PublicKeyBytes, Root, Round, SignedSsvMessage, Slot, Wire};

use crate::clock::{unix_micros, unix_millis};
use crate::committee::Letter;
use crate::context::Context;
use crate::doppelganger::guarded;
use crate::fetch::fetch;
use crate::machine::{Effect, Input};
use crate::run::{Run, RunId, warn};
use crate::submit::{submit, submit_votes};

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
        let id = run.id;
        match effect {
            Effect::BeginConsensus => self.begin_consensus(run),
            Effect::FetchView => self.fetch_view(run),
            Effect::Fetch(question) => self.fetch(run, question),
            Effect::ArmTimer { round } => self.arm_timer(run, round),
            Effect::Broadcast(message) => return self.broadcast(run, message).await,
            Effect::PublishDecided(message) => {
                // Peers have their own.
                let _is_out = self.publish(id.slot, &message).await;
            }
            Effect::SignVote(request) => self.sign_vote(run, request),
            Effect::Sign(request) => self.sign(run, request),
            Effect::Recombine { stage, tasks } => self.recombine(run, stage, tasks),
            Effect::SubmitVotes(submission) => {
                self.context.guards.watch.saw_votes(&submission);
                self.submit_votes(id, submission);
            }
            Effect::Submit(submission) => {
                self.context.guards.watch.saw_block(&submission);
                self.submit(run, submission);
            }
            Effect::Disagrees { operator, root, .. } => self.name_difference(run, operator, root),
            Effect::Reached(_) | Effect::Blame { .. } | Effect::Ended(_) => {}
        }
        None
    }

    /// Runs `work` as a task of its own and brings its answer to the machine of the duty.
    fn answer_later(&self, id: RunId, work: impl Future<Output = Option<Input>> + Send + 'static) {
        let mailbox = self.mailbox.clone();
        tokio::spawn(async move {
            if let Some(input) = work.await {
                answer(&mailbox, id, input).await;
            }
        });
    }

    fn begin_consensus(&self, run: &Run) {
        let (starts, speaker) = (self.context.starts.clone(), run.speaker());
        self.answer_later(run.id, async move { Some(Input::Permitted(starts.may_speak(speaker).await)) });
    }

    /// Asks until an answer comes, or the duty is worth nothing any more. When that takes long, what the node said earlier in the epoch is
    /// answered first.
    fn fetch_view(&self, run: &Run) {
        let (context, id, teller, shares) =
            (Arc::clone(&self.context), run.id, run.teller, run.attesting_shares());
        let mailbox = self.mailbox.clone();
        tokio::spawn(async move {
            let mut asking = std::pin::pin!(context.views.vote(id.slot, teller));
            let patience = context.clock.rules().network.slot_millis() / VIEW_PATIENCE;
            let answered = timeout(Duration::from_millis(patience), &mut asking).await;
            if answered.is_err()
                && let Some(vote) = context.views.foresee(id.slot)
            {
                let view = own_view(&context, &shares, vote).await;
                answer(&mailbox, id, Input::Foreseen(view)).await;
            }
            let vote = match answered {
                Ok(vote) => vote,
                Err(_) => asking.await,
            };
            let view = match vote {
                Some(vote) => Some(own_view(&context, &shares, vote).await),
                None => None,
            };
            answer(&mailbox, id, Input::View(view)).await;
        });
    }

    fn fetch(&self, run: &Run, question: Fetch) {
        let (context, id, scope) = (Arc::clone(&self.context), run.id, run.scope);
        let own = run
            .signers
            .values()
            .find_map(|signer| self.context.directory.load().own(&signer.validator).cloned());
        self.answer_later(id, async move {
            let note = |said: &str| context.ledger.note(scope, |record| record.note_answer(said));
            let fetched = fetch(&context, id.role(), question, &note).await;
            if let (Some(Fetched::Block(block)), Some(own)) = (&fetched, own)
                && context.guards.note_block(&own, block)
            {
                context.ledger.note(scope, |record| warn(record, Warning::OtherFeeRecipient));
            }
            Some(Input::Fetched(fetched))
        });
    }

    fn arm_timer(&self, run: &mut Run, round: Round) {
        let (id, rules) = (run.id, self.context.clock.rules());
        let end = rules.network.round_end(rules.network.fork_at(id.slot), id.role(), round);
        let Some(at) = end.map(|end| match end {
            RoundEnd::SinceSlotStart(millis) => self.context.clock.start_of(id.slot).saturating_add(millis),
            RoundEnd::SinceRoundEntry(millis) => unix_millis().saturating_add(millis),
        }) else {
            return;
        };
        let micros = |unix_micros| self.context.clock.micros_into(id.slot, unix_micros);
        let span = RoundSpan::new(micros(unix_micros()), micros(at.saturating_mul(1_000)));
        self.context.ledger.enter_round(id.slot, &id.message_id, round, span);
        let (clock, mailbox) = (self.context.clock.clone(), self.mailbox.clone());
        let timer = tokio::spawn(async move {
            clock.sleep_until(at).await;
            if let Some(mailbox) = mailbox.upgrade() {
                let _ = mailbox.send(Letter::Timeout { id, round }).await;
            }
        });
        run.set_timer(timer.abort_handle());
    }

    /// What differs can be told of registrations alone.
    fn name_difference(&self, run: &Run, operator: OperatorId, theirs: Root) {
        if let Some(ours) = run.registration() {
            let (directory, rules) = (self.context.directory.load(), self.context.clock.rules());
            self.context.guards.note_registration(rules, &directory, run.id.slot, (operator, theirs), ours);
        }
    }

    /// Signs with the operator's key, publishes, and loops the message back: own messages count like all others. What nobody was told is
    /// not noted as said.
    async fn broadcast(&self, run: &Run, message: qbft::Unsigned) -> Option<Input> {
        let (identity, slot) = (self.context.identity.clone(), run.id.slot);
        match self.context.pool.run(move || identity.sign(message)).await {
            Ok(Ok(message)) => {
                let ledger = &self.context.ledger;
                if self.publish(slot, &message).await {
                    let micros = self.context.clock.micros_into(slot, unix_micros());
                    ledger.hear(slot, self.committee, &message, micros);
                } else {
                    ledger.note(run.scope, |record| warn(record, Warning::NotPublished));
                }
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

    /// Publishes; whether it is out.
    async fn publish(&self, slot: Slot, message: &SignedSsvMessage) -> bool {
        let committee = self.committee;
        let Some(topic) = self.context.topic(slot, committee) else {
            tracing::warn!(%slot, %committee, "message not published: the registry does not know the committee any more");
            return false;
        };
        let bytes = match message.to_wire(self.context.clock.rules().network.fork_at(slot)) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(%slot, %committee, %error, "own message not published");
                return false;
            }
        };
        match self.context.network.publish(topic, bytes).await {
            Ok(_) => true,
            // A decided message is the same whoever makes it: a peer was faster.
            Err(PublishError::Duplicate) => {
                tracing::debug!(%slot, %committee, "published by a peer");
                true
            }
            Err(error) => {
                tracing::warn!(%slot, %committee, %error, "message not published");
                false
            }
        }
    }

    fn sign_vote(&self, run: &Run, request: SignRequest) {
        let (context, signers, slot) = (Arc::clone(&self.context), Arc::clone(&run.signers), run.id.slot);
        self.answer_later(run.id, async move {
            let signed = context.signer.sign(signers, request).await;
            for one in signed.iter().filter(|one| one.signature == Err(Withheld::Doppelganger)) {
                let withheld = |record: &mut _| warn(record, Warning::UnderObservation);
                context.ledger.note_one(slot, (one.validator, one.role), withheld);
            }
            Some(Input::VoteSigned(signed))
        });
    }

    fn sign(&self, run: &Run, request: ShareRequest) {
        let (context, signers, slot) = (Arc::clone(&self.context), Arc::clone(&run.signers), run.id.slot);
        self.answer_later(run.id, async move {
            let stage = request.stage;
            let duties: Vec<_> =
                request.tasks.iter().map(|task| (task.validator, guarded(&task.object))).collect();
            let signatures = context.signer.sign_objects(signers, request).await;
            for ((validator, role), signature) in duties.into_iter().zip(&signatures) {
                if let (Err(Withheld::Doppelganger), Some(role)) = (signature, role) {
                    let withheld = |record: &mut _| warn(record, Warning::UnderObservation);
                    context.ledger.note_one(slot, (validator, role), withheld);
                }
            }
            Some(Input::Signed { stage, signatures })
        });
    }

    /// Each of few roots is worked on by itself, so that the attestations (one root from Electra on) go out before the sync
    /// committee messages are whole. Many roots share one batch. What comes before consensus is one batch: which validators are
    /// selected is decided with the first whole signatures.
    fn recombine(&self, run: &Run, stage: Stage, tasks: Vec<RecombineTask>) {
        let batches = match stage {
            Stage::Pre => vec![tasks],
            Stage::Post => by_root(tasks),
        };
        for tasks in batches {
            let (context, keys) = (Arc::clone(&self.context), Arc::clone(&run.keys));
            self.answer_later(run.id, async move {
                let results = context.recombine(keys, tasks).await?;
                Some(Input::Recombined { stage, results })
            });
        }
    }

    fn submit_votes(&self, id: RunId, submission: duty::Submission) {
        let context = Arc::clone(&self.context);
        let mailbox = self.mailbox.clone();
        tokio::spawn(async move {
            for (objects, result) in submit_votes(&context, submission).await {
                answer(&mailbox, id, Input::VoteSubmitted { objects, result }).await;
            }
        });
    }

    fn submit(&self, run: &Run, submission: duty::runner::Submission) {
        let (context, id, scope) = (Arc::clone(&self.context), run.id, run.scope);
        let mailbox = self.mailbox.clone();
        tokio::spawn(async move {
            for (slots, result) in submit(&context, scope, submission).await {
                answer(&mailbox, id, Input::Submitted { slots, result }).await;
            }
        });
    }
}

/// A vote, with what these shares have signed so far.
async fn own_view(context: &Context, shares: &[PublicKeyBytes], vote: BeaconVote) -> OwnView {
    OwnView { vote, watermarks: context.signer.watermarks(shares).await }
}

/// Brings an answer to the machine of a duty. The committee's task is gone when the node stops.
async fn answer(mailbox: &WeakSender<Letter>, id: RunId, input: Input) {
    if let Some(mailbox) = mailbox.upgrade() {
        let _ = mailbox.send(Letter::Answer { id, input }).await;
    }
}

/// The part of a slot for which the own view is waited for before consensus begins without it; what a healthy node takes is a tenth of it.
const VIEW_PATIENCE: u64 = 48;

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

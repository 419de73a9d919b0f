//! Attestation data: one fetch per slot and process, however many committees ask.
//!
//! The first caller starts the fetch and every caller of the same slot and index shares it, so that all committees of this
//! operator vote for the same head. A failure is shared by those who wait for it and then forgotten: a later call asks again.
//! The newest [`KEPT`] questions are remembered (one a slot from Electra on, up to 64 before).

use crate::call::Call;
use crate::choice::Choice;
use crate::error::{BeaconError, CallError, NodeName};
use crate::event::NodeId;
use crate::gather::{Answers, Verdict, Wait, gather};
use crate::heads::{self, Heads};
use crate::http::{Encoding, Reply, Request};
use crate::node::Node;
use crate::nodes::BeaconNodes;
use crate::state::{Data, read_json};
use crate::supervise::Care;
use futures::future::{BoxFuture, FutureExt, Shared, join_all};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::{Instant, timeout_at};
use types::beacon::AttestationData;
use types::{CommitteeIndex, Decode, Epoch, Slot};

/// Questions remembered.
const KEPT: usize = 128;

/// What to vote for, and whose view it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataAnswer {
    /// The data.
    pub data: AttestationData,
    /// The node that gave it.
    pub node: NodeName,
}

pub(crate) type Question = (Slot, CommitteeIndex);
type Fetch = Shared<BoxFuture<'static, Result<DataAnswer, BeaconError>>>;

/// The fetches of the last slots.
#[derive(Default)]
pub(crate) struct DataCache {
    fetches: Mutex<VecDeque<(Question, Fetch)>>,
}

impl DataCache {
    /// The answer to `question`, fetched with `fetch` unless that has been begun already.
    pub async fn get<F>(
        &self,
        question: Question,
        fetch: impl FnOnce() -> F,
    ) -> Result<DataAnswer, BeaconError>
    where
        F: Future<Output = Result<DataAnswer, BeaconError>> + Send + 'static,
    {
        let shared = self.find_or_insert(question, || fetch().boxed().shared());
        let answer = shared.clone().await;
        if answer.is_err() {
            self.forget(&shared);
        }
        answer
    }

    fn find_or_insert(&self, question: Question, make: impl FnOnce() -> Fetch) -> Fetch {
        let mut fetches = self.fetches.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, fetch)) = fetches.iter().find(|(known, _)| *known == question) {
            return fetch.clone();
        }
        if fetches.len() >= KEPT {
            fetches.pop_front();
        }
        let fetch = make();
        fetches.push_back((question, fetch.clone()));
        fetch
    }

    fn forget(&self, failed: &Fetch) {
        let mut fetches = self.fetches.lock().unwrap_or_else(PoisonError::into_inner);
        fetches.retain(|(_, fetch)| !fetch.ptr_eq(failed));
    }
}

impl BeaconNodes {
    /// The attestation data of a slot; fetched once, however many ask. `index` is 0 from Electra on. Every usable node is asked at
    /// once, `teller` first: the node whose head event started the duty has that head. Which answer is taken and how long others are
    /// waited for is `choice`'s.
    ///
    /// # Errors
    /// See [`BeaconError`]; shared by all who wait for the same fetch. [`CallError::Outvoted`] among the attempts: too few nodes agree
    /// on the checkpoints.
    pub async fn attestation_data(
        &self,
        slot: Slot,
        index: CommitteeIndex,
        teller: Option<NodeId>,
    ) -> Result<DataAnswer, BeaconError> {
        let question = (slot, index);
        let fetch = || {
            let fetcher = self.fetcher(question, teller);
            async move { fetcher?.fetch().await }
        };
        self.data_cache().get(question, fetch).await
    }

    fn fetcher(&self, question: Question, teller: Option<NodeId>) -> Result<Fetcher, BeaconError> {
        let call = Call::AttestationData;
        let (slot, index) = question;
        let asked = Asked { slot, index, epoch: self.epoch_of(call, slot)? };
        let wait = Wait { call, budget: self.budget(call), soft: self.budgets().choice };
        let (nodes, heads) = (self.usable_after(call, teller)?, Arc::clone(self.heads()));
        // A head of a later slot is not what is asked for.
        let newest = self.best_head().map(|head| head.min(slot));
        let care = Arc::clone(self.care());
        Ok(Fetcher { nodes, care, heads, asked, agreement: self.agreement(), newest, wait })
    }
}

/// What was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    slot: Slot,
    index: CommitteeIndex,
    epoch: Epoch,
}

/// One fetch, which goes on for all who wait for it when the first of them has gone.
struct Fetcher {
    nodes: Vec<Arc<Node>>,
    care: Arc<Care>,
    heads: Arc<Heads>,
    asked: Asked,
    agreement: usize,
    newest: Option<Slot>,
    wait: Wait,
}

impl Fetcher {
    async fn fetch(self) -> Result<DataAnswer, BeaconError> {
        let choice = Choice {
            slot: self.asked.slot,
            agreement: self.agreement,
            newest: self.newest,
            heads: &self.heads,
        };
        let (request, asked, care) = (&request(self.asked), self.asked, &self.care);
        let ask = |node: Arc<Node>, deadline| async move {
            let read = |reply: &Reply| read(reply, asked);
            care.ask(&node, Call::AttestationData, request, deadline, read).await
        };
        let gathered = gather(self.nodes.clone(), self.wait, ask, |answers| choice.judge(answers)).await;
        let answers = match gathered {
            Ok(answers) => answers,
            Err(mut failed) => {
                let outvoted = choice.outvoted(&failed.answers);
                failed.attempts.extend(outvoted);
                return Err(failed.into_error(self.wait));
            }
        };
        self.learn_heads(choice, &answers).await;
        match choice.best(&answers) {
            Some((node, data)) => Ok(DataAnswer { data: *data, node: node.name.clone() }),
            None => Err(BeaconError::AllFailed {
                call: Call::AttestationData,
                budget: self.wait.budget.total,
                attempts: choice.outvoted(&answers),
            }),
        }
    }

    /// Asks for the slots of heads that were not told, where they decide. What does not come in time stays unknown, and is no fault of
    /// the node's: the question has the whole budget, and is dropped when the vote cannot wait any longer.
    async fn learn_heads(&self, choice: Choice<'_>, answers: &Answers<AttestationData>) {
        if choice.judge(answers) == Verdict::Enough {
            return;
        }
        let now = Instant::now();
        let (deadline, enough) = (now + self.wait.budget.total, now + self.wait.budget.patience);
        let questions = choice.unknown_heads(answers).into_iter().map(|(node, root)| async move {
            let slot = node.ask(Call::Header, &heads::request(root), deadline, heads::read).await;
            if let Ok(slot) = slot {
                self.heads.note(root, slot);
            }
        });
        // Those that have come by then are known.
        let _ = timeout_at(enough, join_all(questions)).await;
    }
}

impl std::fmt::Debug for DataCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataCache").finish_non_exhaustive()
    }
}

fn request(asked: Asked) -> Request {
    let path =
        format!("/eth/v1/validator/attestation_data?slot={}&committee_index={}", asked.slot.0, asked.index.0);
    Request::get(path).prefer_ssz()
}

/// Reads the answer and holds it against the question: a node that answers another question is not believed.
fn read(reply: &Reply, asked: Asked) -> Result<AttestationData, CallError> {
    let data = match reply.encoding {
        Encoding::Ssz => AttestationData::from_ssz_bytes(&reply.body)
            .map_err(|error| CallError::Malformed(format!("attestation data in SSZ: {error:?}")))?,
        Encoding::Json => read_json::<Data<AttestationData>>(reply)?.data,
    };
    if data.slot != asked.slot || data.index != asked.index {
        return Err(CallError::Malformed(format!(
            "attestation data for slot {} and index {} where slot {} and index {} were asked for",
            data.slot, data.index, asked.slot, asked.index
        )));
    }
    if data.target.epoch != asked.epoch || data.source.epoch > data.target.epoch {
        return Err(CallError::Malformed(format!(
            "attestation data with source epoch {} and target epoch {} in epoch {}",
            data.source.epoch, data.target.epoch, asked.epoch
        )));
    }
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use std::sync::atomic::{AtomicU64, Ordering};

    const JSON: &[u8] = include_bytes!("../tests/answers/attestation_data.json");
    const SSZ: &[u8] = include_bytes!("../tests/answers/attestation_data.ssz");

    #[test]
    fn recorded_json_and_ssz_are_the_same_data() {
        let json = Reply { encoding: Encoding::Json, body: Bytes::from_static(JSON), ..Reply::default() };
        let ssz = Reply { encoding: Encoding::Ssz, body: Bytes::from_static(SSZ), ..Reply::default() };
        let slot: Data<AttestationData> = read_json(&json).unwrap();
        let slot = slot.data.slot;
        let asked = Asked { slot, index: CommitteeIndex(0), epoch: Epoch(slot.0 / 8) };
        assert_eq!(read(&json, asked).unwrap(), read(&ssz, asked).unwrap());
        for other in [
            Asked { slot: Slot(slot.0 + 1), ..asked },
            Asked { index: CommitteeIndex(1), ..asked },
            Asked { epoch: Epoch(asked.epoch.0 + 1), ..asked },
        ] {
            assert!(read(&ssz, other).is_err(), "the answer to another question");
        }
    }

    fn answer() -> DataAnswer {
        DataAnswer { data: AttestationData::default(), node: NodeName::of(&"http://a:1".parse().unwrap()) }
    }

    #[tokio::test]
    async fn callers_of_one_slot_share_one_fetch_and_a_failure_is_forgotten() {
        let cache = DataCache::default();
        let fetches = AtomicU64::new(0);
        let question = (Slot(1), CommitteeIndex(0));
        let ask = |outcome: Result<DataAnswer, BeaconError>| {
            fetches.fetch_add(1, Ordering::Relaxed);
            async move {
                tokio::task::yield_now().await;
                outcome
            }
        };
        let failure = BeaconError::Unsendable { call: Call::AttestationData, why: "test" };
        let (a, b) = tokio::join!(
            cache.get(question, || ask(Err(failure.clone()))),
            cache.get(question, || ask(Err(failure.clone())))
        );
        assert_eq!((a.unwrap_err(), b.unwrap_err()), (failure.clone(), failure.clone()));
        assert_eq!(fetches.load(Ordering::Relaxed), 1);
        assert_eq!(cache.get(question, || ask(Ok(answer()))).await.unwrap(), answer());
        assert_eq!(cache.get(question, || ask(Err(failure))).await.unwrap(), answer());
        assert_eq!(fetches.load(Ordering::Relaxed), 2);
    }
}

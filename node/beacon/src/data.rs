//! Attestation data: one fetch per slot and process, however many committees ask.
//!
//! The first caller starts the fetch and every caller of the same slot and index shares it, so that all committees of this
//! operator vote for the same head. A failure is shared by those who wait for it and then forgotten: a later call asks again.
//! The newest [`KEPT`] questions are remembered (one a slot from Electra on, up to 64 before).

use crate::error::{BeaconError, CallError, NodeName};
use crate::http::{Encoding, Reply, Request};
use crate::state::{Data, read_json};
use futures::future::{BoxFuture, FutureExt, Shared};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use types::beacon::AttestationData;
use types::{CommitteeIndex, Decode, Slot};

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

impl std::fmt::Debug for DataCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataCache").finish_non_exhaustive()
    }
}

pub(crate) fn request((slot, index): Question) -> Request {
    let path = format!("/eth/v1/validator/attestation_data?slot={}&committee_index={}", slot.0, index.0);
    Request::get(path).prefer_ssz()
}

/// Reads the answer and holds it against the question: a node that answers another question is not believed.
pub(crate) fn read(reply: &Reply, (slot, index): Question) -> Result<AttestationData, CallError> {
    let data = match reply.encoding {
        Encoding::Ssz => AttestationData::from_ssz_bytes(&reply.body)
            .map_err(|error| CallError::Malformed(format!("attestation data in SSZ: {error:?}")))?,
        Encoding::Json => read_json::<Data<AttestationData>>(reply)?.data,
    };
    if data.slot != slot || data.index != index {
        return Err(CallError::Malformed(format!(
            "attestation data for slot {} and index {} where slot {slot} and index {index} were asked for",
            data.slot, data.index
        )));
    }
    if data.source.epoch > data.target.epoch {
        return Err(CallError::Malformed(format!(
            "attestation data with source epoch {} after target epoch {}",
            data.source.epoch, data.target.epoch
        )));
    }
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Call;
    use bytes::Bytes;
    use std::sync::atomic::{AtomicU64, Ordering};

    const JSON: &[u8] = include_bytes!("../tests/answers/attestation_data.json");
    const SSZ: &[u8] = include_bytes!("../tests/answers/attestation_data.ssz");

    #[test]
    fn recorded_json_and_ssz_are_the_same_data() {
        let json = Reply { encoding: Encoding::Json, body: Bytes::from_static(JSON), ..Reply::default() };
        let ssz = Reply { encoding: Encoding::Ssz, body: Bytes::from_static(SSZ), ..Reply::default() };
        let slot: Data<AttestationData> = read_json(&json).unwrap();
        let question = (slot.data.slot, CommitteeIndex(0));
        assert_eq!(read(&json, question).unwrap(), read(&ssz, question).unwrap());
        assert!(
            read(&ssz, (Slot(question.0.0 + 1), CommitteeIndex(0))).is_err(),
            "the answer to another question"
        );
        assert!(read(&ssz, (question.0, CommitteeIndex(1))).is_err());
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

//! The configured beacon nodes as one: the only type the conductor speaks to.

use crate::agreement::{Agreement, Expectations};
use crate::broadcast::{Sending, Submission, to_all};
use crate::call::{Budget, Budgets, Call};
use crate::data::{self, DataAnswer, DataCache};
use crate::duties::{
    AttesterDuties, AttesterDutiesJson, ProposerDuties, ProposerDutiesJson, SyncDuties, SyncDutiesJson,
};
use crate::error::{BeaconError, CallError, ChainError, NodeName, SettingsError};
use crate::event::{BeaconEvent, NodeId};
use crate::failover::{first_good, race};
use crate::http::{Http, Reply, Request};
use crate::node::Node;
use crate::pool::{self, Attestations, CommitteeSubscription, SyncSubscription};
use crate::quoted::Quoted;
use crate::state::{self, Data, Finality, read_json};
use crate::status::{NodeStatus, Status};
use crate::stream::{Sink, follow};
use crate::supervise::{Care, supervise};
use crate::validators::{Validator, ValidatorJson};
use bytes::Bytes;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use types::beacon::SyncCommitteeMessage;
use types::rules::BeaconSpec;
use types::{BeaconFork, CommitteeIndex, Epoch, PresetName, PublicKeyBytes, Slot, ValidatorIndex};
use url::Url;

/// Most nodes that can be configured. Each holds an event stream and gets every submission.
pub const MAX_NODES: usize = 16;
/// Keys in one question about validators; 512 as in the reference node (`protocol/beacon-client.md` section 10).
const VALIDATORS_PER_CALL: usize = 512;

/// How to reach the beacon nodes.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Addresses, http or https, in the order of preference; 1 to [`MAX_NODES`].
    pub urls: Vec<String>,
    /// What calls may cost.
    pub budgets: Budgets,
    /// Connections kept open at each node beside those in use, so that no submission waits for a handshake.
    pub spare_connections: usize,
}

impl Settings {
    /// The usual settings of a network with this slot length.
    #[must_use]
    pub fn new(urls: Vec<String>, slot: Duration) -> Self {
        Self { urls, budgets: Budgets::for_slot(slot), spare_connections: 3 }
    }
}

/// Why [`BeaconNodes::connect`] gave up.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// An operator must decide.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

/// The configured beacon nodes. Clones share everything; the background work ends with the last clone.
#[derive(Debug, Clone)]
pub struct BeaconNodes {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    nodes: Vec<Arc<Node>>,
    care: Arc<Care>,
    data: DataCache,
    events_dropped: Arc<AtomicU64>,
    supervisors: Vec<AbortHandle>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        for supervisor in &self.supervisors {
            supervisor.abort();
        }
    }
}

impl BeaconNodes {
    /// Starts to look after the nodes and returns at once; none needs to be reachable. Call inside a tokio runtime.
    ///
    /// # Errors
    /// The addresses cannot be used, or the process has no TLS provider installed.
    pub fn start(settings: &Settings, expected: Expectations) -> Result<Self, SettingsError> {
        let nodes = build_nodes(settings)?;
        let care = Arc::new(Care {
            budgets: settings.budgets.clone(),
            agreement: Agreement::new(expected, nodes.len()),
            spare_connections: settings.spare_connections,
        });
        let supervisors = nodes
            .iter()
            .map(|node| tokio::spawn(supervise(Arc::clone(&care), Arc::clone(node))).abort_handle())
            .collect();
        let events_dropped = Arc::new(AtomicU64::new(0));
        let inner = Inner { nodes, care, data: DataCache::default(), events_dropped, supervisors };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// [`Self::start`], then [`Self::chain`].
    ///
    /// # Errors
    /// The settings cannot be used, or the nodes are on another chain than expected. Nodes that are down or syncing are no
    /// error: they are waited for.
    pub async fn connect(
        settings: &Settings,
        expected: Expectations,
    ) -> Result<(Self, Arc<BeaconSpec>), ConnectError> {
        let nodes = Self::start(settings, expected)?;
        let chain = nodes.chain().await?;
        Ok((nodes, chain))
    }

    /// The chain the nodes are on. Waits until every node was looked at once and one of them is on the expected chain; with
    /// none reachable it waits on.
    ///
    /// # Errors
    /// Every node that answers is on another chain than expected, or two contradict each other. Exit class.
    pub async fn chain(&self) -> Result<Arc<BeaconSpec>, ChainError> {
        self.inner.care.agreement.wait().await
    }

    /// Opens the event streams. They close when the receiver is dropped. The queue holds [`crate::stream::EVENT_QUEUE`] events;
    /// at the bound the newest is dropped and counted ([`Status::events_dropped`]).
    #[must_use]
    pub fn subscribe(&self) -> mpsc::Receiver<BeaconEvent> {
        let (sink, events) = Sink::new(Arc::clone(&self.inner.events_dropped));
        for node in &self.inner.nodes {
            tokio::spawn(follow(Arc::clone(node), self.inner.care.budgets.clone(), Arc::clone(&sink)));
        }
        events
    }

    /// The condition of every node, for readiness, status pages and metrics.
    #[must_use]
    pub fn status(&self) -> Status {
        let nodes: Vec<NodeStatus> = self
            .ordered(None)
            .into_iter()
            .chain(self.inner.nodes.iter().filter(|node| !node.health().is_usable()).cloned())
            .map(|node| NodeStatus::of(&node))
            .collect();
        Status { nodes, events_dropped: self.inner.events_dropped.load(Ordering::Relaxed) }
    }

    /// What is known of these keys at the head; a key the chain does not know is missing in the answer. Asked in batches of
    /// 512; the order of the answer is the nodes'.
    ///
    /// # Errors
    /// See [`BeaconError`]; a batch that fails fails the call.
    pub async fn validators(&self, keys: &[PublicKeyBytes]) -> Result<Vec<Validator>, BeaconError> {
        let mut found = Vec::with_capacity(keys.len());
        for batch in keys.chunks(VALIDATORS_PER_CALL) {
            let body = encode(Call::Validators, &serde_json::json!({ "ids": batch }))?;
            let request = Request::post("/eth/v1/beacon/states/head/validators".into(), body);
            let answer = self.read(Call::Validators, request, |reply| {
                read_json::<Data<Vec<ValidatorJson>>>(reply).map(|answer| answer.data)
            });
            found.extend(answer.await?.into_iter().map(Validator::from));
        }
        Ok(found)
    }

    /// Attester duties of an epoch (at most one ahead) for these validators. No validators, no call.
    ///
    /// # Errors
    /// See [`BeaconError`].
    pub async fn attester_duties(
        &self,
        epoch: Epoch,
        indices: &[ValidatorIndex],
    ) -> Result<AttesterDuties, BeaconError> {
        let request = indices_request(Call::AttesterDuties, "attester", epoch, indices)?;
        let answer: AttesterDutiesJson = self.read(Call::AttesterDuties, request, read_json).await?;
        Ok(answer.into())
    }

    /// Sync committee duties in the period of `epoch` for these validators.
    ///
    /// # Errors
    /// See [`BeaconError`].
    pub async fn sync_duties(
        &self,
        epoch: Epoch,
        indices: &[ValidatorIndex],
    ) -> Result<SyncDuties, BeaconError> {
        let request = indices_request(Call::SyncDuties, "sync", epoch, indices)?;
        let answer: SyncDutiesJson = self.read(Call::SyncDuties, request, read_json).await?;
        Ok(answer.into())
    }

    /// The proposers of an epoch (at most one ahead), whoever they belong to. Asked for in the first form of the call, as in the
    /// reference node: its dependent root is that of the epoch itself in every fork.
    ///
    /// # Errors
    /// See [`BeaconError`].
    pub async fn proposer_duties(&self, epoch: Epoch) -> Result<ProposerDuties, BeaconError> {
        let request = Request::get(format!("/eth/v1/validator/duties/proposer/{}", epoch.0));
        let answer: ProposerDutiesJson = self.read(Call::ProposerDuties, request, read_json).await?;
        Ok(answer.into())
    }

    /// The attestation data of a slot; fetched once, however many ask. `index` is 0 from Electra on. `teller` is asked first: the
    /// node whose head event started the duty has that head.
    ///
    /// # Errors
    /// See [`BeaconError`]; shared by all who wait for the same fetch.
    pub async fn attestation_data(
        &self,
        slot: Slot,
        index: CommitteeIndex,
        teller: Option<NodeId>,
    ) -> Result<DataAnswer, BeaconError> {
        let question = (slot, index);
        let fetch = || {
            let (nodes, budget) = (self.ordered(teller), self.inner.care.budgets.of(Call::AttestationData));
            let none = self.no_usable_node(Call::AttestationData);
            async move {
                if nodes.is_empty() {
                    return Err(none);
                }
                let request = Arc::new(data::request(question));
                let (node, data) = first_good(nodes, Call::AttestationData, budget, |node, deadline| {
                    let request = Arc::clone(&request);
                    async move {
                        let read = |reply: &Reply| data::read(reply, question);
                        node.ask(Call::AttestationData, &request, deadline, read).await
                    }
                })
                .await?;
                Ok(DataAnswer { data, node: node.name.clone() })
            }
        };
        self.inner.data.get(question, fetch).await
    }

    /// What is justified and final at the head.
    ///
    /// # Errors
    /// See [`BeaconError`].
    pub async fn finality(&self) -> Result<Finality, BeaconError> {
        self.read(Call::Finality, state::finality_request(), state::read_finality).await
    }

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
        let body = pool::committee_subscriptions(items).map_err(|_| unencodable(call))?;
        self.announce(call, items.is_empty(), "/eth/v1/validator/beacon_committee_subscriptions", body).await
    }

    /// Announces sync committee seats to every node. No subscriptions, no call.
    ///
    /// # Errors
    /// As [`Self::subscribe_committees`].
    pub async fn subscribe_sync_committees(&self, items: &[SyncSubscription]) -> Result<(), BeaconError> {
        let call = Call::SyncSubscriptions;
        let body = pool::sync_subscriptions(items).map_err(|_| unencodable(call))?;
        self.announce(call, items.is_empty(), "/eth/v1/validator/sync_committee_subscriptions", body).await
    }

    async fn announce(&self, call: Call, empty: bool, path: &str, body: Bytes) -> Result<(), BeaconError> {
        if empty {
            return Ok(());
        }
        self.submit(call, Request::post(path.into(), body)).await.map(|_| ())
    }

    pub(crate) async fn submit(
        &self,
        call: Call,
        request: impl Into<Sending>,
    ) -> Result<Submission, BeaconError> {
        to_all(self.usable(call)?, call, self.budget(call), request.into()).await
    }

    /// The usable nodes, best first; at least one.
    pub(crate) fn usable(&self, call: Call) -> Result<Vec<Arc<Node>>, BeaconError> {
        let nodes = self.ordered(None);
        if nodes.is_empty() { Err(self.no_usable_node(call)) } else { Ok(nodes) }
    }

    pub(crate) fn budget(&self, call: Call) -> Budget {
        self.inner.care.budgets.of(call)
    }

    /// Asks the usable nodes that are in step, all at once, and those that are not when these fail or are silent.
    pub(crate) async fn race<T>(
        &self,
        call: Call,
        request: Request,
        teller: Option<NodeId>,
        read: impl Fn(&Reply) -> Result<T, CallError> + Copy,
    ) -> Result<(NodeName, T), BeaconError> {
        let nodes = self.ordered(teller);
        if nodes.is_empty() {
            return Err(self.no_usable_node(call));
        }
        let best_head = self.best_head();
        let (mut nodes, laggards): (Vec<_>, Vec<_>) = nodes
            .into_iter()
            .partition(|node| Some(node.id) == teller || node.health().is_in_step(best_head));
        let at_once = nodes.len();
        nodes.extend(laggards);
        let request = &request;
        let ask = |node: Arc<Node>, deadline| async move { node.ask(call, request, deadline, read).await };
        let (node, value) = race(nodes, at_once, call, self.budget(call), ask).await?;
        Ok((node.name.clone(), value))
    }

    /// The preset of the chain, which a usable node has settled.
    pub(crate) fn preset(&self, call: Call) -> Result<PresetName, BeaconError> {
        self.inner.care.agreement.spec().map(|spec| spec.preset).ok_or_else(|| self.no_usable_node(call))
    }

    fn best_head(&self) -> Option<Slot> {
        self.inner.nodes.iter().filter_map(|node| node.health().head_slot).max()
    }

    pub(crate) async fn read<T>(
        &self,
        call: Call,
        request: Request,
        read: impl Fn(&Reply) -> Result<T, CallError> + Copy,
    ) -> Result<T, BeaconError> {
        let nodes = self.usable(call)?;
        let request = &request;
        let ask = |node: Arc<Node>, deadline| async move { node.ask(call, request, deadline, read).await };
        let (_, value) = first_good(nodes, call, self.budget(call), ask).await?;
        Ok(value)
    }

    /// The usable nodes, best first; `teller` before all others if it is usable.
    fn ordered(&self, teller: Option<NodeId>) -> Vec<Arc<Node>> {
        let best_head = self.best_head();
        let mut ranked: Vec<_> = self
            .inner
            .nodes
            .iter()
            .filter(|node| node.health().is_usable())
            .map(|node| ((teller != Some(node.id), node.health().rank(best_head, node.id.0)), node))
            .collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, node)| Arc::clone(node)).collect()
    }

    fn no_usable_node(&self, call: Call) -> BeaconError {
        let reason =
            |node: &Arc<Node>| (node.name.clone(), node.health().why_not_ready().unwrap_or_default());
        BeaconError::NoUsableNode { call, nodes: self.inner.nodes.iter().map(reason).collect() }
    }
}

fn build_nodes(settings: &Settings) -> Result<Vec<Arc<Node>>, SettingsError> {
    if settings.urls.is_empty() {
        return Err(SettingsError::NoUrls);
    }
    if settings.urls.len() > MAX_NODES {
        return Err(SettingsError::TooManyUrls { given: settings.urls.len(), limit: MAX_NODES });
    }
    let build = |(position, text): (usize, &String)| {
        let bad = |why| SettingsError::BadUrl { position, why };
        let url = Url::parse(text).map_err(|_| bad("it cannot be parsed"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad("its scheme is another one"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad("it has a query or a fragment"));
        }
        let http = Http::new(&url, settings.budgets.connect, settings.budgets.idle)?;
        Ok(Arc::new(Node::new(NodeId(position), NodeName::of(&url), http)))
    };
    settings.urls.iter().enumerate().map(build).collect()
}

fn indices_request(
    call: Call,
    kind: &str,
    epoch: Epoch,
    indices: &[ValidatorIndex],
) -> Result<Request, BeaconError> {
    if indices.is_empty() {
        return Err(BeaconError::Unsendable { call, why: "no validators to ask for" });
    }
    let indices: Vec<Quoted> = indices.iter().map(|index| Quoted(index.0)).collect();
    Ok(Request::post(format!("/eth/v1/validator/duties/{kind}/{}", epoch.0), encode(call, &indices)?))
}

pub(crate) fn encode<T: Serialize + ?Sized>(call: Call, value: &T) -> Result<Bytes, BeaconError> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|_| unencodable(call))
}

pub(crate) const fn unencodable(call: Call) -> BeaconError {
    BeaconError::Unsendable { call, why: "the request cannot be encoded" }
}

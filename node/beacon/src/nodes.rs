//! The configured beacon nodes as one: the only type the conductor speaks to.

use crate::agreement::{Agreement, Expectations};
use crate::broadcast::{Sending, Submission, to_all};
use crate::call::{Budget, Budgets, Call};
use crate::data::DataCache;
use crate::error::{BeaconError, CallError, ChainError, NodeName, SettingsError};
use crate::event::{BeaconEvent, NodeId};
use crate::failover::{first_good, race};
use crate::heads::Heads;
use crate::http::{Reply, Request};
use crate::node::Node;
use crate::settings::{Settings, build_nodes};
use crate::status::{NodeStatus, Status};
use crate::stream::{Sink, follow};
use crate::supervise::{Care, supervise};
use crate::timekeeper::keep_time;
use bytes::Bytes;
use serde::Serialize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use types::rules::BeaconSpec;
use types::{Epoch, PresetName, Slot};

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
    heads: Arc<Heads>,
    agreement: usize,
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
            preparations: Mutex::new(Arc::from([])),
        });
        let supervisors = nodes
            .iter()
            .flat_map(|node| {
                let supervisor = tokio::spawn(supervise(Arc::clone(&care), Arc::clone(node)));
                let timekeeper = tokio::spawn(keep_time(care.budgets.clone(), Arc::clone(node)));
                [supervisor.abort_handle(), timekeeper.abort_handle()]
            })
            .collect();
        let events_dropped = Arc::new(AtomicU64::new(0));
        let inner = Inner {
            nodes,
            care,
            data: DataCache::default(),
            heads: Arc::default(),
            agreement: settings.agreement,
            events_dropped,
            supervisors,
        };
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
        let (sink, events) = Sink::new(Arc::clone(&self.inner.events_dropped), Arc::clone(&self.inner.heads));
        for node in &self.inner.nodes {
            tokio::spawn(follow(Arc::clone(node), self.inner.care.budgets.clone(), Arc::clone(&sink)));
        }
        events
    }

    /// The condition of every node, for readiness, status pages and metrics.
    #[must_use]
    pub fn status(&self) -> Status {
        let best_head = self.best_head();
        let nodes: Vec<NodeStatus> = self
            .ordered(None)
            .into_iter()
            .chain(self.inner.nodes.iter().filter(|node| !node.health().is_usable()).cloned())
            .map(|node| NodeStatus::of(&node, best_head))
            .collect();
        Status { nodes, events_dropped: self.inner.events_dropped.load(Ordering::Relaxed) }
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
        self.usable_after(call, None)
    }

    /// As [`Self::usable`], `teller` before all others if it is usable.
    pub(crate) fn usable_after(
        &self,
        call: Call,
        teller: Option<NodeId>,
    ) -> Result<Vec<Arc<Node>>, BeaconError> {
        let nodes = self.ordered(teller);
        if nodes.is_empty() { Err(self.no_usable_node(call)) } else { Ok(nodes) }
    }

    pub(crate) fn data_cache(&self) -> &DataCache {
        &self.inner.data
    }

    pub(crate) fn heads(&self) -> &Arc<Heads> {
        &self.inner.heads
    }

    pub(crate) fn agreement(&self) -> usize {
        self.inner.agreement
    }

    pub(crate) fn care(&self) -> &Arc<Care> {
        &self.inner.care
    }

    pub(crate) fn budgets(&self) -> &Budgets {
        &self.inner.care.budgets
    }

    pub(crate) fn budget(&self, call: Call) -> Budget {
        self.budgets().of(call)
    }

    /// Asks the usable nodes that are in step and have kept up for an epoch, all at once, and the others when these fail or are silent.
    /// Where none has kept up, being in step is enough.
    pub(crate) async fn race<T>(
        &self,
        call: Call,
        request: Request,
        teller: Option<NodeId>,
        read: impl Fn(&Reply) -> Result<T, CallError> + Copy,
    ) -> Result<(NodeName, T), BeaconError> {
        let (best_head, now, keep_up) = (self.best_head(), Instant::now(), self.inner.care.budgets.keep_up);
        let is_in_step = |node: &Arc<Node>| Some(node.id) == teller || node.health().is_in_step(best_head);
        let has_kept_up = |node: &Arc<Node>| node.health().has_kept_up(now, keep_up);
        let usable = self.usable_after(call, teller)?;
        let (mut nodes, others): (Vec<_>, Vec<_>) =
            usable.into_iter().partition(|node| is_in_step(node) && has_kept_up(node));
        let (second, laggards): (Vec<_>, Vec<_>) = others.into_iter().partition(is_in_step);
        let at_once = if nodes.is_empty() { second.len() } else { nodes.len() };
        nodes.extend(second);
        nodes.extend(laggards);
        let (request, care) = (&request, self.care());
        let ask =
            |node: Arc<Node>, deadline| async move { care.ask(&node, call, request, deadline, read).await };
        let (node, value) = race(nodes, at_once, call, self.budget(call), ask).await?;
        Ok((node.name.clone(), value))
    }

    /// The preset of the chain, which a usable node has settled.
    pub(crate) fn preset(&self, call: Call) -> Result<PresetName, BeaconError> {
        self.inner.care.agreement.spec().map(|spec| spec.preset).ok_or_else(|| self.no_usable_node(call))
    }

    /// The epoch of a slot by the preset of the chain.
    pub(crate) fn epoch_of(&self, call: Call, slot: Slot) -> Result<Epoch, BeaconError> {
        let slots_per_epoch = self.preset(call)?.slots_per_epoch();
        Ok(Epoch(slot.0.checked_div(slots_per_epoch).unwrap_or_default()))
    }

    /// The newest head of the nodes on our chain; one on another chain sets no measure.
    pub(crate) fn best_head(&self) -> Option<Slot> {
        let head = |node: &Arc<Node>| {
            let health = node.health();
            health.head_slot.filter(|_| health.is_usable())
        };
        self.inner.nodes.iter().filter_map(head).max()
    }

    pub(crate) async fn read<T>(
        &self,
        call: Call,
        request: Request,
        read: impl Fn(&Reply) -> Result<T, CallError> + Copy,
    ) -> Result<T, BeaconError> {
        let nodes = self.usable(call)?;
        let (request, care) = (&request, self.care());
        let ask =
            |node: Arc<Node>, deadline| async move { care.ask(&node, call, request, deadline, read).await };
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
            .map(|node| ((teller != Some(node.id), node.score(best_head)), node))
            .collect();
        ranked.sort_by_key(|(key, _)| *key);
        ranked.into_iter().map(|(_, node)| Arc::clone(node)).collect()
    }

    fn no_usable_node(&self, call: Call) -> BeaconError {
        let reason =
            |node: &Arc<Node>| (node.name.clone(), node.health().why_not_ready().unwrap_or_default());
        BeaconError::NoUsableNode { call, nodes: self.inner.nodes.iter().map(reason).collect() }
    }
}

pub(crate) fn encode<T: Serialize + ?Sized>(call: Call, value: &T) -> Result<Bytes, BeaconError> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|_| unencodable(call))
}

pub(crate) const fn unencodable(call: Call) -> BeaconError {
    BeaconError::Unsendable { call, why: "the request cannot be encoded" }
}

//! One beacon node: its connections and what is known about its condition.

use crate::call::Call;
use crate::error::{CallError, NodeName};
use crate::event::NodeId;
use crate::health::{Health, Identity};
use crate::http::{Http, Reply, Request};
use crate::score::Score;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use types::Slot;

/// One beacon node.
#[derive(Debug)]
pub(crate) struct Node {
    pub id: NodeId,
    pub name: NodeName,
    pub http: Http,
    health: Mutex<Health>,
    usable: watch::Sender<bool>,
    /// Rung when a call failed through the node's fault: its supervisor looks at once instead of at the next probe.
    pub trouble: Notify,
}

impl Node {
    pub fn new(id: NodeId, name: NodeName, http: Http) -> Self {
        let health = Mutex::new(Health::default());
        Self { id, name, http, health, usable: watch::Sender::new(false), trouble: Notify::new() }
    }

    /// The condition. Held for a few instructions only, never across an await.
    pub fn health(&self) -> MutexGuard<'_, Health> {
        // A panic while holding the lock leaves plain data behind, all of which is valid.
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far the node is from a perfect one.
    pub fn score(&self, best_head: Option<Slot>) -> Score {
        Score::of(&self.health(), best_head, self.id.0)
    }

    /// Records whether the node is on our chain, and lets those go on who wait for it.
    pub fn set_identity(&self, identity: Identity) {
        let usable = identity == Identity::Verified;
        self.health().identity = identity;
        self.usable.send_replace(usable);
    }

    /// Waits until the node has been found to be on our chain.
    pub async fn until_usable(&self) {
        // The sender lives as long as the node, so this ends only with the condition.
        let _ = self.usable.subscribe().wait_for(|usable| *usable).await;
    }

    /// Sends one request, reads the answer with `read`, and remembers how it went.
    pub async fn ask<T>(
        &self,
        call: Call,
        request: &Request,
        deadline: Instant,
        read: impl FnOnce(&Reply) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let started = Instant::now();
        let result = match self.http.send(request, deadline).await {
            Ok(reply) => read(&reply),
            Err(error) => Err(error),
        };
        match &result {
            Ok(_) => self.health().note_answer(call.tells_latency().then(|| started.elapsed())),
            Err(error) => self.note_failure(call, error),
        }
        result
    }

    /// Remembers a failure, if it is the node's fault, and wakes its supervisor.
    pub fn note_failure(&self, call: Call, error: &CallError) {
        let is_answer = matches!(error, CallError::Status { .. });
        if error.blames_node() && !(is_answer && call.is_refused_with_any_status()) {
            self.health().note_failure(format!("{call}: {error}"));
            self.trouble.notify_one();
        }
        tracing::debug!(node = %self.name, %call, %error, "beacon node call failed");
    }
}

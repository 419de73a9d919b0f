//! The background care of one node: is it there, on our chain, in step, and are its connections open?
//!
//! A node is verified (genesis and configuration) when it is first reached, when it comes back after having been lost, and every
//! few minutes, as another chain may have been started at the same address. Whoever asks a lost node something before its supervisor has
//! seen it again asks first who it is. Between these it is probed once a slot, or at once
//! after a call failed through its fault. Every probe also opens the spare connections that the next duty will want. A node that was
//! lost, or is reached for the first time, is told the fee recipients that the others know already: it may build a block before they
//! are told anew.

use crate::agreement::Agreement;
use crate::call::{Budgets, Call};
use crate::chain::{self, Reported};
use crate::error::CallError;
use crate::health::{Identity, SyncState};
use crate::http::{Reply, Request};
use crate::node::Node;
use crate::state;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::{Instant, sleep};

/// What the supervisors of all nodes share.
#[derive(Debug)]
pub(crate) struct Care {
    pub budgets: Budgets,
    pub agreement: Agreement,
    /// Connections that lie open at each node after a probe.
    pub spare_connections: usize,
    /// What every node was told last of the fee recipients, batch by batch.
    pub preparations: Mutex<Arc<[Request]>>,
}

impl Care {
    /// Remembers what nodes that come back are to be told.
    pub fn remember(&self, preparations: Vec<Request>) {
        *self.preparations.lock().unwrap_or_else(PoisonError::into_inner) = preparations.into();
    }

    /// Asks a node, and before that who it is if it was lost: another chain may have been started at its address, and what it says of
    /// that one would be voted for. Its supervisor finds out too, but looks only from time to time.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn ask<T>(
        &self,
        node: &Node,
        call: Call,
        request: &Request,
        deadline: Instant,
        read: impl FnOnce(&Reply) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        if node.health().is_lost() {
            self.judge(node, &reported(node, |_| deadline).await?);
            if !node.health().is_usable() {
                return Err(CallError::AnotherChain);
            }
        }
        node.ask(call, request, deadline, read).await
    }

    /// Holds what a node reports against our chain.
    fn judge(&self, node: &Node, reported: &Reported) {
        node.set_identity(match self.agreement.judge(&node.name, reported) {
            Ok(()) => Identity::Verified,
            Err(error) => Identity::Refused(error),
        });
    }

    /// Tells a node that came back. What it does not take is told to all nodes again in the next epoch.
    async fn prepare(&self, node: &Node) {
        let call = Call::PrepareProposers;
        let batches = Arc::clone(&self.preparations.lock().unwrap_or_else(PoisonError::into_inner));
        for batch in batches.iter() {
            let deadline = Instant::now() + self.budgets.of(call).total;
            if node.ask(call, batch, deadline, |_| Ok(())).await.is_err() {
                return;
            }
        }
    }
}

/// What the last round said, to tell changes from repetitions in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Nothing,
    Ready,
    NotReady,
}

/// Looks after `node` for ever.
pub(crate) async fn supervise(care: Arc<Care>, node: Arc<Node>) {
    let mut seen = Seen::Nothing;
    let mut verified_at: Option<Instant> = None;
    loop {
        let stale = verified_at.is_none_or(|at| at.elapsed() >= care.budgets.reverify);
        let round = look(&care, &node, stale).await;
        care.agreement.note_attempt(node.id);
        if round == Round::Verified && verified_at.is_none() && node.health().is_usable() {
            care.prepare(&node).await;
        }
        verified_at = match round {
            Round::Verified => Some(Instant::now()),
            Round::Answered => verified_at,
            // The next contact may be with another chain.
            Round::Lost => None,
        };
        seen = report(&node, seen);
        if round == Round::Lost {
            sleep(care.budgets.retry).await;
        } else {
            tokio::select! {
                () = sleep(care.budgets.probe) => {}
                () = node.trouble.notified() => {}
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    /// Answered, and found to be on our chain or not.
    Verified,
    /// Answered the probe.
    Answered,
    /// Did not answer.
    Lost,
}

async fn look(care: &Care, node: &Node, verify: bool) -> Round {
    let verified = if verify { introduce(care, node).await } else { Ok(()) };
    let probed = match verified {
        Ok(()) => probe(care, node).await,
        Err(error) => Err(error),
    };
    if probed.is_err() {
        node.health().sync = None;
        return Round::Lost;
    }
    let deadline = Instant::now() + care.budgets.of(Call::Version).total;
    node.http.warm(&state::version_request(), care.spare_connections, deadline).await;
    if verify { Round::Verified } else { Round::Answered }
}

/// Asks a node who it is and judges whether it is on our chain.
async fn introduce(care: &Care, node: &Node) -> Result<(), CallError> {
    let deadline = |call| Instant::now() + care.budgets.of(call).total;
    let reported = reported(node, deadline).await?;
    let ask_version = state::version_request();
    let version = node.ask(Call::Version, &ask_version, deadline(Call::Version), state::read_version).await?;
    node.health().version = Some(version);
    care.judge(node, &reported);
    Ok(())
}

/// The chain that a node is on, by its own word.
async fn reported(node: &Node, deadline: impl Fn(Call) -> Instant) -> Result<Reported, CallError> {
    let ask_genesis = chain::genesis_request();
    let genesis = node.ask(Call::Genesis, &ask_genesis, deadline(Call::Genesis), chain::read_genesis).await?;
    let read = |reply: &_| Reported::new(chain::read_config(reply)?, genesis);
    node.ask(Call::Spec, &chain::spec_request(), deadline(Call::Spec), read).await
}

async fn probe(care: &Care, node: &Node) -> Result<SyncState, CallError> {
    let deadline = Instant::now() + care.budgets.of(Call::Syncing).total;
    let sync = node.ask(Call::Syncing, &state::syncing_request(), deadline, state::read_syncing).await?;
    node.health().note_sync(sync, std::time::Instant::now());
    Ok(sync)
}

/// Logs what changed since the last round. The figures of a syncing node change every time; its state does not.
fn report(node: &Node, before: Seen) -> Seen {
    let (why, version) = {
        let health = node.health();
        (health.why_not_ready(), health.version.clone())
    };
    match why {
        None => {
            if before != Seen::Ready {
                tracing::info!(node = %node.name, version, "beacon node is ready");
            }
            Seen::Ready
        }
        Some(why) => {
            if before != Seen::NotReady {
                tracing::warn!(node = %node.name, why, "beacon node is not ready, it is tried again");
            }
            Seen::NotReady
        }
    }
}

//! Which chain this process is on, and whether a node is on it too.
//!
//! What is configured or was stored at an earlier start is held against every node. Where nothing is known, the first node that
//! answers settles the chain and the others must agree with it in genesis, preset, slot length and every fork that both have
//! scheduled. A fork that one of them has not scheduled is not a disagreement: it is a node not yet upgraded, or one that knows
//! more than this process, and is said once as a warning.

use crate::chain::{Reported, Scheduled};
use crate::error::{ChainError, NodeName};
use crate::event::NodeId;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use types::rules::BeaconSpec;
use types::{BeaconFork, NetworkRules, PresetName, Root};

/// What a node must agree with; `None` where nothing is known yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expectations {
    /// The configured network's preset.
    pub preset: Option<PresetName>,
    /// The configured network's slot length, in seconds.
    pub seconds_per_slot: Option<u64>,
    /// The configured network's execution chain, held against `DEPOSIT_CHAIN_ID` where a node tells it.
    pub chain_id: Option<u64>,
    /// The genesis validators root that was stored at an earlier start.
    pub genesis_validators_root: Option<Root>,
}

impl Expectations {
    /// What a node of this network must say, with the genesis validators root of an earlier start if there was one.
    #[must_use]
    pub fn of(network: &NetworkRules, genesis_validators_root: Option<Root>) -> Self {
        Self {
            preset: Some(network.preset),
            seconds_per_slot: Some(network.seconds_per_slot),
            chain_id: Some(network.chain_id),
            genesis_validators_root,
        }
    }
}

/// The chain, once known, and who said so.
#[derive(Debug)]
pub(crate) struct Agreement {
    expected: Expectations,
    nodes: usize,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    settled: Option<(NodeName, Reported)>,
    refused: Option<ChainError>,
    attempted: BTreeSet<NodeId>,
}

impl Agreement {
    pub fn new(expected: Expectations, nodes: usize) -> Self {
        Self { expected, nodes, state: Mutex::new(State::default()), changed: watch::Sender::new(0) }
    }

    /// Holds what a node reports against what is known; the first one that passes settles the chain.
    pub fn judge(&self, node: &NodeName, reported: &Reported) -> Result<(), ChainError> {
        let mut state = self.state();
        let verdict = self.meets_expectations(node, reported).and_then(|()| match &state.settled {
            Some((first, known)) => agrees(first, known, node, reported),
            None => Ok(()),
        });
        match &verdict {
            Ok(()) => {
                state.settled.get_or_insert_with(|| (node.clone(), reported.clone()));
            }
            Err(error) => {
                tracing::error!(%node, "{error}");
                state.refused.get_or_insert_with(|| error.clone());
            }
        }
        verdict
    }

    /// The chain, if a node has settled it.
    pub fn spec(&self) -> Option<Arc<BeaconSpec>> {
        self.state().settled.as_ref().map(|(_, reported)| Arc::clone(&reported.spec))
    }

    /// A node was looked at for the first time, whatever came of it.
    pub fn note_attempt(&self, node: NodeId) {
        if self.state().attempted.insert(node) {
            self.changed.send_modify(|count| *count = count.wrapping_add(1));
        } else if self.changed.receiver_count() > 0 {
            // Somebody waits for the chain although every node was looked at: tell each further round.
            self.changed.send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    /// Waits until every node was looked at once and one of them settled the chain. With no node reachable it waits on.
    ///
    /// # Errors
    /// Every node that answered is on another chain, or two of them contradict each other and nothing stored says which is right.
    pub async fn wait(&self) -> Result<Arc<BeaconSpec>, ChainError> {
        let mut changed = self.changed.subscribe();
        loop {
            if let Some(verdict) = self.verdict() {
                return verdict;
            }
            // The sender lives in `self`, so this ends only with a change.
            let _ = changed.changed().await;
        }
    }

    fn verdict(&self) -> Option<Result<Arc<BeaconSpec>, ChainError>> {
        let state = self.state();
        if state.attempted.len() < self.nodes {
            return None;
        }
        match (&state.settled, &state.refused) {
            (None, None) => None,
            (Some((_, reported)), None) => Some(Ok(Arc::clone(&reported.spec))),
            (Some(_), Some(error @ ChainError::NodesDisagree { .. })) if !self.root_is_known() => {
                Some(Err(error.clone()))
            }
            // The wrong node is left out and stays visible in the status.
            (Some((_, reported)), Some(_)) => Some(Ok(Arc::clone(&reported.spec))),
            (None, Some(error)) => Some(Err(error.clone())),
        }
    }

    fn root_is_known(&self) -> bool {
        self.expected.genesis_validators_root.is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every value in there is whole between two statements.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn meets_expectations(&self, node: &NodeName, reported: &Reported) -> Result<(), ChainError> {
        let node = node.clone();
        if let Some(expected) = self.expected.preset.filter(|preset| *preset != reported.spec.preset) {
            return Err(ChainError::AnotherPreset { node, found: reported.spec.preset, expected });
        }
        let seconds = reported.spec.seconds_per_slot;
        if let Some(expected) = self.expected.seconds_per_slot.filter(|expected| *expected != seconds) {
            return Err(ChainError::AnotherSlotLength { node, found: seconds, expected });
        }
        let chain_id = reported.spec.deposit_chain_id;
        if let (Some(expected), Some(found)) = (self.expected.chain_id, chain_id)
            && expected != found
        {
            return Err(ChainError::AnotherExecutionChain { node, found, expected });
        }
        let root = reported.spec.genesis.genesis_validators_root;
        if let Some(expected) = self.expected.genesis_validators_root.filter(|expected| *expected != root) {
            return Err(ChainError::AnotherGenesis { node, found: root, expected });
        }
        Ok(())
    }
}

/// Compares a node's chain with the settled one.
fn agrees(first: &NodeName, known: &Reported, second: &NodeName, other: &Reported) -> Result<(), ChainError> {
    let differ = |what, a: String, b: String| {
        if a == b {
            return Ok(());
        }
        if first == second {
            return Err(ChainError::ChangedChain { node: first.clone(), what, before: a, now: b });
        }
        let (first, second) = (first.clone(), second.clone());
        Err(ChainError::NodesDisagree { first, second, what, first_value: a, second_value: b })
    };
    let (a, b) = (&known.spec, &other.spec);
    let (at, bt) = (&a.genesis, &b.genesis);
    differ(
        "the genesis validators root",
        at.genesis_validators_root.to_string(),
        bt.genesis_validators_root.to_string(),
    )?;
    differ("the genesis time", at.genesis_time.to_string(), bt.genesis_time.to_string())?;
    differ(
        "the genesis fork version",
        at.genesis_fork_version.to_string(),
        bt.genesis_fork_version.to_string(),
    )?;
    differ("the preset", a.preset.to_string(), b.preset.to_string())?;
    differ("the slot length", a.seconds_per_slot.to_string(), b.seconds_per_slot.to_string())?;
    for fork in BeaconFork::ALL {
        if let (Some(mine), Some(theirs)) = (known.scheduled(fork), other.scheduled(fork)) {
            let row =
                |row: Scheduled<'_>| format!("{fork} at epoch {} with version {}", row.epoch, row.version);
            differ("the schedule of a fork", row(mine), row(theirs))?;
        }
    }
    warn_of_unscheduled(known, second, other);
    Ok(())
}

fn warn_of_unscheduled(known: &Reported, node: &NodeName, other: &Reported) {
    for fork in BeaconFork::ALL {
        match (known.scheduled(fork), other.scheduled(fork)) {
            (Some(_), None) => {
                tracing::warn!(%node, %fork, "beacon node has not scheduled a fork that is scheduled here: upgrade it before the fork");
            }
            (None, Some(_)) => {
                tracing::warn!(%node, %fork, "beacon node has scheduled a fork that was not when this node started: restart this node before the fork");
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
}

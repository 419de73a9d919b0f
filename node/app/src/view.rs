//! What the node tells about itself: the rooms asked, put into the words of the interface.
//!
//! The interface answers from the start on. What is only known once a beacon node told its chain stands in [`Known`]; until then
//! those answers are empty, the slot is 0, and the status says what is waited for.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::{
    Balance, BeaconStatus, Clock, Doppelganger, NodeView, OperatorStatus, Peer, Peers, PeersStatus,
    RegistrationDifference, RegistryStatus, Safety, Status, ValidatorsStatus, ViewError,
};
use arc_swap::ArcSwapOption;
use beacon::BeaconNodes;
use network::{NetworkHandle, PeerRecord, PeerState, SubnetBits};
use operator::{Conductor, SlotClock};
use outbox::{DutyLog, DutyRecord, Figures};
use registry::{Problem, Registry};
use tokio_util::sync::CancellationToken;
use types::{OperatorId, Slot, SubnetId};

/// The rooms of a running node.
pub struct View {
    /// Name of the configured network.
    pub network_name: String,
    /// SHA-256 of the operator's public key.
    pub fingerprint: [u8; 32],
    /// The beacon nodes.
    pub beacon: BeaconNodes,
    /// The journal of duties.
    pub log: DutyLog,
    /// The rooms that need the chain, once it is known.
    pub known: ArcSwapOption<Known>,
    /// The conductor, once the operator is registered.
    pub conductor: Arc<ArcSwapOption<Conductor>>,
    /// Cancelled when the node stops.
    pub stop: CancellationToken,
}

/// The rooms that need the chain.
pub struct Known {
    /// The chain's time.
    pub clock: SlotClock,
    /// The contract's state.
    pub registry: Registry,
    /// The other operators.
    pub network: NetworkHandle,
}

fn hex(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

impl Known {
    fn operator(&self) -> Option<OperatorId> {
        self.registry.set().own_operator
    }

    fn connected(&self) -> usize {
        *self.network.connected().borrow()
    }

    fn registry(&self) -> RegistryStatus {
        let status = self.registry.status();
        RegistryStatus {
            block: status.block.map(|block| block.number),
            block_hash: status.block.map(|block| hex(block.hash.as_slice())),
            head_block: status.head_block,
            digest: status.digest.map(|digest| hex(digest.as_slice())),
        }
    }

    fn genesis_validators_root(&self) -> String {
        hex(self.clock.rules().beacon.genesis.genesis_validators_root.as_slice())
    }

    /// What keeps the rooms behind the chain from their duties, the nearest cause first.
    fn obstacles(&self, conductor: Option<&operator::Status>) -> Vec<String> {
        let problem = self.registry.status().problem;
        // While the contract is not read to its head, nothing is known about a registration that is not seen yet.
        let unseen = problem.is_none() && self.operator().is_none();
        let mut why: Vec<String> = problem.as_ref().map(registry_obstacle).into_iter().collect();
        match conductor {
            Some(conductor) => why.extend(duty_obstacles(conductor, self.connected())),
            None if unseen => why.push(
                "this operator's key is not registered on the contract (yet): `capstan operator register`"
                    .to_owned(),
            ),
            None if self.operator().is_some() => why.push("the duties are being prepared".to_owned()),
            None => {}
        }
        why
    }
}

/// The registry's problem with what to do about it, where that is not waiting.
fn registry_obstacle(problem: &Problem) -> String {
    match problem {
        Problem::Unreachable { .. } | Problem::NotUsable { .. } => {
            format!("{problem}: check that one of execution.urls runs, is reachable and on the right chain")
        }
        Problem::Starting
        | Problem::ClientSyncing { .. }
        | Problem::ClientBehind { .. }
        | Problem::HeadStale { .. }
        | Problem::Inconsistent { .. }
        | Problem::Syncing
        | Problem::Internal { .. } => problem.to_string(),
    }
}

fn duty_obstacles(conductor: &operator::Status, peers: usize) -> Vec<String> {
    let mut why = Vec::new();
    if conductor.stopped_shares > 0 {
        let count = conductor.stopped_shares;
        why.push(format!(
            "{count} shares stopped because the signing history could not be written; see the log, then restart"
        ));
    }
    if !conductor.duties_known {
        why.push("the duties of this epoch are not known yet".to_owned());
    }
    if let Some(open) = conductor.observation.filter(|open| open.watched > 0) {
        why.push(format!(
            "{} validators are under observation (safety.doppelganger) and sign nothing slashable yet; {} of them show life elsewhere or \
             through their committee",
            open.watched, open.alive
        ));
    }
    why.extend(conductor.clock.obstacle());
    if conductor.own_validators > 0 && peers == 0 {
        why.push("no other operator's node is connected".to_owned());
    }
    why
}

impl View {
    fn beacon(&self, known: Option<&Known>) -> BeaconStatus {
        let status = self.beacon.status();
        let first = status.nodes.first();
        BeaconStatus {
            head_slot: status.head_slot().map(Slot::get),
            syncing: first.and_then(|node| node.syncing),
            genesis_validators_root: known.map(Known::genesis_validators_root),
            node: first.map(|node| node.name.to_string()),
        }
    }

    /// Everything that keeps the node from its duties, the nearest cause first.
    fn obstacles(&self, known: Option<&Known>, conductor: Option<&operator::Status>) -> Vec<String> {
        if self.stop.is_cancelled() {
            return vec!["the node is stopping".to_owned()];
        }
        let mut why: Vec<String> = self.beacon_obstacle().into_iter().collect();
        match known {
            Some(known) => why.extend(known.obstacles(conductor)),
            None => why.push("the node is starting: its chain is not known yet".to_owned()),
        }
        why
    }

    /// Every count of something dropped, by room and reason; zeros are left out.
    fn dropped(&self, known: Option<&Known>, conductor: &operator::Status) -> BTreeMap<String, u64> {
        let mut all: Vec<(String, u64)> =
            conductor.drops.iter().map(|(reason, count)| (format!("operator_{reason}"), *count)).collect();
        all.push(("journal_writes".to_owned(), conductor.journal_writes_left_out));
        all.push(("beacon_events".to_owned(), self.beacon.status().events_dropped));
        if let Some(known) = known {
            let counts = *known.network.drops().borrow();
            let by_reason = network::DropReason::ALL
                .map(|reason| (format!("network_{}", reason.label()), counts.get(reason)));
            all.extend(by_reason);
        }
        all.into_iter().filter(|(_, count)| *count > 0).collect()
    }

    fn beacon_obstacle(&self) -> Option<String> {
        let status = self.beacon.status();
        if status.is_ready() {
            return None;
        }
        let reasons = status
            .nodes
            .iter()
            .filter_map(|node| Some(format!("{}: {}", node.name, node.not_ready_because.as_ref()?)));
        let reasons = reasons.collect::<Vec<_>>().join("; ");
        Some(format!(
            "no beacon node can serve duties ({reasons}): check that one of beacon.urls runs, is reachable and synced"
        ))
    }
}

impl NodeView for View {
    async fn status(&self) -> Status {
        let (known, conductor) = (self.known.load_full(), self.conductor.load_full());
        let (known, conductor) = (known.as_deref(), conductor.map(|conductor| conductor.status()));
        let why = self.obstacles(known, conductor.as_ref());
        let told = conductor.unwrap_or_default();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            network: self.network_name.clone(),
            ready: why.is_empty(),
            not_ready_because: why,
            operator: OperatorStatus {
                id: known.and_then(Known::operator).map(OperatorId::get),
                public_key_sha256: hex(&self.fingerprint),
            },
            registry: known.map(Known::registry).unwrap_or_default(),
            beacon: self.beacon(known),
            peers: PeersStatus { connected: known.map(Known::connected).unwrap_or_default() },
            validators: ValidatorsStatus {
                known: told.known_validators,
                mine: told.own_validators,
                ready: told.ready_shares,
            },
            duties: Balance {
                scheduled: told.balance.scheduled,
                submitted: told.balance.submitted,
                failed: told.balance.failed,
                running: told.balance.running,
                not_selected: told.balance.not_selected,
            },
            refused: told.refusals.iter().map(|(rule, count)| ((*rule).to_owned(), *count)).collect(),
            dropped: self.dropped(known, &told),
            safety: safety(&told),
            slot: known.map(|known| known.clock.slot().get()).unwrap_or_default(),
        }
    }

    fn duties(&self, slot: Slot) -> Result<Vec<DutyRecord>, ViewError> {
        let answer = match self.conductor.load_full() {
            Some(conductor) => conductor.duties(slot),
            None => self.log.of_slot(slot),
        };
        answer.map_err(|error| ViewError(error.into()))
    }

    fn figures(&self) -> Figures {
        self.conductor.load_full().map(|conductor| conductor.figures()).unwrap_or_default()
    }

    async fn peers(&self) -> Peers {
        let Some(known) = self.known.load_full() else { return Peers::default() };
        // A network that is stopped has no peers.
        Peers { peers: known.network.peers().await.unwrap_or_default().into_iter().map(peer).collect() }
    }
}

fn safety(told: &operator::Status) -> Safety {
    let operator::ClockState { ahead_millis, error_millis, is_off } = told.clock;
    let doppelganger =
        told.observation.map(|open| Doppelganger { under_observation: open.watched, alive: open.alive });
    let registrations_differ = told.disagreements.iter().map(registration_difference).collect();
    Safety {
        clock: Clock { ahead_millis, error_millis, is_off },
        doppelganger,
        registrations_differ,
        blocks_with_other_fee_recipient: told.strange_blocks,
    }
}

fn registration_difference(one: &operator::Disagreement) -> RegistrationDifference {
    RegistrationDifference {
        operator: one.operator.get(),
        differs: one.difference.name().to_owned(),
        theirs: one.difference.to_string(),
        validator: one.validator.to_string(),
        slot: one.slot.get(),
        count: one.count,
    }
}

fn peer(record: PeerRecord) -> Peer {
    let numbers = |subnets: SubnetBits| subnets.iter().map(SubnetId::get).collect();
    let known = if record.subscribed.is_empty() { record.announced } else { record.subscribed };
    Peer {
        id: record.peer.to_string(),
        address: Some(record.address.to_string()),
        agent: record.agent,
        node_version: record.node_version,
        direction: Some(record.direction.label().to_owned()),
        state: state(record.state),
        score: Some(record.score),
        rejected: record.rejected,
        last_rejection: record.last_rejection.map(str::to_owned),
        subnets: numbers(known),
        mesh: numbers(record.meshed),
    }
}

/// How a peer stands with us.
fn state(state: PeerState) -> String {
    match state {
        PeerState::Connecting => "connecting".to_owned(),
        PeerState::Connected => "connected".to_owned(),
        PeerState::Disconnected { reason, .. } => format!("disconnected: {}", reason.label()),
    }
}

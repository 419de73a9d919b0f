//! What the node tells about itself: the rooms asked, put into the words of the interface.

use std::sync::Arc;

use api::{
    Balance, BeaconStatus, NodeView, OperatorStatus, Peer, Peers, PeersStatus, RegistryStatus, Status,
    ValidatorsStatus, ViewError,
};
use arc_swap::ArcSwapOption;
use beacon::BeaconNodes;
use network::NetworkHandle;
use operator::{Conductor, SlotClock};
use outbox::{DutyLog, DutyRecord};
use registry::Registry;
use types::{ChainRules, Slot};

/// The rooms of a running node.
pub struct View {
    /// The network and its chain.
    pub chain: Arc<ChainRules>,
    /// SHA-256 of the operator's public key.
    pub fingerprint: [u8; 32],
    /// The contract's state.
    pub registry: Registry,
    /// The beacon nodes.
    pub beacon: BeaconNodes,
    /// The other operators.
    pub network: NetworkHandle,
    /// The journal of duties.
    pub log: DutyLog,
    /// The conductor, once the operator is registered.
    pub conductor: Arc<ArcSwapOption<Conductor>>,
}

fn hex(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

impl View {
    fn registry(&self) -> RegistryStatus {
        let status = self.registry.status();
        RegistryStatus {
            block: status.block.map(|block| block.number),
            block_hash: status.block.map(|block| hex(block.hash.as_slice())),
            head_block: status.head_block,
            digest: status.digest.map(|digest| hex(digest.as_slice())),
        }
    }

    fn beacon(&self) -> BeaconStatus {
        let status = self.beacon.status();
        let first = status.nodes.first();
        BeaconStatus {
            head_slot: status.head_slot().map(Slot::get),
            syncing: first.and_then(|node| node.syncing),
            genesis_validators_root: Some(hex(self.chain.beacon.genesis.genesis_validators_root.as_slice())),
            node: first.map(|node| node.name.to_string()),
        }
    }

    /// Everything that keeps the node from its duties, the nearest cause first.
    fn obstacles(&self, conductor: Option<&operator::Status>, peers: usize) -> Vec<String> {
        let mut why = Vec::new();
        why.extend(self.registry.status().problem.map(|problem| problem.to_string()));
        if !self.beacon.status().is_ready() {
            let nodes = self.beacon.status().nodes;
            let reasons = nodes
                .iter()
                .filter_map(|node| Some(format!("{}: {}", node.name, node.not_ready_because.as_ref()?)));
            why.push(format!("no beacon node can serve duties ({})", reasons.collect::<Vec<_>>().join("; ")));
        }
        let Some(conductor) = conductor else {
            why.push(
                "this operator's key is not registered on the contract (yet): `capstan operator register`"
                    .to_owned(),
            );
            return why;
        };
        if conductor.stopped_shares > 0 {
            let count = conductor.stopped_shares;
            why.push(format!("{count} shares stopped because the signing history could not be written; see the log, then restart"));
        }
        if !conductor.duties_known {
            why.push("the duties of this epoch are not known yet".to_owned());
        }
        if conductor.own_validators > 0 && peers == 0 {
            why.push("no other operator's node is connected".to_owned());
        }
        why
    }
}

impl NodeView for View {
    async fn status(&self) -> Status {
        let conductor = self.conductor.load().as_ref().map(|conductor| conductor.status());
        let connected = *self.network.connected().borrow();
        let why = self.obstacles(conductor.as_ref(), connected);
        let told = conductor.unwrap_or_default();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            network: self.chain.network.name.clone(),
            ready: why.is_empty(),
            not_ready_because: why,
            operator: OperatorStatus {
                id: self.registry.set().own_operator.map(types::OperatorId::get),
                public_key_sha256: hex(&self.fingerprint),
            },
            registry: self.registry(),
            beacon: self.beacon(),
            peers: PeersStatus { connected },
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
            },
            slot: SlotClock::new(Arc::clone(&self.chain)).slot().get(),
        }
    }

    fn duties(&self, slot: Slot) -> Result<Vec<DutyRecord>, ViewError> {
        let conductor = self.conductor.load();
        let answer =
            conductor.as_ref().map_or_else(|| self.log.of_slot(slot), |conductor| conductor.duties(slot));
        answer.map_err(|error| ViewError(error.into()))
    }

    async fn peers(&self) -> Peers {
        let peer = |record: network::PeerRecord| Peer {
            id: record.peer.to_string(),
            address: Some(record.address.to_string()),
            agent: record.agent,
            state: format!("{:?}", record.state),
            score: Some(record.score),
        };
        Peers { peers: self.network.peers().await.unwrap_or_default().into_iter().map(peer).collect() }
    }
}

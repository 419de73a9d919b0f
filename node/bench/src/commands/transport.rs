//! `scripts/bench transport`: gossip of the main network from one real node to another, as fast as both can on this machine.
//!
//! Both nodes are in this process and share its cores: discovery off, one TCP connection over loopback, noise, yamux and gossipsub as on
//! the network. One publishes the corpus, the other takes every message from its socket to the verdict as the node does. The messages
//! are of a past slot, so their receive times are those of the corpus; all are valid, because a peer that sends what is rejected is
//! graylisted after twenty messages.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use bench::main_network::{Corpus, Gossip, Loaded, MESSAGES_PER_SECOND, MainNetwork, Message};
use bytes::Bytes;
use network::{
    DropReason, InboundMessage, Network, NetworkConfig, NetworkEvent, NetworkHandle, Topic, Verdict,
    message_id,
};
use operator::{Crowd, CryptoPool, Gate, Porter, believe};
use tokio::sync::{Notify, mpsc};
use types::rules::{NetworkRules, PeerLimits};
use types::{MessageId, Slot, SsvFork};
use validation::{Context, PeerKey, SeenState};

/// Messages between publication and verdict: less than a peer's send queue holds.
const UNDER_WAY: u64 = 256;
/// A node that is silent for so long has nothing more to say.
const SILENCE: Duration = Duration::from_secs(3);

pub fn run(out: &mut impl Write) -> Result<()> {
    let network = MainNetwork::new()?;
    let corpus = Corpus::open(&network)?;
    let gossip = Arc::new(Gossip::new(&network));
    let loaded = Arc::new(Loaded::new(&network, Corpus::keys()?));
    let rules = Arc::new(rules_of(&network));
    let topics: Vec<_> = (0..network.committees.len())
        .map(|committee| {
            gossip.topic(committee).map(|topic| Topic { fork: SsvFork::Alan, subnet: topic.subnet })
        })
        .collect::<Result<_>>()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let (speaker, mut speaker_events) =
            Network::start(NetworkConfig::loopback(), Arc::clone(&rules)).await?;
        let (hearer, mut events) = Network::start(NetworkConfig::loopback(), rules).await?;
        let names: std::collections::BTreeSet<_> = topics.iter().copied().collect();
        for node in [&speaker, &hearer] {
            node.subscribe(names.iter().copied()).await?;
        }
        hearer.dial(speaker.peer_id(), speaker.address()).await?;
        let count = names.len();
        tokio::try_join!(subscribed(&mut speaker_events, count), subscribed(&mut events, count))?;

        let judge = Judge::new(gossip, loaded, hearer.clone(), &corpus.messages);
        let tally = Arc::clone(&judge.tally);
        let gate = Gate::new(judge, CryptoPool::start()?);
        let hearing = tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                if let NetworkEvent::Message(message) = event {
                    let (peer, data) = (message.from.to_bytes(), message.data.clone());
                    gate.admit(&peer, &data, message);
                }
            }
        });
        let start = Instant::now();
        publish_all(&speaker, &corpus.messages, &topics, &tally).await?;
        while tokio::time::timeout(SILENCE, tally.another.notified()).await.is_ok() {}
        hearing.abort();
        tell(out, &tally, (&speaker, &hearer), (start, corpus.messages.len()))
    })
}

/// Those of the main network, without anyone else to talk to.
fn rules_of(network: &MainNetwork) -> NetworkRules {
    let mut rules = NetworkRules::clone(&network.rules.network);
    rules.bootnodes.clear();
    rules.peers = PeerLimits { ip_colocation_limit: 0, inbound_rate_limit: 0 };
    rules
}

/// Waits until the other node is on all topics.
async fn subscribed(events: &mut mpsc::Receiver<NetworkEvent>, mut topics: usize) -> Result<()> {
    while topics > 0 {
        match events.recv().await.context("the network stopped")? {
            NetworkEvent::PeerSubscribed { .. } => topics -= 1,
            NetworkEvent::PeerRefused { reason, .. } | NetworkEvent::PeerDisconnected { reason, .. } => {
                bail!("the two nodes parted: {reason:?}")
            }
            NetworkEvent::Message(_)
            | NetworkEvent::PeerConnected { .. }
            | NetworkEvent::PeerUnsubscribed { .. } => {}
        }
    }
    Ok(())
}

/// Publishes all messages, as many ahead of the hearer as find place in the queues between them.
async fn publish_all(
    speaker: &NetworkHandle,
    messages: &[Message],
    topics: &[Topic],
    tally: &Tally,
) -> Result<()> {
    for (published, message) in (0..).zip(messages) {
        while tally.judged.load(Ordering::Acquire) + UNDER_WAY <= published {
            let another = tokio::time::timeout(SILENCE, tally.another.notified()).await;
            another.with_context(|| format!("the hearer is silent after {published} messages"))?;
        }
        let topic = *topics.get(message.committee).context("no such committee")?;
        speaker.publish(topic, Bytes::copy_from_slice(&message.data)).await?;
    }
    Ok(())
}

struct Tally {
    judged: AtomicU64,
    last: Mutex<Instant>,
    outcomes: Mutex<BTreeMap<&'static str, u64>>,
    another: Notify,
}

struct Judge {
    gossip: Arc<Gossip>,
    loaded: Arc<Loaded>,
    seen: Mutex<SeenState>,
    network: NetworkHandle,
    /// Committee and slot by message id: when the message should have come.
    times: HashMap<[u8; 12], (usize, Slot)>,
    tally: Arc<Tally>,
}

impl Judge {
    fn new(gossip: Arc<Gossip>, loaded: Arc<Loaded>, network: NetworkHandle, messages: &[Message]) -> Self {
        let of = |message: &Message| (message_id(&message.data), (message.committee, message.slot));
        let tally = Tally {
            judged: AtomicU64::new(0),
            last: Mutex::new(Instant::now()),
            outcomes: Mutex::default(),
            another: Notify::new(),
        };
        Self {
            seen: Mutex::new(SeenState::new(gossip.rules.network.slots_per_epoch())),
            gossip,
            loaded,
            network,
            times: messages.iter().map(of).collect(),
            tally: Arc::new(tally),
        }
    }

    fn note(&self, outcome: &'static str) {
        *self.tally.outcomes.lock().unwrap_or_else(PoisonError::into_inner).entry(outcome).or_default() += 1;
        *self.tally.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.tally.judged.fetch_add(1, Ordering::Release);
        self.tally.another.notify_one();
    }

    fn believe(&self, message: &InboundMessage) -> Result<&'static str> {
        let (committee, slot) = *self.times.get(&message_id(&message.data)).context("not of the corpus")?;
        let forwarder = PeerKey::new(&message.from.to_bytes());
        let inbound = self.gossip.inbound((committee, slot), &message.data, &forwarder)?;
        let context = Context { rules: &self.gossip.rules, registry: &*self.loaded, duties: &*self.loaded };
        let believed = believe(&context, &self.seen, &*self.loaded, &inbound, slot).map(drop);
        Ok(believed.err().map_or("believed", validation::Refusal::name))
    }
}

impl Porter for Judge {
    type Parcel = InboundMessage;

    /// It relays for everybody.
    fn is_own(&self, _: &MessageId) -> bool {
        false
    }

    fn take_in(&self, message: InboundMessage) {
        let outcome = self.believe(&message).unwrap_or("not of the corpus");
        let verdict = if outcome == "believed" { Verdict::Accept } else { Verdict::Ignore };
        self.network.verdict(message.receipt, verdict);
        self.note(outcome);
    }

    fn turn_away(&self, message: InboundMessage, _: Crowd) {
        self.network.verdict(message.receipt, Verdict::Ignore);
        self.note("dropped: no place at the gate");
    }
}

fn tell(
    out: &mut impl Write,
    tally: &Tally,
    (speaker, hearer): (&NetworkHandle, &NetworkHandle),
    (start, published): (Instant, usize),
) -> Result<()> {
    let judged = tally.judged.load(Ordering::Acquire);
    ensure!(judged > 0, "nothing arrived");
    let took = tally.last.lock().unwrap_or_else(PoisonError::into_inner).duration_since(start).as_secs_f64();
    writeln!(out, "{published} messages published, {judged} judged in {took:.2} s")?;
    for (outcome, count) in tally.outcomes.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        writeln!(out, "{count:>8}  {outcome}")?;
    }
    for (name, node) in [("speaker", speaker), ("hearer", hearer)] {
        let drops = *node.drops().borrow();
        for reason in DropReason::ALL.into_iter().filter(|reason| drops.get(*reason) > 0) {
            writeln!(out, "{:>8}  dropped by the {name}: {}", drops.get(reason), reason.label())?;
        }
    }
    let rate = f64::from(u32::try_from(judged)?) / took;
    writeln!(
        out,
        "\nratio {:.1} times the main network's {MESSAGES_PER_SECOND} messages/s: {rate:.0}/s through the transport, both ends on {} cores",
        rate / f64::from(MESSAGES_PER_SECOND),
        std::thread::available_parallelism().map_or(1, usize::from),
    )?;
    Ok(())
}

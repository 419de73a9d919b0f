//! `scripts/bench flood`: what a flood does to a duty's messages on their way from the network to their committee.
//!
//! Ten times the main network's messages, half of them invalid, forwarded by 50 identities, come in beside the messages of the
//! committees of one operator; quiet runs with the latter alone take turns with them. Messages are handed in below the transport, where the
//! network hands up bytes, through a queue of the same length; from there on everything is the node's own: the gate
//! ([`operator::Gate`]), the crypto pool, the rules, the signatures, the memory. A duty message's way through ends when it is believed
//! and would be in its committee's mailbox.

use std::collections::{BTreeMap, HashSet};
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use bench::main_network::{Corpus, Gossip, Loaded, MESSAGES_PER_SECOND, MainNetwork, Message, peer_id};
use bench::measure::Figure;
use network::EVENT_QUEUE;
use operator::{Crowd, CryptoPool, Gate, Porter, believe};
use tokio::sync::{Notify, mpsc};
use types::{CommitteeId, MessageId, Slot, SubnetId};
use validation::{Context, Inbound, PeerKey, Refusal, SeenState, Topic};

/// How many times the main network's messages.
const TIMES: u32 = 10;
/// Identities that forward the flood.
const IDENTITIES: u8 = 50;
/// How long a run lasts.
const RUN: Duration = Duration::from_secs(4);
/// Quiet runs and floods that are looked at together: the slowest hundredth of one run are seventeen messages, which say nothing.
const GROUP: usize = 5;
/// Groups, whose ratios tell how far to trust the ratio of all.
const GROUPS: usize = 4;
/// Every so manieth committee is the operator's.
const OWN_COMMITTEES: usize = 35;
/// How often waiting messages are handed in.
const TICK: Duration = Duration::from_micros(500);

pub fn run(out: &mut impl Write) -> Result<()> {
    let network = MainNetwork::new()?;
    let corpus = Corpus::open(&network)?;
    let gossip = Arc::new(Gossip::new(&network));
    let loaded = Arc::new(Loaded::new(&network, Corpus::keys()?));
    let duty = duty_messages(&corpus.messages, &gossip)?;
    let flood = flood_messages(&corpus.messages, &gossip)?;
    let own = network.committees.iter().step_by(OWN_COMMITTEES).map(|committee| committee.id).collect();
    let bench = Flood { gossip, loaded, own: Arc::new(own), pool: CryptoPool::start()? };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;

    writeln!(
        out,
        "{} duty messages and, in flood, {} others of {IDENTITIES} identities ({}/s, half invalid) in {} s, {GROUP} times in a row of the table\n\n\
         microseconds from hand-in to belief of a duty message\n{:<8}{:>10}{:>10}{:>10}   {:>10}{:>10}",
        duty.len(),
        flood.len(),
        TIMES * MESSAGES_PER_SECOND,
        RUN.as_secs(),
        "runs",
        "p50",
        "p99",
        "most",
        "judged",
        "dropped"
    )?;
    // These warm up.
    runtime.block_on(bench.go(&duty, &[]))?;
    runtime.block_on(bench.go(&duty, &flood))?;
    let (mut all_quiet, mut all_loud) = (Told::default(), Told::default());
    let mut ratios = Vec::new();
    for _ in 0..GROUPS {
        let (mut quiet, mut loud) = (Told::default(), Told::default());
        for run in 0..GROUP {
            // Neither kind always comes first, so that a drift of the machine harms both.
            for is_quiet in if run % 2 == 0 { [true, false] } else { [false, true] } {
                let (kind, others) = if is_quiet { (&mut quiet, &[][..]) } else { (&mut loud, &flood[..]) };
                kind.add(&runtime.block_on(bench.go(&duty, others))?);
            }
        }
        quiet.row(out, "quiet")?;
        loud.row(out, "flood")?;
        ratios.push(loud.at(99) / quiet.at(99));
        all_quiet.add(&quiet);
        all_loud.add(&loud);
    }
    writeln!(out, "\nof all floods:")?;
    for (outcome, count) in &all_loud.outcomes {
        writeln!(out, "{count:>8}  {outcome}")?;
    }
    let (quiet, loud, spread) = (all_quiet.at(99), all_loud.at(99), Figure::of(ratios));
    writeln!(
        out,
        "\np99 of {} duty messages quiet {quiet:.0} us, in flood {loud:.0} us\n\
         ratio {:.2} ({:.2}..{:.2}) of a duty message's p99 in flood to the quiet one",
        all_loud.ways.len(),
        loud / quiet,
        spread.least,
        spread.greatest,
    )?;
    Ok(())
}

/// A message with the circumstances of its coming.
#[derive(Clone)]
struct Parcel {
    data: Arc<[u8]>,
    peer: Arc<[u8]>,
    topic: Topic,
    slot: Slot,
    received_at_millis: u64,
    /// When it was handed in, if its way is measured.
    measured: Option<Instant>,
}

impl Parcel {
    fn new(message: &Message, gossip: &Gossip, peer: &[u8]) -> Result<Self> {
        let forwarder = PeerKey::new(peer);
        let inbound = gossip.inbound((message.committee, message.slot), &message.data, &forwarder)?;
        Ok(Self {
            data: message.data.as_slice().into(),
            peer: peer.into(),
            topic: inbound.topic,
            slot: message.slot,
            received_at_millis: inbound.received_at_millis,
            measured: None,
        })
    }
}

/// The messages of the operator's committees, by honest peers.
fn duty_messages(messages: &[Message], gossip: &Gossip) -> Result<Vec<Parcel>> {
    let own = messages.iter().filter(|message| message.committee % OWN_COMMITTEES == 0);
    own.enumerate()
        .map(|(number, message)| Parcel::new(message, gossip, gossip.forwarder(message.committee, number)?))
        .collect()
}

/// Other committees' messages, every other one spoilt, by the flooding identities.
fn flood_messages(messages: &[Message], gossip: &Gossip) -> Result<Vec<Parcel>> {
    let count = usize::try_from(u64::from(TIMES * MESSAGES_PER_SECOND) * RUN.as_secs())?;
    let identities: Vec<_> = (0..IDENTITIES).map(|number| peer_id(u8::MAX - number)).collect();
    let others: Vec<_> = messages.iter().filter(|message| message.committee % OWN_COMMITTEES != 0).collect();
    let valid = others.iter().cycle();
    ensure!(others.len() * 2 >= count, "the corpus is too small for so long a flood");
    let mut parcels = Vec::with_capacity(count);
    for ((number, identity), message) in (0..count / 2).zip(identities.iter().cycle()).zip(valid) {
        let parcel = Parcel::new(message, gossip, identity)?;
        parcels.push(spoilt(parcel.clone(), number));
        parcels.push(parcel);
    }
    Ok(parcels)
}

/// Makes a message invalid, in one of five ways in turns.
fn spoilt(mut parcel: Parcel, number: usize) -> Parcel {
    let mut data = parcel.data.to_vec();
    let last = data.len().saturating_sub(1);
    match number % 5 {
        // A bit of the first signature, which begins after four offsets and its own: RSA refuses it.
        0 => flip(&mut data, 20 + 100),
        // An offset that points nowhere.
        1 => flip(&mut data, 3),
        // Another topic.
        2 => parcel.topic.subnet = next(parcel.topic.subnet),
        // Cut short.
        3 => data.truncate(last),
        // Long after its slot; registrations are never late, there the twin is a duplicate.
        _ => parcel.received_at_millis += 3_600_000,
    }
    parcel.data = data.into();
    parcel
}

fn next(subnet: SubnetId) -> SubnetId {
    SubnetId::new((subnet.get() + 1) % SubnetId::COUNT).unwrap_or(subnet)
}

fn flip(data: &mut [u8], at: usize) {
    if let Some(byte) = data.get_mut(at) {
        *byte ^= 0x40;
    }
}

struct Flood {
    gossip: Arc<Gossip>,
    loaded: Arc<Loaded>,
    /// The operator's committees.
    own: Arc<HashSet<CommitteeId>>,
    pool: CryptoPool,
}

impl Flood {
    /// One run: hands in the duty messages evenly over the time, and the flood too.
    async fn go(&self, duty: &[Parcel], flood: &[Parcel]) -> Result<Told> {
        let tally = Arc::new(Tally::default());
        let porter = Judge {
            gossip: Arc::clone(&self.gossip),
            loaded: Arc::clone(&self.loaded),
            own: Arc::clone(&self.own),
            seen: Mutex::new(SeenState::new(self.gossip.rules.network.slots_per_epoch())),
            tally: Arc::clone(&tally),
        };
        let gate = Gate::new(porter, self.pool.clone());
        let (sender, mut events) = mpsc::channel::<Parcel>(EVENT_QUEUE);
        let sources = [(duty.to_vec(), true), (flood.to_vec(), false)]
            .map(|(parcels, measured)| (parcels, measured, sender.clone(), Arc::clone(&tally)))
            .map(|(parcels, measured, sender, tally)| {
                thread::spawn(move || hand_in(&parcels, measured, &sender, &tally))
            });
        drop(sender);
        while let Some(parcel) = events.recv().await {
            let (peer, data) = (Arc::clone(&parcel.peer), Arc::clone(&parcel.data));
            gate.admit(&peer, &data, parcel);
        }
        for source in sources {
            source.join().map_err(|_| anyhow::anyhow!("a source of messages failed"))?;
        }
        let total = u64::try_from(duty.len() + flood.len())?;
        while tally.ended.load(Ordering::Acquire) < total {
            tally.another.notified().await;
        }
        let told = Told::of(&tally);
        ensure!(
            told.ways.len() == duty.len(),
            "{} duty messages were not believed",
            duty.len() - told.ways.len()
        );
        Ok(told)
    }
}

/// Hands messages in, evenly over the run.
fn hand_in(parcels: &[Parcel], measured: bool, sender: &mpsc::Sender<Parcel>, tally: &Tally) {
    let start = Instant::now();
    let mut handed_in = 0;
    while handed_in < parcels.len() {
        let due = scaled(parcels.len(), start.elapsed().min(RUN).as_micros(), RUN.as_micros());
        for parcel in parcels.get(handed_in..due).unwrap_or_default() {
            let measured = measured.then(Instant::now);
            // As the network does: what finds the queue full is dropped.
            if sender.try_send(Parcel { measured, ..parcel.clone() }).is_err() {
                tally.note("dropped: the queue from the network is full");
            }
        }
        handed_in = handed_in.max(due);
        thread::sleep(TICK);
    }
}

/// `part` of `whole` of a number of messages.
fn scaled(count: usize, part: u128, whole: u128) -> usize {
    let count = u128::try_from(count).unwrap_or(u128::MAX);
    usize::try_from(count.saturating_mul(part) / whole.max(1)).unwrap_or(usize::MAX)
}

#[derive(Default)]
struct Tally {
    /// Messages whose way has ended, and the bell for who waits for the last.
    ended: AtomicU64,
    another: Notify,
    ways: Mutex<Vec<f64>>,
    outcomes: Mutex<BTreeMap<String, u64>>,
}

impl Tally {
    fn note(&self, outcome: &str) {
        let mut outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = outcomes.get_mut(outcome) {
            *count += 1;
        } else {
            outcomes.insert(outcome.to_owned(), 1);
        }
        drop(outcomes);
        self.ended.fetch_add(1, Ordering::Release);
        self.another.notify_one();
    }
}

struct Judge {
    gossip: Arc<Gossip>,
    loaded: Arc<Loaded>,
    own: Arc<HashSet<CommitteeId>>,
    seen: Mutex<SeenState>,
    tally: Arc<Tally>,
}

impl Porter for Judge {
    type Parcel = Parcel;

    fn is_own(&self, about: &MessageId) -> bool {
        self.loaded.is_about(&self.own, about)
    }

    fn take_in(&self, parcel: Parcel) {
        let context = Context { rules: &self.gossip.rules, registry: &*self.loaded, duties: &*self.loaded };
        let forwarder = PeerKey::new(&parcel.peer);
        let inbound = Inbound {
            data: &parcel.data,
            topic: parcel.topic,
            forwarder: &forwarder,
            received_at_millis: parcel.received_at_millis,
        };
        let believed = believe(&context, &self.seen, &*self.loaded, &inbound, parcel.slot).map(drop);
        if let (Ok(()), Some(since)) = (&believed, parcel.measured) {
            let way = since.elapsed().as_secs_f64() * 1e6;
            self.tally.ways.lock().unwrap_or_else(PoisonError::into_inner).push(way);
        }
        self.tally.note(believed.err().map_or("believed", Refusal::name));
    }

    fn turn_away(&self, _: Parcel, crowd: Crowd) {
        self.tally.note(match crowd {
            Crowd::Peer => "dropped: the peer's share is full",
            Crowd::All => "dropped: the intake is full",
        });
    }
}

/// What came of one run or several.
#[derive(Default)]
struct Told {
    /// Ascending.
    ways: Vec<f64>,
    outcomes: BTreeMap<String, u64>,
}

impl Told {
    fn of(tally: &Tally) -> Self {
        let mut ways = tally.ways.lock().unwrap_or_else(PoisonError::into_inner).clone();
        ways.sort_by(f64::total_cmp);
        let outcomes = tally.outcomes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self { ways, outcomes }
    }

    fn add(&mut self, other: &Self) {
        self.ways.extend_from_slice(&other.ways);
        self.ways.sort_by(f64::total_cmp);
        for (outcome, count) in &other.outcomes {
            *self.outcomes.entry(outcome.clone()).or_default() += count;
        }
    }

    /// The way that so many of a hundred messages did not exceed.
    fn at(&self, percent: u128) -> f64 {
        let place = scaled(self.ways.len(), percent, 100).min(self.ways.len().saturating_sub(1));
        self.ways.get(place).copied().unwrap_or(f64::NAN)
    }

    fn row(&self, out: &mut impl Write, name: &str) -> Result<()> {
        let dropped: u64 = self
            .outcomes
            .iter()
            .filter(|(outcome, _)| outcome.starts_with("dropped"))
            .map(|(_, count)| count)
            .sum();
        let all: u64 = self.outcomes.values().sum();
        let most = self.ways.last().context("no duty message")?;
        writeln!(
            out,
            "{name:<8}{:>10.0}{:>10.0}{most:>10.0}   {:>10}{dropped:>10}",
            self.at(50),
            self.at(99),
            all - dropped,
        )?;
        Ok(())
    }
}

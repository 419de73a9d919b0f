//! Which of a peer's messages get to gossipsub at all: those on topics we are on, and no more than a peer can have to say.
//!
//! gossipsub notes every message as seen, and keeps it, before it looks whether we are on its topic; a message id covers the data alone.
//! So a message on any other topic would hide the same bytes on their own, and cost us memory without anybody looking at it. What is
//! refused here was not seen: another peer may bring it.
//!
//! **Allowance.** A peer brings a message once. The whole main network says 1,783 messages a second on 128 subnets, some 14 on each. A peer may
//! bring 500 a second and 50 for each topic that we are on: four times what there is on all subnets, forty times what there is on one, should most
//! of it gather on a few. It may bring that of twenty seconds at once: what gathers on a line that stood still. An honest peer meets neither.
//!
//! **Memory.** A message that is ignored stays in the cache of what was seen (385 s, some 200 bytes) and in the delivery records of the
//! score (120 s, some 250 bytes): 110 kB for each message a second. A peer that uses its whole allowance takes 110 MB with ten topics, and 760
//! MB with all 128; unlimited, 100 Mbit/s of small messages would take 13 GB.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use libp2p::PeerId;
use libp2p::gossipsub::{RawMessage, TopicHash};
use lru::LruCache;

use crate::drops::{DropReason, Drops};

/// Messages a second from one peer, whatever we are on.
const BASE: u64 = 500;
/// Messages a second more for each topic that we are on.
const PER_TOPIC: u64 = 50;
/// Seconds whose messages may come at once.
const BURST_SECONDS: u64 = 20;
/// Peers remembered, more than can be connected: who comes back finds the allowance as it was.
const MEMORY: NonZeroUsize = NonZeroUsize::new(4096).unwrap();
/// Parts of a message's credit, so that what a peer gains in a microsecond is not rounded away.
const PARTS: u64 = 1_000_000;

/// What a peer may bring while we are on so many topics.
#[derive(Debug, Clone, Copy)]
struct Allowance {
    per_second: u64,
    burst: u64,
}

impl Allowance {
    fn on(topics: usize) -> Self {
        let topics = u64::try_from(topics).unwrap_or(u64::MAX);
        let per_second = BASE.saturating_add(topics.saturating_mul(PER_TOPIC));
        Self { per_second, burst: per_second.saturating_mul(BURST_SECONDS) }
    }
}

/// What is left of a peer's allowance.
#[derive(Debug)]
struct Bucket {
    /// In parts of a message.
    credit: u64,
    since: Instant,
    /// Messages refused since the bucket was full.
    refused: u64,
}

impl Bucket {
    const fn full(allowance: Allowance, now: Instant) -> Self {
        Self { credit: allowance.burst.saturating_mul(PARTS), since: now, refused: 0 }
    }

    /// How many of so many messages may pass.
    fn take(&mut self, wanted: u64, allowance: Allowance, now: Instant) -> u64 {
        let micros = now.saturating_duration_since(self.since).as_micros();
        let gained = u64::try_from(micros).unwrap_or(u64::MAX).saturating_mul(allowance.per_second);
        let full = allowance.burst.saturating_mul(PARTS);
        self.credit = self.credit.saturating_add(gained).min(full);
        self.since = now;
        if self.credit == full {
            self.refused = 0;
        }
        let taken = wanted.min(self.credit / PARTS);
        self.credit = self.credit.saturating_sub(taken.saturating_mul(PARTS));
        self.refused = self.refused.saturating_add(wanted.saturating_sub(taken));
        taken
    }
}

/// Decides what gets through.
pub(crate) struct Admission {
    joined: HashSet<TopicHash>,
    /// None where peers are not limited.
    buckets: Option<LruCache<PeerId, Bucket>>,
    /// Peers from which a whole burst was refused, without a pause in which they could bring another.
    flooding: HashSet<PeerId>,
    drops: Arc<Drops>,
}

impl Admission {
    /// `limited`: whether peers have an allowance.
    pub(crate) fn new(limited: bool, drops: Arc<Drops>) -> Self {
        let buckets = limited.then(|| LruCache::new(MEMORY));
        Self { joined: HashSet::new(), buckets, flooding: HashSet::new(), drops }
    }

    pub(crate) fn joined(&mut self, topic: TopicHash) {
        self.joined.insert(topic);
    }

    pub(crate) fn left(&mut self, topic: &TopicHash) {
        self.joined.remove(topic);
    }

    /// Takes out what must not get to gossipsub.
    pub(crate) fn admit(&mut self, peer: PeerId, messages: &mut Vec<RawMessage>, now: Instant) {
        if messages.is_empty() {
            return;
        }
        let came = messages.len();
        messages.retain(|message| self.joined.contains(&message.topic));
        self.count(DropReason::TopicNotJoined, came.saturating_sub(messages.len()));
        let wanted = messages.len();
        messages.truncate(self.allowed(peer, wanted, now));
        self.count(DropReason::MessageRate, wanted.saturating_sub(messages.len()));
    }

    fn allowed(&mut self, peer: PeerId, wanted: usize, now: Instant) -> usize {
        let Some(buckets) = &mut self.buckets else { return wanted };
        let allowance = Allowance::on(self.joined.len());
        let bucket = buckets.get_or_insert_mut(peer, || Bucket::full(allowance, now));
        let taken = bucket.take(u64::try_from(wanted).unwrap_or(u64::MAX), allowance, now);
        if bucket.refused >= allowance.burst {
            bucket.refused = 0;
            self.flooding.insert(peer);
        }
        usize::try_from(taken).unwrap_or(wanted)
    }

    fn count(&self, reason: DropReason, number: usize) {
        if number > 0 {
            self.drops.count_many(reason, u64::try_from(number).unwrap_or(u64::MAX));
        }
    }

    /// The peers that flooded us since the last call.
    pub(crate) fn flooding(&mut self) -> HashSet<PeerId> {
        std::mem::take(&mut self.flooding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const MAIN_NETWORK: u64 = 1783;

    fn messages(topic: &str, number: u64) -> Vec<RawMessage> {
        let message = RawMessage {
            source: Some(PeerId::random()),
            data: b"data".to_vec(),
            sequence_number: Some(7),
            topic: TopicHash::from_raw(topic),
            signature: None,
            key: None,
            validated: false,
        };
        (0..number).map(|_| message.clone()).collect()
    }

    fn on_one_topic(limited: bool) -> (Admission, Arc<Drops>) {
        let drops = Arc::<Drops>::default();
        let mut admission = Admission::new(limited, drops.clone());
        admission.joined(TopicHash::from_raw("ssv.v2.1"));
        (admission, drops)
    }

    fn admitted(admission: &mut Admission, peer: PeerId, number: u64, now: Instant) -> usize {
        let mut messages = messages("ssv.v2.1", number);
        admission.admit(peer, &mut messages, now);
        messages.len()
    }

    #[test]
    fn only_topics_we_are_on_get_through() {
        let (mut admission, drops) = on_one_topic(true);
        let mut mixed = [messages("ssv.v2.1", 1), messages("ssv.v2.2", 2), messages("", 1)].concat();
        admission.admit(PeerId::random(), &mut mixed, Instant::now());
        assert_eq!(mixed.len(), 1);
        assert_eq!(drops.get(DropReason::TopicNotJoined), 3);
        admission.left(&TopicHash::from_raw("ssv.v2.1"));
        assert_eq!(admitted(&mut admission, PeerId::random(), 1, Instant::now()), 0);
        assert_eq!(drops.get(DropReason::MessageRate), 0);
    }

    #[test]
    fn a_peer_that_brings_three_times_the_whole_network_for_ever_loses_nothing() {
        let (mut now, allowance) = (Instant::now(), Allowance::on(128));
        let mut bucket = Bucket::full(allowance, now);
        for _ in 0..600 {
            // All of a slot at its start.
            assert_eq!(bucket.take(12 * 3 * MAIN_NETWORK, allowance, now), 12 * 3 * MAIN_NETWORK);
            now += Duration::from_secs(12);
        }
        // And after a minute in which nothing came through, all of it.
        now += Duration::from_secs(60);
        assert_eq!(bucket.take(60 * MAIN_NETWORK, allowance, now), 60 * MAIN_NETWORK);
        // A node on one subnet lets a quarter of the whole network pass on it.
        assert!(Allowance::on(1).per_second > MAIN_NETWORK / 4);
    }

    #[test]
    fn what_a_peer_may_bring_comes_back_to_the_microsecond() {
        let (now, allowance) = (Instant::now(), Allowance { per_second: 500, burst: 10 });
        let mut bucket = Bucket::full(allowance, now);
        assert_eq!(bucket.take(11, allowance, now), 10);
        for step in 1..=2000 {
            let taken = bucket.take(1, allowance, now + Duration::from_micros(step));
            assert_eq!(taken, u64::from(step == 2000), "{step}");
        }
    }

    #[test]
    fn a_burst_passes_and_as_much_again_is_a_flood() {
        let (mut admission, drops) = on_one_topic(true);
        let (flooder, other, now) = (PeerId::random(), PeerId::random(), Instant::now());
        let burst = Allowance::on(1).burst;
        assert_eq!(admitted(&mut admission, flooder, burst, now), 11_000);
        assert_eq!(admitted(&mut admission, flooder, burst - 1, now), 0);
        assert!(admission.flooding().is_empty());
        assert_eq!(admitted(&mut admission, flooder, 1, now), 0);
        assert_eq!(admission.flooding(), HashSet::from([flooder]));
        assert!(admission.flooding().is_empty());
        assert_eq!(drops.get(DropReason::MessageRate), burst);
        assert_eq!(admitted(&mut admission, other, burst, now), 11_000);
    }

    #[test]
    fn a_pause_forgives_and_a_slow_line_is_no_flood() {
        let (mut admission, _) = on_one_topic(true);
        let (peer, mut now, burst) = (PeerId::random(), Instant::now(), Allowance::on(1).burst);
        for _ in 0..3 {
            admitted(&mut admission, peer, 2 * burst - 1, now);
            now += Duration::from_secs(BURST_SECONDS);
        }
        assert!(admission.flooding().is_empty());
    }

    #[test]
    fn where_nothing_is_limited_everything_passes() {
        let (mut admission, drops) = on_one_topic(false);
        let (peer, now) = (PeerId::random(), Instant::now());
        assert_eq!(admitted(&mut admission, peer, 100_000, now), 100_000);
        assert!(admission.flooding().is_empty());
        assert_eq!(drops.get(DropReason::MessageRate), 0);
    }
}

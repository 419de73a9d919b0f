//! Event streams: one connection per node, kept alive for as long as somebody listens.
//!
//! Every node is followed, and whichever tells an event first is believed; the same event from another node is dropped. A head that
//! no execution client of its teller has verified is another event than the same head verified: the first must not hide the second. The
//! event names its teller, so that the attestation data for a head can be asked of a node that has that head. Delivery goes
//! through one bounded queue: when the conductor does not keep up the newest event is dropped and counted, and the clock starts
//! the duty instead. An ended stream is opened again after a pause, and so is one that does not tell of a head which the health probe
//! has seen at its node; silence alone is no sign, since slots may be empty. What was missed shows in the next head event.

use crate::call::{Budgets, Call};
use crate::error::CallError;
use crate::event::{BeaconEvent, EventKind, TOPICS};
use crate::heads::Heads;
use crate::node::Node;
use crate::sse::Parser;
use crate::witness::unix_micros;
use std::collections::VecDeque;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval, sleep};
use types::{Root, Slot};

/// Events that wait for the conductor. A chain sends one to three a slot.
pub const EVENT_QUEUE: usize = 64;
/// Events remembered to recognise them from the next node: some twenty slots' worth.
const REMEMBERED: usize = 64;

/// What was told, with a slot or an epoch and a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// A head that is not verified.
    Optimistic,
    Head,
    Reorg,
    Finalized,
}

/// What all streams of one subscription share.
#[derive(Debug)]
pub(crate) struct Sink {
    seen: Mutex<VecDeque<(Told, u64, Root)>>,
    out: mpsc::Sender<BeaconEvent>,
    dropped: Arc<AtomicU64>,
    heads: Arc<Heads>,
}

impl Sink {
    pub fn new(dropped: Arc<AtomicU64>, heads: Arc<Heads>) -> (Arc<Self>, mpsc::Receiver<BeaconEvent>) {
        let (out, events) = mpsc::channel(EVENT_QUEUE);
        let seen = Mutex::new(VecDeque::with_capacity(REMEMBERED));
        (Arc::new(Self { seen, out, dropped, heads }), events)
    }

    /// Passes an event on, unless another node told it already.
    fn deliver(&self, event: BeaconEvent) {
        if !self.is_new(&event.kind) {
            return;
        }
        if let Err(mpsc::error::TrySendError::Full(event)) = self.out.try_send(event) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(node = %event.name, kind = ?event.kind, "beacon event dropped: {EVENT_QUEUE} are waiting already");
        }
    }

    fn is_new(&self, kind: &EventKind) -> bool {
        let key = match kind {
            EventKind::Head(head) if head.execution_optimistic => (Told::Optimistic, head.slot.0, head.block),
            EventKind::Head(head) => (Told::Head, head.slot.0, head.block),
            EventKind::Reorg(reorg) => (Told::Reorg, reorg.slot.0, reorg.new_head_block),
            EventKind::Finalized(finalized) => (Told::Finalized, finalized.epoch.0, finalized.block),
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.contains(&key) {
            return false;
        }
        if seen.len() >= REMEMBERED {
            seen.pop_front();
        }
        seen.push_back(key);
        true
    }
}

/// Follows one node until nobody listens any more.
pub(crate) async fn follow(node: Arc<Node>, budgets: Budgets, sink: Arc<Sink>) {
    tokio::select! {
        () = sink.out.closed() => {}
        () = keep_open(&node, &budgets, &sink) => {}
    }
}

async fn keep_open(node: &Node, budgets: &Budgets, sink: &Sink) {
    loop {
        node.until_usable().await;
        let ended = read_stream(node, budgets, sink).await;
        tracing::debug!(node = %node.name, reason = %ended, "event stream ended, opening it again");
        sleep(budgets.events_pause).await;
    }
}

/// Whether a stream still tells what its node knows.
#[derive(Debug)]
struct Ear {
    told: Option<Slot>,
    missing_since: Option<Instant>,
}

impl Ear {
    /// For a stream that is opened now: what its node had before is not missing.
    const fn new(head: Option<Slot>) -> Self {
        Self { told: head, missing_since: None }
    }

    /// The stream told of a head.
    fn hear(&mut self, head: Slot) {
        self.told = self.told.max(Some(head));
    }

    /// Looks at the head that the node has by its own word: true if it is missing here for `limit`.
    fn is_deaf(&mut self, head: Option<Slot>, now: Instant, limit: Duration) -> bool {
        if head <= self.told {
            self.missing_since = None;
            return false;
        }
        now.duration_since(*self.missing_since.get_or_insert(now)) >= limit
    }
}

/// Reads one stream to its end; says why it ended.
async fn read_stream(node: &Node, budgets: &Budgets, sink: &Sink) -> CallError {
    let deadline = Instant::now() + budgets.of(Call::Events).total;
    let path = format!("/eth/v1/events?topics={TOPICS}");
    let mut ear = Ear::new(node.health().head_slot);
    let mut looks = interval(budgets.events_look);
    let is_deaf = |ear: &mut Ear| {
        let head = node.health().head_slot;
        ear.is_deaf(head, Instant::now(), budgets.events_deaf)
    };
    let deaf = || CallError::Broken("the node has a head that its event stream did not tell".into());
    let mut opening = pin!(node.http.open_stream(&path, deadline));
    let opened = loop {
        tokio::select! {
            opened = &mut opening => break opened,
            _ = looks.tick() => if is_deaf(&mut ear) { return deaf() },
        }
    };
    let mut response = match opened {
        Ok(response) => response,
        Err(error) => {
            node.note_failure(Call::Events, &error);
            return error;
        }
    };
    tracing::debug!(node = %node.name, "event stream open");
    let mut parser = Parser::default();
    let mut frames = Vec::new();
    loop {
        let read = tokio::select! {
            read = response.chunk() => read,
            _ = looks.tick() => {
                if is_deaf(&mut ear) {
                    return deaf();
                }
                continue;
            }
        };
        let chunk = match read {
            Err(error) => return crate::http::transport(&error),
            Ok(None) => return CallError::Broken("the node ended the stream".into()),
            Ok(Some(chunk)) => chunk,
        };
        if let Err(error) = parser.push(&chunk, unix_micros(), &mut frames) {
            return CallError::Malformed(error.to_string());
        }
        for frame in frames.drain(..) {
            let kind = match EventKind::read(&frame) {
                Ok(Some(kind)) => kind,
                Ok(None) => continue,
                Err(error) => {
                    tracing::warn!(node = %node.name, event = frame.event, %error, "unreadable event from the beacon node skipped");
                    continue;
                }
            };
            if let EventKind::Head(head) = &kind {
                node.health().note_head(head.slot);
                sink.heads.note(head.block, head.slot);
                ear.hear(head.slot);
            }
            sink.deliver(BeaconEvent {
                node: node.id,
                name: node.name.clone(),
                first_byte_unix_micros: frame.first_byte_unix_micros,
                kind,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::NodeName;
    use crate::event::{Finalized, NodeId};
    use types::Epoch;

    fn finalized(epoch: u64, node: usize) -> BeaconEvent {
        BeaconEvent {
            node: NodeId(node),
            name: NodeName::of(&"http://a:1".parse().unwrap()),
            first_byte_unix_micros: 0,
            kind: EventKind::Finalized(Finalized { epoch: Epoch(epoch), block: Root::ZERO }),
        }
    }

    #[test]
    fn empty_slots_are_no_sign_and_a_missing_head_is() {
        let (start, limit) = (Instant::now(), Duration::from_secs(6));
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut ear = Ear::new(Some(Slot(7)));
        assert!(!ear.is_deaf(Some(Slot(7)), at(100), limit), "no block for a long time");
        assert!(!ear.is_deaf(Some(Slot(8)), at(101), limit), "the probe may be faster than the event");
        ear.hear(Slot(8));
        assert!(!ear.is_deaf(Some(Slot(8)), at(108), limit));
        assert!(!ear.is_deaf(Some(Slot(9)), at(109), limit));
        assert!(ear.is_deaf(Some(Slot(10)), at(115), limit), "9 was never told");
        assert!(!Ear::new(None).is_deaf(None, at(0), limit));
    }

    #[test]
    fn the_first_teller_wins_and_a_full_queue_drops_and_counts() {
        let dropped = Arc::new(AtomicU64::new(0));
        let (sink, mut events) = Sink::new(Arc::clone(&dropped), Arc::default());
        sink.deliver(finalized(1, 0));
        sink.deliver(finalized(1, 1));
        let more = u64::try_from(EVENT_QUEUE).unwrap();
        for epoch in 0..more {
            sink.deliver(finalized(epoch + 2, 0));
        }
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
        let mut received = Vec::new();
        while let Ok(event) = events.try_recv() {
            received.push(event);
        }
        assert_eq!(received.len(), EVENT_QUEUE);
        assert_eq!(received[0], finalized(1, 0));
        assert_eq!(received[1], finalized(2, 0), "the second telling of the first event is not there");
    }
}
